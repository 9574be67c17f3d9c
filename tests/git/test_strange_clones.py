"""Clones that aren't whole, or that another Git made: what can be done is done, the rest is a sentence."""

from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.rollback import rollback_target
from tfops.change.snapshot import read_snapshot
from tfops.cli.terminal import Terminal
from tfops.commands.history import history
from tfops.commands.init import init
from tfops.commands.reconcile_facts import decide_all
from tfops.commands.status import status
from tfops.commands.verify import verify
from tfops.errors import ProjectError, Refused
from tfops.ledger.chain import read_present
from tfops.ledger.record import record_version
from tfops.ledger.versions import versions_of
from tfops.records.names import EnvName
from tfops.system.git import ObjectsAway, find_clone
from tfops.system.remote import Refs
from tfops.system.repository import Repository

DEV = EnvName("dev")
RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
WISH = "modules: {main: {source: thing, inputs: {value: %s}}}\n"


def _project(folder: Path) -> None:
    """Two versions of dev, pushed."""
    commit_file(folder, "tfops.yaml", RULES)
    commit_file(folder, "modules/thing/main.tf", 'variable "value" {}\n')
    for number in (1, 2):
        commit_file(folder, "environments/dev.yaml", WISH % number)
        git(folder, "push", "--quiet", "origin", "main")
        repository = Repository(folder)
        card = make_card(repository.head, version=number, run_id=f"r-{number}")
        record_version(repository, Refs(repository), card, "1 created", base=read_present(repository, DEV).head)


@pytest.mark.parametrize("filtered", ["blob:none", "tree:0"])
def test_a_partial_clone_whose_remote_is_away_says_so(filtered: str, here: Path, remote: Path, tmp_path: Path) -> None:
    _project(here)
    git(remote, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "partial"
    git(tmp_path, "clone", "--quiet", f"--filter={filtered}", "--no-checkout", f"file://{remote}", str(clone))
    Refs(Repository(clone)).fetch()
    project, ui = Project.open(clone), Terminal(quiet=True)
    place = find_place(project, "dev")
    remote.rename(tmp_path / "away")
    fresh = Project.open(clone)
    with pytest.raises((Refused, ObjectsAway)) as caught:
        rollback_target(read_snapshot(fresh, place), Request(), to="v1")
    assert "does not answer" in caught.value.what and "git fetch --refetch" in caught.value.hint
    if filtered == "tree:0":  # by a process that has more than one way to end with 128
        with pytest.raises(ObjectsAway):
            fresh.repository.commits_between(*(one.commit for one in versions_of(fresh.repository, DEV).versions))
    (tmp_path / "away").rename(remote)
    assert rollback_target(read_snapshot(Project.open(clone), place), Request(), to="v1").way.restores
    [dev] = status(Project.open(clone), fetch=True, ui=ui).environments
    assert (dev.damage, str(dev.current and dev.current.version)) == ("", "v2")


@pytest.mark.parametrize("names", [["fancystore"], ["fancystore", "other"]])
def test_an_extension_that_this_git_does_not_know_is_named(names: list[str], here: Path) -> None:
    with (here / ".git/config").open("a") as config:
        config.write("[core]\n\trepositoryFormatVersion = 1\n[extensions]\n")
        config.writelines(f"\t{name} = true\n" for name in names)
    for ask in (lambda: find_clone(here), lambda: init(here, None, yes=True, ui=Terminal(quiet=True))):
        with pytest.raises(ProjectError) as caught:
            ask()
        assert all(f"`{name}`" in caught.value.what for name in names)
        assert "this is Git 2" in caught.value.why and "tfops init" not in caught.value.hint
    assert (here / "tfops.yaml").read_text() == "version: 1\n", "nothing was begun there"


@pytest.mark.parametrize("damage", ["[core]\n\trepositoryFormatVersion = 99\n", "[extensions\n"])
def test_a_repository_that_git_can_not_read_is_not_called_none(damage: str, here: Path) -> None:
    with (here / ".git/config").open("a") as config:
        config.write(damage)
    with pytest.raises(ProjectError) as caught:
        find_clone(here)
    assert caught.value.what.startswith("Git can't read the repository") and caught.value.why
    assert "tfops init" not in caught.value.hint


def test_a_repository_with_sha_256_is_read_and_written_as_any_other(tmp_path: Path) -> None:
    """docs/reference/files.md."""
    folder, remote = tmp_path / "sha", tmp_path / "sha.git"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", str(folder))
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "--bare", str(remote))
    git(folder, "remote", "add", "origin", str(remote))
    _project(folder)
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", "--branch=main", str(remote), str(other))
    project, ui = Project.open(other), Terminal(quiet=True)
    assert verify(project, "dev", ui).findings == ()
    [dev] = status(project, fetch=True, ui=ui).environments
    assert dev.current and (str(dev.current.version), len(dev.current.commit), dev.damage) == ("v2", 64, "")
    assert [entry.record.summary for entry in history(project, "dev", verdict=True, fetch=True, ui=ui).entries]
    [decision] = decide_all(project, [], ui)[1]
    assert decision.word == "synced"
    assert (
        rollback_target(read_snapshot(project, find_place(project, "dev")), Request(), to=None).reason
        == "dev v2 back to v1"
    )
    git(folder, "fsck", "--strict")
