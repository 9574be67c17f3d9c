"""Override files that let old modules run with today's providers."""

import json
from pathlib import Path
from typing import Any

import pytest

from tfops.config.modules.requirements import (
    OVERRIDE_FILE,
    import_requirements,
    keeping_overrides,
    provider_address,
)

_LOCKED = {"registry.terraform.io/hashicorp/aws": "5.1.0", "registry.terraform.io/acme/demo": "2.0.0"}


def _required(path: str, text: str) -> Any:
    overrides = keeping_overrides([(path, text)], _LOCKED)
    return {name: json.loads(found)["terraform"]["required_providers"] for name, found in overrides.items()}


def test_every_provider_of_a_module_is_pinned_to_the_locked_version_and_keeps_its_source() -> None:
    text = """
    terraform {
      required_providers {
        aws = {
          source                = "hashicorp/aws"
          version               = "~> 4.0"
          configuration_aliases = [aws.east, aws.west]
        }
        demo = { source = "acme/demo" }
      }
    }
    """
    assert _required("network/versions.tf", text) == {
        f"network/{OVERRIDE_FILE}": {
            "aws": {
                "source": "hashicorp/aws",
                "version": "= 5.1.0",
                "configuration_aliases": ["aws.east", "aws.west"],
            },
            "demo": {"source": "acme/demo", "version": "= 2.0.0"},
        }
    }


def test_the_old_form_of_a_requirement_and_json_syntax_are_read_too() -> None:
    assert _required("a/main.tf", 'terraform {\n required_providers {\n aws = "~> 4.0"\n }\n}')
    body = {"terraform": {"required_providers": {"demo": {"source": "acme/demo", "version": "1.0.0"}}}}
    assert _required("a/b/main.tf.json", json.dumps(body)) == {
        f"a/b/{OVERRIDE_FILE}": {"demo": {"source": "acme/demo", "version": "= 2.0.0"}}
    }


@pytest.mark.parametrize(
    "text", ["terraform { required_providers {", 'terraform {\n required_providers {\n x = "1"\n }\n}']
)
def test_what_is_broken_or_not_locked_is_left_to_the_engine(text: str) -> None:
    assert keeping_overrides([("a/main.tf", text)], _LOCKED) == {}


def test_a_bare_name_is_hashicorps_and_a_host_is_kept() -> None:
    assert provider_address("aws", {}) == "registry.terraform.io/hashicorp/aws"
    assert provider_address("x", {"source": "Acme/Demo"}) == "registry.terraform.io/acme/demo"
    assert provider_address("x", {"source": "mirror.example.com/acme/demo"}) == "mirror.example.com/acme/demo"


def test_a_lock_that_opentofu_wrote_pins_the_same_providers() -> None:
    text = 'terraform {\n required_providers {\n demo = { source = "acme/demo" }\n }\n}'
    overrides = keeping_overrides([("a/main.tf", text)], {"registry.opentofu.org/acme/demo": "2.0.0"})
    [found] = overrides.values()
    assert json.loads(found)["terraform"]["required_providers"]["demo"]["version"] == "= 2.0.0"


_NEEDS = """
terraform {
  required_providers {
    demo  = { source = "acme/demo" }
    other = { source = "registry.example.com/acme/other" }
    aws   = { source = "hashicorp/aws" }
  }
}
resource "aws_vpc" "main" {}
resource "demo_thing" "main" {}
resource "demo_thing" "elsewhere" {
  provider = other.west
}
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ('module.app.demo_thing.main["a.b"]', {"demo": "acme/demo"}),
        ("module.app.demo_thing.elsewhere", {"demo": "registry.example.com/acme/other"}),
        ("module.app.aws_vpc.main[0]", {}),
        ('module.app["x"].module.inner.foo_bar.x', {"foo": "acme/foo"}),
        ("module.unseen.demo_thing.main", {}),
    ],
)
def test_an_import_names_the_provider_of_its_resource(tmp_path: Path, address: str, expected: dict[str, str]) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "main.tf").write_text(_NEEDS)
    body = {"terraform": {"required_providers": {"foo": {"source": "acme/foo"}}}, "resource": {"foo_bar": {"x": {}}}}
    (inner / "main.tf.json").write_text(json.dumps(body))
    text = import_requirements([address], {"app": tmp_path, "app.inner": inner})
    needed = {name: {"source": source} for name, source in expected.items()}
    assert (json.loads(text) if text else {}) == ({"terraform": {"required_providers": needed}} if needed else {})


def test_what_the_root_requires_itself_is_not_said_again(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(_NEEDS)
    assert import_requirements(["demo_thing.main"], {"": tmp_path}, tmp_path) == ""
