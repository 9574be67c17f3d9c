"""The order of stacks, and what one of them draws in."""

import pytest

from tfops.config.values import StackOutput
from tfops.errors import Refused
from tfops.records.names import EnvName, StackName
from tfops.resolve.graph import (
    Needs,
    narrowed,
    output_in,
    require_stacks,
    waves,
    with_dependents,
    with_needed,
)


def graph(text: str) -> Needs:
    """`app<net,db db<net net`: app needs net and db."""
    pairs = (word.partition("<") for word in text.split())
    return {StackName(name): frozenset(map(StackName, filter(None, needed.split(",")))) for name, _, needed in pairs}


SHOP = graph("app<net,db db<net net dns mail<dns web<app")


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ("main", [("main",)]),
        ("b a", [("a", "b")]),
        ("b<a a", [("a",), ("b",)]),
        ("app<net,db db<net net dns mail<dns web<app", [("dns", "net"), ("db", "mail"), ("app",), ("web",)]),
        ("d<b,c c<a b<a a", [("a",), ("b", "c"), ("d",)]),
    ],
)
def test_a_stack_comes_after_everything_that_it_needs(needs: str, expected: list[tuple[str, ...]]) -> None:
    assert list(waves(graph(needs))) == expected


@pytest.mark.parametrize(
    ("stack", "needed", "dependents"),
    [
        ("net", "net", "net db app web"),
        ("app", "app net db", "app web"),
        ("web", "web app net db", "web"),
        ("dns", "dns", "dns mail"),
    ],
)
def test_one_stack_draws_in_what_it_needs_and_stops_what_needs_it(stack: str, needed: str, dependents: str) -> None:
    assert with_needed(SHOP, [StackName(stack)]) == set(needed.split())
    assert with_dependents(SHOP, [StackName(stack)]) == set(dependents.split())


def test_a_narrowed_graph_keeps_its_order() -> None:
    kept = with_needed(SHOP, [StackName("db"), StackName("mail")])
    assert waves(narrowed(SHOP, kept)) == (("dns", "net"), ("db", "mail"))
    assert waves(narrowed(SHOP, frozenset({StackName("web")}))) == (("web",),)


def test_a_stack_that_is_not_there_is_refused_with_the_nearest() -> None:
    assert require_stacks(["db", "net"], EnvName("prod"), SHOP) == ("db", "net")
    with pytest.raises(Refused) as caught:
        require_stacks(["dbs"], EnvName("prod"), SHOP)
    assert (caught.value.guard, caught.value.hint) == ("unknown-stack", "did you mean `db` or `dns`?")


def test_an_output_is_found_by_its_module_or_by_being_the_only_one() -> None:
    outputs = {"vpc": {"id": "vpc-1", "zones": []}, "dns": {"zones": ["a"]}, "odd": None}
    assert output_in(StackOutput("net", "", "id"), outputs) == ("vpc", "vpc-1")
    assert output_in(StackOutput("net", "dns", "zones"), outputs) == ("dns", ["a"])
    with pytest.raises(LookupError, match="output `zones` of stack `net`: 2 modules have it"):
        output_in(StackOutput("net", "", "zones"), outputs)
    with pytest.raises(LookupError, match="output `id` of stack `net`: no module has it yet"):
        output_in(StackOutput("net", "dns", "id"), outputs)
