"""Copies of modules from elsewhere: what is written down, what of a file changes, what is fetched at once."""

from pathlib import Path

import pytest

from tfops.commands.vendor_uses import Package
from tfops.config.edit_source import with_source, without_version
from tfops.config.vendored import Vendored, read_vendored
from tfops.errors import Refused
from tfops.system.copied import copy_folder, folder_digest


def local(text: str, module: str = "vpc") -> str:
    return without_version(with_source(text, module, "vpc"), module)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# all\nmodules:\n  vpc:  # ours\n    source: a/b/c  # far\n    version: '1'\n    # in\n    inputs: {}\n",
            "# all\nmodules:\n  vpc:  # ours\n    source: vpc  # far\n    # in\n    inputs: {}\n",
        ),
        (
            'modules: {vpc: {source: "a/b/c", version: "1.2", inputs: {x: [1, 2]}}, b: {source: a/b/c}} # x\n',
            "modules: {vpc: {source: vpc, inputs: {x: [1, 2]}}, b: {source: a/b/c}} # x\n",
        ),
        ("modules:\n  vpc: {source: a/b/c, version: '1'}\n", "modules:\n  vpc: {source: vpc}\n"),
        (
            "modules:\r\n  vpc:\r\n    version: 1.2.3\r\n    source: a/b/c\r\n",
            "modules:\r\n  vpc:\r\n    source: vpc\r\n",
        ),
    ],
)
def test_only_the_source_changes(before: str, after: str) -> None:
    assert local(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "modules:\n  vpc: &a {source: a/b/c, version: '1'}\n  b: *a\n",
        "modules:\n  b: &a\n    source: a/b/c\n    version: '1'\n  vpc: *a\n",
        "modules:\n  b: {source: &s a/b/c}\n  vpc: {source: *s, version: '1'}\n",
        "modules: {}\n",
    ],
)
def test_an_unusual_form_is_left_to_people(text: str) -> None:
    with pytest.raises(ValueError, match="its form is unusual"):
        local(text)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("terraform-aws-modules/vpc/aws", "vpc"),
        ("git::https://example.com/shop/net.git?ref=v1", "net"),
        ("git@github.com:shop/net.git", "net"),
        ("https://example.com/a/net.v2.zip?x=1", "net"),
    ],
)
def test_what_a_copy_is_called(address: str, name: str) -> None:
    assert Package(address, "").name == name


def test_what_is_written_down_is_read_again() -> None:
    record = Vendored("git::https://example.com/x.git?ref=v1", "", "a" * 40, "sha256:ab")
    assert read_vendored("x", record.file) == record
    for text in ("", "source: 1\ndigest: x\n", "source: a\n", "- a\n", "source: [\n"):
        assert read_vendored("x", text) is None


def test_a_digest_is_of_names_content_and_links(tmp_path: Path) -> None:
    (tmp_path / "a/.git").mkdir(parents=True)
    (tmp_path / "a/main.tf").write_text("x")
    (tmp_path / "a/link").symlink_to("main.tf")
    before = folder_digest(tmp_path / "a")
    copy_folder(tmp_path / "a", tmp_path / "b")
    assert folder_digest(tmp_path / "b") == before and not (tmp_path / "b/.git").exists()
    assert (tmp_path / "b/link").is_symlink() and (tmp_path / "b/main.tf").stat().st_mode & 0o777 == 0o644
    (tmp_path / "b/more").write_text("")
    assert folder_digest(tmp_path / "b", without="more") == before != folder_digest(tmp_path / "b")


@pytest.mark.parametrize("target", ["../outside", "/etc/passwd"])
def test_a_link_that_leaves_the_module_is_not_copied(tmp_path: Path, target: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/link").symlink_to(target)
    with pytest.raises(Refused) as refused:
        copy_folder(tmp_path / "a", tmp_path / "b")
    assert refused.value.guard == "outside-repository" and not (tmp_path / "b").exists()
