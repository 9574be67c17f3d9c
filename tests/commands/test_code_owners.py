"""`review: {from: codeowners}`: whose approval counts is what CODEOWNERS says, and no merge request names its own."""

import pytest

from tests.commands.test_reviewed import become, held_back, refused, refused_again, reviews
from tests.support.engine_cases import one, two
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import Trouble
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.change.review_rules import LOWERED
from tfops.errors import Refused

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, review: {required: true, from: codeowners}}\n"
_FILE = ".gitea/CODEOWNERS"


def _owned(play: Open, text: str, path: str = _FILE) -> Shop:
    shop = play("life", rules=_RULES)
    shop.write(path, text)
    one(shop)
    shop.keeps_plan()
    return shop


@pytest.fixture
def on_forge(play: Open, forge: GiteaServer) -> Shop:
    """bob owns the environment's file, the team ops its modules, eve documents."""
    shop = _owned(play, "environments/.* @bob\nmodules/.*\\\\.tf @ops/team\n.*\\\\.md @eve\n")
    forge.head = forge.merged = shop.git("rev-parse", "HEAD").strip()
    return shop


def test_an_owner_of_the_environments_files_counts_and_nobody_else(on_forge: Shop, forge: GiteaServer) -> None:
    forge.review(forge.add_user("eve"), "approved", forge.head)
    forge.teams = {"ops/team": {"carol"}}
    assert "eve is not named in CODEOWNERS\nwho may: bob, ops/team" in refused(on_forge).why
    forge.review(forge.add_user("bob"), "approved", forge.head)
    assert str(on_forge.apply_reviewed().version) == "v1"


def test_a_member_of_a_team_counts(on_forge: Shop, forge: GiteaServer) -> None:
    forge.teams = {"ops/team": {"carol"}}
    forge.review(forge.add_user("carol"), "approved", forge.head)
    assert str(on_forge.apply_reviewed().version) == "v1"
    assert [approval.who for approval in on_forge.card().approvals][1:] == ["carol"]


def test_a_team_that_the_forge_does_not_tell_of_lets_nobody_in(on_forge: Shop, forge: GiteaServer) -> None:
    forge.teams = {"ops/team": {"carol"}}
    forge.review(forge.add_user("carol"), "approved", forge.head)
    forge.troubles.append(Trouble(path="/teams/", times=100))
    why = refused(on_forge).why
    assert "carol is not named in CODEOWNERS" in why and "who is in ops/team can't be read" in why


def test_in_git_an_address_counts_and_no_name_that_anybody_can_take(play: Open) -> None:
    shop = _owned(play, ".* @carol bob@example.com\n")
    become(shop, "carol")
    with pytest.raises(Refused, match="carol is not named in CODEOWNERS by an address"):
        shop.approve()
    become(shop, "bob")
    assert shop.approve().missing == 0
    assert str(shop.apply_reviewed().version) == "v1"


def test_a_merge_request_does_not_name_its_own_approvers(play: Open) -> None:
    """ann adds eve to CODEOWNERS, and a module that eve owns."""
    shop = _owned(play, "environments/.* bob@example.com\n")
    become(shop, "bob")
    shop.approve()
    shop.apply_reviewed()
    become(shop, "ann")
    shop.write(_FILE, ".* bob@example.com eve@example.com\n")
    two(shop)
    digest = held_back(shop)
    become(shop, "eve")
    shop.approve(digest=digest)
    assert LOWERED in refused_again(shop).why
    become(shop, "bob")
    shop.approve(digest=digest)
    assert str(shop.apply().version) == "v2"


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("README.md", "", "nothing says which forge's CODEOWNERS it is"),
        (_FILE, "docs/.* bob@example.com\n", "names nobody for environments/dev.yaml"),
        (_FILE, ".* bob@example.com\n(?i)x @eve\n", f"{_FILE}:2: a regular expression"),
    ],
)
def test_where_nobody_is_known_to_own_it_nobody_may_and_that_is_said(
    play: Open, path: str, text: str, why: str
) -> None:
    shop = _owned(play, text, path)
    assert "nobody may (`from: codeowners`): " in (said := refused(shop).why) and why in said
    become(shop, "bob")
    with pytest.raises(Refused, match="can't be told to own it") as caught:
        shop.approve(digest=reviews(shop)[0].digest)
    assert why in caught.value.what
