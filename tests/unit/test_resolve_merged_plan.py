"""Plans of several stacks as one."""

from dataclasses import replace

import pytest

from tfops.records.addresses import in_stack, qualified, split, type_of
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.plan import Action, Plan, ResourceChange, Waiting
from tfops.resolve.merged_plan import is_same_work, merge_plans

NET, APP = StackName("network"), StackName("app")


def change(address: str, action: Action = Action.CREATE, before: str = "") -> ResourceChange:
    return ResourceChange(address, "thing", action, previous_address=before)


def plan(*changes: ResourceChange, digest: str = "d", outputs: tuple[str, ...] = ()) -> Plan:
    return Plan(changes, outputs, digest, is_empty=not (changes or outputs), unchanged=1)


def test_of_one_file_it_is_the_plan_itself() -> None:
    alone = plan(change("thing.a"))
    assert merge_plans({MAIN_STACK: alone}) is alone


def test_addresses_say_their_stack_and_the_worst_comes_first() -> None:
    whole = merge_plans(
        {
            NET: plan(change("thing.a"), change("thing.b", Action.MOVE, "thing.old"), outputs=("net",)),
            APP: plan(change('module.x["a/b"].thing.a', Action.DELETE), digest="e"),
        }
    )
    assert [found.address for found in whole.changes] == [
        'app/module.x["a/b"].thing.a',
        "network/thing.a",
        "network/thing.b",
    ]
    assert whole.changes[2].previous_address == "network/thing.old"
    assert (whole.changed_outputs, whole.unchanged, whole.is_empty) == (("network/net",), 2, False)


def test_the_digest_is_of_all_plans_and_of_who_waits() -> None:
    both = {NET: plan(digest="a"), APP: plan(digest="b")}
    digests = {
        merge_plans(both).digest,
        merge_plans({**both, APP: plan(digest="c")}).digest,
        merge_plans(both, [Waiting(APP, (NET,))]).digest,
        merge_plans({NET: plan(digest="a")}, [Waiting(APP, (NET,))]).digest,
    }
    assert len(digests) == 4
    assert merge_plans(dict(reversed(both.items()))).digest == merge_plans(both).digest


def test_who_waits_is_never_empty_work() -> None:
    assert merge_plans({NET: plan(), APP: plan()}).is_empty
    assert not merge_plans({NET: plan()}, [Waiting(APP, (NET,))]).is_empty


@pytest.mark.parametrize(
    ("found", "is_same"),
    [
        (plan(change("thing.a"), change("thing.b", Action.UPDATE), digest="other"), True),
        (plan(change("thing.a"), change("thing.b", Action.UPDATE), change("data.x", Action.READ)), True),
        (plan(change("thing.a"), change("thing.b", Action.REPLACE)), False),
        (plan(change("thing.a")), False),
        (plan(change("thing.a"), change("thing.b", Action.UPDATE), change("thing.c")), False),
        (plan(change("thing.a"), change("thing.b", Action.UPDATE, "thing.z")), False),
    ],
)
def test_consent_covers_the_same_work_whatever_the_values(found: Plan, is_same: bool) -> None:
    preview = plan(change("thing.b", Action.UPDATE), change("thing.a"))
    assert is_same_work(preview, found) is is_same
    assert is_same_work(replace(preview, digest="x"), preview)


@pytest.mark.parametrize("address", ["aws_vpc.main", 'module.x["a/b"].aws_vpc.main', "module.db[0].aws_vpc.main"])
def test_an_address_and_its_stack_come_apart_again(address: str) -> None:
    assert split(address) == ("main", address)
    assert split(qualified("net-1", address)) == ("net-1", address)
    assert qualified("main", address) == address
    assert type_of(qualified("net-1", address)) == "aws_vpc"
    assert in_stack("net-1", {qualified("net-1", address): "id", address: "other"}) == {address: "id"}
    assert qualified("net", "") == ""
