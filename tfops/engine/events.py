"""The engine's `-json` lines as types.

Format: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from typing import Any

from tfops.dataclass import dataclass
from tfops.engine.text import safe_lines, safe_text
from tfops.records.action import ActionState
from tfops.records.addresses import with_masked_keys, without_keys
from tfops.records.engine_events import (
    ActionEvent,
    Diagnostic,
    Event,
    PlannedEvent,
    ReadingEvent,
    ResourceEvent,
    SaidEvent,
    Step,
)
from tfops.records.plan import Action, ResourceChange
from tfops.records.rendered import MAIN_FILE

_STEPS = {
    "apply_start": Step.STARTED,
    "apply_progress": Step.RUNNING,
    "apply_complete": Step.COMPLETED,
    "apply_errored": Step.ERRORED,
}

_ACTION_STEPS = {
    "action_start": Step.STARTED,
    "action_progress": Step.RUNNING,
    "action_complete": Step.COMPLETED,
    "action_errored": Step.ERRORED,
}


# https://developer.hashicorp.com/terraform/internals/machine-readable-ui#resource-object, and OpenTofu's own.
_ACTIONS = frozenset({"noop", "move", "create", "read", "update", "replace", "delete", "import", "remove", "forget"})
_OF_EPHEMERAL = frozenset({"open", "renew", "close"})
_MAJOR = "1"


def parse_event(line: str) -> Event | None:
    """One line of output; None for lines that say nothing of interest or aren't JSON."""
    try:
        message: Any = json.loads(line)
    except ValueError:
        return None
    return _event(str(message.get("type")), message) if isinstance(message, dict) else None


def _event(kind: str, message: Mapping[str, Any]) -> Event | None:
    if kind in _STEPS:
        return _resource_event(_STEPS[kind], message.get("hook") or {})
    if kind in _ACTION_STEPS:
        return _action_event(_ACTION_STEPS[kind], message.get("hook") or {})
    if kind == "planned_change":
        change = message.get("change") or {}
        return PlannedEvent(_address(change), str(change.get("action", "")))
    if kind in ("refresh_start", "provision_progress"):
        hook = message.get("hook") or {}
        is_reading = kind == "refresh_start"
        return ReadingEvent(_address(hook)) if is_reading else SaidEvent(_address(hook), str(hook.get("output", "")))
    if kind == "diagnostic":
        found = message.get("diagnostic") or {}
        return None if _is_of_our_own(found) else _diagnostic(found)
    return None


def remarks_on(line: str) -> tuple[bool, str]:
    """Whether a line of output belongs to the stream; and what in it isn't known, in words, so that it is refused."""
    try:
        message: Any = json.loads(line)
    except ValueError:
        return False, ""
    if not isinstance(message, dict) or "type" not in message:
        return False, ""
    version = str(message.get("ui", _MAJOR)) if message["type"] == "version" else _MAJOR
    if version.partition(".")[0] != _MAJOR:
        return True, f"the engine's stream has the version {version}, known is {_MAJOR}"
    part = message.get("change" if message["type"] == "planned_change" else "hook")
    if message["type"] in _ACTION_STEPS:  # `action` is there what is run, not what is done to a resource
        return True, ""
    if not isinstance(part, dict) or part.get("action", "noop") in _ACTIONS | _OF_EPHEMERAL:
        return True, ""
    return True, f"the action `{part['action']}` for {_address(part)}"


def masked(event: Event, mask: Callable[[str], str]) -> Event:
    """The event as it may be shown: secrets masked, then harmless on a terminal and cut to a length.

    Masked after parsing, because a secret may look like JSON, and before cutting, which would leave half of one.
    """
    match event:
        case Diagnostic():
            return replace(
                event,
                summary=safe_text(mask(event.summary)),
                detail=safe_lines(mask(event.detail)),
                address=with_masked_keys(event.address, mask),
            )
        case ResourceEvent():
            return replace(event, address=with_masked_keys(event.address, mask), resource_id=mask(event.resource_id))
        case ActionEvent():
            address, trigger = with_masked_keys(event.address, mask), with_masked_keys(event.trigger, mask)
            return replace(event, address=address, trigger=trigger, message=safe_text(mask(event.message)))
        case PlannedEvent():
            return replace(event, address=with_masked_keys(event.address, mask))
        case SaidEvent():
            text = safe_text(mask(event.text))
            return replace(event, address=with_masked_keys(event.address, mask), text=text)
        case ReadingEvent():
            return replace(event, address=with_masked_keys(event.address, mask))


def is_diagnostic(event: Event) -> bool:
    """Whether it is the engine's own words: they may quote any value."""
    return isinstance(event, Diagnostic)


def may_hold_value(event: Event) -> bool:
    """Whether it says more than what stands in the configuration: words, an id, the key of an instance."""
    match event:
        case ResourceEvent():
            return bool(event.resource_id) or without_keys(event.address) != event.address
        case PlannedEvent() | ReadingEvent():
            return without_keys(event.address) != event.address
        case _:
            return True


def _address(hook: Mapping[str, Any]) -> str:
    return str((hook.get("resource") or {}).get("addr", ""))


def _resource_event(step: Step, hook: Mapping[str, Any]) -> ResourceEvent:
    return ResourceEvent(
        step=step,
        address=_address(hook),
        action=str(hook.get("action", "")),
        resource_id=str(hook.get("id_value") or ""),
        elapsed_s=int(hook.get("elapsed_seconds") or 0),
        id_key=str(hook.get("id_key") or ""),
    )


