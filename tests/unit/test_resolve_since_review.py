"""What a plan does otherwise than the one that was reviewed, and whose yes to a plan counts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tfops.config.project import ReviewRule
from tfops.records.card import Approval
from tfops.records.commit import Person
from tfops.records.plan import Action, AttributeChange, Invocation, Plan, Print, ResourceChange
from tfops.resolve.approval import Given, names_in_git, who_counts
from tfops.resolve.since_review import shown_digest, since_lines, since_review

_UPDATE = ResourceChange("aws_x.y", "aws_x", Action.UPDATE, attributes=(AttributeChange("size", "1", "2"),))
_FORCED = (AttributeChange("ami", '"a"', '"b"', forces_replacement=True),)


def plan(*changes: ResourceChange, prints: dict[str, Print] | None = None, actions: tuple[str, ...] = ()) -> Plan:
    run = tuple(Invocation(address, "aws_lambda_invoke") for address in actions)
    return Plan(changes, (), "d", is_empty=not changes, prints=prints or {}, actions=run)


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (plan(_UPDATE), None),
        (plan(), "aws_x.y would no longer be updated"),
        (
            plan(replace(_UPDATE, action=Action.REPLACE, attributes=_FORCED)),
            "aws_x.y would now be replaced instead of updated, because ami can't be changed in place",
        ),
        (
            plan(replace(_UPDATE, attributes=(AttributeChange("size", "1", "3"),))),
            "aws_x.y would still be updated, with other values: size would become 3, not 2",
        ),
        (
            plan(replace(_UPDATE, attributes=(*_UPDATE.attributes, AttributeChange("tag", "1", "3")))),
            "aws_x.y would still be updated, with other values: tag would become 3",
        ),
        (
            plan(_UPDATE, ResourceChange("aws_z.z", "aws_z", Action.DELETE, "not in configuration")),
            "aws_z.z would now be deleted, because not in configuration",
        ),
        (plan(_UPDATE, actions=("action.a.b",)), "action.a.b would now be run"),
        (
            plan(_UPDATE, prints={"sensitive values": Print("s", "other")}),
            "sensitive values would be others",
        ),
    ],
)
def test_each_difference_is_a_sentence(now: Plan, line: str | None) -> None:
    prints = {"sensitive values": Print("s", "one")} if now.prints else {}
    assert list(since_lines(since_review(plan(_UPDATE, prints=prints), now))) == ([line] if line else [])


def test_what_is_worst_comes_first() -> None:
    now = plan(*(ResourceChange(f"a.{action}", "a", action) for action in (Action.CREATE, Action.DELETE)))
    assert [one.now for one in since_review(plan(_UPDATE), now)] == ["delete", "create", ""]


def test_what_is_shown_has_a_digest_of_its_own() -> None:
    was_otherwise = replace(_UPDATE, attributes=(AttributeChange("size", "0", "2"),))
    assert shown_digest(plan(_UPDATE)) == shown_digest(plan(was_otherwise)), "what was is no part of a plan"
    others = [replace(_UPDATE, address="aws_x.z"), replace(_UPDATE, action=Action.DELETE)]
    others += [replace(_UPDATE, attributes=(AttributeChange("size", "1", "3"),))]
    assert shown_digest(plan(_UPDATE)) not in {shown_digest(plan(one)) for one in others}


_ANN, _BOB = Person("Ann", "ann@example.com"), Person("Bob", "bob@example.com")


def given(who: str, *, is_git: bool = True) -> Given:
    names = names_in_git(who) if is_git else (who,)
    return Given(Approval(who, datetime(2026, 12, 1, tzinfo=UTC), "d", "x"), names, is_git)


@pytest.mark.parametrize(
    ("one", "rule", "why"),
    [
        (given(str(_BOB)), ReviewRule(not_by=("author",)), ""),
        (given(str(_ANN)), ReviewRule(), ""),
        (given(str(_ANN)), ReviewRule(not_by=("author",)), "is author of what is to be applied (`not_by`)"),
        (given("Ann B. <ANN@example.com>"), ReviewRule(not_by=("author",)), "is author"),
        (given(str(_BOB)), ReviewRule(not_by=("author", "committer")), "is committer"),
        (given("ann", is_git=False), ReviewRule(not_by=("author",)), "is author"),
        (given("bob", is_git=False), ReviewRule(people=("bob",)), ""),
        (given(str(_BOB)), ReviewRule(people=("bob@example.com",)), ""),
        (given("eve", is_git=False), ReviewRule(people=("bob",)), "is not among those who may approve it"),
    ],
)
def test_whose_yes_counts(one: Given, rule: ReviewRule, why: str) -> None:
    counting, lines = who_counts([one], rule, authors=[_ANN], committers=[_BOB])
    assert bool(counting) is not bool(why)
    assert [line for line in lines if why not in line] == [] and len(lines) == bool(why)


def test_an_address_that_a_forge_makes_of_an_account_is_that_account() -> None:
    author = Person("A. Nonymous", "12345+ann@users.noreply.github.com")
    counting, _ = who_counts(
        [given("ann", is_git=False)], ReviewRule(not_by=("author",)), authors=[author], committers=[]
    )
    assert counting == []


def test_nobody_counts_twice() -> None:
    counting, _ = who_counts([given("bob", is_git=False)] * 2, ReviewRule(), authors=[], committers=[])
    assert len(counting) == 1
