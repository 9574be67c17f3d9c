"""Ledgers and cards that an earlier tfops wrote: read as they were, and written again to the byte.

`recorded/ledger-0.1.0.bundle` is the remote of a project with three environments and a place for drills: applies, one
that stopped half-way and was resumed, a rollback, a drill, a lock, a hold, a commit that was declined and approved. The
JSON beside it is what `log`, `history` and `show` of that tfops printed.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.git.conftest import git
from tfops.change.project import Project
from tfops.cli.terminal import Terminal
from tfops.commands.history import history
from tfops.commands.log import log
from tfops.commands.show import show
from tfops.ledger.card import decode_card, plain_card
from tfops.ledger.chain import PARTS, LedgerState, present_at, type_of_part
from tfops.ledger.codec import decode, encode, to_plain
from tfops.ledger.versions import list_versions
from tfops.records.names import CommitSha, EnvName
from tfops.views.envelope import to_json

_RECORDED = Path(__file__).parent / "recorded"
_PRINTED: dict[str, Any] = json.loads((_RECORDED / "ledger-0.1.0.json").read_text())
_LEDGERS = "refs/tfops/envs/"

# What a newer tfops writes besides, empty for what an older one left.
_ADDED_TO_PARTS = {"trouble.json": ',\n  "before": []'}
_ADDED_TO_SHOW: dict[str, Any] = {"labels": {}}
_ADDED = re.compile(
    r""",\s*"findings": \[\],\s*"unlisted": 0(?=\s*\})"""  # of checks
    r"""|,\s*"promoted_from": (?:null|"")|,\s*"promoted": \[\]"""
    r"""|,\s*"(imported|replace_requested|targets)": \[\]|,\s*"parallelism": 0|,\s*"partial": "{2}"""
    r"""|(?<=\]),\s*"refreshed": true(?=,)"""
    r"""|,\s*"proof": "",\s*"follows": \{\}"""
    r"""|,\s*"off": (?:\[\]|"")|,\s*"hooks": \[\]|,\s*"run_values": \{\}"""
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A clone of the recorded remote."""
    folder, bundle = tmp_path / "shop", _RECORDED / "ledger-0.1.0.bundle"
    git(tmp_path, "clone", "--quiet", "--branch", "main", str(bundle), str(folder))
    git(folder, "fetch", "--quiet", "origin", f"{_LEDGERS}*:{_LEDGERS}*", "refs/tags/*:refs/tags/*")
    return Project.open(folder)


def _asked(project: Project, command: str, env: str, *version: str) -> object:
    ui = Terminal(quiet=True)
    match command:
        case "log":
            return log(project, env, fetch=False, ui=ui)
        case "history":
            return history(project, env, verdict=False, fetch=False, ui=ui)
        case _:
            return show(project, env, version[0])


def _states(project: Project) -> list[LedgerState]:
    """The environments as each event left them."""
    folder = project.repository.root
    return [
        present_at(project.repository, EnvName(ref.removeprefix(_LEDGERS)), CommitSha(sha))
        for ref in git(folder, "for-each-ref", "--format=%(refname)", _LEDGERS).split()
        for sha in git(folder, "rev-list", "--first-parent", ref).split()
    ]


@pytest.mark.parametrize("asked", _PRINTED)
def test_what_is_printed_of_an_old_ledger_is_what_was_printed(project: Project, asked: str) -> None:
    now: Any = json.loads(_ADDED.sub("", json.dumps(to_json(_asked(project, *asked.split())))))
    then = dict(_PRINTED[asked])
    # What going back comes to depends on the engine that is here.
    added = _ADDED_TO_SHOW if asked.startswith("show") else {}
    assert {**now, "verdict": None} == {**then, **added, "verdict": None}


def test_every_part_that_was_written_is_read_and_written_again_to_the_byte(project: Project) -> None:
    seen = set()
    for state in _states(project):
        state.require_readable()
        for name in PARTS.keys() & state.files.keys():
            again = _ADDED.sub("", encode(decode(type_of_part(name), state.files[name])))
            assert again.replace(_ADDED_TO_PARTS.get(name, "never"), "").encode() == state.files[name]
            seen.add(name)
    assert seen == PARTS.keys() - {"drift.json", "agreed.json", "promoted.json"}


def test_every_card_in_a_tag_is_read_and_written_again_to_the_byte(project: Project) -> None:
    listings = list_versions(project.repository)
    tags = [record.tag for listing in listings.values() for record in listing.versions]
    assert len(tags) == 13
    for tag in tags:
        message = git(project.repository.root, "for-each-ref", "--format=%(contents)", f"refs/tags/{tag}")
        card = decode_card(message, tag)
        as_it_was, added = _ADDED.subn("", encode(card))
        assert f"\n{as_it_was}\n" in message
        # What isn't as this tfops writes it is read the slow way.
        assert plain_card(message) == (None if added else to_plain(card))
