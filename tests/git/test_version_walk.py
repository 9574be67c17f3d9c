"""Versions walked from the newest on: what is told of a resource is what reading every card tells."""

import random
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.git.conftest import git
from tests.support.cards import make_card
from tfops.ledger.card import encode_card
from tfops.ledger.card_part import CardPart
from tfops.ledger.versions import read_cards, versions_of
from tfops.ledger.walk import Versions
from tfops.records.card import Card, ModuleUsed
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.resolve.blame import ResourceTrail, module_of
from tfops.system.repository import Repository

DEV = EnvName("dev")
A, B, C = (f"module.web.aws_vpc.{name}" for name in "abc")
VERSIONS = 300  # more than are read at once


def _history(commit: str, seed: int) -> Iterator[tuple[int, str]]:
    """Messages of tags: long runs of the same, replacements, moves, ends, other code, and what is no card."""
    dice, digest = random.Random(seed), "0" * 40
    inventory = {A: "vpc-0", B: "vpc-0"}
    for number in range(1, VERSIONS + 1):
        moved = dict[str, str]()
        deed = dice.choice([*("nothing",) * 60, "id", "id", "move", "end", "code", "foreign", "gone"])
        if deed == "id":
            inventory[dice.choice((A, B))] = f"vpc-{number}"
        elif deed == "move" and A in inventory:
            inventory = {C: inventory.pop(A), **inventory} if C not in inventory else inventory
            moved = {} if A in inventory else {C: A}
        elif deed == "end":
            inventory.pop(dice.choice((A, B, C)), None)
        elif deed == "code":
            digest = f"{number:08x}" + "0" * 32
        if deed == "foreign":
            yield number, "mine\n"
        elif deed != "gone":
            yield number, encode_card(_card(commit, number, dict(inventory), moved, digest), "x")


def _card(commit: str, number: int, inventory: dict[str, str], moved: dict[str, str], digest: str) -> Card:
    card = make_card(commit, version=number, run_id=f"r-{number}", modules={"web": ModuleUsed("web", digest)})
    return replace(card, stacks={"main": replace(card.stacks["main"], inventory=inventory, moved=moved)})


def _write(here: Path, messages: Iterator[tuple[int, str]]) -> None:
    stream = b""
    for number, text in messages:
        head = f"tag tfops/dev/v{number}\nfrom {git(here, 'rev-parse', 'HEAD')}\ntagger ann <a@example.com> 1 +0000\n"
        stream += f"{head}data {len(text.encode())}\n{text}\n".encode()
    subprocess.run(["git", "-C", str(here), "fast-import", "--quiet"], input=stream, check=True)


def _told(trail: ResourceTrail) -> tuple[object, ...]:
    trail.end()
    return trail.known, trail.newest_id, trail.found, trail.replacements


@pytest.mark.parametrize("seed", range(8))
def test_a_walk_tells_what_all_cards_tell(here: Path, seed: int) -> None:
    _write(here, _history(git(here, "rev-parse", "HEAD"), seed))
    repository = Repository(here)
    records = versions_of(repository, DEV).versions
    for address in (A, B, C):
        all_of_them, walked, looked_at = ResourceTrail(address), ResourceTrail(address), 0
        for _, card in read_cards(repository, records[::-1]):
            assert card
            all_of_them.step(card)
            if all_of_them.is_over:
                break

        def alike(tag: bytes, trail: ResourceTrail = walked) -> bytes:
            about = CardPart.at(trail.address, module_of(trail.address))
            assert about
            return about.part(tag)

        for met in Versions(repository, DEV, records[-1]).walk(alike):
            looked_at += met.count
            assert met.card
            walked.step(met.card)
            if walked.is_over:
                break
        assert _told(walked) == _told(all_of_them)
        assert walked.is_over or looked_at == len(records), "each is counted once"


def test_a_version_without_a_tag_to_read_is_passed_by(here: Path) -> None:
    commit = git(here, "rev-parse", "HEAD")
    cards = [encode_card(_card(commit, number, {A: "1"}, {}, "0" * 40), "x") for number in range(1, 6)]
    cards[2] = "mine\n"
    _write(here, iter(enumerate(cards, start=1)))
    git(here, "tag", "--delete", "tfops/dev/v2")
    repository = Repository(here)
    latest = versions_of(repository, DEV).versions[-1]
    versions = Versions(repository, DEV, latest)
    fourth = versions.record(2)
    assert fourth.version == Version(4), "the next one that can be read"
    assert [str(one.version) for one in (versions.before(latest), versions.before(fourth)) if one] == ["v4", "v1"]
    assert [(met.number, met.count) for met in versions.walk(lambda _: b"")] == [(5, 1), (4, 1), (1, 1)]
    assert [(met.number, met.count) for met in versions.walk(lambda _: b"same")] == [(5, 1), (1, 3)]
    assert 4 in versions and 2 not in versions
