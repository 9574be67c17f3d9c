"""`validate` says one thing once, however many environments it concerns (docs/reference/validation.md)."""

from pathlib import Path

import pytest

from tests.git.conftest import git
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.cli.terminal import Terminal
from tfops.commands.validate import validate
from tfops.errors import ConfigError
from tfops.views.validate import ValidateResult

_NAMES = [f"env{number:02}" for number in range(12)]


def _project(here: Path, inputs: str) -> None:
    lines = "".join(f"  {name}: {{branch: main}}\n" for name in _NAMES)
    files = {
        "tfops.yaml": f"version: 1\nproject: shop\nenvironments:\n{lines}",
        "environments/base.yaml": f"modules:\n  app: {{source: thing, inputs: {inputs}}}\n"
        "  far: {source: acme/far/aws, version: 1.0.0}\n",
        "modules/thing/main.tf": 'variable "name" {\n  type = string\n}\n',
    } | {f"environments/{name}.yaml": "extends: base.yaml\n" for name in _NAMES}
    for path, text in files.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_text(text)
    git(here, "add", "-A")


def _validate(here: Path) -> ValidateResult:
    return validate(Project.open(here), None, head=False, deep=False, request=Request(), ui=Terminal())


def test_what_nobody_could_look_at_is_one_line_for_each_cause(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _project(here, "{name: shop, nmae: x}")
    (here / "modules/thing/broken.tf").write_text('variable "other" {\n')
    result = _validate(here)
    own, far = (line.strip("! ") for line in " ".join(capsys.readouterr().err.split()).split(" ! "))
    assert own.startswith(
        "the inputs of thing are not checked: modules/thing/broken.tf:2:1 can't be read (env00: app, "
    )
    assert far.startswith(
        "the inputs of acme/far/aws 1.0.0 are not checked: a plan has to fetch it first (env00: far, "
    )
    assert own.endswith("env07: app and 4 more)") and far.endswith("env07: far and 4 more)")
    assert len(result.unseen) == 24


def test_a_mistake_that_many_inherit_is_one_complaint(here: Path) -> None:
    _project(here, "{nmae: x}")
    with pytest.raises(ConfigError) as caught:
        _validate(here)
    assert [complaint.message for complaint in caught.value.complaints] == ["module `app` has no input `nmae`"]
