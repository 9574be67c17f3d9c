"""The engine's events as lines: one per state change, for logs and for what scrolls by."""

from tfops.records.engine_events import ActionEvent, Diagnostic, Event, ResourceEvent, SaidEvent, Step
from tfops.views.draw import Text
from tfops.views.live import shortened

_DOING = {"create": "creating", "update": "updating", "delete": "deleting", "read": "reading"}
_DONE = {"create": "created", "update": "updated", "delete": "deleted", "read": "read"}

# Between "creating" and "created" a log hears from a slow resource once a minute.
_HEARTBEAT_S = 60


def event_line(event: Event) -> Text | None:
    """The line for a log; None for what a log doesn't need."""
    if isinstance(event, Diagnostic):
        return None if event.is_error else Text(f"  ! {event.text}", style="yellow")
    if isinstance(event, ActionEvent):
        return _action_line(event)
    if not isinstance(event, ResourceEvent) or event.action == "read":
        return None
    match event.step:
        case Step.STARTED:
            return Text(f"  {event.address}: {_DOING.get(event.action, event.action)}…", style="dim")
        case Step.RUNNING:
            is_due = event.elapsed_s % _HEARTBEAT_S < 10 and event.elapsed_s >= _HEARTBEAT_S
            return Text(f"  {event.address}: still {doing(event)}", style="dim") if is_due else None
    return finished_line(event)


def _action_line(event: ActionEvent) -> Text | None:
    """What an action says of itself comes with `--verbose` only: another place asks for it."""
    after = f" (by {event.trigger})" if event.trigger else ""
    match event.step:
        case Step.STARTED:
            return Text(f"  {event.address}: running{after}…", style="dim")
        case Step.COMPLETED:
            return Text.assemble(("  ✓ ", "green"), event.address, (f": ran{after}", "dim"))
        case Step.ERRORED:
            return Text.assemble(("  ✗ ", "red"), event.address, f": failed{after}")
    return None


def said_line(event: ActionEvent | SaidEvent) -> Text | None:
    """A line that an action said while it ran, or a provisioner."""
    if isinstance(event, SaidEvent):
        return Text(f"  {event.address}: {event.text}", style="dim")
    is_said = event.step is Step.RUNNING and event.message
    return Text(f"  {event.address}: {event.message}", style="dim") if is_said else None


def finished_line(event: ResourceEvent, *, with_id: bool = True, width: int = 0) -> Text:
    """`✓ module.x.y: created after 3 s [id]`; with a `width` the address is shortened to it, never the rest."""
    if event.step is Step.ERRORED:
        rest = f": failed after {event.elapsed_s} s"
        return Text.assemble(("  ✗ ", "red"), _fitting(event.address, rest, width), rest)
    known = f" [{event.resource_id}]" if event.resource_id and with_id else ""
    rest = f": {_DONE.get(event.action, event.action)} after {event.elapsed_s} s{known}"
    return Text.assemble(("  ✓ ", "green"), _fitting(event.address, rest, width), (rest, "dim"))


def _fitting(address: str, rest: str, width: int) -> str:
    return shortened(address, width - len(rest) - 4) if width else address


def doing(event: ResourceEvent) -> str:
    """What a log says of a slow one."""
    return f"{_DOING.get(event.action, event.action)} after {event.elapsed_s} s"
