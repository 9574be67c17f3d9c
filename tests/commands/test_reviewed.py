"""What was reviewed is exactly what runs: kept in Git, approved by its digest, and nothing else is applied."""

from dataclasses import replace

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.change.review_rules import LOWERED
from tfops.errors import NeedsPerson, NotApproved, NotAsReviewed, Refused
from tfops.ledger.review import MOST_KEPT, keep, read_reviews
from tfops.records.names import EnvName
from tfops.records.review import ReviewedPlan

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, review: {required: true, %s}}\n"
_DEV = EnvName("dev")


def become(shop: Shop, name: str) -> None:
    shop.git("config", "user.name", name)
    shop.git("config", "user.email", f"{name}@example.com")


@pytest.fixture
def strict(play: Open) -> Shop:
    """Every plan must be approved by one who didn't write it; ann wrote the first commit."""
    shop = play("life", rules=_RULES % "approvals: 1")
    one(shop)
    return shop


def reviews(shop: Shop) -> tuple[ReviewedPlan, ...]:
    return read_reviews(shop.project.repository, _DEV).plans


def keep_as(shop: Shop, review: ReviewedPlan) -> int:
    """Whatever is in it; the number of those that were pruned."""
    project = shop.project
    return keep(project.repository, project.refs(project.config_at(project.repository.head)), [review])


def refused(shop: Shop) -> NeedsPerson:
    with pytest.raises(NeedsPerson) as caught:
        shop.apply_reviewed()
    assert not shop.state_file().exists()
    return caught.value


def test_what_was_kept_and_approved_is_applied_and_stands_on_the_card(strict: Shop) -> None:
    strict.keeps_plan()
    assert refused(strict).guard == "needs-approval"
    become(strict, "bob")
    assert strict.approve().missing == 0
    result = strict.apply_reviewed()
    assert str(result.version) == "v1"
    [own, yes] = strict.card().approvals
    assert (yes.who, yes.how, yes.digest) == ("bob <bob@example.com>", "tfops approve", result.plan.digest)
    assert own.how == "approved by bob <bob@example.com>"
    assert strict.ledger().agreed_plans.plans == (), "a yes is for one apply"


def test_who_wrote_it_does_not_approve_it(strict: Shop) -> None:
    strict.keeps_plan()
    with pytest.raises(Refused) as caught:
        strict.approve()
    assert caught.value.guard == "may-not-approve" and "is author of what is to be applied" in caught.value.what


def test_only_those_who_are_named_approve_it(play: Open) -> None:
    shop = play("life", rules=_RULES % "from: [bob@example.com]")
    one(shop)
    shop.keeps_plan()
    become(shop, "eve")
    with pytest.raises(Refused) as caught:
        shop.approve()
    assert caught.value.guard == "may-not-approve" and caught.value.hint == "who may: bob@example.com"
    become(shop, "bob")
    assert shop.approve().missing == 0


def test_every_apply_must_be_reviewed_where_that_is_required(strict: Shop) -> None:
    with pytest.raises(NeedsPerson) as caught:
        strict.apply()
    assert caught.value.guard == "not-reviewed"
    [kept] = reviews(strict)
    assert kept.digest == caught.value.digest, "it is kept, so that people can agree to it"
    become(strict, "bob")
    strict.approve()
    assert str(strict.apply().version) == "v1"


def test_a_yes_to_another_plan_is_none_and_the_difference_is_said(strict: Shop) -> None:
    strict.keeps_plan()
    become(strict, "bob")
    strict.approve()
    become(strict, "ann")
    two(strict)
    with pytest.raises(NotAsReviewed) as caught:
        strict.apply_reviewed()
    assert caught.value.since and "since the review: " in caught.value.why
    become(strict, "bob")
    strict.approve(digest=caught.value.digest)
    assert str(strict.apply_reviewed().version) == "v1"


def test_the_same_plan_of_other_code_is_another_one(strict: Shop) -> None:
    strict.keeps_plan()
    [kept] = reviews(strict)
    strict.git("update-ref", "-d", "refs/tfops/reviews/dev")
    keep_as(strict, replace(kept, content="f" * 64))
    become(strict, "bob")
    strict.approve()
    with pytest.raises(NotAsReviewed) as caught:
        strict.apply_reviewed()
    assert caught.value.why == "the plan is the same, but its code isn't what was reviewed"


def test_a_squash_changes_nothing(strict: Shop) -> None:
    strict.keeps_plan()
    become(strict, "bob")
    strict.approve()
    strict.git("commit", "--quiet", "--amend", "--message", "Squashed")
    assert str(strict.apply_reviewed().version) == "v1"


def test_a_forged_picture_of_a_plan_is_found_out(strict: Shop) -> None:
    """Somebody who may push writes a harmless plan under the digest of another one."""
    strict.keeps_plan()
    [kept] = reviews(strict)
    [harmful, *others] = kept.plan.changes
    harmless = (replace(harmful, address="terraform_data.harmless"), *others)
    keep_as(strict, replace(kept, plan=replace(kept.plan, changes=harmless)))
    become(strict, "bob")
    strict.approve()
    with pytest.raises(NotAsReviewed) as caught:
        strict.apply_reviewed()
    assert "what is kept of the review shows another plan than its digest stands for" in caught.value.why
    assert refused(strict).guard == "needs-approval", "the yes was to the forged one"


