"""What differs between two contents: of two versions of an environment, or of two environments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tfops.config.compared_rules import may_differ
from tfops.dataclass import dataclass
from tfops.records.addresses import is_resource, is_same_id, natural, type_of
from tfops.records.difference import Difference, DifferenceKind, Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What runs, or would run, by name; None for what isn't known.

    `modules` say source and content, `inputs` are `module.input` to value, `resources` address to id, `outputs`
    `module.output` to value, `rules` a key of tfops.yaml to value.
    """

    modules: Mapping[str, str] | None = None
    inputs: Mapping[str, Any] | None = None
    providers: Mapping[str, str] | None = None
    engine: str | None = None
    resources: Mapping[str, str] | None = None
    outputs: Mapping[str, Any] | None = None
    rules: Mapping[str, Any] | None = None

    def of(self, group: Group) -> Mapping[str, Any] | None:
        if group is Group.ENGINE:
            return None if self.engine is None else {"": self.engine}
        found: Mapping[str, Any] | None = getattr(self, group.value)
        return found


def between_versions(before: Contents, after: Contents, moved: Mapping[str, str]) -> tuple[Difference, ...]:
    """Every difference, group by group. `moved` leads from an address of `after` to the one that it had before."""
    found = list(_differing(before, after, [group for group in Group if group is not Group.RESOURCES]))
    if before.resources is not None and after.resources is not None:
        found += _resources(before.resources, after.resources, moved)
    return _sorted(found)


def between_environments(before: Contents, after: Contents, same_but: Iterable[str]) -> tuple[Difference, ...]:
    """The same, by address and not by id, and without outputs, which are never the same."""
    entries = tuple(same_but)
    found = _differing(
        _without_ids(before), _without_ids(after), [group for group in Group if group is not Group.OUTPUTS]
    )
    return _sorted(replace(one, is_meant=may_differ(_paths(one), entries)) for one in found)


def not_compared(before: Contents, after: Contents, groups: Iterable[Group]) -> tuple[Group, ...]:
    """The groups that one of the two doesn't know."""
    return tuple(group for group in groups if before.of(group) is None or after.of(group) is None)


def _differing(before: Contents, after: Contents, groups: Iterable[Group]) -> Iterator[Difference]:
    for group in groups:
        was, now = before.of(group), after.of(group)
        if was is None or now is None:
            continue
        for name in {**was, **now}:
            if name not in was:
                yield Difference(group, name, DifferenceKind.ADDED, None, now[name])
            elif name not in now:
                yield Difference(group, name, DifferenceKind.REMOVED, was[name], None)
            elif was[name] != now[name]:
                yield Difference(group, name, DifferenceKind.CHANGED, was[name], now[name])


def _resources(was: Mapping[str, str], now: Mapping[str, str], moved: Mapping[str, str]) -> Iterator[Difference]:
    kept = {source for target, source in moved.items() if source in was and target in now}
    for address, known in now.items():
        source = moved.get(address, address)
        if source not in was or (source == address and address in kept):
            yield Difference(Group.RESOURCES, address, DifferenceKind.ADDED, None, known)
            continue
        if source != address:
            yield Difference(Group.RESOURCES, address, DifferenceKind.MOVED, source, address)
        if not is_same_id(was[source], known):
            yield Difference(Group.RESOURCES, address, DifferenceKind.REPLACED, was[source], known)
    for address, known in was.items():
        if address not in kept and (address not in now or moved.get(address, address) != address):
            yield Difference(Group.RESOURCES, address, DifferenceKind.REMOVED, known, None)


def _without_ids(contents: Contents) -> Contents:
    resources = contents.resources
    return contents if resources is None else replace(contents, resources=dict.fromkeys(resources, ""))


def _paths(one: Difference) -> tuple[str, ...]:
    """What an entry of `same_but` may call it: an input without its module too, a resource by its type."""
    if one.group is Group.RULES:
        return (one.name,)
    if one.group is Group.ENGINE:
        return (one.group.value,)
    more: tuple[str, ...] = ()
    if one.group is Group.INPUTS:
        more = (f"inputs.{one.name.partition('.')[2]}",)
    if one.group is Group.RESOURCES and is_resource(one.name):
        more = (f"resources.{type_of(one.name)}",)
    return (f"{one.group}.{one.name}", *more)


def _sorted(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """What nobody meant comes first in each group."""
    order = list(Group)
    return tuple(sorted(found, key=lambda one: (order.index(one.group), one.is_meant, natural(one.name))))
