"""Conditions of modules that are told without an engine, and those that aren't."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tfops.config.modules.hcl import HclExpression
from tfops.config.modules.known import ModuleValues
from tfops.config.modules.protection import protected_addresses

MODULE = """
variable "env" { type = string }
variable "size" {
  type    = number
  default = 3
}
variable "keep" {
  type    = bool
  default = true
}
variable "tags" { default = { keep = false, list = ["a"] } }
variable "any" {}
variable "nothing" { default = null }
locals {
  is_prod = var.env == "prod"
  loop    = local.loop
  computed = lower(var.env)
}
"""
INPUTS = {"app": {"env": "prod", "any": 1}}


def decide(text: str, inputs: Mapping[str, Mapping[str, Any]] = INPUTS) -> bool | None:
    values = ModuleValues(lambda path: {"main.tf": MODULE} if path == "app" else {}, inputs)
    return values.decide(HclExpression(text), "app")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        (' "false" ', False),
        ("var.keep", True),
        ("! var.keep", False),
        ('var.env == "prod"', True),
        ('var.env != "prod"', False),
        ('var.env == "prod" && !var.keep', False),
        ('var.env == "dev" || var.keep', True),
        ('var.env == "dev" || var.keep && var.size > 3', False),
        ('(var.env == "dev" || var.keep) && var.size >= 3', True),
        ("var.size < 3 ? true : var.keep", True),
        ('contains(["stage", "prod"], var.env)', True),
        ('contains(["stage"], var.env)', False),
        ("local.is_prod", True),
        ("!local.is_prod", False),
        ("var.tags.keep", False),
        ('var.tags["keep"]', False),
        ("var.nothing == null", True),
        ("var.env != null", True),
        ('"${var.keep}"', True),
        ("var.any == 1", True),
        ("-1 < var.size", True),
    ],
)
def test_what_inputs_and_defaults_decide(text: str, expected: bool) -> None:
    assert decide(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "var.unknown",
        "var.nothing",
        "var.size",
        "var.any",
        "var.any == true",
        'var.size == "3"',
        'var.env > "a"',
        "local.loop",
        "local.nowhere",
        "local.computed",
        'lower(var.env) == "prod"',
        "data.aws_region.here.name == var.env",
        "each.value",
        "module.x.y",
        "var.tags.missing",
        "var.tags.list[3]",
        '"x-${var.env}"',
        'var.tags == { keep = false, list = ["a"] }',
        "null",
        "var.keep &&",
        "var.env == ",
    ],
)
def test_what_only_the_engine_can_say(text: str) -> None:
    assert decide(text) is None


def test_one_side_is_enough_where_it_decides() -> None:
    assert decide("data.x.y.z || var.keep") is True
    assert decide("var.keep && data.x.y.z") is None
    assert decide("!var.keep && data.x.y.z") is False


@pytest.mark.parametrize(
    ("given", "expected"),
    [("prod", True), ("dev", False), (True, False), (1, None), ({"literal": "prod"}, True)],
)
def test_an_input_counts_as_the_variable_takes_it(given: object, expected: bool | None) -> None:
    assert decide('var.env == "prod"', {"app": {"env": given, "any": 1}}) is expected


def test_what_is_not_decided_is_a_guess_and_an_override_replaces_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        MODULE
        + "".join(
            f'resource "t" "{name}" {{\n  lifecycle {{ {said} }}\n}}\n'
            for name, said in {
                "sure": "prevent_destroy = local.is_prod",
                "guess": "prevent_destroy = local.computed",
                "free": 'prevent_destroy = var.env == "dev"',
                "lifted": "prevent_destroy = true",
                "left": "destroy = false",
                "plain": "destroy = true",
                "other": "create_before_destroy = false",
            }.items()
        )
    )
    override = 'resource "t" "lifted" {\n  lifecycle { prevent_destroy = false }\n}\n'
    (tmp_path / "x_override.tf").write_text(override)
    (tmp_path / "tfops_lift_protection_override.tf.json").write_text(
        '{"resource": {"t": {"sure": {"lifecycle": {"prevent_destroy": false}}}}}'
    )
    found = protected_addresses({"app": tmp_path}, inputs=INPUTS)
    names = [{block.rpartition(".")[2] for block in group} for group in (found.blocks, found.guessed, found.kept)]
    assert names == [{"sure", "guess"}, {"guess"}, {"left"}]
