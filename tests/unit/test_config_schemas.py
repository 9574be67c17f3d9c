"""The JSON Schemas for editors agree with what `validate` says."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.memory_tree import complaints_of, project_tree
from tests.unit.test_config_inputs import INTERFACES
from tfops.config.environment import read_environment
from tfops.config.example import example_yaml, sample
from tfops.config.file_schema import environment_schema, project_schema
from tfops.config.inputs import InputCheck
from tfops.config.modules.hcl import parse_expression
from tfops.config.modules.json_schema import inputs_schema, type_schema, with_forms
from tfops.config.modules.module import Interface, read_interface
from tfops.config.modules.terraform_type import parse_type
from tfops.config.shared_schema import with_shared_parts
from tfops.records.names import EnvName


def is_valid(schema: dict[str, Any], value: object) -> bool:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("is_strict", [True, False])
def test_the_schemas_are_schemas(is_strict: bool) -> None:
    for schema in (project_schema(), environment_schema(INTERFACES, is_strict=is_strict)):
        Draft202012Validator.check_schema(schema)
        assert json.loads(json.dumps(schema)) == schema


PROJECT = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, True), ({"projekt": "x"}, False), ({"version": 2}, False), ({"environments": []}, False)],
)
def test_tfops_yaml_is_checked_in_the_editor(changes: dict[str, object], expected: bool) -> None:
    assert is_valid(project_schema(), PROJECT | changes) is expected


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"root": "live/net", "inputs": {"cidr": "x"}}, True),
        ({"root": "live/net", "inputs": {"cidr": {"from": "env:X"}}}, True),
        ({"root": "live/net"}, True),  # a file of values may give the rest
        ({"root": "live/net", "inputs": {"cdir": "x"}}, False),
        ({"root": "live/net", "inputs": {"port": "eighty"}}, False),
        ({"root": "live/other", "inputs": {"any": 1}}, True),
        ({"roots": ["live/net", {"path": "live/net", "inputs": {"port": 1}}]}, True),
        ({"roots": [{"path": "live/net", "inputs": {"prt": 1}}]}, False),
    ],
)
def test_inputs_of_a_root_are_checked_in_the_editor(env: dict[str, object], expected: bool) -> None:
    schema = project_schema({"live/net": INTERFACES["network"]})
    assert is_valid(schema, PROJECT | {"environments": {"dev": {"branch": "main", **env}}}) is expected


def block(**inputs: object) -> dict[str, object]:
    return {"modules": {"n": {"source": "network", "inputs": inputs}}}


@pytest.mark.parametrize(
    ("data", "strict", "lenient"),
    [
        (block(cidr="10.0.0.0/8"), True, True),
        (block(cidr={"from": "env:X"}, sizes="${module.a.b}"), True, True),
        (block(cidr="x", sizes={"min": {"from": "env:X"}}), True, True),
        (block(), False, True),
        (block(cidr="x", zoness=[]), False, False),
        (block(cidr="x", port="eighty"), False, False),
        (block(cidr="x", sizes={"mx": 1}), False, False),
        ({"extends": "base.yaml", **block()}, True, True),
        ({"extends": "base.yaml"}, True, True),
        ({}, False, True),
        ({"modules": {"far": {"source": "a/b/c", "version": "1", "inputs": {"any": [1]}}}}, True, True),
        ({"modules": {"n": {"source": "network", "input": {}}}}, False, False),
        ({"modules": {"n": {"source": "network", "enabled": True}}}, False, True),
        ({"modules": {"n": {"source": "network", "enabled": False}}}, True, True),
        ({"modules": {"n": {"source": "network", "enabled": "no"}}}, False, False),
    ],
)
def test_an_environments_file_is_checked_in_the_editor(data: object, strict: bool, lenient: bool) -> None:
    assert is_valid(environment_schema(INTERFACES, is_strict=True), data) is strict
    assert is_valid(environment_schema(INTERFACES, is_strict=False), data) is lenient


def test_an_editor_does_not_ask_for_what_tfops_yaml_has_a_default_for() -> None:
    schema = environment_schema(INTERFACES, is_strict=True, defaults={"network": {"cidr"}})
    assert is_valid(schema, {"modules": {"n": {"source": "network"}}})


def test_an_editor_shows_description_type_and_default() -> None:
    port = inputs_schema(INTERFACES["network"])["properties"]["port"]
    assert (port["description"], port["default"]) == ("type: number", 80)
    assert inputs_schema(INTERFACES["network"])["properties"]["cidr"]["description"].startswith("The network's address")


def test_an_editor_strikes_out_what_is_deprecated_and_says_what_to_take() -> None:
    text = 'variable "old" {\n  type = string\n  deprecated = "take new"\n}\nvariable "new" {\n  type = string\n}\n'
    schema = inputs_schema(read_interface({"main.tf": text}), is_strict=True)
    old, new = schema["properties"]["old"], schema["properties"]["new"]
    assert (old["deprecated"], "deprecated: take new" in old["description"]) == (True, True)
    assert "deprecated" not in new and "deprecated" not in new.get("description", "")


def test_forms_may_stand_anywhere_and_only_where_forms_are_allowed() -> None:
    found = parse_type(parse_expression("list(object({ a = tuple([map(number), bool]) }))"))
    form = {"from": "env:X"}
    for value in (form, [form], [{"a": form}], [{"a": [form, form]}], [{"a": [{"x": form}, "${module.a.b}"]}]):
        assert is_valid(with_forms(type_schema(found)), value)
        assert not is_valid(type_schema(found), value)


MODULE = """
variable "a" { type = object({ x = list(string), y = optional(number), z = tuple([bool, map(number)]) }) }
variable "b" { type = any }
variable "c" {
  type      = string
  sensitive = true
}
variable "d" { default = 1 }
"""


def test_the_example_of_a_module_is_right_for_it() -> None:
    interface = read_interface({"main.tf": MODULE})
    text = example_yaml("network", interface)
    assert '      c: {from: "env:C"}\n' in text
    check = InputCheck(lambda *_: interface)
    assert complaints_of(lambda: read_environment(project_tree(dev=text), EnvName("dev"), check)) == ()


def test_a_sample_leaves_out_what_is_optional() -> None:
    assert sample(read_interface({"main.tf": MODULE}).variables["a"].type) == {"x": ["text"], "z": [True, {"key": 1}]}


TAGS = "map(object({ key = string, value = optional(string), tags = optional(map(string), {}) }))"
NODES = (
    f"list(object({{ name = string, labels = {TAGS}, taints = optional({TAGS}), sizes = tuple([number, number]) }}))"
)


def large(number: int) -> Interface:
    """A module of the size of those that people publish: 100 variables, some with deep types, alike in many modules."""
    simple = "".join(
        f'variable "v{one}" {{\n  description = "Number {one}"\n  type = string\n}}\n' for one in range(80)
    )
    deep = "".join(f'variable "d{one}" {{\n  type = {NODES}\n  default = []\n}}\n' for one in range(20))
    return read_interface({"v.tf": f'{simple}{deep}variable "own" {{ type = object({{ m{number} = string }}) }}'})


def test_the_schema_of_many_large_modules_is_small_and_says_the_same() -> None:
    modules = {f"m{number}": large(number) for number in range(19)}
    schema = environment_schema(modules, is_strict=True)
    assert len(json.dumps(schema, indent=2)) < 1_000_000
    inputs = {f"v{one}": "x" for one in range(80)} | {"own": {"m7": "x"}}
    node = {"name": "a", "labels": {"l": {"key": "k", "value": {"from": "env:X"}}}, "sizes": [1, "${module.a.b}"]}

    def fits(**changes: Any) -> bool:
        data = {"modules": {"a": {"source": "m7", "inputs": inputs | changes}}}
        return Draft202012Validator(schema).is_valid(data)

    assert fits() and fits(d3=[node]) and fits(d3="${stack.a.b}")
    assert not fits(d3=[node | {"nam": 1}]) and not fits(own={"m8": "x"}) and not fits(v1=[])
    assert not fits(d3=[node | {"labels": {"l": {"key": ["k"]}}}])


def test_only_schemas_are_shared_and_values_stay_where_they_are() -> None:
    same = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a-long-enough-pattern$"}}}
    schema = {"properties": {"x": same, "y": {"items": same}, "z": {"default": same, "enum": [same]}}}
    found = with_shared_parts(schema)
    [(name, part)] = found["$defs"].items()
    assert part == same
    reference = {"$ref": f"#/$defs/{name}"}
    assert found["properties"] == {"x": reference, "y": {"items": reference}, "z": {"default": same, "enum": [same]}}
    assert with_shared_parts({"properties": {"x": same}}) == {"properties": {"x": same}}
