"""The root modules of a repository, found by their text."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tfops.config.root_scan import find_roots
from tfops.system.objects import store_tree
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

BACKEND = 'terraform {\n  backend "s3" { bucket = "b" }\n}\n'
PROVIDER = 'provider "aws" { region = "eu-west-1" }\n'


def tree_of(here: Path, files: Mapping[str, str]) -> GitTree:
    repository = Repository(here)
    return GitTree(repository, store_tree(repository, {path: text.encode() for path, text in files.items()}))


def test_a_root_has_a_backend_or_a_provider_and_no_caller(here: Path) -> None:
    files = {
        "live/prod/backend.tf": BACKEND,
        "live/prod/main.tf": 'module "net" { source = "../../shared//net/" }\nmodule "own" { source = "./inner" }\n',
        "live/prod/inner/main.tf": PROVIDER,
        "live/dev/main.tf": PROVIDER,
        "live/tofu/main.tofu": PROVIDER,
        "live/cloud/main.tf": 'terraform {\n  cloud { organization = "acme" }\n}\n',
        "live/json/main.tf.json": '{"terraform": [{"backend": {"gcs": {"bucket": "b"}}}]}',
        "live/override/main.tf": BACKEND,
        "live/override/x_override.tf": 'terraform {\n  backend "local" {}\n}\n',
        "shared/net/main.tf": PROVIDER,
        "shared/plain/main.tf": "# a provider, a backend: only words\nlocals { backend = 1 }\n",
        "modules/old/main.tf": PROVIDER,
        "modules/root/main.tf": BACKEND,
        ".terraform/modules/x/main.tf": BACKEND,
        "live/broken/main.tf": 'provider "aws" {\n',
        "main.tf": PROVIDER,
    }
    found = find_roots(tree_of(here, files))
    assert {path: one.kind for path, one in found.roots.items()} == {
        ".": "local",
        "live/cloud": "cloud",
        "live/dev": "local",
        "live/json": "gcs",
        "live/override": "local",
        "live/prod": "s3",
        "live/tofu": "local",
        "modules/root": "s3",
    }
    assert list(found.unreadable) == ["live/broken"]
    assert "can't be read" in found.unreadable["live/broken"]


@pytest.mark.parametrize(("below", "roots"), [("live", ["live/a", "live/b/c"]), ("live/b", ["live/b/c"]), ("liv", [])])
def test_only_what_lies_below_is_found_and_whoever_calls_it_lies_anywhere(
    here: Path, below: str, roots: list[str]
) -> None:
    files = {
        "live/a/main.tf": PROVIDER,
        "live/b/c/main.tf": PROVIDER,
        "live/called/main.tf": PROVIDER,
        "top/main.tf": PROVIDER + 'module "x" { source = "../live/called" }\n',
    }
    assert list(find_roots(tree_of(here, files), below).roots) == roots
