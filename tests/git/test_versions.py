"""Versions as tags: claimed by compare-and-swap, listed in one question, never moved."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.git.conftest import Clone, git
from tests.support.cards import make_card
from tfops.errors import NotRecorded, ProjectError, Refused
from tfops.ledger.chain import read_present
from tfops.ledger.record import LostRaceError, record_version
from tfops.ledger.versions import list_versions, read_card, read_cards, versions_of
from tfops.records.card import Card
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Version
from tfops.system.remote import Refs, Update
from tfops.system.repository import Repository
from tfops.system.tags import store_tag

DEV = EnvName("dev")


def _record(repository: Repository, card: Card, headline: str) -> Card:
    """As a run that had nothing to change: read again and again until nobody was faster."""
    refs = Refs(repository)
    while True:
        try:
            base = read_present(repository, EnvName(card.environment)).head
            return record_version(repository, refs, card, headline, base=base)
        except LostRaceError:
            refs.fetch()


def test_a_version_is_listed_as_it_was_recorded(here: Path) -> None:
    repository = Repository(here)
    card = make_card(repository.head, restores=None, branch="main")
    _record(repository, card, "1 created")
    [record] = versions_of(repository, DEV).versions
    assert (record.version, record.commit, record.applied_by, record.summary) == (
        Version(1), repository.head, "ann", "1 created"
    )  # fmt: skip
    assert read_card(repository, record) == card


def test_all_cards_are_read_by_one_git_process_whatever_is_wrong_with_one(here: Path) -> None:
    repository = Repository(here)
    cards = [_record(repository, make_card(repository.head, run_id=f"é{number}"), "x") for number in range(4)]
    records = list(versions_of(repository, DEV).versions)
    git(here, "tag", "--force", "-a", "-m", "not a card\n\n{", "tfops/dev/v2")
    git(here, "tag", "--delete", "tfops/dev/v3")
    git(here, "tag", "--force", "tfops/dev/v4")
    fresh = Repository(here)
    assert [(record.version.number, card) for record, card in read_cards(fresh, records)] == [
        (1, cards[0]), (2, None), (3, None), (4, cards[3])
    ], "the ledger has the card of the latest"  # fmt: skip
    assert fresh.git.started == 1


def test_commits_of_many_versions_cost_one_git_process(here: Path) -> None:
    repository = Repository(here)
    known, gone = repository.head, CommitSha("d" * 40)
    fresh = Repository(here)
    assert fresh.commits([known, gone, known]) == {known: repository.commit(known)}
    assert (fresh.git.started, fresh.commits([])) == (1, {})


def test_numbers_follow_each_other_and_skip_what_is_taken(here: Path) -> None:
    repository = Repository(here)
    git(here, "tag", "tfops/dev/v3")
    recorded = _record(repository, make_card(repository.head), "x")
    listing = versions_of(repository, DEV)
    assert (recorded.version, listing.foreign) == (4, ("tfops/dev/v3",))


def test_a_number_is_never_used_again_where_the_tag_of_the_latest_version_was_deleted(
    clone: Clone, remote: Path
) -> None:
    """docs/reference/identity-card.md: numbers are not used again."""
    old = clone("old")
    for number in (1, 2):
        _record(old, make_card(old.head, run_id=str(number), version=number, restores=number - 1 or None), "x")
    git(remote, "update-ref", "-d", "refs/tags/tfops/dev/v2")
    fresh = clone("fresh")
    Refs(fresh).fetch()
    listing = versions_of(fresh, DEV)
    assert ([str(record.version) for record in listing.versions], listing.untagged) == (["v1", "v2"], ("tfops/dev/v2",))
    assert listing.latest and read_card(fresh, listing.latest).run_id == "2"
    assert _record(fresh, make_card(fresh.head, run_id="3", version=2), "x").version == 3
    Refs(old).fetch()
    assert [str(record.version) for record in versions_of(old, DEV).versions] == ["v1", "v2", "v3"]


def test_many_versions_cost_one_git_process(here: Path) -> None:
    repository = Repository(here)
    for number in range(1, 4):
        _record(repository, make_card(repository.head, run_id=str(number)), "x")
    fresh = Repository(here)
    assert len(list_versions(fresh)[DEV].versions) == 3
    assert fresh.git.started == 1


def test_environments_do_not_see_each_others_versions(here: Path) -> None:
    repository = Repository(here)
    _record(repository, make_card(repository.head), "x")
    _record(repository, make_card(repository.head, environment="dev-two"), "x")
    assert [record.version.number for record in versions_of(repository, DEV).versions] == [1]
    assert set(list_versions(repository)) == {"dev", "dev-two"}


def test_a_name_with_line_breaks_can_not_forge_a_trailer(here: Path) -> None:
    repository = Repository(here)
    card = make_card(repository.head)
    forged = replace(card, branch="main\nTfops-Restores: v99", environment="dev")
    _record(repository, forged, "x\n\nTfops-Hold: forged")
    [record] = versions_of(repository, DEV).versions
    assert (record.restores, record.hold) == (None, "")


def test_a_card_that_is_not_of_its_tag_is_refused(here: Path) -> None:
    repository = Repository(here)
    _record(repository, make_card(repository.head), "x")
    message = git(here, "for-each-ref", "--format=%(contents)", "refs/tags/tfops/dev/v1")
    (here / "message").write_text(message)
    git(here, "tag", "-a", "--cleanup=verbatim", "-F", "message", "tfops/dev/v2")
    repository.git.look_again()
    stolen = versions_of(repository, DEV).versions[-1]
    with pytest.raises(Refused, match="is not of this version"):
        read_card(repository, stolen)


@pytest.mark.parametrize("rounds", [10])
def test_two_clones_racing_never_take_a_number_twice_nor_leave_one_out(clone: Clone, rounds: int) -> None:
    repositories = [clone("first"), clone("second")]
    recorded: list[int] = []
    for turn in range(rounds):
        cards = [make_card(repository.head, run_id=f"{turn}-{who}") for who, repository in enumerate(repositories)]
        threads = [
            threading.Thread(target=lambda r=repository, c=card: recorded.append(_record(r, c, "x").version))
            for repository, card in zip(repositories, cards, strict=True)
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(recorded) == list(range(1, 2 * rounds + 1))
    for repository in repositories:
        Refs(repository).fetch()
        assert len(versions_of(repository, DEV).versions) == 2 * rounds


def test_a_number_that_only_the_remote_has_is_not_taken_again(clone: Clone) -> None:
    first, second = clone("first"), clone("second")
    assert _record(first, make_card(first.head, run_id="one"), "x").version == 1
    assert _record(second, make_card(second.head, run_id="two"), "x").version == 2


def test_a_remote_that_refuses_is_told_and_nothing_is_left_here(clone: Clone, remote: Path) -> None:
    first = clone("first")
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho closed >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(NotRecorded, match="could not be recorded") as caught:
        _record(first, make_card(first.head), "x")
    assert "closed" in caught.value.why
    assert git(first.root, "tag") == ""


def test_a_version_that_was_moved_on_the_remote_is_refused_not_taken_over(clone: Clone, remote: Path) -> None:
    first, second = clone("first"), clone("second")
    _record(first, make_card(first.head), "x")
    Refs(second).fetch()
    known = git(second.root, "rev-parse", "refs/tags/tfops/dev/v1")
    git(remote, "tag", "-f", "-a", "-m", "moved", "tfops/dev/v1", "main")
    with pytest.raises(Refused, match="not the one that this clone knows"):
        Refs(second).fetch()
    assert git(second.root, "rev-parse", "refs/tags/tfops/dev/v1") == known


def test_the_same_card_pushed_twice_counts_once(clone: Clone) -> None:
    """What a run does that died between the push and its own ref: the swap is recognised as its own."""
    first = clone("first")
    refs = Refs(first)
    tag = store_tag(first, "tfops/dev/v1", commit=first.head, tagger="a <a@b> 0 +0000", message="x")
    git(first.root, "push", "--quiet", "origin", f"{tag}:refs/tags/tfops/dev/v1")
    assert refs.swap(Update("refs/tags/tfops/dev/v1", tag)).name == "WON"


def test_a_branch_name_that_looks_like_an_option_is_only_a_name(clone: Clone, remote: Path, tmp_path: Path) -> None:
    head = git(remote, "rev-parse", "main")
    for name in ("--output=pwn", "-x", "--upload-pack=touch${IFS}pwn"):
        git(remote, "update-ref", f"refs/heads/{name}", head)
    first = clone("first")
    Refs(first).fetch()
    assert first.branch_head("--output=pwn") == head
    assert "-x" in first.branches_containing(first.head)
    assert not list(tmp_path.rglob("pwn"))


def test_a_commit_that_is_missing_here_is_a_sentence(here: Path) -> None:
    repository = Repository(here)
    with pytest.raises(ProjectError, match="is not in this clone"):
        repository.commit(CommitSha("1" * 40))
