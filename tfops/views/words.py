"""Small texts that several reports share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tfops.plain import plain as plain  # noqa: PLC0414 - texts take it from here

if TYPE_CHECKING:
    from tfops.records.commit import Commit
    from tfops.records.drill import Drill


_STEPS = ((60, "s"), (60, "min"), (24, "h"), (365, "d"))


def age(moment: datetime, now: datetime) -> str:
    """`12 s ago`, `3 h ago`; a time in the future (a clock that is wrong) counts as now."""
    amount = max(int((now - moment).total_seconds()), 0)
    for size, unit in _STEPS:
        if amount < size:
            return f"{amount} {unit} ago"
        amount //= size
    return f"{amount} y ago"


def drill_words(drill: Drill) -> str:
    """`rolled back OK in 2.1 s on 2026-11-20`"""
    if drill.is_ok:
        return f"rolled back OK in {duration(drill.seconds['rollback'])} on {drill.at:%Y-%m-%d}"
    return f"drill failed on {drill.at:%Y-%m-%d}"


def duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds // 60)} min {int(seconds % 60)} s"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def commit_text(commit: Commit | None, sha: str) -> str:
    return f"{commit.short} {commit.subject}" if commit else f"{sha[:8]} (not in this clone)"
