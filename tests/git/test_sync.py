"""Decisions over real repositories whose versions were recorded without an engine."""

from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops.change.project import Project
from tfops.cli.terminal import Terminal
from tfops.commands.hold import hold, lift
from tfops.commands.reconcile_facts import decide_all
from tfops.commands.rendering import render, render_diff
from tfops.ledger.chain import read_present
from tfops.ledger.record import record_version
from tfops.records.decision import Decision
from tfops.records.hold import Hold
from tfops.records.names import EnvName
from tfops.records.version import Kind
from tfops.render.root import digest_of
from tfops.system import clock
from tfops.system.remote import Refs
from tfops.system.repository import Repository

_DEV = EnvName("dev")
_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"
_WISH = "modules: {main: {source: thing, inputs: {value: %s}}}\n"


def _record(folder: Path, commit: str, number: int, **changes: object) -> None:
    repository = Repository(folder)
    card = make_card(commit, version=number, run_id=f"r-{number}", **changes)
    record_version(repository, Refs(repository), card, "x", base=read_present(repository, _DEV).head)


def _decision(folder: Path) -> Decision:
    [found] = decide_all(Project.open(folder), [], Terminal(quiet=True))[1]
    return found


def test_a_rollback_holds_until_a_commit_of_the_project_follows_or_someone_resumes(here: Path, remote: Path) -> None:
    commit_file(here, "tfops.yaml", _RULES)
    commit_file(here, "modules/thing/main.tf", 'variable "value" {}\n')
    good = commit_file(here, "environments/dev.yaml", _WISH % 1)
    _record(here, good, 1)
    bad = commit_file(here, "environments/dev.yaml", _WISH % 2)
    git(here, "push", "--quiet")
    assert (_decision(here).word, _decision(here).lifts_hold) == ("changed", False)
    _record(here, bad, 2)
    assert _decision(here).word == "synced"
    back = Hold(reason="rolled back to v1", by="ann", since=clock.now())
    _record(here, good, 3, kind=Kind.ROLLBACK, restores=1, hold=back)
    assert _decision(here).word == "held"

    commit_file(here, "README.md", "what happened")
    git(here, "push", "--quiet")
    assert _decision(here).word == "held", "a README is no fix"
    fix = commit_file(here, "environments/dev.yaml", _WISH % 3)
    git(here, "push", "--quiet")
    found = _decision(here)
    assert (found.word, found.acts, found.lifts_hold, found.commit) == ("changed", True, True, fix)

    # What a person says counts more than any commit.
    hold(Project.open(here), "dev", "until we have looked")
    assert _decision(here).word == "held"
    lifted = lift(Project.open(here), "dev")
    assert lifted is not None and lifted.reason == "until we have looked"
    assert (_decision(here).word, _decision(here).lifts_hold) == ("changed", False)
    assert lift(Project.open(here), "dev") is None


def test_a_broken_mapping_stops_nobody_and_a_deleted_branch_is_named(here: Path, remote: Path) -> None:
    commit_file(here, "tfops.yaml", _RULES + "  live: {branch: live}\n")
    commit_file(here, "modules/thing/main.tf", 'variable "value" {}\n')
    commit_file(here, "environments/live.yaml", _WISH % 1)
    commit_file(here, "environments/dev.yaml", _WISH % 1)
    git(here, "push", "--quiet", "origin", "main", "main:live")
    commit_file(here, "tfops.yaml", "version: 1\nprojekt: shop\n")
    git(here, "push", "--quiet")
    found = {one.env: one.word for one in decide_all(Project.open(here), [], Terminal(quiet=True))[1]}
    assert found == {"dev": "bad-configuration", "live": "never-applied"}
    git(here, "push", "--quiet", "origin", ":live")
    found = {one.env: one.word for one in decide_all(Project.open(here), [], Terminal(quiet=True))[1]}
    assert found[EnvName("live")] == "no-branch"


def test_a_version_from_before_modules_had_one_path_is_not_another_one_because_of_it(
    here: Path, remote: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its root, as the ledger keeps it, names the tree of all modules: nobody plans for that, no diff warns of it."""
    commit_file(here, "tfops.yaml", _RULES)
    commit_file(here, "modules/thing/main.tf", 'variable "value" {}\n')
    commit = commit_file(here, "environments/dev.yaml", _WISH % 1)
    now = render(Project.open(here), "dev", worktree=False).files
    tree = git(here, "rev-parse", "HEAD:modules")
    before = {name: text.replace('"./modules/', f'"../../../trees/{tree}/modules/') for name, text in now.items()}
    assert before != dict(now)
    card = make_card(commit, rendered_digest=digest_of(before))
    record_version(Repository(here), Refs(Repository(here)), card, "x", base="", root=before)
    commit_file(here, "README.md", "words")
    git(here, "push", "--quiet")
    assert _decision(here).word == "unchanged"
    assert render_diff(Project.open(here), "dev", "v1", worktree=False, ui=Terminal(quiet=True)).diff == ()
    assert "rendered otherwise" not in capsys.readouterr().err
