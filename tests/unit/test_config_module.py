"""What a module's files say: which outputs may be shown, and where its own modules come from."""

import json
from pathlib import Path

import pytest

from tfops.config.modules.interface import Interfaces, public_outputs_of, require_inner_sources
from tfops.config.modules.module import Interface, LocalCall, may_matter, read_interface
from tfops.errors import Refused


def public(interface: Interface) -> set[str]:
    assert interface.is_whole
    return {name for name, output in interface.outputs.items() if output.is_public}


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
    assert public(read_interface({"main.tf": text})) == expected


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
    assert public(read_interface({"main.tf.json": json.dumps(document)})) == expected


@pytest.mark.parametrize("name", ["main.tf", "main.tf.json"])
def test_a_file_that_cannot_be_parsed_is_named(name: str) -> None:
    text = 'output "x" {' if name == "main.tf" else '{"output": '
    assert read_interface({name: text, "more.tf": 'output "y" {}'}).unreadable == (name,)


def test_local_calls_are_those_with_a_relative_source() -> None:
    text = """
    module "near" { source = "./inner" }
    module "beside" {
      source = "../network"
    }
    module "registry" { source = "terraform-aws-modules/vpc/aws" }
    """
    expected = (LocalCall("near", "./inner"), LocalCall("beside", "../network"))
    assert read_interface({"main.tf": text}).calls == expected
    document = {"module": {"near": {"source": "./inner"}, "far": {"source": "git::https://x/y"}}}
    assert read_interface({"main.tf.json": json.dumps(document)}).calls == (LocalCall("near", "./inner"),)


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ('resource "terraform_data" "x" {}\nmodule "near" { source = "./inner" }', False),
        ('resource "aws_s3_bucket" "x" {}', True),
        ('terraform {\n  required_providers {\n    cloud = { source = "hashicorp/AWS" }\n  }\n}', True),
        ('data "\\u0061ws_region" "x" {}', True),
        ('module "far" { source = "git::https://example.com/m.git" }', True),
        ('output "x" {', True),
    ],
)
def test_what_may_use_aws(text: str, may: bool) -> None:
    assert read_interface({"main.tf": text}).may_use_aws is may


@pytest.mark.parametrize(
    ("text", "matters"),
    [
        ('resource "a" "b" {}', False),
        ('output "a" {}', True),
        ('variable "a" {}', True),
        ('{"output": {}}', True),
        ('{"variable" : {}}', True),
        ('module "x" { source = "./y" }', True),
        ('module "x" {\n  source="../y"\n}', True),
        ('{"module": {"x": {"source": "../y"}}}', True),
        ('module "x" { source = "a/b/c" }', True),
        ("\ufeff/* a */ variable b {}", True),
        ('resource "x" "y" { source_file = "./y" }', False),
    ],
)
def test_a_cheap_look_decides_which_files_are_parsed(text: str, matters: bool) -> None:
    assert may_matter(text, is_json=text.startswith("{")) is matters


def interfaces(tmp_path: Path) -> Interfaces:
    remembered = tmp_path / "remembered"
    remembered.mkdir(exist_ok=True)
    return Interfaces(tmp_path, remembered)


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
    assert public_outputs_of(interfaces(tmp_path), "network") == {"a", "b"}


def test_a_module_is_parsed_once_and_remembered_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'variable "a" { type = object({ x = optional(number, 1) }) }\noutput "a" { value = 1 }'
    export(tmp_path, network=text, twin=text)
    first = interfaces(tmp_path).local("network")
    monkeypatch.setattr("tfops.config.modules.interface.read_interface", lambda _: pytest.fail("parsed again"))
    assert interfaces(tmp_path).local("network") == interfaces(tmp_path).local("twin") == first


def test_a_damaged_memory_is_made_anew(tmp_path: Path) -> None:
    export(tmp_path, network='output "a" { value = 1 }')
    public_outputs_of(interfaces(tmp_path), "network")
    remembered = list((tmp_path / "remembered").glob("*.json"))
    assert len(remembered) == 1
    for damage in ("{", '{"outputs": 5}', "[]"):
        remembered[0].write_text(damage, encoding="utf-8")
        assert public_outputs_of(interfaces(tmp_path), "network") == {"a"}


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
    require_inner_sources(interfaces(export(tmp_path, **modules)), [next(iter(modules)).replace("__", "/")])


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
        require_inner_sources(interfaces(exported), [next(iter(modules))])
    assert caught.value.guard == "outside-repository"
    assert caught.value.what.startswith(f"`modules/{culprit}` calls a module outside of `modules/`: module 'x' = ")


def test_a_call_by_absolute_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        require_inner_sources(
            interfaces(export(tmp_path, network='module "x" { source = "/srv/shared" }')), ["network"]
        )
