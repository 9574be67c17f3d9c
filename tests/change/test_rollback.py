"""Ways back: which version is meant, what a verdict says before anything runs, and what is brought back how."""

import pytest

from tests.support.engine_cases import LET_GO, NEW_NAME, OLD_NAME, keyed, name_it, one, other, stacks, two
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import Shop
from tfops.errors import NotApproved, Refused, UsageError
from tfops.records.verdict import Verdict

MAIN = "module.main.terraform_data.main"


def refused(shop: Shop, to: str | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        shop.rollback(to)
    return caught.value


def test_without_a_name_it_goes_to_the_version_before(shop: Shop) -> None:
    shop.runs(one, two)
    assert str(shop.rollback().restores) == "v1"


def test_twice_without_a_name_does_not_go_to_and_fro(shop: Shop) -> None:
    shop.runs(one, two, other)
    assert str(shop.rollback(allow_destroy=[MAIN]).restores) == "v2"
    assert str(shop.rollback().restores) == "v1", "v3 is what was gone back from"


def test_a_rollback_to_a_rollback_means_its_content(shop: Shop) -> None:
    shop.runs(one, two)
    shop.rollback("v1")
    shop.rollback("v2")
    back = shop.rollback("v3")
    assert (str(back.version), str(back.restores)) == ("v5", "v1")


def test_a_version_that_does_not_exist_is_refused(shop: Shop) -> None:
    shop.runs(one)
    assert refused(shop, "v9").guard == "unknown-version"
    with pytest.raises(UsageError, match="'nine' is not a version"):
        shop.rollback("nine")


def test_with_one_version_there_is_no_way_back(shop: Shop) -> None:
    one(shop)
    assert refused(shop).guard == "no-previous"
    shop.apply()
    assert refused(shop).guard == "no-previous"


def test_a_destroyed_version_is_nothing_to_bring_back(shop: Shop) -> None:
    shop.runs(one)
    shop.destroy()
    two(shop)
    shop.apply()
    assert refused(shop, "v2").guard == "destroyed-version"


def test_after_a_destroy_an_earlier_version_comes_back_as_a_new_one(shop: Shop) -> None:
    shop.runs(one)
    shop.destroy()
    back = shop.rollback("v1")
    assert (str(back.version), shop.addresses()) == ("v3", ["main"])


def test_a_rolled_back_environment_is_on_hold_until_somebody_lifts_it(shop: Shop) -> None:
    shop.runs(one, two)
    assert shop.rollback("v1").hold == "rolled back to v1"
    with pytest.raises(Refused) as held:
        shop.apply()
    assert held.value.guard == "held"
    assert str(shop.apply(allowed=["held"]).version) == "v4"


def test_it_says_whose_commits_it_takes_back(shop: Shop) -> None:
    shop.runs(one)
    keyed(shop)
    shop.commit("Words")
    two(shop)
    shop.apply()
    shop.rollback("v1")
    assert "takes back 2 commits:" in shop.ui.notes, "words are nobody's work"
    assert any("'keys': ['a', 'b']} (ann" in note for note in shop.ui.notes)


def test_the_rules_of_today_hold_for_the_content_of_then(shop: Shop) -> None:
    shop.runs(one)
    shop.rules(
        "version: 1\nproject: shop\nprotect: [module.main.terraform_data.main]\nenvironments:\n  dev: {branch: main}\n"
    )
    other(shop)
    shop.apply(allow_destroy=[MAIN])
    with pytest.raises(NotApproved, match="would lose what is protected"):
        shop.rollback("v1")


def test_a_plan_of_a_rollback_says_verdict_commits_and_changes_and_does_nothing(shop: Shop) -> None:
    shop.runs(two, keyed)
    before = shop.git("for-each-ref"), shop.state()
    planned = shop.plan_rollback("v1")
    assert (str(planned.current), str(planned.restores), len(planned.undoes)) == ("v2", "v1", 1)
    assert [reason.name for reason in planned.judgement.reasons] == ["destroys"]
    assert {change.action.value for change in planned.plan.work} == {"delete"}
    assert (shop.git("for-each-ref"), shop.state()) == before


def test_what_was_renamed_is_moved_back_over_a_bridge(play: Open) -> None:
    shop = play("renamed")
    name_it(shop, OLD_NAME)
    shop.apply()
    known = shop.state()["resources"][0]["instances"][0]["attributes"]["id"]
    name_it(shop, NEW_NAME)
    shop.apply()
    assert shop.history()["v1"] and shop.history()["v1"].verdict is Verdict.BRIDGED  # type: ignore[union-attr]
    bridge = shop.plan_rollback("v1").bridge
    assert bridge["moved"] == [{"from": "module.main.terraform_data.new", "to": "module.main.terraform_data.old"}]
    shop.rollback("v1")
    [resource] = shop.state()["resources"]
    assert (resource["name"], resource["instances"][0]["attributes"]["id"]) == ("old", known), "the same real thing"


def test_what_was_let_go_alive_is_taken_in_again_by_its_id(play: Open) -> None:
    shop = play("renamed")
    name_it(shop, OLD_NAME)
    shop.apply()
    known = shop.state()["resources"][0]["instances"][0]["attributes"]["id"]
    name_it(shop, NEW_NAME)
    shop.apply()
    shop.rollback("v1")
    name_it(shop, LET_GO)
    shop.apply(allowed=["held"])
    assert shop.addresses() == []
    assert list(shop.card().stacks["main"].forgotten) == ["module.main.terraform_data.old"]
    shop.rollback("v3")
    assert "create" not in [change.action.value for change in shop.ui.plans[-1].work]
    assert shop.state()["resources"][0]["instances"][0]["attributes"]["id"] == known


def test_the_history_says_what_each_way_back_comes_to(shop: Shop) -> None:
    shop.runs(one, two, keyed)
    found = shop.history()
    assert found["v3"] is None, "it is what runs"
    assert found["v2"] and found["v2"].verdict is Verdict.OK
    [reason] = found["v2"].reasons
    assert (reason.name, len(reason.subjects)) == ("destroys", 2)


def test_a_way_back_without_a_loss_is_ok(shop: Shop) -> None:
    shop.runs(one, two)
    judgement = shop.history()["v1"]
    assert judgement is not None and judgement.verdict is Verdict.OK


def test_an_engine_older_than_a_versions_is_said_in_its_verdict(play: Open) -> None:
    shop = play("life", version=VERSIONS[-1])
    shop.runs(one, two)
    shop.engine.play("life", VERSIONS[0])
    with pytest.raises(Refused) as error:
        shop.rollback("v1")
    assert error.value.guard in ("older-engine", "blocked", "keep-providers")


def test_a_rollback_of_stacks_brings_each_back_to_what_it_was(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    shop.apply()
    stacks(shop, "10.1.0.0/16")
    shop.apply(only=["network"])
    shop.apply()
    shop.rollback("v1")
    assert shop.state(stack="network")["resources"][0]["instances"][0]["attributes"]["input"]["value"] == "10.0.0.0/16"
    assert set(shop.card().stacks) == {"network", "app", "db"}


def test_a_version_whose_tag_is_gone_is_read_from_the_ledger_and_can_be_gone_back_to(shop: Shop) -> None:
    shop.runs(one, two)
    shop.git("tag", "-d", "tfops/dev/v2")
    row = shop.status()
    assert row.current and str(row.current.version) == "v2"
    assert any("tfops/dev/v2" in warning for warning in shop.ui.warnings)
    assert str(shop.rollback("v1").version) == "v3"
