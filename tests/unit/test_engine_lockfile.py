"""The provider lock file: every entry is read, or the file is refused."""

import pytest

from tfops.engine.lockfile import locked_versions
from tfops.errors import Refused

_WRITTEN = """\
# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = ">= 5.0.0"
  hashes = [
    "h1:abc=",
    "zh:def",
  ]
}

provider "registry.terraform.io/tfops/demo" {
  version = "1.0.0"
}
"""
_VERSIONS = {"registry.terraform.io/hashicorp/aws": "5.100.0", "registry.terraform.io/tfops/demo": "1.0.0"}


@pytest.mark.parametrize(
    "text",
    [
        _WRITTEN,
        _WRITTEN.replace("\n", "\r\n"),
        "\ufeff" + _WRITTEN,
        _WRITTEN.replace("  version     =", "\tversion="),
        _WRITTEN.replace("# Manual", "// Manual"),
    ],
    ids=["written", "CRLF", "byte order mark", "edited", "comment"],
)
def test_each_provider_has_its_version(text: str) -> None:
    assert locked_versions(text) == _VERSIONS


def test_no_file_locks_nothing() -> None:
    assert locked_versions("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< HEAD\n" + _WRITTEN,
        _WRITTEN + 'plugin "x" {\n  version = "1"\n}\n',
        _WRITTEN.replace('  version = "1.0.0"', '  release = "1.0.0"'),
        _WRITTEN[:-3],
        "garbage",
    ],
    ids=["conflict", "another block", "no version", "cut", "garbage"],
)
def test_what_can_not_be_read_is_refused(text: str) -> None:
    """`docs/explanation/engine.md`: unknown is never "nothing"."""
    with pytest.raises(Refused) as caught:
        locked_versions(text)
    assert caught.value.guard == "lock-file"
