"""Provider blocks that a root no longer has: which are laid beside it, so that what needs them can be taken down."""

import json

import pytest

from tfops.config.modules.kept_providers import kept_provider_files
from tfops.records.rendered import KEPT_PROVIDERS, KEPT_REQUIREMENTS_FILE

HCL = f"{KEPT_PROVIDERS}.tf"
REQUIRES = 'terraform {\n  required_providers {\n    cloud = { source = "acme/cloud", version = "~> 1.0" }\n  }\n}\n'
BLOCK = 'provider "cloud" {\n  alias  = "west"\n  region = %s\n}\n'
WEST = BLOCK % '"west"'
IN_USE = ["registry.terraform.io/acme/cloud"]


def kept(before: str, now: str = "", *, in_use: list[str] | None = IN_USE, name: str = "main.tf") -> dict[str, str]:
    return kept_provider_files([{name: before}], {"main.tf": now}, in_use=in_use, is_tofu=False)


def test_a_block_that_is_gone_is_kept_with_what_it_requires() -> None:
    found = kept(REQUIRES + WEST)
    assert found[HCL].strip() == WEST.strip()
    wanted = {"terraform": {"required_providers": {"cloud": {"source": "acme/cloud", "version": "~> 1.0"}}}}
    assert json.loads(found[KEPT_REQUIREMENTS_FILE]) == wanted
    assert list(kept(REQUIRES + WEST, REQUIRES)) == [HCL]


@pytest.mark.parametrize(
    ("before", "now", "in_use"),
    [
        (REQUIRES + WEST, REQUIRES + WEST, IN_USE),
        (REQUIRES + WEST, REQUIRES + BLOCK % '"other"', IN_USE),  # the same alias: today's settings count
        (REQUIRES + WEST, "", ["registry.terraform.io/hashicorp/aws"]),  # nothing of it is in the state
        (REQUIRES, "", IN_USE),
        (REQUIRES + 'provider "cloud" {', "", IN_USE),  # no engine could read it
    ],
)
def test_nothing_is_kept_where_nothing_is_missing_or_needed(before: str, now: str, in_use: list[str]) -> None:
    assert kept(before, now, in_use=in_use) == {}


@pytest.mark.parametrize(
    ("region", "declares"),
    [
        ("var.region", 'variable "region" {}\n'),
        ('"${local.area}-1"', 'locals { area = "eu" }\n'),
        ("data.cloud_zone.one.id", 'data "cloud_zone" "one" {}\n'),
        ("cloud_zone.one.id", 'resource "cloud_zone" "one" {}\n'),
        ("module.zone.id", 'module "zone" { source = "./zone" }\n'),
    ],
)
def test_a_block_that_speaks_of_what_is_gone_is_left_to_terraform(region: str, declares: str) -> None:
    assert kept(REQUIRES + BLOCK % region + declares) == {}
    assert HCL in kept(REQUIRES + BLOCK % region + declares, declares)
    assert HCL in kept(REQUIRES + BLOCK % 'file("${path.module}/region")')


def test_after_a_change_that_stopped_nobody_knows_what_is_in_the_state() -> None:
    assert HCL in kept(REQUIRES + WEST, in_use=None)
    assert HCL in kept('provider "null" {}\n', in_use=["registry.terraform.io/hashicorp/null"])


def test_what_is_written_as_json_stays_json_and_the_latest_root_counts() -> None:
    text = json.dumps({"provider": {"cloud": [{"alias": "west", "region": "a"}, {"region": "b"}]}})
    found = kept(text, in_use=None, name="main.tf.json")
    blocks = json.loads(found[f"{KEPT_PROVIDERS}.tf.json"])["provider"]["cloud"]
    assert sorted(block["region"] for block in blocks) == ["a", "b"]
    named = json.dumps({"provider": {"cloud": {"region": "eu-${var.area}"}}})
    assert kept(named, in_use=None, name="main.tf.json") == {}
    assert kept(named, 'variable "area" {}', in_use=None, name="main.tf.json")
    newest, older = {"a.tf": BLOCK % '"new"'}, {"a.tf": BLOCK % '"old"'}
    assert "new" in kept_provider_files([newest, older], {}, in_use=None, is_tofu=False)[HCL]
