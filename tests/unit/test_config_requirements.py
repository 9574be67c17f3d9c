"""Override files that let old modules run with today's providers."""

import json
from typing import Any

import pytest

from tfops.config.modules.requirements import OVERRIDE_FILE, keeping_overrides, provider_address

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
