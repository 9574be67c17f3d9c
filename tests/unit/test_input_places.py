"""From a line of the rendered root to the line of the environment's file that it was made from."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.memory_tree import project_tree, rules_and_environment
from tfops.change.input_places import InputPlaces
from tfops.config.environment import stack_document
from tfops.records.engine_events import Diagnostic
from tfops.records.names import MAIN_STACK, EnvName
from tfops.records.rendered import MAIN_FILE
from tfops.render.places import path_at
from tfops.render.root import RootSpec, render_root

_DEV = """\
modules:
  network: {source: network, inputs: {name: n}}
  app:
    source: service
    inputs:
      image: shop:1
      subnets: ["${module.network.ids}", {"odd \\" key": "${module.network.x}"}]
      password: {from: env:PASSWORD}
  far:
    source: acme/vpc/aws
    version: 1.2.3
"""
_TREE = project_tree(dev=_DEV)
_MAIN = render_root(RootSpec(*rules_and_environment(_TREE), MAIN_STACK, None)).files[MAIN_FILE]


def line_with(text: str) -> int:
    """The first line of the `module` blocks that holds a text."""
    lines = _MAIN.splitlines()
    begin = lines.index('  "module": {')
    return next(number for number, line in enumerate(lines[begin:], begin + 1) if text in line)


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ('"image": ', ("modules", "app", "inputs", "image"), "6:7"),
        ('"password": ', ("modules", "app", "inputs", "password"), "8:7"),
        ("${module.network.ids}", ("modules", "app", "inputs", "subnets"), "7:7"),
        ("${module.network.x}", ("modules", "app", "inputs", "subnets"), "7:7"),
        ('"app": {', ("modules", "app"), "3:3"),
        ('"source": "acme/vpc/aws"', ("modules", "far", "source"), "10:5"),
        ('"version": "1.2.3"', ("modules", "far", "version"), "11:5"),
    ],
)
def test_a_line_of_the_root_leads_to_the_environment_s_file(
    tmp_path: Path, text: str, path: tuple[str, ...], place: str
) -> None:
    line = line_with(text)
    assert path_at(_MAIN, line) == path
    said = Diagnostic(is_error=True, summary="Invalid value", where=f"{MAIN_FILE}:{line}")
    assert places(tmp_path)(said).where == f"environments/dev.yaml:{place}"
    assert places(tmp_path, commit="0123456789")(said).where == f"01234567:environments/dev.yaml:{place}"


def places(root: Path, commit: str = "") -> InputPlaces:
    (root / MAIN_FILE).write_text(_MAIN)
    return InputPlaces(root, lambda: stack_document(_TREE, EnvName("dev"), MAIN_STACK), commit)


def test_of_a_sensitive_variable_the_value_s_place_is_taken_and_not_the_declaration_s(tmp_path: Path) -> None:
    """As Terraform 1.15.5 and OpenTofu 1.12.6 say it."""
    line = line_with('"password": ')
    said = "The given value is not suitable for module.app.var.password, which is sensitive: a number is required."
    given = f"{said} Invalid value defined at {MAIN_FILE}:{line},12-27."
    placed = places(tmp_path)(Diagnostic(is_error=True, summary="s", detail=given, where="modules/service/main.tf:2"))
    assert (placed.detail, placed.where) == (said, "environments/dev.yaml:8:7")


def test_of_a_value_that_can_not_be_converted_the_name_counts(tmp_path: Path) -> None:
    """As OpenTofu 1.12.6 says it: the place is the declaration's."""
    said = "The given value is not suitable for module.app.var.image declared at modules/service/main.tf:1,1-15: no."
    known = Diagnostic(is_error=True, summary="s", detail=said, where="modules/service/main.tf:1")
    assert places(tmp_path)(known).where == "environments/dev.yaml:6:7"
    inner = replace(known, detail=said.replace("module.app.", "module.app.module.inner."))
    assert places(tmp_path)(inner) == inner


@pytest.mark.parametrize(
    "where", ["", "modules/app/main.tf:3", f"{MAIN_FILE}:1", f"{MAIN_FILE}:9999", "backend.tf.json:4"]
)
def test_what_is_not_about_an_input_stays_as_it_is(tmp_path: Path, where: str) -> None:
    said = Diagnostic(is_error=True, summary="s", detail="d", where=where)
    assert places(tmp_path)(said) == said


def test_lines_of_outputs_and_variables_are_no_inputs() -> None:
    assert not path_at(_MAIN, _MAIN.splitlines().index('  "output": {') + 2)
    assert not path_at(_MAIN, len(_MAIN.splitlines()))
    assert not path_at(_MAIN, _MAIN.splitlines().index('  "module": {') + 1)
