"""A module's variables: every way that Terraform lets one write them."""

import json

import pytest

from tfops.config.modules.module import Interface, Validation, Variable, read_interface
from tfops.config.modules.terraform_type import ANY, Attribute, Type, short_type, type_text

STRING, NUMBER, BOOL = Type("string"), Type("number"), Type("bool")


def read(text: str) -> Interface:
    found = read_interface({"variables.tf": text})
    assert found.is_whole
    return found


def variable(body: str) -> Variable:
    [found] = read(f'variable "x" {{\n{body}\n}}\n').variables.values()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("string", STRING),
        ("(string)", STRING),
        ("any", ANY),
        ('"string"', STRING),
        ("list", Type("list", ANY)),
        ('"map"', Type("map", ANY)),
        ("list(string)", Type("list", STRING)),
        ("set(map(bool))", Type("set", Type("map", BOOL))),
        ("tuple([string, list(number)])", Type("tuple", items=(STRING, Type("list", NUMBER)))),
        ("tuple([])", Type("tuple")),
        ("object({})", Type("object")),
        ("object({ a = string })", Type("object", attributes={"a": Attribute(STRING)})),
        ('object({ "a b" : string })', Type("object", attributes={"a b": Attribute(STRING)})),
        (
            "object({\n  in = string # a word of HCL\n  for = number,\n\n  /* one */ null = bool\n})",
            Type("object", attributes={"in": Attribute(STRING), "for": Attribute(NUMBER), "null": Attribute(BOOL)}),
        ),
        ("object({ a = optional(string) })", Type("object", attributes={"a": Attribute(STRING, is_optional=True)})),
        (
            'object({ a = optional(list(string), ["x", null]) })',
            Type("object", attributes={"a": Attribute(Type("list", STRING), is_optional=True, default=["x", None])}),
        ),
        (
            "object({ a = optional(number, 60 * 60) })",
            Type("object", attributes={"a": Attribute(NUMBER, is_optional=True, default_text="60 * 60")}),
        ),
        (
            "map(object({ a = optional(object({ b = optional(number, -1.5) }), {}) }))",
            Type(
                "map",
                Type(
                    "object",
                    attributes={
                        "a": Attribute(
                            Type("object", attributes={"b": Attribute(NUMBER, is_optional=True, default=-1.5)}),
                            is_optional=True,
                            default={},
                        )
                    },
                ),
            ),
        ),
    ],
)
def test_every_type_expression_is_read_from_hcl_and_from_json(text: str, expected: Type) -> None:
    assert variable(f"type = {text}").type == expected
    for written in (text, f"${{{text}}}"):
        document = json.dumps({"variable": {"x": {"type": written}}})
        assert read_interface({"variables.tf.json": document}).variables["x"].type == expected


@pytest.mark.parametrize("text", ["strnig", "list(string, number)", "object({ a = 1 })", "tuple(string)", "1 + 1"])
def test_what_is_no_type_lets_everything_through(text: str) -> None:
    assert variable(f"type = {text}").type == ANY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", None),
        ("true", True),
        ("-1", -1),
        ("1.50", 1.5),
        ("1e3", 1000),
        ('"a \\"b\\" \\n \\u00e9 $${x} %%{y}"', 'a "b" \n é ${x} %{y}'),
        ('""', ""),
        ('"  x "', "  x "),
        ("[]", []),
        ('["a", 1,\n  # two\n  { b = "c", "d e" : null },\n]', ["a", 1, {"b": "c", "d e": None}]),
        ("<<EOT\n a\n  b\nEOT", " a\n  b\n"),
        ("<<-EOT\n    a\n      b\n  EOT", "a\n  b\n"),
        ("(1)", 1),
    ],
)
def test_a_default_is_its_value(text: str, expected: object) -> None:
    found = variable(f"default = {text}")
    assert (found.has_default, found.default, found.default_text) == (True, expected, "")


@pytest.mark.parametrize("text", ["60 * 60", "!true", '"${1}"', "<<EOT\n${1}\nEOT", "pathexpand(1)", '-"a"'])
def test_a_default_that_only_terraform_can_tell_is_kept_as_text(text: str) -> None:
    found = variable(f"default = {text}")
    assert (found.has_default, found.default, found.default_text) == (True, None, text)


def test_everything_that_is_said_about_a_variable() -> None:
    found = variable(
        """
        description = <<-EOT
          The range.
          More.
        EOT
        type        = string
        sensitive   = true
        ephemeral   = true
        nullable    = false
        validation {
          condition     = can(cidrhost(var.x, 0)) && var.x != ""
          error_message = "x must be a range."
        }
        validation {
          condition     = length(var.x) > 1
          error_message = "not ${var.x}"
        }
        """
    )
    assert found == Variable(
        "x", STRING, description="The range.\nMore.", sensitive=True, ephemeral=True, nullable=False,
        validations=(
            Validation('can(cidrhost(var.x, 0)) && var.x != ""', "x must be a range."),
            Validation("length(var.x) > 1", '"not ${var.x}"'),
        ),
    )  # fmt: skip


def test_json_says_the_same() -> None:
    body = {
        "type": "string", "description": "The range.", "default": "x", "nullable": False,
        "validation": [{"condition": "${length(var.x) > 1}", "error_message": "too short"}],
    }  # fmt: skip
    found = read_interface({"a.tf.json": json.dumps({"variable": [{"x": body}]})}).variables["x"]
    assert found == Variable(
        "x", STRING, has_default=True, default="x", description="The range.", nullable=False,
        validations=(Validation("length(var.x) > 1", "too short"),),
    )  # fmt: skip


def test_override_files_replace_what_they_name() -> None:
    found = read_interface(
        {
            "a_override.tf": 'variable "x" { default = 2 }',
            "main.tf": 'variable "x" {\n  type = number\n  default = 1\n}\nvariable "y" {}',
            "override.tf.json": '{"variable": {"y": {"default": "z"}}}',
        }
    )
    assert found.variables["x"] == Variable("x", NUMBER, has_default=True, default=2)
    assert found.variables["y"].default == "z"


def test_files_of_opentofu_alone_are_read_under_opentofu_and_take_their_namesakes_place() -> None:
    files = {
        "main.tf": 'variable "x" {}', "main.tofu": 'variable "y" {}', "more.tf": 'variable "z" {}',
        "json.tf.json": '{"variable": {"j": {}}}', "json.tofu.json": '{"variable": {"k": {}}}',
    }  # fmt: skip
    assert read_interface(files).variables.keys() == {"x", "z", "j"}
    assert read_interface(files, is_tofu=True).variables.keys() == {"y", "z", "k"}


def test_a_type_is_shown_as_one_would_write_it() -> None:
    text = "map(object({ a = string, b = optional(object({ c = optional(number, 1) }), {}) }))"
    found = variable(f"type = {text}").type
    assert type_text(found) == (
        "map(object({\n  a = string\n  b = optional(object({\n    c = optional(number, 1)\n  }), {})\n}))"
    )
    assert short_type(found) == "map(object({a = string b = optional(object({c = optional(number, 1)}), {})}))"