def _action_event(step: Step, hook: Mapping[str, Any]) -> ActionEvent:
    return ActionEvent(
        step=step,
        address=str((hook.get("action") or {}).get("addr", "")),
        trigger=_address(hook.get("lifecycle") or {}),
        message=str(hook.get("error") or hook.get("message") or "").strip(),
    )


def _is_of_our_own(found: Mapping[str, Any]) -> bool:
    """A warning that a deprecated output is used, where nobody uses it but the rendered root, which has them all."""
    place, context = found.get("range") or {}, str((found.get("snippet") or {}).get("context") or "")
    return (
        found.get("severity") == "warning"
        and "deprecation_origin_description" in found
        and place.get("filename") == MAIN_FILE
        and context.startswith("output.")
    )


def _diagnostic(found: Mapping[str, Any]) -> Diagnostic:
    place = found.get("range") or {}
    start = place.get("start") or {}
    return Diagnostic(
        is_error=found.get("severity") == "error",
        summary=str(found.get("summary", "")),
        detail=str(found.get("detail", "")).strip(),
        address=str(found.get("address", "")),
        where=f"{place['filename']}:{start.get('line', '')}" if place.get("filename") else "",
        column=int(start.get("column", 0)),
    )


@dataclass(slots=True)
class Progress:
    """What the events of an apply add up to: the receipt of a run that stopped half-way."""

    started: dict[str, str] = field(default_factory=dict)
    deleting: dict[str, list[str]] = field(default_factory=dict)
    completed: list[ResourceEvent] = field(default_factory=list)
    errored: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    actions: dict[tuple[str, str], Step] = field(default_factory=dict)
    is_readable: bool = False
    unknown: list[str] = field(default_factory=list)

    def hear(self, line: str) -> Event | None:
        """Note what one line of the engine's output says, apart from what `add` is for; returns its event."""
        is_message, unknown = remarks_on(line)
        self.is_readable = self.is_readable or is_message
        if unknown and unknown not in self.unknown:
            self.unknown.append(unknown)
        return parse_event(line)

    def add(self, event: Event) -> None:
        if isinstance(event, Diagnostic):
            self.diagnostics.append(event)
        elif isinstance(event, ResourceEvent):
            self._add_step(event)
        elif isinstance(event, ActionEvent):
            self.actions[event.address, event.trigger] = event.step

    def _add_step(self, event: ResourceEvent) -> None:
        match event.step:
            case Step.STARTED:
                self.started[event.address] = event.action
                if event.action == "delete":  # the stream has no id at its end
                    self.deleting.setdefault(event.address, []).append(event.resource_id)
            case Step.COMPLETED:
                self.started.pop(event.address, None)
                self.completed.append(event)
            case Step.ERRORED:
                self.started.pop(event.address, None)
                self.errored.append(event.address)

    @property
    def is_untouched(self) -> bool:
        """Whether no resource and no action was even begun."""
        return not (self.started or self.completed or self.errored or self.actions)

    @property
    def made(self) -> dict[str, str]:
        """Address to id of what was created: what a lost state must get back."""
        return {event.address: event.resource_id for event in self._created if event.resource_id}

    @property
    def replaced(self) -> dict[str, list[str]]:
        """Address to the ids of what was destroyed where something else was made: an older state still has it.

        Of several at one address (deposed objects) it isn't told which is gone, before all are.
        """
        gone = Counter(event.address for event in self.completed if event.action == "delete")
        made = self.made
        return {at: ids for at, ids in self.deleting.items() if at in made and gone[at] == len(ids)}

    @property
    def made_by_id(self) -> dict[str, str]:
        """The part of `made` whose ids are the attribute `id`, as inventories have it."""
        return {event.address: event.resource_id for event in self._created if event.id_key == "id"}

    @property
    def _created(self) -> list[ResourceEvent]:
        return [event for event in self.completed if event.action == "create"]

    def action_state(self, address: str, trigger: str) -> ActionState:
        """How far a planned action got: done, failed, or never run. One without an answer counts as failed."""
        step = self.actions.get((address, trigger))
        if step is None:
            return ActionState.NEVER_RUN
        return ActionState.DONE if step is Step.COMPLETED else ActionState.FAILED

    def is_done(self, change: ResourceChange, *, deletions: int = 1) -> bool:
        """Whether all steps of a planned change completed: a replacement has two.

        `deletions` are planned at its address, of deposed objects too: the stream doesn't tell them apart, so none
        of them counts before all are done.
        """
        steps = [event.action for event in self.completed if event.address == change.address]
        if change.action in (Action.DELETE, Action.CLEAN_UP):
            return steps.count("delete") >= deletions
        if change.action is Action.REPLACE:
            return "create" in steps and steps.count("delete") >= deletions
        return any(step != "delete" for step in steps)

    @property
    def in_doubt(self) -> tuple[str, ...]:
        """Started, but neither completed nor failed: nobody knows without looking."""
        return tuple(self.started)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(found for found in self.diagnostics if found.is_error)


def started_at(lines: Iterable[str]) -> datetime | None:
    """When the engine began, by its own clock; None when its output doesn't say."""
    for line in lines:
        try:
            return datetime.fromisoformat(json.loads(line)["@timestamp"]).astimezone(UTC)
        except (ValueError, KeyError, TypeError):
            continue
    return None


def read_progress(lines: Iterable[str]) -> Progress:
    """The progress that an engine's output file tells, long after."""
    progress = Progress()
    for line in lines:
        event = progress.hear(line)
        if event is not None:
            progress.add(event)
    return progress
