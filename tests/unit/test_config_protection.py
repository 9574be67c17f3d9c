"""What must not be destroyed: flags in the modules' files, patterns of tfops.yaml, addresses of the state."""

import json
from pathlib import Path

import pytest

from tests.support.memory_tree import PROJECT, complaints_of, project_tree, said
from tfops.config.modules.protection import is_protected, protected_addresses, protected_blocks
from tfops.config.project_file import load_project
from tfops.config.values import Secret

DB = 'resource "aws_db_instance" "main" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DB, {"aws_db_instance.main"}),
        (DB.replace("true", "false"), set()),
        (DB.replace("true", "var.keep"), {"aws_db_instance.main"}),
        (DB + 'resource "aws_vpc" "a" {}\n', {"aws_db_instance.main"}),
        (DB.replace("{\n  lifecycle", "{\n  for_each = var.all\n  lifecycle"), {"aws_db_instance.main"}),
        ('# prevent_destroy = true\nresource "aws_vpc" "a" {}\n', set()),
        ('resource "aws_vpc" "a" {\n  tags = { note = "prevent_destroy = true" }\n}\n', set()),
        ("", set()),
    ],
)
def test_resources_that_say_prevent_destroy_are_protected(text: str, expected: set[str]) -> None:
    assert protected_blocks(text, is_json=False) == expected


@pytest.mark.parametrize(
    "resource",
    [
        {"aws_db_instance": {"main": {"lifecycle": {"prevent_destroy": True}}}},
        {"aws_db_instance": {"main": [{"lifecycle": [{"prevent_destroy": True}]}]}},
        [{"aws_db_instance": [{"main": {"lifecycle": {"prevent_destroy": True}}}]}],
    ],
)
def test_json_modules_are_read_in_every_shape_that_terraform_takes(resource: object) -> None:
    assert protected_blocks(json.dumps({"resource": resource}), is_json=True) == {"aws_db_instance.main"}


def test_flags_of_inner_modules_carry_the_path_of_their_module(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(DB, encoding="utf-8")
    found = protected_addresses({"app": tmp_path, "app.inner": tmp_path})
    assert found.blocks == {"module.app.aws_db_instance.main", "module.app.module.inner.aws_db_instance.main"}


BLOCKS = frozenset({"module.app.aws_db_instance.main"})


@pytest.mark.parametrize(
    ("address", "patterns", "expected"),
    [
        ("module.app.aws_db_instance.main", [], True),
        ('module.app["a.b"].aws_db_instance.main["x[0]"]', [], True),
        ("module.app[0].aws_db_instance.main[1]", [], True),
        ("module.other.aws_db_instance.main", [], False),
        ("module.other.aws_db_instance.main", ["aws_db_instance"], True),
        ("module.other.aws_db_instance.main", ["aws_db"], False),
        ("module.other.aws_db_instance.main", ["aws_db_*"], True),
        ("module.db.aws_vpc.main[0]", ["module.db.*"], True),
        ("module.db.module.in.aws_vpc.main", ["module.db.*"], True),
        ("module.dbx.aws_vpc.main", ["module.db.*"], False),
        ("module.db.aws_vpc.main", ["*.aws_vpc.main"], True),
        ('module.db.aws_vpc.main["aws_s3_bucket.b"]', ["*.aws_s3_bucket.*"], False),
    ],
)
def test_an_address_is_protected_by_its_block_or_by_a_pattern(
    address: str, patterns: list[str], expected: bool
) -> None:
    assert is_protected(address, blocks=BLOCKS, patterns=patterns) is expected


def test_the_keys_of_tfops_yaml_are_checked_entry_by_entry() -> None:
    text = PROJECT + (
        'protect: [aws_db_instance, "module.db.*", "a b", "m[0].x"]\n'
        "no_downgrade: [aws_db_instance.engine_version, nonsense]\n"
        "inventory: never\n"
    )
    assert said(complaints_of(lambda: load_project(project_tree(tfops=text)))) == [
        "tfops.yaml:7:1: `inventory` must be 'ids', 'hash' or 'off'",
        "tfops.yaml:5:43: 'a b' names neither a type nor an address "
        "(a type (aws_db_instance) or an address without keys (module.db.*))",
        "tfops.yaml:5:50: 'm[0].x' names neither a type nor an address "
        "(a type (aws_db_instance) or an address without keys (module.db.*))",
        "tfops.yaml:6:48: 'nonsense' is not an attribute of a type "
        "(TYPE.ATTRIBUTE: aws_db_instance.engine_version, without indexes)",
    ]


_KEEPS = """
variable "keep" { default = true }
variable "drop" { default = false }
resource "demo_thing" "a" {
  lifecycle { prevent_destroy = var.keep }
}
resource "demo_thing" "b" {
  lifecycle { prevent_destroy = !var.drop }
}
resource "demo_thing" "c" {
  lifecycle { prevent_destroy = var.keep && var.drop }
}
module "inner" {
  source = "./inner"
  keep   = var.keep
}
"""
_INNER = """
variable "keep" { type = bool }
resource "demo_thing" "deep" {
  lifecycle { prevent_destroy = var.keep }
}
"""
_ALL = {"a", "b", "c", "inner.deep"}


@pytest.mark.parametrize(
    ("inputs", "free"),
    [
        ({"app": {}}, {"c"}),
        ({"app": {"keep": True, "drop": False}}, {"c"}),
        ({"app": {"keep": True, "drop": True}}, {"b"}),
        ({"app": {"keep": False}}, {"a", "c", "inner.deep"}),
        ({"app": {"keep": "false"}}, {"a", "c", "inner.deep"}),
        ({"app": {"keep": False, "drop": True}}, {"a", "b", "c", "inner.deep"}),
        ({"app": {"keep": Secret("env", "KEEP")}}, {"c"}),
        ({"app": {"keep": None}}, {"c"}),
        ({"app": {"keep": 1, "drop": 0}}, set()),
        ({}, set()),
    ],
)
def test_a_protection_that_is_a_variable_is_what_the_inputs_say(
    tmp_path: Path, inputs: dict[str, dict[str, object]], free: set[str]
) -> None:
    """docs/reference/engines.md: what inputs and defaults don't decide counts as protected."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "main.tf").write_text(_KEEPS)
    (inner / "main.tf").write_text(_INNER)
    found = protected_addresses({"app": tmp_path, "app.inner": inner}, is_tofu=True, inputs=inputs)
    names = {
        block.removeprefix("module.app.").replace("module.", "").replace("demo_thing.", "") for block in found.blocks
    }
    assert names == _ALL - free


def test_a_protection_in_json_syntax_is_evaluated_too(tmp_path: Path) -> None:
    body = {
        "resource": {"demo_thing": {"a": {"lifecycle": {"prevent_destroy": "${var.keep}"}}}},
        "variable": {"keep": {}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(body))
    for value, is_kept in ((False, False), (True, True)):
        found = protected_addresses({"app": tmp_path}, inputs={"app": {"keep": value}})
        assert ("module.app.demo_thing.a" in found) is is_kept
