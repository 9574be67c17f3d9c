"""A plan for people: destroy, replace, update, create; one line a resource, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tfops.records.plan import Action, AttributeChange, Invocation, Plan, ResourceChange
from tfops.views import draw
from tfops.views.words import plural

_SIGNS = {
    Action.DELETE: ("-", "bold red"),
    Action.REPLACE: ("±", "bold magenta"),
    Action.DETACH: ("±", "magenta"),
    Action.UPDATE: ("~", "yellow"),
    Action.CREATE: ("+", "green"),
    Action.IMPORT: ("<", "cyan"),
    Action.MOVE: (">", "cyan"),
    Action.FORGET: (".", "cyan"),
    Action.CLEAN_UP: ("-", "yellow"),
}

_TO_DO = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.IMPORT: "to import",
    Action.MOVE: "to move",
    Action.FORGET: "to forget",
    Action.DETACH: "to replace with the old one left alive",
    Action.CLEAN_UP: "deposed to delete",
}

_ALWAYS_COUNTED = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)

# The object that nobody has in a state any more must be found again.
_WITH_ID = (Action.DETACH, Action.FORGET, Action.CLEAN_UP)

_MOST_ATTRIBUTES = 6

_MOST_CREATED = 40

_MOST_DRIFTED = 10

_MOST_FILLED = 3

_NOTHING = frozenset({"(none)", "[]", "{}", '""', "null", "false", "0"})  # as the plan writes them


def plan_report(plan: Plan, *, full: bool = False) -> draw.Renderable:
    """The whole plan. Without `full`, long lists of creates and of attributes are cut, and say so."""
    drift = list(_drift_lines(plan, full=full))
    if plan.is_empty:
        text = "No changes there." if plan.targets else "No changes: what runs is what the commit says."
        return draw.Group(*drift, draw.Text(text, style="green"), *_target_lines(plan))
    lines = (*_lines(plan, full=full), *_waiting_lines(plan), draw.Text(), plan_summary(plan))
    return draw.Group(*drift, *lines, *_target_lines(plan))


def _target_lines(plan: Plan) -> Iterator[draw.Text]:
    """A plan that says nothing of the rest must not look like one that does."""
    if plan.targets:
        names = ", ".join(plan.targets)
        yield draw.Text(f"Only {names} and what that needs (--target): nothing is said of the rest.", style="yellow")


def plan_summary(plan: Plan) -> draw.Text:
    """`Plan: 3 to create, 1 to update, 0 to replace, 0 to delete · 14 unchanged`."""
    text = draw.Text("Plan: ", style="bold")
    counted = [action for action in _TO_DO if action in _ALWAYS_COUNTED or plan.count(action)]
    for index, action in enumerate(counted):
        count = plan.count(action)
        text.append(", " if index else "", style="not bold")
        text.append(f"{count} {_TO_DO[action]}", style=_SIGNS[action][1] if count else "not bold dim")
    if plan.actions:
        text.append(f", {plural(len(plan.actions), 'action')} to run", style="bold blue")
    if plan.unchanged:
        text.append(f" · {plan.unchanged} unchanged", style="not bold dim")
    return text


def _lines(plan: Plan, *, full: bool) -> Iterator[draw.Renderable]:
    created = 0
    for change in plan.work:
        if change.action is Action.CREATE and not full:
            created += 1
            if created > _MOST_CREATED:
                continue
        yield _resource_line(change)
        yield from _attribute_lines(change.attributes, full=full)
        yield from _action_lines(action for action in plan.actions if action.trigger == change.address)
    triggers = {change.address for change in plan.work}
    yield from _action_lines(action for action in plan.actions if action.trigger not in triggers)
    if created > _MOST_CREATED:
        yield draw.Text(f"  … and {created - _MOST_CREATED} more to create (--full shows them)", style="dim")
    if not plan.work and plan.changed_outputs:
        yield draw.Text(f"Only outputs change: {', '.join(plan.changed_outputs)}")


def _waiting_lines(plan: Plan) -> Iterator[draw.Text]:
    """The stacks whose plan isn't the last word yet."""
    for wait in plan.waiting:
        upstream = " and ".join(wait.upstream)
        text = f"{wait.stack} takes what {upstream} will have: it is planned again after that is applied"
        if wait.why:
            text = f"{wait.stack} can't be planned before {upstream} is applied: {wait.why}"
        yield draw.Text(f"  … {text}", style="cyan")


