"""What going back to a version comes to, from the cards of then and today alone: no engine is run, no network.

Pure and fast, because `history --verdict` asks it for every version. The worst reason decides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tfops.config.pinning import why_unpinned
from tfops.records.addresses import is_hidden, type_of, without_keys
from tfops.records.plan import Plan
from tfops.records.verdict import Judgement, Reason, Verdict
from tfops.records.version import Kind
from tfops.resolve.code_moves import brought
from tfops.resolve.data_types import holds_data, is_missed
from tfops.resolve.identity import Since, can_be_imported, moved_addresses, still_alive
from tfops.resolve.provider_reasons import lower_majors, newer_providers, open_lock, other_engine, other_lock
from tfops.resolve.way_back import Facts, WayBack, counted, is_older, listed


def judge(today: Facts, then: Facts, *, here: tuple[str, str] = ("", ""), since: Since | None = None) -> Judgement:
    """The verdict on making `today` what `then` was.

    `here` is the engine at hand (name, version), if it is known; `since` what the versions between recorded.
    """
    since = since or Since()
    moved = _moved(today, then, since)
    pairs = (
        (old, new) for old, new in since.moved.items() if old in then.stack.inventory and new in today.stack.inventory
    )
    turned = {old: new for old, new in pairs if type_of(old) != type_of(new)}
    way = WayBack(today, then, moved, _alive(today, then, moved, since), here, turned)
    return conclude([reason for rule in _RULES for reason in rule(way)])


def conclude(reasons: Iterable[Reason]) -> Judgement:
    """The worst of the reasons as the verdict; `ok` without any."""
    ordered = sorted(reasons, key=lambda reason: -reason.verdict.badness)
    return Judgement(ordered[0].verdict if ordered else Verdict.OK, tuple(ordered))


def as_planned(found: Judgement, plan: Plan) -> Judgement:
    """The judgement, corrected by the plan: what an import was tried for in vain is made a second time."""
    twice = {change.address for change in plan.duplicates}
    named = {reason.name: reason.subjects for reason in found.reasons}
    tried = named.get("forgotten", ())
    if twice.isdisjoint(tried):
        return found
    known = [address for address in tried if address not in twice]
    kept = (reason for reason in found.reasons if reason.name not in ("forgotten", "made-twice"))
    return conclude((*kept, *_outside(known, sorted(twice))))


def protections(today: Facts, then: Facts) -> frozenset[str]:
    """The addresses that must not be lost on the way: those of both versions."""
    stacks = today.stack, then.stack
    return frozenset(address for stack in stacks for address in (*stack.protected, *stack.kept))


# --- what can't be done ---


def _destroyed(way: WayBack) -> Iterator[Reason]:
    if way.then.kind is Kind.DESTROY:
        yield Reason("destroyed", Verdict.BLOCKED, "was a destroy: nothing to bring back", cure="pick another version")


def _another_state(way: WayBack) -> Iterator[Reason]:
    if way.today.stack.lineage and way.then.stack.lineage and way.today.stack.lineage != way.then.stack.lineage:
        yield Reason(
            "another-state",
            Verdict.BLOCKED,
            f"was applied to another state ({way.then.stack.lineage[:8]}), today's is {way.today.stack.lineage[:8]}",
            (way.then.stack.backend, way.today.stack.backend),
            "take what is in the other state in by hand, or pick a version of this state",
        )
    elif way.then.stack.backend and way.today.stack.backend not in ("", way.then.stack.backend):
        now = way.today.stack.backend
        text = f"its state was kept in {way.then.stack.backend}; the same state is in {now} today, and that is used"
        yield Reason("backend-moved", Verdict.OK, text)


def _older_engine(way: WayBack) -> Iterator[Reason]:
    """The engine at hand can't be trusted with today's state, whichever version is the goal."""
    (name, version), today = way.here, way.today
    if today.stack.inventory and name == today.engine[0] and is_older(version, than=today.engine[1]):
        wrote = f"{name} {today.engine[1]}"
        text = f"today's state was written with {wrote}, and the engine here is {version}: it may misread it"
        yield Reason("older-engine", Verdict.BLOCKED, text, cure=f"--engine PATH, of {wrote} or newer")


def _floating_modules(way: WayBack) -> Iterator[Reason]:
    """A module from outside whose source may have moved: is it still what it was?"""
    moved_on, unsure = [], []
    for path, was in way.then.stack.downloads.items():
        asked, asks = way.then.modules.get(path, was.source), way.today.modules.get(path, "")
        known = way.today.stack.downloads.get(path)
        if known and known.digest == was.digest:
            continue
        if known and known.source == was.source and (asked == asks if asks else known.version == was.version):
            moved_on.append(path)
        elif why_unpinned(asked):
            unsure.append(path)
    if moved_on:
        text = f"{listed(moved_on)} would be another module than then: its source moved on"
        cure = "pin it (an exact version, ?ref=COMMIT) to what it was then"
        yield Reason("floating-module", Verdict.BLOCKED, text, tuple(moved_on), cure)
    if unsure:
        text = f"{listed(unsure)} has no exact version and may be another module today"
        yield Reason("unpinned-module", Verdict.OK, text, tuple(unsure), "compare the plan")


# --- what would be lost ---


def _lost_data(way: WayBack) -> Iterator[Reason]:
    """What exists today and not then goes; named when it holds data or is protected by either version."""
    stay = way.then.stack.inventory.keys() | way.moved.values()
    lost = sorted(way.today.stack.inventory.keys() - stay - _left_alive(way))
    named, certain = protections(way.today, way.then), _certain(way.today) | _certain(way.then)
    groups: dict[str, list[str]] = {"protected": [], "guessed": [], "holds-data": [], "destroys": []}
    for address in lost:
        if address in named:
            groups["protected" if address in certain else "guessed"].append(address)
        else:
            groups["holds-data" if holds_data(type_of(address)) else "destroys"].append(address)
    for name, what in _LOSSES.items():
        if group := groups[name]:
            cure = " ".join(f"--allow-destroy '{address}'" for address in group)
            yield Reason(name, Verdict.DATA_LOSS, f"destroys {listed(group)} ({what})", tuple(group), cure)
    if others := groups["destroys"]:
        yield Reason("destroys", Verdict.OK, f"destroys {counted(others)} added since", tuple(others))


_LOSSES = {
    "protected": "protected",
    "guessed": "protected, which is a guess: inputs don't decide its `prevent_destroy`",
    "holds-data": "holds data",
}


def _certain(facts: Facts) -> frozenset[str]:
    stack = facts.stack
    return frozenset(stack.protected).difference(stack.guessed).union(stack.kept)


def _left_alive(way: WayBack) -> frozenset[str]:
    """What goes out of the state and stays alive: the code of then lets it go, or OpenTofu keeps `destroy = false` in
    the state when the block is gone."""
    engine = way.here[0] or way.today.engine[0]
    gone = way.today.stack.inventory.keys() - way.then.stack.inventory.keys() - set(way.moved.values())
    return frozenset(
        address
        for address in gone
        if _is_let_go(address, way.then) or (engine == "tofu" and address in way.today.stack.kept)
    )


def _is_let_go(address: str, then: Facts) -> bool:
    """Whether the code of then takes it, or a module that it stands in, out of the state alive."""
    block = without_keys(brought(address, then.stack.moves))
    return any(block == one or block.startswith(f"{one}.") for one in then.stack.lets_go)


def _leaves_alive(way: WayBack) -> Iterator[Reason]:
    left = sorted(_left_alive(way))
    if left:
        text = f"leaves {listed(left)} alive, outside of the state (`destroy = false`)"
        yield Reason("left-alive", Verdict.OK, text, tuple(left))


def _unread(way: WayBack) -> Iterator[Reason]:
    unread = sorted({*way.today.stack.unread, *way.then.stack.unread})
    if unread:
        text = f"a file of {listed(unread)} could not be read: all that it holds counts as protected"
        yield Reason("unread", Verdict.OK, text, tuple(unread))


def _made_anew(way: WayBack) -> Iterator[Reason]:
    """What existed then and is gone: it comes back, what it held doesn't."""
    back = way.then.stack.inventory.keys() - way.today.stack.inventory.keys() - way.moved.keys() - way.alive.keys()
    empty = sorted(address for address in back if holds_data(type_of(address)))
    if empty:
        text = f"makes {listed(empty)} anew, empty: what it held went when it was destroyed"
        yield Reason("made-empty", Verdict.OK, text, tuple(empty))


