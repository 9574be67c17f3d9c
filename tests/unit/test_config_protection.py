"""What must not be destroyed: flags in the modules' files, patterns of tfops.yaml, addresses of the state."""

import json
from pathlib import Path

import pytest

from tests.support.memory_tree import PROJECT, complaints_of, project_tree, said
from tfops.config.modules.protection import is_protected, protected_addresses, protected_blocks
from tfops.config.project import load_project

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
