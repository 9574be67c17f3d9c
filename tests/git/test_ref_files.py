"""Refs read from their files say what Git says, or leave it to Git."""

from pathlib import Path

import pytest

from tests.git.conftest import git
from tfops.system.git import require_sha
from tfops.system.ref_files import RefFiles, UnsureError
from tfops.system.repository import Repository


def _files(here: Path) -> RefFiles:
    return RefFiles(here / ".git", here / ".git")


def test_a_loose_ref_wins_over_a_packed_one(here: Path) -> None:
    head = git(here, "rev-parse", "HEAD")
    git(here, "branch", "feature/one", head)
    git(here, "pack-refs", "--all")
    assert _files(here).value("refs/heads/feature/one") == head
    git(here, "commit", "--quiet", "--allow-empty", "-m", "Another")
    newer = git(here, "rev-parse", "HEAD")
    git(here, "update-ref", "refs/heads/feature/one", newer)
    assert newer != head and _files(here).value("refs/heads/feature/one") == newer
    assert _files(here).value("refs/heads/feature") is None
    assert _files(here).value("refs/heads/none") is None


def test_the_branch_of_a_linked_work_tree_is_its_own(here: Path, tmp_path: Path) -> None:
    git(here, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert (Repository(here).branch, Repository(tmp_path / "side").branch) == ("main", "side")
    git(tmp_path / "side", "checkout", "--quiet", "--detach")
    assert Repository(tmp_path / "side").branch == ""


def test_whether_there_is_anything_in_a_space(here: Path) -> None:
    assert _files(here).has_none_below("refs/tfops/offline/")
    git(here, "update-ref", "refs/tfops/offline/tfops/envs/dev", "HEAD")
    assert not _files(here).has_none_below("refs/tfops/offline/")
    git(here, "pack-refs", "--all")
    assert not _files(here).has_none_below("refs/tfops/offline/")


@pytest.mark.parametrize("content", ["ref: refs/heads/main\n", "", "0123\n", "\x00" * 41])
def test_what_is_no_plain_ref_is_left_to_git(here: Path, content: str) -> None:
    (here / ".git/refs/heads/odd").write_text(content)
    with pytest.raises(UnsureError):
        _files(here).value("refs/heads/odd")


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/../../HEAD", "refs//heads", "refs/./heads/main"])
def test_what_is_no_full_name_is_left_to_git(here: Path, name: str) -> None:
    with pytest.raises(UnsureError):
        _files(here).value(name)


def test_another_storage_is_left_to_git(here: Path) -> None:
    (here / ".git/reftable").mkdir()
    with pytest.raises(UnsureError):
        _files(here).checked_out()
    assert not _files(here).has_none_below("refs/tfops/offline/")


def test_kinship_of_near_and_of_far_commits(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = git(here, "rev-parse", "HEAD")
    for number in range(30):
        git(here, "commit", "--quiet", "--allow-empty", "-m", str(number))
    repository = Repository(here)
    parent, last = (require_sha(git(here, "rev-parse", name)) for name in ("HEAD^", "HEAD"))
    asked = repository.git.started
    assert repository.is_ancestor(parent, last) and not repository.is_ancestor(last, parent)
    assert repository.git.started == asked, "near ones are read"
    assert repository.is_ancestor(require_sha(first), last) and not repository.is_ancestor(last, require_sha(first))
    assert repository.git.started == asked, "thirty are near"
    monkeypatch.setattr("tfops.system.commit_walk._MOST", 2)
    other = Repository(here)
    assert other.is_ancestor(require_sha(first), last) and not other.is_ancestor(last, require_sha(first))
    assert other.git.started == asked + 2, "about far ones Git is asked"


@pytest.mark.parametrize(("name", "email"), [("Ann", "ann@x.org"), (" Ann.", "<ann@x.org>"), ("Ünal Ö", "u@x.org")])
def test_the_committer_is_who_git_says(here: Path, monkeypatch: pytest.MonkeyPatch, name: str, email: str) -> None:
    for variable in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(variable, raising=False)
    git(here, "config", "user.name", name)
    git(here, "config", "user.email", email)
    ident = git(here, "var", "GIT_COMMITTER_IDENT").rpartition(">")[0]
    committer = Repository(here).committer
    assert committer and f"{committer.person.name} <{committer.person.email}" == ident
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Somebody")
    other = Repository(here).committer
    assert other and other.person.name == "Somebody"
