"""What the latest card has and a state lacks: explained by what stopped or goes on, named, or refused."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.samples import PROD
from tfops.change.missing import Missing, find_missing, require_not_made_anew
from tfops.change.stacks import StackAction
from tfops.engine.mask import Masker
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState
from tfops.records.names import MAIN_STACK
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.state import StackState
from tfops.records.version import Kind, Version
from tfops.resolve.state import RecordedState

SAME, OTHER = ("terraform", "1.15.5"), ("tofu", "1.12.6")


@dataclass
class Name:
    """As much of an engine, a stack, a ledger as is looked at."""

    fields: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.fields[name]

    def __str__(self) -> str:
        return str(self.fields["text"])


def some(**fields: Any) -> Any:
    return Name(fields)


@dataclass
class Facts:
    """What is known of the ledger, what a fetch finds, and how often somebody asked the remote."""

    found: list[Any]
    remote: str = ""
    fetches: list[object] = field(default_factory=list)

    @property
    def present(self) -> Any:
        return self.found[0]

    @property
    def project(self) -> Any:
        return some(repository=some(remote=self.remote))

    def fetched_for_reading(self, ui: object) -> "Facts":
        self.fetches.append(ui)
        return Facts(self.found[-1:])


def trouble(kind: Kind = Kind.APPLY, **lists: list[str]) -> Any:
    names = ("done", "failed", "in_doubt", "never_started", "actions", "before")
    empty: dict[str, list[str]] = {name: [] for name in names}
    return some(kind=kind, **(empty | lists))


def present(head: str = "h1", **fields: Any) -> Any:
    return some(**({"env": PROD, "head": head, "intent": None, "lock": None, "trouble": None} | fields))


def read(
    lacks: str = "t.b", *, engine: tuple[str, str] = SAME, secret: str = "", action: StackAction = StackAction.APPLY
) -> tuple[Any, Any, StackState]:
    """A stack whose card has `t.a` and `t.b`, and whose state lacks one of them."""
    recorded = RecordedState(
        Version(3), "l", 7, "local", is_empty=False, engine_name="terraform", engine_version="1.15.5",
        inventory={"t.a": "i-a", lacks: "i-b"},
    )  # fmt: skip
    content = some(environment=some(name=PROD), rules="rules")
    spec = some(recorded=recorded, action=action, name=MAIN_STACK, content=content)
    stack = some(
        mask=Masker([secret] if secret else []), engine=some(engine=some(name=engine[0], text=" ".join(engine)))
    )
    return spec, stack, StackState("l", 8, "", {"t.a": "i-a"}, {})


class Notes:
    """What a person would be told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


def found(facts: Facts, one: Any, *, named: frozenset[str] | None = frozenset()) -> Missing | str:
    """What is missing of the one stack, or the guard that refuses."""
    known: Any = facts
    notes: Any = Notes()
    try:
        [result] = find_missing(known, [one], named, notes)
    except Refused as error:
        return error.guard
    return result


@pytest.mark.parametrize(
    ("now", "one", "expected"),
    [
        (present(), read(), "state-lacks"),
        (present(), read(action=StackAction.READ_OUTPUTS), Missing()),
        (present(intent="begun"), read(), Missing()),
        (present(trouble=trouble(done=["t.b"])), read(), Missing()),
        (present(trouble=trouble(never_started=["t.b"])), read(), Missing()),
        (present(trouble=trouble(done=["t.x"], failed=["t.y"])), read(), Missing(unexplained={"t.b": "i-b"})),
        (present(trouble=trouble(done=["t.x"], failed=["t.y"], before=["t.b"])), read(), Missing()),
        (present(trouble=trouble(Kind.DESTROY, done=["t.x"], failed=["t.y"])), read(), Missing()),
        (present(trouble=trouble(done=["t.x"])), read(), Missing()),
        (present(trouble=trouble(done=["t.b"], failed=["t.y"])), read(engine=OTHER), Missing()),
        (present(trouble=trouble(never_started=["t.b"])), read(engine=OTHER), "state-lacks"),
        (present(trouble=trouble(Kind.DESTROY)), read(engine=OTHER), "state-lacks"),
    ],
    ids=[
        "nothing explains it", "only asked for its outputs", "somebody is at it", "deleted by what stopped",
        "to be replaced by what stopped", "not touched by what stopped", "touched by what stopped before it",
        "a destroy stopped",
        "nobody knows how far it got", "deleted, then another engine", "another engine passes over it",
        "a destroy stopped, then another engine",
    ],
)  # fmt: skip
def test_what_explains_that_something_is_missing(now: LedgerState, one: Any, expected: Missing | str) -> None:
    assert found(Facts([now]), one) == expected


def test_what_is_named_is_let_go() -> None:
    assert found(Facts([present()]), read(), named=frozenset({"t.b"})) == Missing({"t.b": "i-b"})


def test_a_version_that_was_recorded_meanwhile_is_no_lack() -> None:
    """The state was read after somebody else's change, the ledger before: what goes on from there loses its race."""
    late = Facts([present("h1"), present("h2")], remote="origin")
    assert (found(late, read()), len(late.fetches)) == (Missing(), 1)
    same = Facts([present("h1")], remote="origin")
    assert (found(same, read()), len(same.fetches)) == ("state-lacks", 1)
    offline = Facts([present("h1", lock=some(is_manual=True))], remote="origin")
    assert (found(offline, read()), len(offline.fetches)) == ("state-lacks", 0)


def test_a_masked_key_cannot_be_compared() -> None:
    assert found(Facts([present()]), read('t.c["(secret)"]')) == Missing()


@pytest.mark.parametrize(("action", "is_refused"), [(Action.CREATE, True), (Action.UPDATE, False)])
def test_what_a_stopped_change_did_not_touch_is_not_made_anew(action: Action, is_refused: bool) -> None:
    plan = Plan((ResourceChange("t.b", "t", action),), (), "d", is_empty=False)
    stacks = [(read(), Missing(unexplained={"t.b": "i-b"}), plan)]
    if not is_refused:
        require_not_made_anew(PROD, stacks, takes_names=True)
        return
    with pytest.raises(Refused) as caught:
        require_not_made_anew(PROD, stacks, takes_names=True)
    assert (caught.value.guard, caught.value.what) == ("state-lacks", "the state of prod lacks what v3 has: t.b")
