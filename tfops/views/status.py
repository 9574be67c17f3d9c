"""`status`: every environment, what runs in it, and what would happen to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.decision import Decision, SyncReason
from tfops.records.printed import INLINE
from tfops.records.version import Kind, Verified, VersionRecord
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import age, plain, plural

if TYPE_CHECKING:
    from tfops.records.lock import Holder, Lock
    from tfops.records.names import EnvName


@dataclass(frozen=True, slots=True)
class LockStatus:
    """Who holds an environment everywhere, and what is known of the holder here.

    `is_ours`: it was taken in this clone. `is_gone`: the run's process has ended for sure. `fate` says what is known
    of it, `hint` what to do about it.
    """

    lock: Lock = field(metadata=INLINE)
    is_ours: bool
    is_gone: bool = False
    fate: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One environment at a glance. `ahead` counts commits of its branch that are not applied yet, `decision` is what
    a run without a person would do now, `drifted` are addresses that were last seen to differ from the version.
    `damage` says why its past can't be read."""

    env: EnvName
    branch_pattern: str
    is_protected: bool
    current: VersionRecord | None
    ahead: int
    holder: Holder | None
    unrecorded: bool
    is_configured: bool = True
    lock: LockStatus | None = None
    trouble: str = ""
    decision: Decision | None = None
    drifted: tuple[str, ...] = ()
    damage: str = ""
    trouble_why: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The end of `status`."""

    project: str
    environments: tuple[EnvironmentStatus, ...]
    is_fresh: bool
    remote: str

    @property
    def has_damage(self) -> bool:
        return any(row.damage for row in self.environments)

    @property
    def exit_code(self) -> Exit:
        return Exit.REFUSED if self.has_damage else Exit.DONE


_MANY = 1000

_LONGEST_WHY = 300  # the log has all of it


@text_report.register(StatusResult)
def _status(result: StatusResult, view: View) -> draw.Renderable:
    table = draw.Table("ENVIRONMENT", "VERSION", "COMMIT", "APPLIED", "BY", "STATE")
    for row in result.environments:
        current = row.current
        cells = _current_cells(current, view) if current else ("-", "-", "-", "-")
        words, style = _state_of(row)
        add_row(
            table,
            draw.Text(row.env + (" *" if row.is_protected else ""), style="bold") if row.is_configured else row.env,
            *cells,
            draw.Text(plain(words), style=style),
        )
    lines: list[draw.Renderable] = [draw.Lines(table) if len(result.environments) > _MANY else table]
    if any(row.is_protected for row in result.environments):
        lines.append(draw.Text("* protected", style="dim"))
    return draw.Group(*lines)


def _current_cells(current: VersionRecord, view: View) -> tuple[str, str, str, str]:
    return str(current.version), current.commit[:8], age(current.applied_at, view.now), current.applied_by


def _state_of(row: EnvironmentStatus) -> tuple[str, str]:
    """The one thing to know about an environment now, most urgent first."""
    current = row.current
    states = (
        (bool(row.damage), f"{row.damage}: tfops verify {row.env}", "bold red"),
        (row.unrecorded, f"applied, not recorded: tfops recover {row.env}", "bold red"),
        (
            row.lock is not None,
            _lock_words(row.lock) if row.lock else "",
            "bold red" if row.lock and row.lock.is_gone else "yellow",
        ),
        (row.holder is not None, f"locked: {row.holder.what} by {row.holder.who}" if row.holder else "", "yellow"),
        (bool(row.trouble), _trouble_words(row), "bold red"),
        (not row.is_configured, "not in tfops.yaml", "red"),
        (bool(_drill_words(row)), _drill_words(row), "dim"),
        (current is None and not _is_refused(row), "never applied", "dim"),
        (current is not None and current.kind is Kind.DESTROY, "destroyed", "dim"),
        (current is not None and current.verified is Verified.FAILED, _unverified_words(current), "bold red"),
        (current is not None and bool(current.hold), f"held: {current.hold}" if current else "", "yellow"),
        (current is not None and bool(current.partial), _partial_words(current), "yellow"),
        (current is not None and bool(current.only), _only_words(current), "yellow"),
        *_decided(row),
        (bool(row.drifted), _drift_words(row.drifted), "yellow"),
    )
    for applies, words, style in states:
        if applies:
            return words, style
    return f"in sync; switched off: {current.off}" if current and current.off else "in sync", "green"


def _trouble_words(row: EnvironmentStatus) -> str:
    why = row.trouble_why if len(row.trouble_why) <= _LONGEST_WHY else f"{row.trouble_why[: _LONGEST_WHY - 1]}…"
    return f"degraded: {row.trouble} {f'Why: {why}. ' if why else ''}Next: tfops resume {row.env}"


def _drill_words(row: EnvironmentStatus) -> str:
    is_place = row.decision is not None and row.decision.reason is SyncReason.DRILL
    return row.decision.text if row.decision and is_place else ""


# What says more than how many commits the branch is ahead; the rest has a line of its own above.
_TELLING = frozenset(SyncReason) - {
    SyncReason.SYNCED,
    SyncReason.UNCHANGED,
    SyncReason.NEW,
    SyncReason.CHANGED,
    SyncReason.MANUAL,
    SyncReason.NOT_VERIFIED,
    SyncReason.BUSY,
}


def _is_refused(row: EnvironmentStatus) -> bool:
    """Whether its branch's head could not be applied, or may not be."""
    return (
        row.decision is not None and row.decision.reason in _TELLING and row.decision.reason is not SyncReason.NO_BRANCH
    )


def _decided(row: EnvironmentStatus) -> tuple[tuple[bool, str, str], ...]:
    found, behind = row.decision, f"{plural(row.ahead, 'commit')} behind its branch"
    is_unchanged = found is not None and found.reason is SyncReason.UNCHANGED
    return (
        (_is_refused(row), f"{found.word}: {found.text}" if found else "", "yellow"),
        (
            row.ahead > 0 and is_unchanged,
            f"in sync (untouched by {plural(row.ahead, 'newer commit')})",
            "green",
        ),
        (row.ahead > 0, behind, "yellow"),
    )


def _drift_words(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return f"drifted: {addresses[0]}{more}" if addresses else ""


def _unverified_words(current: VersionRecord | None) -> str:
    return f"not verified; held: {current.hold}" if current and current.hold else "not verified"


def _only_words(current: VersionRecord | None) -> str:
    return f"only {current.only} is at {current.commit[:8]}" if current else ""


def _partial_words(current: VersionRecord | None) -> str:
    if current is None:
        return ""
    return f"partial: only {current.partial} of {current.commit[:8]}; the rest waits: tfops apply {current.env}"


def _lock_words(status: LockStatus) -> str:
    lock = status.lock
    if lock.is_manual:
        return f"locked by {lock.who}: {lock.reason or 'no reason given'}"
    if status.hint:
        return f"stopped: {lock.what} by {lock.who} on {lock.host}; {status.fate}. Next: {status.hint}"
    return f"locked: {lock.what} by {lock.who} on {lock.host}"