# --- what a bridge saves ---


def _other_addresses(way: WayBack) -> Iterator[Reason]:
    if way.moved:
        text = f"{counted(way.moved)} moved since: kept by `moved` blocks"
        yield Reason("moved", Verdict.BRIDGED, text, tuple(sorted(way.moved)))


def _turned(way: WayBack) -> Iterator[Reason]:
    for old, new in sorted(way.turned.items()):
        text = f"{new} was {old}, and no engine moves it back to that type: it is destroyed, and the other made anew"
        yield Reason("moved-type", Verdict.OK, text, (new,), "keep a copy of what it holds")


def _forgotten(way: WayBack) -> Iterator[Reason]:
    twice = sorted(address for address, known in way.alive.items() if not can_be_imported(address, known or "?"))
    known = sorted(at for at, found in way.alive.items() if at not in twice and found and not is_hidden(found))
    unknown = sorted(way.alive.keys() - {*known, *twice})
    if unknown:
        text = f"{listed(unknown)} left the state alive, and the card holds no id to take it in by"
        cure = "import by hand first: otherwise it is made a second time"
        yield Reason("forgotten-id", Verdict.BLOCKED, text, tuple(unknown), cure)
    yield from _outside(known, twice)


def _outside(known: Sequence[str], twice: Sequence[str]) -> Iterator[Reason]:
    """What is outside of the state: an import by id is tried, or it's known that there will be a second one."""
    if known:
        those = "its type has" if len(known) == 1 else "their types have"
        text = f"{counted(known)} left the state alive: taken in again by id, if {those} an import"
        yield Reason("forgotten", Verdict.BRIDGED, text, tuple(known))
    missed = [address for address in twice if is_missed(type_of(address))]
    others = [address for address in twice if address not in missed]
    for group, verdict in ((missed, Verdict.DATA_LOSS), (others, Verdict.OK)):
        if group:
            text = f"{listed(group)} left the state alive and can't be imported: made anew, and the old one stays"
            cure = " ".join(f"--allow-duplicate '{address}'" for address in group) if group is missed else ""
            yield Reason("made-twice", verdict, text, tuple(group), cure)


