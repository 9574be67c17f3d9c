"""The main road of a change: what the result says, what Git holds then, and what the state holds."""

import json
import re

import pytest

from tests.support.engine_cases import keyed, one, other, two
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import LEDGER, Shop
from tfops.errors import Refused
from tfops.records.plan import Action
from tfops.records.version import Kind

MAIN = "module.main.terraform_data.main"


def actions(shop: Shop) -> list[Action]:
    """Of the plan that was shown last."""
    return [change.action for change in shop.ui.plans[-1].work]


@pytest.mark.parametrize("version", VERSIONS)
def test_create_update_replace_rollback_and_destroy_are_five_versions(play: Open, version: str) -> None:
    shop = play("life", version=version)
    for content, expected in ((one, Action.CREATE), (two, Action.UPDATE), (other, Action.REPLACE)):
        content(shop)
        shop.apply()
        assert actions(shop) == [expected]
    back = shop.rollback("v1", allow_destroy=[MAIN])
    assert (back.kind, str(back.restores), actions(shop)) == (Kind.ROLLBACK, "v1", [Action.REPLACE])
    assert shop.state()["outputs"]["main"]["value"] == {"value": "one"}
    shop.destroy()
    assert (actions(shop), shop.addresses()) == ([Action.DELETE], [])
    assert shop.tags() == [f"tfops/dev/v{number}" for number in range(1, 6)]
    assert shop.events() == ["begun", "recorded"] * 5


@pytest.mark.parametrize("version", VERSIONS)
def test_the_card_says_what_was_applied_with_which_engine_and_to_which_state(play: Open, version: str) -> None:
    shop = play("life", version=version)
    commit = one(shop)
    result = shop.apply()
    card, state = shop.card(), shop.state()
    assert (card.version, card.commit, card.branch, str(result.version)) == (1, commit, "main", "v1")
    assert (card.engine.name, card.engine.version) == ("terraform", version)
    [stack] = card.stacks.values()
    assert (stack.lineage, stack.serial_after) == (state["lineage"], state["serial"])
    assert stack.inventory == {MAIN: state["resources"][0]["instances"][0]["attributes"]["id"]}
    assert [(approval.how, approval.who) for approval in card.approvals] == [("--yes", "ann <ann@example.com>")]
    assert card.approvals[0].digest == result.plan.digest


def test_after_a_version_nothing_is_left_to_be_finished(shop: Shop) -> None:
    shop.runs(one)
    present = shop.ledger()
    assert (present.lock, present.intent, present.trouble) == (None, None, None)
    assert not list(shop.workspace.glob("pending/*")), "no card waits"
    assert shop.recover().story == "" and shop.events() == ["begun", "recorded"]


def test_the_same_commit_again_is_no_version(shop: Shop) -> None:
    shop.runs(one)
    head = shop.git("rev-parse", LEDGER)
    again = shop.apply()
    assert (again.version, str(again.previous), again.plan.is_empty) == (None, "v1", True)
    assert (shop.tags(), shop.git("rev-parse", LEDGER)) == (["tfops/dev/v1"], head)


def test_a_new_commit_that_changes_nothing_is_a_version_without_a_lock(shop: Shop) -> None:
    shop.runs(one)
    commit = shop.commit("Only words")
    again = shop.apply()
    assert (str(again.version), again.plan.is_empty, shop.card().commit) == ("v2", True, commit)
    assert shop.events() == ["begun", "recorded", "recorded"], "nothing was to be done: no intent"
    assert shop.card().approvals == (), "nobody is asked about nothing"
    assert shop.ui.questions == []


def test_a_plan_changes_neither_git_nor_state(shop: Shop) -> None:
    shop.runs(one)
    two(shop)
    before = shop.git("for-each-ref"), shop.state()
    planned = shop.plan()
    assert [change.action for change in planned.plan.work] == [Action.UPDATE]
    assert (shop.git("for-each-ref"), shop.state()) == before


def test_a_plan_is_what_the_apply_then_does(shop: Shop) -> None:
    shop.runs(one)
    keyed(shop)
    planned = shop.plan().plan
    assert shop.apply().plan.digest == planned.digest


def test_the_work_tree_is_planned_and_never_applied(shop: Shop) -> None:
    shop.runs(one)
    body = {"modules": {"main": {"source": "thing", "inputs": {"value": "two"}}}}
    shop.write("environments/dev.yaml", json.dumps(body))
    planned = shop.plan(worktree=True)
    assert (planned.commit, [change.action for change in planned.plan.work]) == (None, [Action.UPDATE])
    assert shop.plan().plan.is_empty, "HEAD doesn't have it"
    with pytest.raises(Refused) as refused:
        shop.apply()
    assert refused.value.guard == "dirty"


def test_what_was_destroyed_can_be_applied_again(shop: Shop) -> None:
    shop.runs(one)
    shop.destroy()
    again = shop.apply()
    assert (str(again.version), actions(shop)) == ("v3", [Action.CREATE])
    assert shop.addresses() == ["main"]


def test_a_version_is_a_tag_on_its_commit_with_the_card_as_its_message(shop: Shop) -> None:
    commit = one(shop)
    shop.apply()
    assert shop.git("rev-parse", "tfops/dev/v1^{commit}") == commit
    text = shop.git("cat-file", "tag", "tfops/dev/v1")
    card = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert (card["environment"], card["version"], card["commit"]) == ("dev", 1, commit)
    assert re.search(r"1 created", text), "people read the headline in `git show`"


def test_the_ledger_keeps_the_root_that_was_applied(shop: Shop) -> None:
    shop.runs(one)
    names = shop.git("ls-tree", "-r", "--name-only", LEDGER).splitlines()
    assert {"root/main.tf.json", "root/terraform.tfvars.json", "card.json"} <= set(names)
    assert json.loads(shop.git("show", f"{LEDGER}:root/terraform.tfvars.json")) == {"inputs_main": {"value": "one"}}


def test_with_a_remote_tag_and_ledger_are_there_as_here(shared: Shop) -> None:
    one(shared)
    assert shared.apply().is_shared
    there = shared.git("ls-remote", "origin", "refs/tfops/*", "refs/tags/tfops/*")
    for ref in (LEDGER, "refs/tags/tfops/dev/v1"):
        assert f"{shared.git('rev-parse', ref)}\t{ref}" in there
    seen = shared.clone().status().current
    assert seen and str(seen.version) == "v1", "a colleague sees it"


def test_secrets_of_inputs_and_states_are_neither_shown_nor_kept(play: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = play("secret")
    for token in ("s3cret-one", "s3cret-two"):
        monkeypatch.setenv("SHOP_TOKEN", token)
        shop.wants("secret", token={"from": "env:SHOP_TOKEN"})
        result = shop.apply()
        assert token in shop.ui.hidden, "whoever shows things is told what to mask"
        said = [str(event) for event in shop.ui.events] + [str(plan) for plan in shop.ui.plans] + [str(result)]
        assert not [text for text in said if token in text]
        kept = shop.git("cat-file", "tag", f"tfops/dev/{result.version}") + shop.git("grep", "-h", "", LEDGER)
        assert token not in kept and "shown" in kept
    assert result.outputs["main"] == {"shown": "plain"}, "a sensitive output is left out"
