"""The provider lock file: every entry is read, or the file is refused."""

import pytest

from tfops.engine.lockfile import (
    differences,
    locked_versions,
    read_lock,
    used_by_modules,
    versions_alone,
    with_entries,
    with_other_registry,
    with_same_versions,
    without_entries,
)
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


_AWS, _DEMO = _VERSIONS
_TOFU = _WRITTEN.replace("terraform.io", "opentofu.org")


def _entry(name: str, version: str, *hashes: str) -> str:
    listed = "".join(f'    "{one}",\n' for one in hashes)
    return f'provider "{name}" {{\n  version = "{version}"\n  hashes = [\n{listed}  ]\n}}\n'


def test_another_lock_lends_what_one_lacks_and_nothing_else() -> None:
    mine, then, older = _entry(_AWS, "6.0.0", "h1:x"), _WRITTEN, _entry(_DEMO, "0.9.0")
    assert locked_versions(with_entries(mine, [then, older])) == {_AWS: "6.0.0", _DEMO: "1.0.0"}
    assert with_entries(_WRITTEN, [older, mine]) == _WRITTEN
    assert with_entries("", [versions_alone({_DEMO: "1.0.0"})]).strip() == versions_alone({_DEMO: "1.0.0"}).strip()
    assert len(read_lock(with_entries(_WRITTEN, [_TOFU]))) == 4, "each engine has its own registry's host"


def test_an_engine_writes_its_own_entries_and_the_others_stay() -> None:
    """docs/reference/engines.md: one lock serves both engines, whichever is asked last."""
    terraform, tofu = "registry.terraform.io/", "registry.opentofu.org/"
    newer = _entry(_AWS, "6.0.0", "h1:x")
    both = with_other_registry(_WRITTEN, _TOFU, registry=tofu)
    assert list(read_lock(both)) == [name.replace("terraform.io", "opentofu.org") for name in _VERSIONS] + [*_VERSIONS]
    assert both.startswith("# This file is maintained"), "as engines write it, head and all"
    assert with_other_registry(newer, both, registry=tofu) == with_entries(newer, [_TOFU]), "what went is gone"
    assert with_other_registry(_TOFU, both, registry=terraform) == both, "nothing new, nothing written"
    assert with_other_registry(_WRITTEN, newer, registry=tofu) == _WRITTEN
    assert read_lock(with_other_registry("", both, registry=tofu)) == read_lock(_TOFU)


def test_what_one_engine_locks_the_other_locks_to_the_same_version() -> None:
    older = _entry("registry.terraform.io/hashicorp/aws", "4.0.0", "h1:x")
    both = read_lock(with_same_versions(older + _TOFU, registry="registry.opentofu.org/"))
    assert {name: one.version for name, one in both.items() if name in _VERSIONS} == {_AWS: "4.0.0", _DEMO: "1.0.0"}
    assert not both[_DEMO].hashes, "another registry, another build perhaps"
    assert with_same_versions(_WRITTEN, registry="registry.opentofu.org/") == _WRITTEN


def test_an_entry_can_be_left_open() -> None:
    assert locked_versions(without_entries(_WRITTEN, [_DEMO])) == {_AWS: "5.100.0"}
    assert read_lock(without_entries(_WRITTEN, [_DEMO]))[_AWS].hashes == {"h1:abc=", "zh:def"}


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        (_entry(_AWS, "5.100.0", "h1:abc=", "zh:def"), ()),
        (_entry(_AWS, "5.100.0", "h1:abc=", "zh:def", "h1:of-this-platform"), ()),
        (_entry(_AWS, "5.99.0", "h1:abc=", "zh:def"), (f"{_AWS} 5.99.0, where the lock has 5.100.0",)),
        (_entry(_AWS, "5.100.0", "h1:other"), (f"{_AWS} 5.100.0 without the checksums that the lock has",)),
        ("", ()),
    ],
    ids=["the part", "one more checksum", "another version", "another build", "nothing needed"],
)
def test_what_the_engine_took_is_held_against_the_lock(taken: str, words: tuple[str, ...]) -> None:
    assert differences(_WRITTEN, taken) == words


def test_what_modules_use_is_told_from_what_the_state_holds() -> None:
    """As Terraform 1.11.4 and 1.15.5 and OpenTofu 1.12.6 print it."""
    said = (
        "\nProviders required by configuration:\n.\n├── provider[r.io/h/random] 3.6.3\n└── module.main\n"
        "    └── provider[r.io/h/local]\n\nProviders required by state:\n\n    provider[r.io/h/tls]\n\n"
    )
    assert used_by_modules(said) == {"r.io/h/random", "r.io/h/local"}
