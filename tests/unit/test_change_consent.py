"""Consent is decided on addresses as they are, and told with the keys masked."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from tfops.change.consent import _let_protected_go, _Prompt
from tfops.change.planning import _with_kept
from tfops.change.request import Consent
from tfops.change.stack_plan import StackPlan
from tfops.config.modules.protection import Protected
from tfops.engine.mask import Masker
from tfops.engine.plan import read_plan, to_plan
from tfops.engine.saved_plan import SavedPlan
from tfops.errors import NotApproved
from tfops.records.addresses import code_of, with_masked_keys
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.state import StackState
from tfops.records.version import Kind

ONE, TWO, DATABASE = 'a.user["ann-s3cret"]', 'a.user["eve-s3cret"]', 'module.app["s3cret"].s3cret_type.app'


def told(*secrets: str) -> _Prompt:
    return _Prompt(None, Masker(secrets))  # type: ignore[arg-type]  # nobody is asked


def changes(*addresses: str) -> list[ResourceChange]:
    return [ResourceChange(address, "a", Action.DELETE) for address in addresses]


@pytest.mark.parametrize(
    ("named", "unnamed"),
    [
        ([ONE], [TWO]),
        (['a.user["ann-(secret)"]'], [TWO]),
        (['a.user["ann-(secret)"]', TWO], []),
        (["a.user"], [ONE, TWO]),
        ([], [ONE, TWO]),
    ],
)
def test_an_address_is_named_as_it_is_or_as_it_is_told(named: list[str], unnamed: list[str]) -> None:
    assert told("s3cret").unnamed(changes(ONE, TWO), frozenset(named)) == unnamed


def test_a_told_address_that_fits_two_names_neither() -> None:
    both = ['a.user["ann"]', 'a.user["eve"]']
    assert told("ann", "eve").unnamed(changes(*both), frozenset(['a.user["(secret)"]'])) == both


def test_keys_are_masked_and_code_is_not() -> None:
    """`docs/how-to/secrets.md`: types, names and modules hide nothing."""
    assert with_masked_keys(DATABASE, Masker(["s3cret", "app"])) == 'module.app["(secret)"].s3cret_type.app'
    assert code_of(DATABASE) == ["module.app", ".s3cret_type.app"]


@dataclass
class Protecting:
    """A target that protects some addresses, and some of them by a guess."""

    protected: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    kind: Kind = Kind.APPLY
    env: str = "dev"
    named: frozenset[str] = field(default_factory=frozenset)

    def protects(self, address: str) -> bool:
        return address in self.protected

    def guesses(self, address: str) -> bool:
        return address in self.guessed


def refusal_of(target: Protecting, *changes: ResourceChange, named: frozenset[str] = frozenset()) -> NotApproved | None:
    plan = Plan(tuple(changes), (), "d", is_empty=False)
    someone: Any = SimpleNamespace(is_interactive=False)
    try:
        _let_protected_go(target, plan, Consent(yes=True, allow_destroy=named), _Prompt(someone, str))  # type: ignore[arg-type]  # what it asks a target for
    except NotApproved as error:
        return error
    return None


def test_a_protection_that_is_a_guess_is_said_to_be_one() -> None:
    target = Protecting(frozenset({"t.a", "t.b"}), frozenset({"t.b"}))
    both = [ResourceChange(address, "t", Action.DELETE) for address in ("t.a", "t.b")]
    error = refusal_of(target, *both)
    assert error is not None and error.why.splitlines() == [
        "it has `prevent_destroy` in a version concerned, or `protect:` of tfops.yaml names it",
        "a guess: the inputs don't decide `prevent_destroy` of t.b, so it counts as protected",
    ]
    alone = refusal_of(target, *both, named=frozenset({"t.a"}))
    assert alone is not None and alone.why.startswith("a guess: ") and alone.hint.endswith("--allow-destroy 't.b'")
    assert refusal_of(target, *both, named=frozenset({"t.a", "t.b"})) is None


def planned(document: dict[str, Any], *, flagged: Protected, recorded: frozenset[str]) -> Plan:
    """A recorded plan, marked with what it destroys in spite of what modules and card say."""
    plan = to_plan(read_plan(json.dumps(document)), is_empty=False)
    stack: Any = SimpleNamespace(protections=lambda: flagged, mask=str)
    spec: Any = SimpleNamespace(recorded=SimpleNamespace(kept=recorded))
    saved: Any = SavedPlan(plan, None, "")  # type: ignore[arg-type]  # nobody opens it
    found = _with_kept(StackPlan(spec, stack, StackState("", 0, "", {}, {}), frozenset(), saved=saved)).plan
    assert found is not None
    return found


def one_change(*actions: str) -> dict[str, Any]:
    """The parts of a real plan's JSON that matter here."""
    change = {"actions": list(actions), "before": {"id": "i-1"}, "after": None, "after_unknown": {}}
    item = {"address": "module.m.t.a", "mode": "managed", "type": "t", "name": "a", "change": change}
    return {"format_version": "1.2", "resource_changes": [item]}


KEPT = Protected(kept=frozenset({"module.m.t.a"}))


@pytest.mark.parametrize(
    ("actions", "flagged", "recorded", "is_marked"),
    [
        (("delete", "create"), KEPT, frozenset(), True),
        (("create", "delete"), KEPT, frozenset(), True),
        (("delete",), Protected(), frozenset({"module.m.t.a"}), True),
        (("delete", "create"), Protected(), frozenset(), False),
        (("forget", "create"), KEPT, frozenset({"module.m.t.a"}), False),
        (("forget",), KEPT, frozenset({"module.m.t.a"}), False),
        (("update",), KEPT, frozenset(), False),
    ],
    ids=["replaced", "created first", "its flag is gone", "no flag", "OpenTofu", "let go", "changed"],
)
def test_what_is_destroyed_in_spite_of_destroy_false_must_be_named(
    actions: tuple[str, ...], flagged: Protected, recorded: frozenset[str], is_marked: bool
) -> None:
    """Terraform 1.16 passes over it at a replacement (hashicorp/terraform#39088)."""
    plan = planned(one_change(*actions), flagged=flagged, recorded=recorded)
    assert [change.against_keep for change in plan.changes] == [is_marked]
    error = refusal_of(Protecting(), *plan.changes)
    assert (error is not None) is is_marked
    if error is not None:
        assert error.why == "`destroy = false` is to leave module.m.t.a alive, and this plan destroys it all the same"
        assert error.hint.endswith("--allow-destroy 'module.m.t.a'")
