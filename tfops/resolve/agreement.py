"""Whether a plan is the one that people agreed to.

Some values are new at each planning: a timestamp, a rotation. A plan that has one is never the same twice, so what
differs is said, and an agreement may name it: then the same is done to the same thing, with whatever values.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from tfops.dataclass import dataclass
from tfops.records.addresses import split, with_masked_keys
from tfops.records.names import StackName
from tfops.records.plan import Action, Plan, Print, ResourceChange


@dataclass(frozen=True, slots=True)
class Agreed:
    """A plan that enough people looked at: its digest, and thing by thing. The values of those `varying` may differ."""

    digest: str = ""
    prints: Mapping[str, Print] = field(default_factory=dict)
    varying: frozenset[str] = frozenset()

    def of_stack(self, stack: StackName) -> "Agreed":
        """What was agreed to of one stack, whose plan is made again on the way."""
        prints = {name: one for name, one in self.prints.items() if split(name)[0] == stack}
        return replace(self, digest="", prints=prints)


NOTHING_AGREED = Agreed()


@dataclass(frozen=True, slots=True)
class Difference:
    """Things whose `values` differ, and things that are done in one plan only, or otherwise."""

    values: tuple[str, ...]
    others: tuple[str, ...]

    def text(self, changes: Iterable[ResourceChange]) -> str:
        """In a sentence, with the attributes that `changes` change; empty where nothing differs."""
        changing = (change for change in changes if change.action is not Action.CREATE)
        paths = {change.label: [one.path for one in change.attributes] for change in changing}
        values = [name + (f" ({_few(paths[name])})" if paths.get(name) else "") for name in self.values]
        found = [f"other values for {_few(values)}"] if values else []
        found += [f"something else is done to {_few(self.others)}"] if self.others else []
        return "; ".join(found)


def told_prints(plan: Plan, mask: Callable[[str], str]) -> dict[str, Print]:
    """A plan's prints as they may be kept: keys of addresses may be secrets. Those that look alike are one."""
    found: dict[str, Print] = {}
    for name, one in sorted(plan.prints.items()):
        told = with_masked_keys(name, mask)
        before = found.get(told)
        found[told] = Print(before.what + one.what, before.whole + one.whole) if before else one
    return found


def difference(agreed: Agreed, prints: Mapping[str, Print]) -> Difference:
    """Between what was agreed to and what would be done now, but for what the agreement lets differ."""
    return Difference(
        tuple(name for name in _differing(agreed, prints, values=True) if name not in agreed.varying),
        tuple(_differing(agreed, prints, values=False)),
    )


def covers(agreed: Agreed, plan: Plan, prints: Mapping[str, Print]) -> bool:
    """Whether enough people agreed to this plan. An agreement without prints is one to a digest alone."""
    if agreed.digest and plan.digest == agreed.digest:
        return True
    return bool(agreed.prints) and difference(agreed, prints) == Difference((), ())


def _differing(agreed: Agreed, prints: Mapping[str, Print], *, values: bool) -> Iterator[str]:
    for name in sorted(agreed.prints.keys() | prints.keys()):
        was, now = agreed.prints.get(name), prints.get(name)
        if was == now:
            continue
        is_same_work = was is not None and now is not None and was.what == now.what
        if is_same_work is values:
            yield name


_MOST_NAMED = 5


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
