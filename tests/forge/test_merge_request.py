"""The merge request itself, and who approved it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.forge.conftest import Pipeline
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.server import HEAD, MERGED, NUMBER, OTHER, User
from tfops.forge.approvals import Approvals, counted
from tfops.forge.asking import ForgeFailed
from tfops.forge.base import Account, MergeRequest
from tfops.records.names import CommitSha

_AUTHOR = Account(90, "author")
_NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
# On GitLab only who may push can approve, and who says something else takes his approval back.
_WITH_VERDICTS = pytest.mark.parametrize("pipeline", ["github", "gitea"], indirect=True)


def test_the_forge_says_who_wrote_it_and_what_is_under_review(pipeline: Pipeline) -> None:
    assert pipeline.client().merge_request(NUMBER) == MergeRequest(NUMBER, CommitSha(HEAD), "main", _AUTHOR)


_FORK: dict[str, Any] = {"github": {"head": {"sha": HEAD, "ref": "x", "repo": {"id": 5, "full_name": "eve/live"}}}}
_FORK |= {"gitea": _FORK["github"], "gitlab": {"source_project_id": 5}}
_DELETED: dict[str, Any] = {"github": {"head": {"sha": HEAD, "ref": "x", "repo": None, "repo_id": 4}}}
_DELETED |= {"gitea": _DELETED["github"], "gitlab": {"source_project_id": None}}


@pytest.mark.parametrize(("pull", "reason"), [(_FORK, "another "), (_DELETED, "doesn't exist any more")])
def test_a_fork_and_a_deleted_one_are_strangers(pull: dict[str, Any], reason: str, pipeline: Pipeline) -> None:
    pipeline.server.pull = pull[pipeline.name]
    assert reason in pipeline.client().merge_request(NUMBER).stranger


@pytest.mark.parametrize(
    "pull",
    [{"flow": 1}, {"head": {"sha": HEAD, "ref": "refs/pull/12/head", "repo": {"id": 4}}}],
    ids=["Forgejo", "Gitea"],
)
def test_who_pushed_to_refs_for_is_a_stranger_with_the_same_repository(
    pull: dict[str, Any], pipeline: Pipeline
) -> None:
    pipeline.server.pull = pull
    stranger = pipeline.client().merge_request(NUMBER).stranger
    assert bool(stranger) == (pipeline.name != "gitlab")


def test_a_merge_is_found_by_its_own_commit_and_by_no_other(pipeline: Pipeline) -> None:
    found = pipeline.client().merged_as(CommitSha(MERGED))
    assert found is not None and found.number == NUMBER
    assert pipeline.client().merged_as(CommitSha(HEAD)) is None


def _approvals(pipeline: Pipeline) -> Approvals:
    client = pipeline.client()
    return counted(client.reviews(NUMBER), author=client.merge_request(NUMBER).author, heads={HEAD})


def _names(accounts: tuple[Account, ...]) -> list[str]:
    return [account.name for account in accounts]


def _reviewer(pipeline: Pipeline, name: str, *, can_push: bool = True) -> User:
    return pipeline.server.add_user(name, can_push=can_push)


def test_an_approval_of_the_head_counts(pipeline: Pipeline) -> None:
    pipeline.server.review(_reviewer(pipeline, "ann"), "approved")
    found = _approvals(pipeline)
    assert (_names(found.by), found.against, found.not_counted) == (["ann"], (), ())


def test_an_approval_of_an_older_head_does_not_count_although_nobody_calls_it_stale(pipeline: Pipeline) -> None:
    if isinstance(pipeline.server, GitlabServer):
        pipeline.server.heads = [("2026-11-30T09:00:00Z", OTHER), ("2026-11-30T11:00:00Z", HEAD)]
    pipeline.server.review(_reviewer(pipeline, "ann"), "approved", OTHER)
    found = _approvals(pipeline)
    assert found.by == ()
    assert found.not_counted == (("ann", f"approved {OTHER[:8]}, which isn't what is under review"),)


@_WITH_VERDICTS
def test_a_readers_approval_does_not_count(pipeline: Pipeline) -> None:
    pipeline.server.review(_reviewer(pipeline, "reader", can_push=False), "approved")
    found = _approvals(pipeline)
    assert (found.by, found.not_counted) == ((), (("reader", "may not push to the base"),))


def test_a_rejection_stands_until_its_author_approves(pipeline: Pipeline) -> None:
    ann, bob = _reviewer(pipeline, "ann"), _reviewer(pipeline, "bob")
    pipeline.server.review(ann, "approved")
    pipeline.server.review(bob, "rejected", OTHER)
    found = _approvals(pipeline)
    assert (_names(found.by), _names(found.against)) == (["ann"], ["bob"])
    pipeline.server.review(bob, "approved")
    found = _approvals(pipeline)
    assert (_names(found.by), found.against) == (["ann", "bob"], ())


@_WITH_VERDICTS
def test_what_is_no_verdict_changes_none(pipeline: Pipeline) -> None:
    ann = _reviewer(pipeline, "ann")
    pipeline.server.review(ann, "approved")
    pipeline.server.review(ann, "commented", OTHER)
    pipeline.server.review(ann, "pending", OTHER)
    assert _names(_approvals(pipeline).by) == ["ann"]


@_WITH_VERDICTS
def test_a_dismissed_approval_does_not_count(pipeline: Pipeline) -> None:
    pipeline.server.review(_reviewer(pipeline, "ann"), "approved", dismissed=True)
    assert _approvals(pipeline).not_counted == (("ann", "the approval was dismissed"),)


def test_hundreds_of_reviews_are_read_by_page(pipeline: Pipeline) -> None:
    ann = _reviewer(pipeline, "ann")
    for number in range(130):
        at = (_NINE + timedelta(hours=1, seconds=number)).isoformat()
        pipeline.server.review(ann, "approved", at=at)
    pipeline.server.review(_reviewer(pipeline, "last"), "approved", at="2026-11-30T12:00:00Z")
    assert _names(_approvals(pipeline).by) == ["ann", "last"]
    assert pipeline.server.count("GET", "/permission") <= 2, "what somebody may do is asked once"


@pytest.mark.parametrize("pipeline", ["gitlab"], indirect=True)
def test_a_gitlab_that_does_not_say_when_shows_approvals_and_counts_none(pipeline: Pipeline) -> None:
    assert isinstance(pipeline.server, GitlabServer)
    pipeline.server.says_when = False
    pipeline.server.review(_reviewer(pipeline, "ann"), "approved")
    assert _approvals(pipeline).not_counted == (("ann", "the forge doesn't say which commit was approved"),)


@pytest.mark.parametrize("pipeline", ["gitlab"], indirect=True)
def test_a_gitlab_that_knows_no_reviewers_has_approvals_all_the_same(pipeline: Pipeline) -> None:
    assert isinstance(pipeline.server, GitlabServer)
    pipeline.server.knows_reviewers = False
    pipeline.server.review(_reviewer(pipeline, "ann"), "approved")
    assert _names(_approvals(pipeline).by) == ["ann"]


_TEAM = "ops/team"
_WITHOUT_TEAMS = {"github": "pull_requests=read", "gitea": "read:repository"}


def test_who_is_in_a_team_that_code_owners_name(pipeline: Pipeline) -> None:
    pipeline.server.teams = {_TEAM: {"ann"}}
    ann, bob = (pipeline.server.add_user(name) for name in ("ann", "bob"))
    client = pipeline.client()
    assert client.is_member(_TEAM, Account(ann.id, "ann"))
    assert not client.is_member(_TEAM, Account(bob.id, "bob"))


def test_a_team_that_is_not_to_be_seen_is_no_no(pipeline: Pipeline) -> None:
    ann = pipeline.server.add_user("ann")
    with pytest.raises(ForgeFailed, match=f"who is in {_TEAM}.* can't be read"):
        pipeline.client().is_member(_TEAM, Account(ann.id, "ann"))


@pytest.mark.parametrize("pipeline", ["github", "gitea"], indirect=True)
def test_a_token_that_may_read_no_teams_is_told(pipeline: Pipeline) -> None:
    pipeline.server.teams = {_TEAM: {"ann"}}
    weak = pipeline.server.add_user("weak", scopes=frozenset({_WITHOUT_TEAMS[pipeline.name]}))
    with pytest.raises(ForgeFailed) as failed:
        pipeline.client(weak).is_member(_TEAM, Account(9, "ann"))
    assert "read:organization" in failed.value.hint or "read the organization's members" in failed.value.what


@pytest.mark.parametrize("pipeline", ["gitlab"], indirect=True)
def test_on_gitlab_a_name_may_be_a_group_or_an_account_and_a_role_is_one_of_the_project(pipeline: Pipeline) -> None:
    pipeline.server.teams = {"ops": {"ann"}, "projects/4": {"ann"}}
    ann, bob = (Account(pipeline.server.add_user(name).id, name) for name in ("ann", "bob"))
    client = pipeline.client()
    assert client.is_member("ops", ann) and not client.is_member("ops", bob)
    assert not client.is_member("carol", bob), "an account"
    assert client.is_member("@maintainer", ann) and not client.is_member("@owner", ann)
    assert not client.is_member("@maintainer", bob)
