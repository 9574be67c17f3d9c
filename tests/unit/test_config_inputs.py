"""Inputs against variables: a golden file for every kind of complaint, and nothing said about what is right."""

import pytest

from tests.support.golden import assert_golden
from tests.support.memory_tree import MemoryTree, complaints_of, environment, project_tree, said
from tests.unit.test_views_text import printed
from tfops.config.environment import read_environment
from tfops.config.inputs import InputCheck
from tfops.config.modules.flow import Needs, output_needs
from tfops.config.modules.module import Interface, read_interface
from tfops.config.source import LocalSource, RemoteSource
from tfops.errors import ConfigError
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.views.errors import error_report

NETWORK = """
variable "cidr" {
  description = "The network's address range."
  type        = string
}
variable "zones" {
  type    = list(string)
  default = []
}
variable "port" {
  type    = number
  default = 80
}
variable "public" {
  type    = bool
  default = false
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "sizes" {
  type    = object({ min = number, max = optional(number), names = optional(list(object({ first = string })), []) })
  default = { min = 1 }
}
variable "range" {
  type    = tuple([number, number])
  default = [1, 2]
}
variable "extra" {
  type     = any
  nullable = false
  default  = "x"
}
output "vpc_id" { value = 1 }
output "subnets" { value = [] }
locals {
  copy = var.zones # var.port is not part of it
}
resource "terraform_data" "zones" { input = { for zone in local.copy : zone => zone } }
output "zones" { value = terraform_data.zones.output }
"""
SERVICE = """
variable "vpc" {
  type     = string
  nullable = false
}
variable "other" { default = "" }
output "name" { value = "service in ${var.vpc}" }
"""
INTERFACES = {
    "network": read_interface({"main.tf": NETWORK}),
    "service": read_interface({"main.tf": SERVICE}),
}


def input_check() -> InputCheck:
    def find(_env: EnvName, _stack: StackName, _name: str, source: LocalSource | RemoteSource) -> Interface | None:
        return INTERFACES.get(source.text)

    def needs(_env: EnvName, _stack: StackName, _name: str, source: LocalSource | RemoteSource) -> Needs:
        return output_needs({"main.tf": {"network": NETWORK, "service": SERVICE}.get(source.text, "")})

    return InputCheck(find, needs)


def complaints(text: str, **more: str) -> tuple[Complaint, ...]:
    tree = project_tree(dev=text, **more)
    return complaints_of(lambda: read_environment(tree, EnvName("dev"), input_check()))


def network(inputs: str) -> str:
    return f"modules:\n  network:\n    source: network\n    inputs:\n      cidr: 10.0.0.0/16\n      {inputs}\n"