def test_of_many_reviews_the_newest_are_kept(strict: Shop) -> None:
    strict.keeps_plan()
    [first] = reviews(strict)
    pruned = [keep_as(strict, replace(first, digest=f"{number:064x}")) for number in range(MOST_KEPT)]
    assert sum(pruned) == 1 and len(reviews(strict)) == MOST_KEPT
    with pytest.raises(NotAsReviewed):
        strict.apply_reviewed()


def test_without_a_person_the_same_rules_hold(strict: Shop) -> None:
    with pytest.raises(NeedsPerson):
        strict.unattended()
    declined = strict.ledger().declined
    assert declined and declined.reason == "not-reviewed"
    become(strict, "bob")
    strict.approve()
    assert str(strict.unattended().version) == "v1"


def test_it_is_asked_on_a_terminal_and_refused_without_one(strict: Shop) -> None:
    strict.keeps_plan()
    become(strict, "bob")
    with pytest.raises(NotApproved):
        strict.approve(yes=False)
    strict.on_terminal("no")
    with pytest.raises(NotApproved):
        strict.approve(yes=False)
    ui = strict.on_terminal("yes")
    assert strict.approve(yes=False).missing == 0
    assert [plan.digest for plan in ui.plans] == [reviews(strict)[0].digest], "it was shown"


def test_what_is_new_at_each_planning_may_differ_where_all_who_approved_said_so(strict: Shop) -> None:
    strict.keeps_plan()
    [kept] = reviews(strict)
    strict.git("update-ref", "-d", "refs/tfops/reviews/dev")
    address = next(iter(kept.plan.prints))
    then = {**kept.plan.prints, address: kept.plan.prints[address]._replace(whole="as of then")}
    keep_as(strict, replace(kept, digest="1" * 64, plan=replace(kept.plan, digest="1" * 64, prints=then)))
    become(strict, "bob")
    strict.approve()
    with pytest.raises(NotAsReviewed) as caught:
        strict.apply_reviewed()
    assert [one.address for one in caught.value.since] == [address]
    strict.approve(digest="1" * 64, varying=[address])
    assert str(strict.apply_reviewed().version) == "v1"


_LOWER = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"


def held_back(shop: Shop) -> str:
    """The digest of the plan that an apply refused."""
    try:
        shop.apply(allowed=["held"])
    except (NeedsPerson, NotAsReviewed) as refusal:
        return refusal.digest
    pytest.fail("it was applied")


def _lowered(strict: Shop, rules: str = _LOWER) -> None:
    """v1 was approved by bob; then ann takes the rule out of tfops.yaml, and says so in no other file."""
    strict.keeps_plan()
    become(strict, "bob")
    strict.approve()
    strict.apply_reviewed()
    become(strict, "ann")
    strict.write("tfops.yaml", rules)
    strict.commit("Less review")


@pytest.mark.parametrize(
    "rules", [_LOWER, _RULES % "approvals: 1, not_by: [], from: [ann, bob]"], ids=["out", "people"]
)
def test_a_commit_that_asks_for_less_review_is_held_to_what_it_replaces(strict: Shop, rules: str) -> None:
    _lowered(strict, rules)
    digest = held_back(strict)
    assert digest == reviews(strict)[0].digest, "although nothing would change"
    if rules == _LOWER:
        with pytest.raises(Refused, match="can't approve this"):
            strict.approve(digest=digest)
    else:
        strict.approve(digest=digest)
        assert LOWERED in refused_again(strict).why, "her yes counts by the new rule only"
    become(strict, "bob")
    strict.approve(digest=digest)
    assert str(strict.apply().version) == "v2"
    become(strict, "ann")
    two(strict)
    if rules == _LOWER:
        assert str(strict.apply().version) == "v3", "from then on the new rule counts"


def refused_again(strict: Shop) -> NeedsPerson:
    with pytest.raises(NeedsPerson) as caught:
        strict.apply()
    return caught.value


def test_a_rollback_brings_no_older_rule_back(strict: Shop) -> None:
    strict.write("tfops.yaml", _LOWER)
    strict.commit("No review")
    strict.apply()
    strict.write("tfops.yaml", _RULES % "approvals: 1")
    two(strict)
    strict.keeps_plan()
    become(strict, "bob")
    strict.approve()
    strict.apply()
    strict.rollback("v1")
    become(strict, "ann")
    strict.write("tfops.yaml", _LOWER)
    strict.commit("No review again")
    held_back(strict)


def test_a_yes_to_a_plan_is_none_to_less_review(strict: Shop) -> None:
    """Somebody adds it to code whose plan was approved before."""
    strict.keeps_plan()
    become(strict, "bob")
    strict.approve()
    strict.apply_reviewed()
    two(strict)
    strict.keeps_plan()
    become(strict, "carol")
    strict.approve()
    strict.write("tfops.yaml", _LOWER)
    strict.commit("And less review")
    with pytest.raises(NotAsReviewed, match="is not what was reviewed"):
        strict.apply()
