"""What a module's files say: which outputs may be shown, and where its own modules come from."""

import json
from pathlib import Path

import pytest

from tfops.config.interface import public_outputs_of, require_inner_sources
from tfops.config.module import LocalCall, local_calls, may_have_local_calls, may_have_outputs, public_outputs
from tfops.errors import Refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('output "vpc_id" { value = aws_vpc.main.id }', {"vpc_id"}),
        ('output "a" {\n  value = 1\n}\noutput "b" {\n  value     = 2\n  sensitive = false\n}', {"a", "b"}),
        ('output "password" {\n  value     = var.x\n  sensitive = true\n}', set()),
        ('output "token" {\n  value     = var.x\n  ephemeral = true\n}', set()),
        ('output "odd" {\n  value     = var.x\n  sensitive = var.hide\n}', set()),
        ('output "s" {\n  value     = var.x\n  sensitive = "true"\n}', set()),
        ('# output "gone" { value = 1 }\noutput "kept" { value = 1 }', {"kept"}),
        ('variable "output" {}\n', set()),
        ('output "text" {\n  value = <<-EOT\n    output "fake" {}\n  EOT\n}', {"text"}),
        ('output "f" { value = { for k, v in var.m : k => v if v != "" } }', {"f"}),
        ("", set()),
    ],
)
def test_outputs_that_are_declared_sensitive_are_not_public(text: str, expected: set[str]) -> None:
    assert public_outputs(text, is_json=False) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"output": {"a": {"value": 1}, "b": {"value": 1, "sensitive": True}}}, {"a"}),
        ({"output": [{"a": {"value": 1}}, {"b": {"value": 1, "ephemeral": True}}]}, {"a"}),
        ({"output": {"a": [{"value": 1}]}}, {"a"}),
        ({"output": {"a": {"value": 1, "sensitive": "true"}}}, set()),
        ({}, set()),
        ([], set()),
    ],
)
def test_json_modules_are_read_too(document: object, expected: set[str]) -> None:
    assert public_outputs(json.dumps(document), is_json=True) == expected


@pytest.mark.parametrize("is_json", [True, False])
def test_a_file_that_cannot_be_parsed_is_a_value_error(is_json: bool) -> None:
    with pytest.raises(ValueError):
        public_outputs('output "x" {', is_json=is_json)


def test_local_calls_are_those_with_a_relative_source() -> None:
    text = """
    module "near" { source = "./inner" }
    module "beside" {
      source = "../network"
    }
    module "registry" { source = "terraform-aws-modules/vpc/aws" }
    """
    assert local_calls(text, is_json=False) == [LocalCall("near", "./inner"), LocalCall("beside", "../network")]
    document = {"module": {"near": {"source": "./inner"}, "far": {"source": "git::https://x/y"}}}
    assert local_calls(json.dumps(document), is_json=True) == [LocalCall("near", "./inner")]


@pytest.mark.parametrize(
    ("text", "outputs", "calls"),
    [
        ('resource "a" "b" {}', False, False),
        ('output "a" {}', True, False),
        ('{"output": {}}', True, False),
        ('module "x" { source = "./y" }', False, True),
        ('module "x" {\n  source="../y"\n}', False, True),
        ('{"module": {"x": {"source": "../y"}}}', False, True),
        ('module "x" { source = "a/b/c" }', False, False),
        ('resource "x" "y" { source_file = "./y" }', False, False),
    ],
)
def test_a_cheap_look_decides_which_files_are_parsed(text: str, outputs: bool, calls: bool) -> None:
    assert (may_have_outputs(text), may_have_local_calls(text)) == (outputs, calls)


def export(folder: Path, **modules: str) -> Path:
    """An exported `modules/`; `a__b` is the folder a/b."""
    for name, text in modules.items():
        path = folder / "modules" / name.replace("__", "/")
        path.mkdir(parents=True)
        (path / "main.tf").write_text(text, encoding="utf-8")
    return folder


def test_the_outputs_of_a_module_are_those_of_all_its_files(tmp_path: Path) -> None:
    export(tmp_path, network='output "a" { value = 1 }')
    folder = tmp_path / "modules/network"
    (folder / "more.tf.json").write_text('{"output": {"b": {"value": 1}}}', encoding="utf-8")
    (folder / "broken.tf").write_text('output "c" {', encoding="utf-8")
    (folder / "README.md").write_text('output "d" {}', encoding="utf-8")
    assert public_outputs_of(tmp_path, "network") == {"a", "b"}


def test_a_module_is_read_once_and_remembered(tmp_path: Path) -> None:
    export(tmp_path, network='output "a" { value = 1 }\nmodule "x" { source = "../y" }', y="")
    assert public_outputs_of(tmp_path, "network") == {"a"}
    (tmp_path / "modules/network/main.tf").unlink()
    assert public_outputs_of(tmp_path, "network") == {"a"}
    require_inner_sources(tmp_path, ["network"])


def test_a_damaged_memory_is_made_anew(tmp_path: Path) -> None:
    export(tmp_path, network='output "a" { value = 1 }')
    public_outputs_of(tmp_path, "network")
    for cache in tmp_path.glob("interface-*.json"):
        cache.write_text("{", encoding="utf-8")
    assert public_outputs_of(tmp_path, "network") == {"a"}


@pytest.mark.parametrize(
    "modules",
    [
        {"network": 'module "x" { source = "./inner" }', "network__inner": ""},
        {"network": 'module "x" { source = "../service" }', "service": ""},
        {"aws__vpc": 'module "x" { source = "../../network" }', "network": ""},
        {"network": 'module "x" { source = "../network" }'},
        {"a": 'module "x" { source = "../b" }', "b": 'module "x" { source = "../a" }'},
    ],
    ids=["below", "beside", "up and down", "itself", "in a circle"],
)
def test_calls_inside_of_modules_are_allowed(tmp_path: Path, modules: dict[str, str]) -> None:
    require_inner_sources(export(tmp_path, **modules), [next(iter(modules)).replace("__", "/")])


@pytest.mark.parametrize(
    ("modules", "culprit"),
    [
        ({"network": 'module "x" { source = "../../secrets" }'}, "network"),
        ({"a": 'module "x" { source = "../b" }', "b": 'module "x" { source = "../../../etc" }'}, "b"),
        ({"network": 'module "x" { source = "./../../x" }'}, "network"),
    ],
)
def test_a_call_that_leaves_modules_is_refused(tmp_path: Path, modules: dict[str, str], culprit: str) -> None:
    exported = export(tmp_path, **modules)
    with pytest.raises(Refused) as caught:
        require_inner_sources(exported, [next(iter(modules))])
    assert caught.value.guard == "outside-repository"
    assert caught.value.what.startswith(f"`modules/{culprit}` calls a module outside of `modules/`: module 'x' = ")


def test_a_call_by_absolute_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        require_inner_sources(export(tmp_path, network='module "x" { source = "/srv/shared" }'), ["network"])
