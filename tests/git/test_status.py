"""What `status` asks Git: as much for many environments as for a few."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.cards import make_card
from tfops import __version__
from tfops.change.project import Project
from tfops.cli.terminal import Terminal
from tfops.commands.reconcile_facts import decide_all
from tfops.commands.status import status
from tfops.config import inherit
from tfops.config.document import Document, read_document
from tfops.ledger.chain import LedgerState, NewEvent, prepare
from tfops.ledger.codec import encode
from tfops.ledger.versions import write_version_tag
from tfops.records.decision import SyncReason
from tfops.records.event import EventKind
from tfops.records.names import CommitSha, EnvName
from tfops.system.objects import store_commit
from tfops.system.ref_files import RefFiles
from tfops.system.repository import Repository

# The clone, its settings, all refs, all objects.
STATUS_PROCESSES = 4


def test_environments_that_only_tags_know_cost_no_process_each(here: Path) -> None:
    commit_file(here, "tfops.yaml", "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n")
    started = []
    for count in (3, 30):
        repository = Repository(here)
        for number in range(count):
            card = make_card(repository.head, environment=f"e{number}")
            tag = write_version_tag(repository, card, "1 created")
            git(here, "update-ref", tag.ref, tag.new)
        project = Project.open(here)
        assert len(status(project, fetch=False, ui=Terminal(quiet=True)).environments) == count + 1
        started.append(project.repository.git.started)
    assert started[0] == started[1]


_SHIM = """\
#!/bin/sh
echo "$*" >> '{log}'
exec {git} "$@"
"""


@pytest.fixture
def many(here: Path, remote: Path) -> Path:
    """A hundred environments, each applied from a commit of its own, and a branch that went on."""
    count = 100
    rules = "".join(f"  e{number}: {{branch: main}}\n" for number in range(count))
    (here / "modules/thing").mkdir(parents=True)
    (here / "modules/thing/main.tf").write_text("")
    (here / "environments").mkdir()
    for number in range(count):
        (here / f"environments/e{number}.yaml").write_text("modules: {main: {source: thing}}\n")
    commit_file(here, "tfops.yaml", f"version: 1\nproject: shop\nenvironments:\n{rules}")
    repository, updates = Repository(here), list[str]()
    commit, tree = repository.head, git(here, "rev-parse", "HEAD^{tree}")
    for number in range(count):
        commit = store_commit(repository, tree, parent=commit, message=f"c{number}\n")
        card = make_card(commit, environment=f"e{number}", tfops=__version__)
        event = NewEvent(
            EventKind.RECORDED, "recorded", "r", card=encode(card), inventory={}, root={}, begins_anew=True
        )
        tag = write_version_tag(repository, card, "1 created")
        ledger = prepare(repository, LedgerState(EnvName(f"e{number}")), event)
        updates += [f"update {ref.ref} {ref.new}" for ref in (tag, ledger)]
    repository.git.ask("update-ref", "--stdin", stdin="\n".join([*updates, ""]).encode())
    git(here, "reset", "--quiet", "--hard", commit)
    commit_file(here, "README.md", "later")
    git(here, "push", "--quiet", "origin", "main", "refs/tags/tfops/*:refs/tags/tfops/*", "refs/tfops/*:refs/tfops/*")
    git(here, "remote", "set-head", "origin", "--auto")
    return here


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `git` on PATH that writes down how it is called."""
    shim = tmp_path / "bin/git"
    shim.parent.mkdir()
    shim.write_text(_SHIM.format(log=tmp_path / "started", git=shutil.which("git")))
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    return tmp_path / "started"


def test_a_hundred_environments_cost_as_few_processes_as_one(
    many: Path, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = RefFiles._packed
    asked = Counter[str]()

    def counted(files: RefFiles, name: str) -> CommitSha | None:
        asked[name] += 1
        return packed(files, name)

    monkeypatch.setattr(RefFiles, "_packed", counted)
    project = Project.open(many)
    found = status(project, fetch=False, ui=Terminal(quiet=True)).environments
    assert [row.ahead for row in found] == list(range(100, 0, -1))
    assert {row.decision.reason for row in found if row.decision} == {SyncReason.CHANGED}
    listed = started.read_text().splitlines()
    assert len(listed) <= STATUS_PROCESSES, listed
    assert asked.total() <= 3, "each reads all of packed-refs"


def test_a_decision_about_a_hundred_costs_a_look_at_the_remote_more(many: Path, started: Path) -> None:
    project = Project.open(many)
    assert len(decide_all(project, (), Terminal(quiet=True))[1]) == 100
    listed = started.read_text().splitlines()
    assert sum(" ls-remote " in line for line in listed) == 1
    assert len(listed) <= STATUS_PROCESSES + 1, listed


def test_only_what_can_be_another_one_is_read(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the ids of files and modules; what a module takes and gives decides whether an environment is still right."""
    read = list[str]()

    def counted(path: str, text: str) -> Document:
        read.append(path)
        return read_document(path, text)

    def files_read() -> list[str]:
        read.clear()
        rows = status(Project.open(many), fetch=False, ui=Terminal(quiet=True)).environments
        assert {row.decision.reason for row in rows if row.decision} == {SyncReason.CHANGED}
        return read

    def push(path: str, text: str) -> None:
        commit_file(many, path, text)
        git(many, "push", "--quiet", "origin", "main")

    monkeypatch.setattr(inherit, "read_document", counted)
    assert len(files_read()) == 100
    assert files_read() == [], "found right a moment ago"
    push("modules/thing/main.tf", 'resource "terraform_data" "new" {}\n')
    assert files_read() == [], "the module takes what it took before"
    push("modules/thing/variables.tf", 'variable "more" { default = 1 }\n')
    assert len(files_read()) == 100
    assert files_read() == []
    push("environments/e7.yaml", "modules: {main: {source: thing}}\n# a remark\n")
    assert files_read() == ["environments/e7.yaml"]
