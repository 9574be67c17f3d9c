"""Objects that tfops writes itself, beside those that Git writes; and refs that are asked for once."""

import os
import stat
import time
import zlib
from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tfops.system.git import BrokenRef
from tfops.system.loose import store_object, write_loose
from tfops.system.objects import store_commit, store_tree
from tfops.system.repository import Repository


@pytest.mark.parametrize("content", [b"", b"one\n", b"\0\xff" * 100_000], ids=["empty", "text", "large"])
@pytest.mark.parametrize("kind", ["blob", "tag"])
def test_an_object_is_what_git_would_have_written(here: Path, kind: str, content: bytes) -> None:
    objects = here / ".git/objects"
    if kind == "tag":
        head = git(here, "rev-parse", "HEAD")
        content = f"object {head}\ntype commit\ntag v1\ntagger a <a@b.example> 1 +0000\n\n".encode() + b"text" * 3
    found = write_loose(objects, kind, content)
    path = objects / found[:2] / found[2:]
    assert zlib.decompress(path.read_bytes()) == f"{kind} {len(content)}\0".encode() + content
    assert stat.S_IMODE(path.stat().st_mode) == 0o444 and not list(objects.glob("*/tmp_obj_*"))
    (here / "same").write_bytes(content)
    assert git(here, "hash-object", "-t", kind, "same") == found
    assert git(here, "cat-file", "-t", found) == kind
    assert git(here, "fsck", "--strict", "--no-dangling") == ""


def test_one_that_is_there_is_marked_as_used_and_stays(here: Path) -> None:
    objects = here / ".git/objects"
    found = write_loose(objects, "blob", b"one\n")
    path = objects / found[:2] / found[2:]
    before = path.read_bytes()
    os.utime(path, (0, 0))
    assert write_loose(objects, "blob", b"one\n") == found
    assert path.read_bytes() == before and path.stat().st_mtime > 0


def test_commits_have_the_person_and_the_zone_that_git_gives_them(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-5:30")
    time.tzset()
    repository = Repository(here)
    parent = repository.head
    tree = store_tree(repository, {"a/b": b"1", "a.txt": b"2", "c": b"3"})
    ours = store_commit(repository, tree, parent=parent, message="Subject\n\nBody: ü\n")
    theirs = git(here, "commit-tree", tree, "-p", parent, "-m", "Subject\n\nBody: ü")
    line = "--format=%T %P %an <%ae> %cn <%ce> %B %ad"
    show = ("log", "-1", line, "--date=format:%z")
    monkeypatch.undo()
    time.tzset()
    assert git(here, *show, ours) == git(here, *show, theirs)
    assert git(here, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize("shared", ["group", "0660"])
def test_what_a_group_shares_is_written_by_git(here: Path, shared: str) -> None:
    git(here, "config", "core.sharedRepository", shared)
    repository = Repository(here)
    found = store_object(repository, "blob", b"for all of us\n")
    mode = (here / ".git/objects" / found[:2]).stat().st_mode
    assert mode & stat.S_IWGRP


def test_refs_are_asked_for_once_until_something_here_may_move_them(here: Path) -> None:
    repository = Repository(here)
    head = repository.head
    before = repository.git.started
    assert repository.value_of("refs/heads/main") == repository.resolve_commit("refs/heads/main") == head
    assert repository.value_of("refs/heads/none", beside=("refs/tags/", "refs/heads/none")) is None
    assert repository.resolve_commit("refs/tags/none") is None
    assert repository.git.started - before <= 2
    commit_file(here, "more", "1")  # somebody else
    assert repository.value_of("refs/heads/main") == head
    repository.git.look_again()
    assert repository.value_of("refs/heads/main") == git(here, "rev-parse", "HEAD") != head
    repository.git.ask("update-ref", "refs/heads/main", head)
    assert repository.value_of("refs/heads/main") == head


def test_a_ref_that_cannot_be_read_is_told_from_none_out_of_any_list(here: Path) -> None:
    broken = here / ".git/refs/tfops/envs/dev"
    broken.parent.mkdir(parents=True)
    broken.write_text("nonsense\n")
    repository = Repository(here)
    for spaces in ((), ("refs/tfops/envs/",)):
        with pytest.raises(BrokenRef, match="refs/tfops/envs/dev"):
            repository.value_of("refs/tfops/envs/dev", beside=spaces)
        assert repository.resolve_commit("refs/tfops/envs/dev") is None
        repository.git.look_again()


def test_remotes_and_signing_are_read_from_one_list_of_settings(here: Path) -> None:
    for setting in ("remote.up.stream.url=x", "commit.gpgSign=yes", "tag.gpgSign=off"):
        git(here, "config", *setting.split("="))
    repository = Repository(here)
    assert (repository.remote, repository.signs_commits, repository.signs_tags) == ("up.stream", True, False)
    assert git(here, "remote") == "up.stream"
