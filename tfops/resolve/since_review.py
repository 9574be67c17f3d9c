"""What a plan does otherwise than the one that was reviewed, thing by thing; and what people see of a plan."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

from tfops import exact
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.records.review import OtherValue, Since
from tfops.resolve.agreement import Agreed, difference

_DONE = {
    Action.DELETE: "deleted",
    Action.REPLACE: "replaced",
    Action.DETACH: "replaced, with the old one left alive",
    Action.UPDATE: "updated",
    Action.CREATE: "created",
    Action.IMPORT: "imported",
    Action.MOVE: "moved",
    Action.FORGET: "forgotten",
    Action.CLEAN_UP: "cleaned of a deposed object",
    Action.READ: "read",
}
_ORDER = {action.value: place for place, action in enumerate(Action)}  # worst first
RUN = "run"
_MOST_VALUES = 3


def shown_digest(plan: Plan) -> str:
    """The sha256 over what a plan shows of itself: what is done to what, and which attributes become what."""
    changes = [
        [one.label, one.action, one.previous_address, sorted([part.path, part.after] for part in one.attributes)]
        for one in plan.changes
    ]
    actions = [[one.address, one.trigger, one.event] for one in plan.actions]
    waiting = [[one.stack, one.upstream] for one in plan.waiting]
    whole = [sorted(changes), sorted(actions), sorted(plan.changed_outputs), sorted(waiting)]
    return hashlib.sha256(exact.dumps(whole).encode()).hexdigest()


def since_review(reviewed: Plan, now: Plan) -> tuple[Since, ...]:
    """What `now` does otherwise, what is worst first. Both plans are masked."""
    was, is_now = _changes(reviewed), _changes(now)
    found = {one.address: one for one in _differing(was, is_now)}
    told = difference(Agreed(prints=reviewed.prints), now.prints)
    for name in (*told.others, *told.values):  # what only the prints know: secrets, outputs, actions
        if name not in found:
            before, after = _word(was, name), _word(is_now, name)
            found[name] = Since(name, before, after)
    return tuple(sorted(found.values(), key=lambda one: (_ORDER.get(one.now, len(_ORDER)), one.address)))


def _changes(plan: Plan) -> Mapping[str, ResourceChange | str]:
    return {**{one.label: one for one in plan.changes}, **{one.address: RUN for one in plan.actions}}


def _word(changes: Mapping[str, ResourceChange | str], name: str) -> str:
    found = changes.get(name, "")
    return found if isinstance(found, str) else found.action.value


def _differing(was: Mapping[str, ResourceChange | str], now: Mapping[str, ResourceChange | str]) -> Iterator[Since]:
    for name in was.keys() | now.keys():
        before, after = was.get(name), now.get(name)
        values = tuple(_values(before, after))
        if _word(was, name) != _word(now, name) or values:
            yield Since(name, _word(was, name), _word(now, name), _why(after), values)


def _values(was: ResourceChange | str | None, now: ResourceChange | str | None) -> Iterator[OtherValue]:
    """Of what is done in both, and of what only was to be done: what it would have become."""
    before = {one.path: one.after for one in was.attributes} if isinstance(was, ResourceChange) else {}
    after = {one.path: one.after for one in now.attributes} if isinstance(now, ResourceChange) else {}
    if not (before and after):
        return
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield OtherValue(path, before.get(path, ""), after.get(path, ""))


def _why(change: ResourceChange | str | None) -> str:
    if not isinstance(change, ResourceChange):
        return ""
    forcing = [one.path for one in change.attributes if one.forces_replacement]
    return change.reason or (f"{', '.join(forcing)} can't be changed in place" if forcing else "")


def since_lines(since: Iterable[Since]) -> Iterator[str]:
    """A sentence for each thing."""
    for one in since:
        yield "".join((one.address, " ", _sentence(one), f", because {one.why}" if one.why else ""))


def _sentence(one: Since) -> str:
    if not (one.was or one.now):
        return "would be others"
    was, now = _done(one.was), _done(one.now)
    if one.was == one.now:
        more = len(one.attributes) - _MOST_VALUES
        values = [f"{part.path} {_became(part)}" for part in one.attributes[:_MOST_VALUES]]
        values += [f"{more} more attributes"] if more > 0 else []
        return f"would still be {now}, with other values" + (f": {'; '.join(values)}" if values else "")
    if not one.now:
        return f"would no longer be {was}"
    return f"would now be {now}" + (f" instead of {was}" if one.was else "")


def _became(part: OtherValue) -> str:
    if not part.now:
        return f"would stay as it is, not become {part.reviewed}"
    return f"would become {part.now}" + (f", not {part.reviewed}" if part.reviewed else "")


def _done(action: str) -> str:
    return _DONE[Action(action)] if action in _ORDER else action
