"""Approvals of a reviewed plan on the forge, and a forge that is away."""

import pytest

from tests.commands.test_reviewed import become, refused, reviews
from tests.support.engine_cases import one
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import OTHER, Trouble
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import NeedsPerson

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, review: {required: true, approvals: %d}}\n"


@pytest.fixture
def strict(play: Open, forge: GiteaServer) -> Shop:
    """A plan is kept of the commit that a merge request was merged as."""
    shop = play("life", rules=_RULES % 1)
    forge.head = forge.merged = one(shop)
    shop.keeps_plan()
    return shop


def test_an_approval_of_what_was_reviewed_counts(strict: Shop, forge: GiteaServer) -> None:
    forge.review(forge.add_user("bob"), "approved", forge.head)
    assert str(strict.apply_reviewed().version) == "v1"
    [own, yes] = strict.card().approvals
    assert (own.how, yes.who, yes.how) == ("approved by bob", "bob", "Gitea, merge request 12")
    assert "applied as v1" in forge.comments[0]["body"]


def test_the_merge_request_is_told_of_every_apply_that_must_be_reviewed(strict: Shop, forge: GiteaServer) -> None:
    """Also without --reviewed."""
    with pytest.raises(NeedsPerson):
        strict.apply()
    assert "needs-approval" in forge.comments[0]["body"]
    forge.review(forge.add_user("bob"), "approved", forge.head)
    strict.apply()
    assert "applied as v1" in forge.comments[0]["body"]
    assert [one["state"] for one in forge.statuses] == ["failure", "success"]


def test_what_does_not_count_is_said(strict: Shop, forge: GiteaServer) -> None:
    """An older head, a reader, and who wrote the commit, by another account than the merge request's author."""
    forge.review(forge.add_user("bob"), "approved", OTHER)
    forge.review(forge.add_user("reader", can_push=False), "approved", forge.head)
    forge.review(forge.add_user("ann"), "approved", forge.head)
    why = refused(strict).why
    assert "bob: approved bbbbbbbb, which isn't what is under review" in why
    assert "reader: may not push to the base" in why
    assert "ann is author of what is to be applied" in why


def test_who_asks_for_changes_stands_against_it(strict: Shop, forge: GiteaServer) -> None:
    forge.review(forge.add_user("bob"), "approved", forge.head)
    forge.review(forge.add_user("eve"), "rejected", forge.head)
    assert "eve asks for changes of merge request 12" in refused(strict).why


def test_the_author_of_the_merge_request_does_not_approve_it(strict: Shop, forge: GiteaServer) -> None:
    bob = forge.add_user("bob")
    forge.pull["user"] = {"id": bob.id, "login": "bob"}
    forge.review(bob, "approved", forge.head)
    assert "bob: wrote the merge request" in refused(strict).why


@pytest.mark.parametrize("trouble", [Trouble(times=100), Trouble(times=100, hangs_s=0.5)], ids=["502", "hangs"])
def test_a_forge_that_is_away_blocks_nothing_that_was_approved_in_git(
    strict: Shop, forge: GiteaServer, trouble: Trouble
) -> None:
    forge.troubles.append(trouble)
    assert "Gitea" in refused(strict).why, "who approved there isn't known"
    become(strict, "bob")
    strict.approve()
    assert str(strict.apply_reviewed().version) == "v1"
    assert "the merge request could not be told" in strict.ui.said


def test_one_person_in_two_places_is_not_two(play: Open, forge: GiteaServer) -> None:
    shop = play("life", rules=_RULES % 2)
    forge.head = forge.merged = one(shop)
    shop.keeps_plan()
    forge.review(forge.add_user("robert"), "approved", forge.head)
    become(shop, "bob")
    assert shop.approve().missing == 1
    error = refused(shop)
    assert "needs 2 approvals, 1 missing: approved by bob <bob@example.com>, robert" in error.what
    become(shop, "carol")
    assert shop.approve(digest=reviews(shop)[0].digest).missing == 0
    assert str(shop.apply_reviewed().version) == "v1"