def _drift_lines(plan: Plan, *, full: bool) -> Iterator[draw.Renderable]:
    """What someone changed by hand, apart from the plan: it takes back what the configuration says otherwise."""
    filled = () if full else tuple(change for change in plan.drift if _is_filled_in(change, plan))
    told = tuple(change for change in plan.drift if change not in filled)
    if told:
        yield draw.Text("Changed outside of tfops since the last apply:", style="yellow")
        yield from drifted_lines(told, full=full)
    if filled:
        yield draw.Text(
            f"Set by the provider since the last apply, not in your configuration: {_few(filled)}", style="dim"
        )
    if plan.drift:
        yield draw.Text()


def _is_filled_in(change: ResourceChange, plan: Plan) -> bool:
    """Whether there was nothing where there is something now, and the configuration doesn't mind.

    Clouds fill in what other resources brought (a bucket its encryption, a group its rules), mostly right after
    the first apply. A hand may do the same: so they are named, in one line, and shown with `--full`.
    """
    is_left_alone = all(planned.address != change.address for planned in plan.work)
    fills = bool(change.attributes) and all(item.before in _NOTHING for item in change.attributes)
    return is_left_alone and fills and change.action is Action.UPDATE


def _few(changes: Sequence[ResourceChange]) -> str:
    named = ", ".join(change.address for change in changes[:_MOST_FILLED])
    more = f" and {len(changes) - _MOST_FILLED} more" if len(changes) > _MOST_FILLED else ""
    return f"{named}{more} (--full)"


def drifted_lines(changes: Sequence[ResourceChange], *, full: bool) -> Iterator[draw.Renderable]:
    """What changed in the real world, attribute by attribute."""
    shown = changes if full else changes[:_MOST_DRIFTED]
    for change in shown:
        yield _resource_line(change)
        yield from _attribute_lines(change.attributes, full=full)
    if len(changes) > len(shown):
        yield draw.Text(f"  … and {len(changes) - len(shown)} more (--full)", style="dim")


def _resource_line(change: ResourceChange) -> draw.Renderable:
    sign, style = _SIGNS[change.action]
    text = draw.Text.assemble("  ", (f"{sign} {change.action:<7}", style), " ", (change.address, "bold"))
    origin = f"from {change.previous_address}" if change.previous_address else ""
    twice = "a second one: the one let go still exists" if change.is_duplicate else ""
    against = "in spite of `destroy = false`" if change.against_keep else ""
    identity = f"id {change.resource_id}" if change.resource_id and change.action in _WITH_ID else ""
    remark = ", ".join(part for part in (origin, twice, change.reason, against, identity) if part)
    return draw.Remarked(text, remark) if remark else text


def _action_lines(actions: Iterable[Invocation]) -> Iterator[draw.Text]:
    for action in actions:
        event = f"  {action.event}" if action.event else ""
        yield draw.Text.assemble("    ", ("» run", "bold blue"), " ", (action.address, "bold"), (event, "dim"))


def _attribute_lines(attributes: tuple[AttributeChange, ...], *, full: bool) -> Iterator[draw.Text]:
    shown = attributes if full else attributes[:_MOST_ATTRIBUTES]
    width = max((len(attribute.path) for attribute in shown), default=0)
    for attribute in shown:
        text = draw.Text(f"              {attribute.path:<{min(width, 24)}}  ")
        text.append(attribute.before, style="red").append(" -> ").append(attribute.after, style="green")
        if attribute.forces_replacement:
            text.append("  forces replacement", style="magenta")
        yield text
    if len(attributes) > len(shown):
        more = plural(len(attributes) - len(shown), "more attribute")
        yield draw.Text(f"              … {more} (--full)", style="dim")