KINDS = {
    "unknown-input": network("zoness: [a]"),
    "missing-input": "modules:\n  network: {source: network}\n",
    "misspelt-input": "modules:\n  network:\n    source: network\n    inputs:\n      cdir: 10.0.0.0/16\n",
    "not-text": network("tags: {team: [a]}"),
    "not-a-number": network("port: eighty"),
    "not-a-bool": network("public: yes"),
    "not-a-list": network("zones: a"),
    "not-a-mapping": network("tags: [a, b]"),
    "not-an-object": network("sizes: 5"),
    "unknown-attribute": network("sizes: {min: 1, mx: 2}"),
    "unknown-attribute-inside": network("sizes: {min: 1, names: [{first: a, second: b}]}"),
    "missing-attribute": network("sizes: {max: 1}"),
    "secret-without-a-name": network("extra: x\n      public: {from: 5}\n      zones: [{from: null}]"),
    "wrong-length": network("range: [1, 2, 3]"),
    "null-not-allowed": "modules:\n  app: {source: service, inputs: {vpc: null}}\n",
    "changed-text": network("zones: [012345678901, 1.10, 1e3]"),
    "unknown-output": network("port: 1\n  app: {source: service, inputs: {vpc: '${module.network.vpcid}'}}"),
    "circle": network(
        "zones: ['${module.app.name}']\n  app: {source: service, inputs: {vpc: '${module.network.zones}'}}"
    ),
    "circle-with-itself": network("zones: '${module.network.zones}'"),
    "unknown-output-of-itself": "modules:\n  app: {source: service, inputs: {vpc: '${module.app.id}'}}\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake_reads_like_this(kind: str) -> None:
    found = complaints(KINDS[kind])
    assert found, "nothing was complained about"
    assert_golden(f"complaints/{kind}.txt", printed(error_report(ConfigError(found)), width=80))


@pytest.mark.parametrize(
    "inputs",
    [
        "port: '8080'",
        "port: '1e3'",
        "port: 1e3",
        "public: 'true'",
        "public: '0'",
        "zones: [1, true, null, b, 1.5]",
        "zones: null",
        "tags: {a: 1, b: false, c: null}",
        "sizes: {min: '1', max: null}",
        "sizes: {min: 1, names: [{first: 2}]}",
        "sizes: null",
        "range: [1, '2']",
        "extra: null",
        "extra: {any: [thing, 1, {}]}",
        "port: {from: 'env:PORT'}",
        "zones: ['${module.network.vpc_id}', {from: 'env:ZONE'}]",
        "sizes: '${module.network.subnets[0].size}'",
        "sizes: {min: '${module.network.vpc_id}', max: {from: 'env:MAX'}}",
    ],
)
def test_whatever_terraform_converts_is_right(inputs: str) -> None:
    assert said(complaints(network(inputs))) == []


@pytest.mark.parametrize(
    "inputs",
    [
        "port: '${module.app.name}'\n  app: {source: service, inputs: {vpc: '${module.network.zones}'}}",
        "zones: ['${module.app.name}']\n  app: {source: service, inputs: {vpc: x, other: '${module.network.zones}'}}",
        "port: '${module.network.zones}'",
        "zones: ['${module.far.x}']\n  far: {source: a/b/c, inputs: {x: '${module.network.zones}'}}",
    ],
)
def test_modules_may_take_from_each_other_while_no_value_waits_for_itself(inputs: str) -> None:
    assert said(complaints(network(inputs))) == []


def test_mistakes_of_values_and_of_structure_are_said_together() -> None:
    found = said(
        complaints("modules:\n  network: {source: network, input: {}, inputs: {port: x}}\n  app: {source: y}\n")
    )
    assert [line.split(": ", 1)[0] for line in found] == [
        f"environments/dev.yaml:{place}" for place in ("2:3", "2:30", "2:50", "3:9")
    ]


def test_a_complaint_about_an_inherited_value_points_to_where_it_was_written() -> None:
    base = network("port: eighty")
    [found] = complaints("extends: base.yaml\nmodules: {network: {inputs: {zones: [a]}}}\n", base=base)
    assert (str(found.mark), found.source_line) == ("environments/base.yaml:6:7", "      port: eighty")
    [found] = complaints("extends: base.yaml\nmodules: {network: {inputs: {port: 1.5, zones: a}}}\n", base=base)
    assert str(found.mark) == "environments/dev.yaml:2:41"


def test_the_same_right_value_is_checked_once_and_a_wrong_one_always_complained_about() -> None:
    check = input_check()
    for _ in range(2):
        for port, count in (("80", 0), ("'80'", 0), ("x", 1)):
            tree = project_tree(dev=network(f"port: {port}"))
            found = complaints_of(lambda: read_environment(tree, EnvName("dev"), check))  # noqa: B023
            assert len(found) == count


def test_a_text_that_yaml_changes_is_not_taken_for_the_same_number_written_well() -> None:
    check = input_check()
    for text, count in (("[1.1]", 0), ("[1.10]", 1), ("['1.10']", 0)):
        tree = project_tree(dev=network(f"zones: {text}"))
        assert len(complaints_of(lambda: read_environment(tree, EnvName("dev"), check))) == count  # noqa: B023


def test_modules_that_cannot_be_seen_are_gathered_and_not_complained_about() -> None:
    check = input_check()
    tree = project_tree(
        dev="modules:\n  far: {source: a/b/c, inputs: {x: 1}}\n"
        "  app: {source: service, inputs: {vpc: '${module.far.id}'}}\n"
    )
    assert complaints_of(lambda: read_environment(tree, EnvName("dev"), check)) == ()
    assert check.unseen == [("dev", "far", "a/b/c")]


def test_without_a_check_nothing_is_held_against_the_modules() -> None:
    found = environment(project_tree(dev=network("zoness: [a]"))).stacks[MAIN_STACK]
    assert found.modules["network"].inputs["zoness"] == ["a"]


def test_what_is_no_mapping_is_left_to_the_schema() -> None:
    for text in ("modules: []\n", "modules:\n  network: 5\n", "modules:\n  network: {source: network, inputs: [1]}\n"):
        assert len(complaints(text)) == 1


def test_a_tree_without_modules_complains_about_sources_only() -> None:
    tree = MemoryTree({"environments/dev.yaml": network("x: 1")})
    found = complaints_of(lambda: read_environment(tree, EnvName("dev"), input_check()))
    assert len(found) == 1
