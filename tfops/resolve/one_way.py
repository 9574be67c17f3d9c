"""One-way doors: what a change under review would make hard or impossible to take back.

Compares the card of what runs with what the commit declares, while it is still cheap to choose another way.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from tfops.config.constraint import Constraint
from tfops.config.modules.declarations import Declared
from tfops.config.modules.protection import is_protected
from tfops.dataclass import dataclass
from tfops.records.addresses import type_of, without_keys
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.verdict import Reason, Verdict
from tfops.resolve.data_types import holds_data
from tfops.resolve.way_back import numbers


@dataclass(frozen=True, slots=True)
class Running:
    """What runs now, as its card says. `kept` is what the engine is to leave alive (`destroy = false`)."""

    engine: tuple[str, str]
    inventory: Mapping[str, str]
    protected: frozenset[str]
    providers: Mapping[str, str]
    kept: frozenset[str] = frozenset()

    def leaves(self, address: str) -> bool:
        """Whether the engine leaves it alive when its block is gone: OpenTofu has that in the state."""
        return address in self.kept and self.engine[0] == "tofu"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the commit under review says. `providers` is empty when it has no provider lock."""

    declared: Declared
    providers: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    patterns: tuple[str, ...] = ()


def doors(now: Running, then: Proposed) -> tuple[Reason, ...]:
    """Every one-way door of the change, worst first."""
    found = [
        *_taken_out(now, then),
        *_let_go(now, then),
        *_turned(now, then),
        *_unprotected(now, then),
        *_raised_providers(now, then),
        *_raised_engine(now, then),
        *_unread(then),
    ]
    return tuple(sorted(found, key=lambda reason: -reason.verdict.badness))


_KEEP = "keep a copy of what it holds"
_VERBS = {Action.DELETE: "deletes", Action.REPLACE: "replaces", Action.DETACH: "detaches"}


def planned_doors(plan: Plan, now: Running, patterns: Iterable[str]) -> tuple[Reason, ...]:
    """What only a plan knows: deletes and replacements of what is protected or holds data."""
    patterns = tuple(patterns)
    turned = (change for change in plan.changes if change.previous_address and _is_turned(change))
    return tuple(
        Reason(
            "moved-type", Verdict.DATA_LOSS, f"{change.previous_address} {_TURNED}", (change.previous_address,), _KEEP
        )
        for change in turned
    ) + tuple(
        Reason(
            _VERBS[change.action],
            Verdict.DATA_LOSS,
            f"{_VERBS[change.action]} {change.address}" + (f": {change.reason}" if change.reason else ""),
            (change.address,),
            _KEEP,
        )
        for change in plan.losing
        if change.address in now.protected
        or change.against_keep
        or holds_data(change.resource_type)
        or is_protected(change.address, blocks=frozenset(), patterns=patterns)
    )


def _taken_out(now: Running, then: Proposed) -> Iterator[Reason]:
    """Blocks that are gone, neither moved nor let go, of what is protected or holds data."""
    lost = [
        address
        for address in sorted(now.inventory)
        if not (_is_declared(without_keys(address), then.declared) or now.leaves(address))
        and (address in now.protected | now.kept or holds_data(type_of(address)))
    ]
    if lost:
        text = f"destroys {', '.join(lost)}: what it holds doesn't come back"
        yield Reason(
            "taken-out", Verdict.DATA_LOSS, text, tuple(lost), "let it go instead: removed { destroy = false }"
        )


def _is_declared(block: str, declared: Declared) -> bool:
    """Whether the block is still there, moved, let go, or in a module that can't be seen from here."""
    kept = declared.resources | declared.moved | declared.forgotten
    paths = declared.unseen | declared.moved | declared.forgotten
    inside = (path if not path or path.endswith("/") else f"{path.rstrip('.')}." for path in paths)
    return block in kept or any(map(block.startswith, inside))


def _let_go(now: Running, then: Proposed) -> Iterator[Reason]:
    gone = [
        address
        for address in sorted(now.inventory)
        if any(f"{without_keys(address)}.".startswith(f"{path}.") for path in then.declared.forgotten)
        or (now.leaves(address) and not _is_declared(without_keys(address), then.declared))
    ]
    if gone:
        text = f"leaves {', '.join(gone)} alive, outside of the state"
        yield Reason(
            "let-go", Verdict.BRIDGED, text, tuple(gone), "going back takes it in again by its id, if it still lives"
        )


_TURNED = "becomes another type, and no engine moves it back: going back destroys what it became, and makes it anew"


def _turned(now: Running, then: Proposed) -> Iterator[Reason]:
    for address in sorted(now.inventory):
        if without_keys(address) in then.declared.turned:
            yield Reason("moved-type", Verdict.DATA_LOSS, f"{address} {_TURNED}", (address,), _KEEP)


def _is_turned(change: ResourceChange) -> bool:
    return type_of(change.previous_address) != change.resource_type


def _unprotected(now: Running, then: Proposed) -> Iterator[Reason]:
    declared = then.declared
    bare = [
        address
        for address in sorted((now.protected | now.kept) & now.inventory.keys())
        if without_keys(address) in declared.resources
        and (address in now.protected or without_keys(address) not in declared.kept)
        and not is_protected(address, blocks=declared.protected, patterns=then.patterns)
    ]
    if bare:
        text = f"takes the protection of {', '.join(bare)} away"
        cure = "keep prevent_destroy or destroy = false, or name it under protect:"
        yield Reason("unprotected", Verdict.DATA_LOSS, text, tuple(bare), cure)


def _raised_providers(now: Running, then: Proposed) -> Iterator[Reason]:
    """A major or minor release may write a form of state that the old one can't read."""
    for provider, version in sorted(then.providers.items()):
        runs = now.providers.get(provider, "")
        if runs and numbers(version)[:2] > numbers(runs)[:2]:
            name = provider.rpartition("/")[2]
            text = f"raises {name} from {runs} to {version}: it may write what {runs} can't read"
            yield Reason("provider", Verdict.KEEP_PROVIDERS, text, (provider,), "going back: --keep-providers")


def _raised_engine(now: Running, then: Proposed) -> Iterator[Reason]:
    name, version = now.engine
    for text in sorted({then.engine, *then.declared.engines} - {""}):
        try:
            allowed = Constraint(text).allows(version)
        except ValueError:
            continue  # the engine says what is wrong with it
        if not allowed:
            what = f"asks for an engine {text}; what runs was applied with {name} {version}"
            yield Reason("engine", Verdict.BLOCKED, what, (text,), "keep the old engine at hand for the way back")


def _unread(then: Proposed) -> Iterator[Reason]:
    """What can't be read isn't absent: no door is seen in it, and none is ruled out."""
    if then.declared.unread:
        files = ", ".join(sorted(then.declared.unread))
        text = f"{files} could not be read: what it takes out, moves or protects is not known"
        yield Reason("unread", Verdict.OK, text, tuple(sorted(then.declared.unread)), "--plan shows what it comes to")