def _moved(today: Facts, then: Facts, since: Since) -> dict[str, str]:
    """The address of then to today's, of things that are the same.

    Only where today's address is not in the old configuration and the old one is free: anything else
    the engine changes in place.
    """
    if today.stack.inventory.keys() == then.stack.inventory.keys():
        return {}
    coming = then.stack.inventory.keys() - today.stack.inventory.keys()
    leaving = today.stack.inventory.keys() - then.stack.inventory.keys()
    by_code = {brought(address, then.stack.moves): address for address in leaving}
    by_code = {new: old for new, old in by_code.items() if new in coming and type_of(new) == type_of(old)}
    coming, leaving = coming - by_code.keys(), leaving - set(by_code.values())
    return by_code | moved_addresses(coming, leaving, then=then.stack.inventory, now=today.stack.inventory, since=since)


def _alive(today: Facts, then: Facts, moved: Mapping[str, str], since: Since) -> dict[str, str]:
    """Addresses of then whose thing left the state without being destroyed, with its id."""
    if not today.stack.forgotten:
        return {}
    gone = then.stack.inventory.keys() - moved.keys()
    return still_alive(
        gone, then=then.stack.inventory, forgotten=today.stack.forgotten, now=today.stack.inventory, since=since
    )


def _actions(way: WayBack) -> Iterator[Reason]:
    """What its apply ran may run again: work that no resource stands for, and that nothing undoes."""
    if way.then.actions:
        count = "1 action" if way.then.actions == 1 else f"{way.then.actions} actions"
        yield Reason("runs-actions", Verdict.OK, f"its apply ran {count}: going back may run them again")


_RULES: tuple[Callable[[WayBack], Iterator[Reason]], ...] = (
    _destroyed,
    _another_state,
    _older_engine,
    _lost_data,
    _leaves_alive,
    _floating_modules,
    _forgotten,
    newer_providers,
    _other_addresses,
    _turned,
    _made_anew,
    _unread,
    lower_majors,
    open_lock,
    other_lock,
    other_engine,
    _actions,
)
