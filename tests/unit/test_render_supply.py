"""What other stacks give: values with their types, and whether they may be shown."""

import json
from typing import Any

import pytest

from tfops import exact
from tfops.config.modules.module import read_interface
from tfops.config.modules.terraform_type import is_settled
from tfops.engine.advice import is_settled as stays
from tfops.records.engine_events import Diagnostic
from tfops.render.supply import Supply, kind_in, kind_of, supply_file, type_constraint


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("string", "string"),
        ("dynamic", "any"),
        (["set", "string"], "set(string)"),
        (["map", ["list", "number"]], "map(list(number))"),
        (["map", "dynamic"], "map(any)"),
        (["tuple", ["bool", ["set", "bool"]]], "tuple([bool, set(bool)])"),
        (["object", {"a": "string", "b-c": ["set", "string"]}], "object({a = string, b-c = set(string)})"),
        (["object", {}], "object({})"),
        (["object", {"a": "string"}, ["a"]], "object({a = string})"),
        (["object", {"not a word": "string"}], "any"),
        (["list", ["object", {"1a": "string"}]], "list(any)"),
        (None, "any"),
        (["capsule", "x"], "any"),
    ],
)
def test_a_type_of_the_state_is_written_as_a_constraint(kind: Any, written: str) -> None:
    assert type_constraint(kind) == written


def test_the_file_says_types_and_what_may_be_shown() -> None:
    given = {
        "stack_b": Supply(["x"], ["set", "string"], is_public=True),
        "stack_a": Supply(1, "number", is_public=False),
    }
    assert json.loads(supply_file(given)) == {
        "variable": {
            "stack_a": {"type": "any", "sensitive": True},
            "stack_b": {"type": "set(string)", "sensitive": False},
        }
    }
    assert Supply(exact.loads("[3.14159265358979323846]"), None, is_public=False).text == "[3.14159265358979323846]"


def test_a_scalar_says_its_type_and_a_collection_does_not() -> None:
    values = ["a", 1, 1.5, exact.loads("1e400"), True, None, [], {}]
    assert [kind_of(value) for value in values] == ["string", *["number"] * 3, "bool", "dynamic", None, None]
    assert kind_in(["object", {"a": ["set", "string"]}], "a") == ["set", "string"]
    assert [kind_in(whole, "a") for whole in (None, "dynamic", ["object", {}], ["map", "string"])] == [None] * 4


@pytest.mark.parametrize(
    ("written", "settled"),
    [
        ("string", True),
        ("set(string)", True),
        ("object({ a = optional(list(number)) })", True),
        ("tuple([string, any])", False),
        ("list", False),
        ("map(object({ a = any }))", False),
        ("any", False),
    ],
)
def test_a_type_without_any_makes_the_same_of_whatever_it_is_given(written: str, settled: bool) -> None:
    variable = read_interface({"v.tf": f'variable "v" {{ type = {written} }}'}).variables["v"]
    assert is_settled(variable.type) is settled


@pytest.mark.parametrize(
    ("summary", "detail", "settled"),
    [
        (
            "Invalid for_each argument",
            "Sensitive values, or values derived from\nsensitive values, cannot be used as for_each arguments.",
            True,
        ),
        ("Invalid for_each argument", 'The "for_each" map includes keys derived from resource attributes', False),
        (
            "Invalid for_each argument",
            'the "for_each" argument supports maps and sets of strings, but you have provided a value of type tuple.',
            True,
        ),
        ("Invalid value for variable", "The cidr is too small.", True),
        ("Unsupported attribute", "This object does not have an attribute named", True),
        ("Invalid function argument", "no file exists at /made/by/the/other/stack", False),
        ("no matching EC2 VPC found", "", False),
    ],
)
def test_an_error_about_what_is_known_stays_whatever_is_applied_first(summary: str, detail: str, settled: bool) -> None:
    assert stays([Diagnostic(is_error=True, summary=summary, detail=detail)]) is settled
