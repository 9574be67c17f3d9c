"""What was approved on a forge is applied, in whatever way it was merged: no forge knows all commits of a merge."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.commands.test_reviewed import keep_as, refused, reviews
from tests.forge.conftest import Pipeline
from tests.support.engine_cases import one
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.server import NUMBER, OTHER
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, review: {required: true}}\n"


def _merge(shop: Shop, commit: str) -> None:
    shop.git("merge", "--quiet", "--no-ff", "--message", "Merge", commit)


def _squash(shop: Shop, commit: str) -> None:
    shop.git("merge", "--quiet", "--squash", commit)
    shop.git("commit", "--quiet", "--message", "Squashed (#12)")


def _rebase(shop: Shop, commit: str) -> None:
    shop.git("cherry-pick", commit)


def _rebase_merge(shop: Shop, commit: str) -> None:
    base = shop.git("rev-parse", "HEAD").strip()
    shop.git("cherry-pick", commit)
    rebased = shop.git("rev-parse", "HEAD").strip()
    shop.git("reset", "--quiet", "--hard", base)
    _merge(shop, rebased)


def _fast_forward(shop: Shop, commit: str) -> None:
    shop.git("reset", "--quiet", "--hard", commit)


_STYLES = [_merge, _squash, _rebase, _rebase_merge, _fast_forward]


@pytest.fixture
def reviewed(pipeline: Pipeline, play: Open) -> Shop:
    """A plan was kept of the merge request's head. Meanwhile the base moved on, and now its pipeline runs."""
    for name in ("CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_PROJECT_ID"):
        pipeline.monkeypatch.delenv(name, raising=False)
    pipeline.client()
    shop = play("life", rules=_RULES)
    base = shop.commit()
    pipeline.server.head = one(shop)
    if isinstance(pipeline.server, GitlabServer):
        pipeline.server.heads = [("2026-11-30T09:00:00Z", pipeline.server.head)]
    shop.keeps_plan()
    shop.git("reset", "--quiet", "--hard", base)
    shop.write("README.md", "Somebody else's")
    shop.commit()
    return shop


def _head(shop: Shop) -> str:
    return shop.git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize("style", _STYLES, ids=lambda style: style.__name__.strip("_"))
def test_an_approval_holds_whatever_the_merge_makes_of_the_commits(
    style: Callable[[Shop, str], None], pipeline: Pipeline, reviewed: Shop
) -> None:
    """The forge knows the merge request by what it was merged as."""
    style(reviewed, pipeline.server.head)
    pipeline.server.merged = _head(reviewed)
    assert refused(reviewed).guard == "needs-approval"
    pipeline.server.review(pipeline.server.add_user("bob"), "approved", pipeline.server.head)
    assert str(reviewed.apply_reviewed().version) == "v1"
    assert reviewed.card().approvals[1].how.endswith("merge request 12")


@pytest.mark.parametrize("pipeline", ["gitea"], indirect=True)
def test_what_was_merged_by_a_push_is_known_by_its_review(pipeline: Pipeline, reviewed: Shop) -> None:
    """To Gitea and Forgejo the merge request stays open, and of the commit that was pushed they know none."""
    _merge(reviewed, pipeline.server.head)
    pipeline.server.review(pipeline.server.add_user("bob"), "approved", pipeline.server.head)
    assert "knows no merge request of" in refused(reviewed).why
    [kept] = reviews(reviewed)
    keep_as(reviewed, replace(kept, merge_request=NUMBER))
    assert str(reviewed.apply_reviewed().version) == "v1"


@pytest.mark.parametrize("first", ["approved", "rejected"])
def test_who_asks_for_changes_stands_against_it_until_he_approves(
    first: str, pipeline: Pipeline, reviewed: Shop
) -> None:
    """On GitLab that takes an approval back, and says of no commit that it was meant."""
    server = pipeline.server
    _squash(reviewed, server.head)
    server.merged = _head(reviewed)
    bob = server.add_user("bob")
    server.review(server.add_user("carol"), "approved", server.head)
    server.review(bob, first, server.head)
    server.review(bob, "rejected", OTHER)
    assert "bob asks for changes of merge request 12" in refused(reviewed).why
    server.review(bob, "approved", server.head)
    assert str(reviewed.apply_reviewed().version) == "v1"
