"""An agreement is to a plan; what is new at each planning is named, or asked about again."""

import pytest

from tfops.records.names import StackName
from tfops.records.plan import Action, AttributeChange, Plan, Print, ResourceChange
from tfops.resolve.agreement import NOTHING_AGREED, Agreed, covers, difference, told_prints

BUILT, VPC = "module.app.terraform_data.built", "module.app.aws_vpc.main"
SEEN = {BUILT: Print("update", "12:00"), VPC: Print("create", "10.0.0.0/16")}
LATER = {**SEEN, BUILT: Print("update", "12:05")}


def plan(prints: dict[str, Print], digest: str = "d2") -> Plan:
    change = ResourceChange(BUILT, "terraform_data", Action.UPDATE, attributes=(AttributeChange("input", "a", "b"),))
    return Plan((change,), (), digest, is_empty=False, prints=prints)


@pytest.mark.parametrize(
    ("now", "varying", "is_covered", "text"),
    [
        (SEEN, set(), True, ""),
        (LATER, set(), False, f"other values for {BUILT} (input)"),
        (LATER, {BUILT}, True, ""),
        (LATER, {VPC}, False, f"other values for {BUILT} (input)"),
        ({**LATER, BUILT: Print("replace", "12:05")}, {BUILT}, False, f"something else is done to {BUILT}"),
        ({BUILT: LATER[BUILT]}, {BUILT}, False, f"something else is done to {VPC}"),
        ({**LATER, "x.y": Print("delete", "")}, {BUILT}, False, "something else is done to x.y"),
    ],
    ids=["the same", "a timestamp", "named", "another named", "another action", "less", "more"],
)
def test_a_plan_is_covered_or_what_differs_is_said(
    now: dict[str, Print], varying: set[str], is_covered: bool, text: str
) -> None:
    agreed, found = Agreed("d1", SEEN, frozenset(varying)), plan(now)
    assert covers(agreed, found, now) == is_covered
    assert difference(agreed, now).text(found.changes) == text


def test_nothing_was_agreed_to_and_an_old_note_has_the_digest_alone() -> None:
    assert not covers(NOTHING_AGREED, plan(SEEN), SEEN)
    assert not covers(NOTHING_AGREED, plan({}, digest=""), {})
    assert covers(Agreed("d2"), plan(SEEN), SEEN)
    assert not covers(Agreed("d1"), plan(SEEN), SEEN)


def test_of_several_stacks_each_is_held_against_its_own() -> None:
    agreed = Agreed("d1", {"net/a.b": Print("create", "1"), "app/a.b": Print("create", "2")})
    assert agreed.of_stack(StackName("net")).prints == {"net/a.b": Print("create", "1")}


def test_what_is_kept_holds_no_key_that_is_a_secret() -> None:
    found = told_prints(plan({'a.b["geheim"]': Print("x", "1"), 'a.b["other"]': Print("y", "2")}), lambda _: "[…]")
    assert found == {"a.b[…]": Print("xy", "12")}
