"""Nobody's infrastructure changes without a yes: what is asked, what a yes covers, and what Git has without one."""

import pytest

from tests.support.engine_cases import NEW_NAME, OLD_NAME, keyed, name_it, one, other, renumber, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import EngineFailed, NeedsPerson, NotApproved

MAIN = "module.main.terraform_data.main"
KEYS = [f'module.main.terraform_data.each["{key}"]' for key in "ab"]
PROTECTING = (
    "version: 1\nproject: shop\nprotect: [module.main.terraform_data.main]\nenvironments:\n  dev: {branch: main}\n"
)


def assert_untouched(shop: Shop, versions: int) -> None:
    """No intent was written, and nothing was applied."""
    assert (len(shop.tags()), shop.events().count("begun")) == (versions, versions)
    assert shop.ledger().lock is None


def test_without_a_terminal_and_without_a_yes_nothing_is_done(shop: Shop) -> None:
    one(shop)
    with pytest.raises(NotApproved, match="no terminal"):
        shop.apply(yes=False)
    assert shop.ui.plans, "the plan was shown for those who read it in a log"
    assert_untouched(shop, 0)
    assert not shop.state_file().exists()


def test_the_plan_is_shown_before_the_question_and_no_is_no(shop: Shop) -> None:
    one(shop)
    ann = shop.on_terminal("no", before=lambda: seen.append(len(ann.plans)))
    seen: list[int] = []
    with pytest.raises(NotApproved, match="was not approved"):
        shop.apply(yes=False)
    assert (seen, ann.questions) == ([1], ["Apply to dev?"])
    assert_untouched(shop, 0)


def test_a_yes_at_the_terminal_stands_on_the_card(shop: Shop) -> None:
    one(shop)
    shop.on_terminal("yes")
    result = shop.apply(yes=False)
    [approval] = shop.card().approvals
    assert (approval.how, approval.digest) == ("terminal", result.plan.digest)


def test_an_apply_may_delete_with_a_plain_yes(shop: Shop) -> None:
    keyed(shop)
    shop.apply()
    two(shop)
    assert str(shop.apply().version) == "v2"
    assert shop.addresses() == ["main"]


def test_a_rollback_that_loses_something_needs_more_than_yes(shop: Shop) -> None:
    two(shop)
    shop.apply()
    keyed(shop)
    shop.apply()
    with pytest.raises(NotApproved) as refused:
        shop.rollback("v1")
    assert all(address in refused.value.what for address in KEYS)
    assert all(f"--allow-destroy '{address}'" in refused.value.hint for address in KEYS), "the way on is a command"
    with pytest.raises(NotApproved):
        shop.rollback("v1", allow_destroy=KEYS[:1])
    assert_untouched(shop, 2)
    assert str(shop.rollback("v1", allow_destroy=KEYS).version) == "v3"
    assert shop.card().approvals[0].how == "--allow-destroy"


def test_what_a_rollback_loses_can_be_agreed_to_by_typing_the_name(shop: Shop) -> None:
    two(shop)
    shop.apply()
    keyed(shop)
    shop.apply()
    ann = shop.on_terminal("dve")
    with pytest.raises(NotApproved):
        shop.rollback("v1", yes=False)
    assert ann.questions == ["Type dev to go on"]
    assert "deletes or replaces 2 resources" in ann.said
    shop.on_terminal("dev")
    shop.rollback("v1", yes=False)
    assert shop.card().approvals[0].how == "terminal, name typed"


def test_a_rollback_that_loses_nothing_asks_a_plain_question(shop: Shop) -> None:
    one(shop)
    shop.apply()
    two(shop)
    shop.apply()
    ann = shop.on_terminal("yes")
    shop.rollback("v1", yes=False)
    assert ann.questions == ["Roll back dev?"]


def test_a_destroy_at_a_terminal_wants_the_name(shop: Shop) -> None:
    one(shop)
    shop.apply()
    ann = shop.on_terminal("yes")
    with pytest.raises(NotApproved):
        shop.destroy(yes=False)
    assert "this destroys everything in dev" in ann.warnings
    assert shop.addresses() == ["main"]
    shop.on_terminal("dev")
    assert str(shop.destroy(yes=False).version) == "v2"


def test_what_is_protected_is_named_even_with_yes(play: Open) -> None:
    shop = play("life", rules=PROTECTING)
    one(shop)
    shop.apply()
    other(shop)
    with pytest.raises(NotApproved, match=f"would lose what is protected: {MAIN}") as refused:
        shop.apply()
    assert "`protect:` of tfops.yaml" in refused.value.why
    assert_untouched(shop, 1)
    assert str(shop.apply(allow_destroy=[MAIN]).version) == "v2"


def test_what_is_protected_is_typed_by_its_address_at_a_terminal(play: Open) -> None:
    shop = play("life", rules=PROTECTING)
    one(shop)
    shop.apply()
    other(shop)
    ann = shop.on_terminal("dev")
    with pytest.raises(NotApproved):
        shop.apply(yes=False)
    assert ann.questions == ["Type its address to let it go"]
    ann = shop.on_terminal(MAIN, "yes")
    shop.apply(yes=False)
    assert ann.questions == ["Type its address to let it go", "Apply to dev?"]


def test_updating_what_is_protected_needs_no_name(play: Open) -> None:
    shop = play("life", rules=PROTECTING)
    one(shop)
    shop.apply()
    two(shop)
    assert str(shop.apply().version) == "v2"


def test_a_move_is_no_loss(play: Open) -> None:
    shop = play("renamed")
    name_it(shop, OLD_NAME)
    shop.apply()
    name_it(shop, NEW_NAME)
    shop.apply()
    assert [change.action.value for change in shop.ui.plans[-1].changes] == ["move"]
    assert shop.rollback("v1").version, "a yes is enough"
    assert shop.addresses() == ["old"]


def test_without_a_person_the_limit_of_deletions_holds(shop: Shop) -> None:
    shop.rules("version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, deletes: 1}\n")
    keyed(shop)
    shop.apply()
    two(shop)
    with pytest.raises(NeedsPerson) as refused:
        shop.unattended()
    assert (refused.value.guard, "the limit is 1" in refused.value.what) == ("delete-limit", True)
    assert_untouched(shop, 1)
    assert str(shop.apply().version) == "v2", "a person may"


def test_consent_is_for_the_plan_that_was_shown_and_a_thought_too_long_is_refused(shop: Shop) -> None:
    """The engine itself refuses a plan whose state moved on while somebody thought."""
    shop.runs(one)
    two(shop)
    shop.on_terminal("yes", before=lambda: renumber(shop.state_file()))
    with pytest.raises(EngineFailed) as failed:
        shop.apply(yes=False)
    assert "Saved plan is stale" in failed.value.why
    assert shop.events()[-2:] == ["begun", "closed"], "the lock is given back"
    assert shop.ledger().trouble is None and shop.tags() == ["tfops/dev/v1"]
