"""Whatever stands in a file: it is read, or refused with places that are in the file. Nothing else."""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.memory_tree import MemoryTree, environment, project_tree
from tfops.config import environment as config
from tfops.config.environment import load_rules
from tfops.config.inputs import InputCheck
from tfops.config.modules.flow import output_needs
from tfops.config.modules.module import read_interface
from tfops.config.names import PROJECT_FILE
from tfops.errors import ConfigError
from tfops.records.names import MAIN_STACK, EnvName

ENVIRONMENT = """\
extends: base.yaml
modules:
  network:
    source: network
    inputs: {cidr: 10.0.0.0/16, zones: [a, "b"], on: true, size: 1.5e3}
  app: &app
    source: terraform-aws-modules/vpc/aws
    version: "~> 5.0"
    inputs:
      vpc: ${module.network.vpc_id}
      secret: {from: "env:DB_PASSWORD"}   # kept elsewhere
      nested: [{deep: "${module.network.a[0].b}"}, null, 2024-01-31]
      text: |
        two
        lines
  copy: *app
"""
PROJECT_TEXT = """\
version: 1
project: shop
engine: {use: auto, version: ">= 1.6", env: [MY_*]}
backend:
  s3: {bucket: b, key: "{project}/{env}/{stack}", use_lockfile: true}
providers: {aws: {region: eu-west-1}}
environments:
  dev: {branch: develop}
  prod: {branch: "release/**", protected: true}
"""
MODULE = """\
variable "cidr" {
  type        = string # the range
  description = <<-EOT
    of the network
  EOT
}
variable "zones" { type = list(string) }
variable "on" { type = bool }
variable "size" {
  type    = object({ min = optional(number, 1.5e3), kinds = map(tuple([string, any])) })
  default = { min = -1, "kinds" : {} }
  validation {
    condition     = alltrue([for key, kind in var.size.kinds : length(kind) > 1])
    error_message = "not ${var.size.min}"
  }
}
variable "more" { default = null }
resource "terraform_data" "x" { input = var.zones }
output "vpc_id" { value = "${terraform_data.x.id}" }
output "a" {
  value     = [for zone in var.zones : upper(zone)]
  sensitive = true
}
"""
BASE = "modules:\n  network: {inputs: {more: 1}}\n"

# What is likely to hurt: YAML's own signs, tags, numbers that aren't, names that climb.
_PIECES = [
    "\n", " ", "  ", "\t", ":", ": ", "- ", "? ", "[", "]", "{", "}", ",", "#", "&a ", "*a", "*app", "!x ", "!!set ",
    "!!str ", "|", ">", "'", '"', "%", "@", "`", "---\n", "...\n", "<<: *app\n", ".inf", ".nan", "1e999", "0x", "0o8",
    "1_0", "null", "~", "true", "''", "${module.", "${stack.x.y}", "${module.x.y}", "..", "/", "extends: dev.yaml\n",
    "extends: ''\n", "modules: []\n", "source: ../x", "from: env:X", "é", "\u2028", "\x85", "\ufeff",
    "\0", "\x1b", "\udce9",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, original: str) -> str:
    """`original` after a few cuts, doublings and insertions."""
    text = original
    for _ in range(draw(st.integers(1, 6))):
        dice = random.Random(draw(st.integers(0, 2**32)))
        start = dice.randrange(len(text) + 1)
        end = min(start + dice.randrange(12), len(text))
        middle = dice.choice(["", text[start:end] * 2, dice.choice(_PIECES), dice.choice(_PIECES)])
        text = text[:start] + middle + text[end:]
    return text


# `make fuzz` asks for more: 10,000 damaged environments and as many random ones.
many = settings(
    max_examples=int(os.environ.get("TFOPS_FUZZ_CASES", "300")),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def require_places_inside(error: ConfigError, tree: MemoryTree) -> None:
    """Every complaint stands on a line and a column that its file has."""
    assert error.complaints
    for complaint in error.complaints:
        mark = complaint.mark
        assert mark.line >= 1
        assert mark.column >= 1
        lines = (tree.read(mark.path) or "").split("\n")
        assert mark.line <= len(lines) + 1, complaint


INTERFACE = read_interface({"main.tf": MODULE})


def input_check() -> InputCheck:
    """With the variables of `network`; `app` can't be seen."""
    return InputCheck(
        lambda _env, _stack, _name, source: INTERFACE if source.text == "network" else None,
        lambda *_: output_needs({"main.tf": MODULE}),
    )


def read_environment(text: str) -> None:
    tree = project_tree(base=BASE)
    tree = MemoryTree({**tree.files, "environments/dev.yaml": text})
    try:
        config.read_environment(tree, EnvName("dev"), input_check())
    except ConfigError as error:
        require_places_inside(error, tree)


def read_project(text: str) -> None:
    tree = MemoryTree({PROJECT_FILE: text, "environments/dev.yaml": ENVIRONMENT, "environments/base.yaml": BASE})
    try:
        load_rules(tree)
    except ConfigError as error:
        require_places_inside(error, tree)


@many
@given(st.text(alphabet=st.characters(), max_size=60))
def test_random_text_is_an_environment_or_a_complaint(text: str) -> None:
    read_environment(text)


@many
@given(mutated(ENVIRONMENT))
def test_a_damaged_environment_is_read_or_complained_about(text: str) -> None:
    read_environment(text)


@many
@given(mutated(MODULE))
def test_a_damaged_module_is_read_or_counts_as_unseen(text: str) -> None:
    interface = read_interface({"main.tf": text})
    assert interface.is_whole or not interface.variables
    output_needs({"main.tf": text})


@many
@given(mutated(PROJECT_TEXT))
def test_a_damaged_tfops_yaml_is_read_or_complained_about(text: str) -> None:
    read_project(text)


@pytest.mark.parametrize("text", [ENVIRONMENT, ENVIRONMENT.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_the_undamaged_environment_is_right(text: str) -> None:
    tree = project_tree(base=BASE)
    found = environment(MemoryTree({**tree.files, "environments/dev.yaml": text}))
    assert list(found.stacks[MAIN_STACK].modules) == ["network", "app", "copy"]
