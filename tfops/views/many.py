"""`plan`, `apply` and `rollback --plan` of many environments: each as the command alone answers, and a table of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.records.plan import Action, Plan
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.plan_lines import plan_report
from tfops.views.words import duration, plain, plural

_COUNTED = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
_LONGEST_WHY = 300


@dataclass(frozen=True, slots=True)
class EnvironmentAnswer:
    """How the command ended in one environment: `result` or `error` is what it prints alone with `--output json`.

    `plan` is what it would do, or did, where it came so far; `text` says it in a few words.
    """

    env: EnvName
    ok: bool
    exit_code: int
    text: str
    duration_s: float = 0.0
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    plan: Plan | None = field(default=None, metadata={"shown": False})

    @property
    def is_failed(self) -> bool:
        """Whether it was begun, and didn't end well."""
        return self.exit_code != Exit.DONE and (self.result is not None or self.error is not None)

    @property
    def has_changes(self) -> bool:
        return self.plan is not None and not self.plan.is_empty


@dataclass(frozen=True, slots=True)
class ManyResult:
    """The end of a command over many environments. `left_out` are environments to why, `nothing` says why there are
    none at all."""

    command: str
    environments: tuple[EnvironmentAnswer, ...]
    left_out: Mapping[EnvName, str] = field(default_factory=dict)
    is_interrupted: bool = False
    nothing: str = ""

    @property
    def exit_code(self) -> int:
        """That of the environment that ended worst."""
        if self.is_interrupted:
            return Exit.INTERRUPTED
        return max((one.exit_code for one in self.environments if one.is_failed), default=Exit.DONE)

    def exit_code_of_plans(self, *, detailed: bool) -> int:
        """The same; with `detailed`, changes have a code of their own."""
        changes = any(one.has_changes for one in self.environments)
        return self.exit_code or (Exit.CHANGES if detailed and changes else Exit.DONE)


@text_report.register(ManyResult)
def _many(result: ManyResult, view: View) -> draw.Renderable:
    if result.nothing:
        return draw.Text(result.nothing, style="green")
    parts: list[draw.Renderable] = []
    if result.command != "apply":  # of an apply the plans were shown before the question
        parts += _plans(result, full=view.full)
    parts += [line for one in result.environments if one.error for line in error_lines(one)]
    parts += [_table(result), _last_line(result)]
    return draw.Group(*parts)


def _plans(result: ManyResult, *, full: bool) -> Iterator[draw.Renderable]:
    for one in result.environments:
        if one.plan is not None and not (one.plan.is_empty and not one.plan.drift):
            yield from environment_plan(one, full=full)


def environment_plan(one: EnvironmentAnswer, *, full: bool) -> Iterator[draw.Renderable]:
    """A plan under its environment's name."""
    assert one.plan is not None
    yield draw.Text(one.env, style="bold underline")
    yield plan_report(one.plan, full=full)
    yield draw.Text()


def error_lines(one: EnvironmentAnswer) -> Iterator[draw.Text]:
    """What went wrong in one, in a few lines; all of it is in the JSON, and when the command is run there alone."""
    error = one.error or {}
    why = " ".join(str(error.get("why") or "").split())
    yield draw.Text.assemble(("✗ ", "bold red"), (one.env, "bold"), f": {plain(str(error.get('what') or ''))}")
    complaints = error.get("complaints") or ()
    for complaint in complaints[:3]:
        mark = complaint.get("mark") or {}
        place = f"{mark.get('path')}:{mark.get('line')}:{mark.get('column')}"
        yield draw.Text(f"  {plain(place)}: {plain(str(complaint.get('message')))}")
    if why:
        yield draw.Text(f"  {plain(why if len(why) <= _LONGEST_WHY else why[: _LONGEST_WHY - 1] + '…')}")
    for style, part in (("yellow", "state"), ("dim", "hint")):
        text = " ".join(str(error.get(part) or "").split())
        if text and text != "Nothing was changed.":
            yield draw.Text(f"  {'next: ' if part == 'hint' else ''}{plain(text)}", style=style)


def _table(result: ManyResult) -> draw.Renderable:
    table = draw.Table("ENVIRONMENT", "CREATE", "UPDATE", "REPLACE", "DELETE", "TIME", "WHAT")
    for one in result.environments:
        counts = [str(one.plan.count(action) or "-") if one.plan else "" for action in _COUNTED]
        time = duration(one.duration_s) if one.duration_s else ""
        style = "bold red" if one.is_failed else "yellow" if one.has_changes else "green"
        style = "green" if result.command == "apply" and not one.is_failed else style
        add_row(table, draw.Text(one.env, style="bold"), *counts, time, draw.Text(plain(one.text), style=style))
    return table


def _last_line(result: ManyResult) -> draw.Text:
    """`12 environments: 9 with changes, 2 without, 1 failed; left out: dev (bound to develop, this is main)`"""
    found = result.environments
    done = [one for one in found if one.ok]
    failed, changed = sum(one.is_failed for one in found), sum(one.has_changes for one in done)
    words = "changed" if result.command == "apply" else "with changes"
    counts = [(changed, words), (len(done) - changed, "without changes"), (failed, "failed")]
    counts.append((sum(not (one.ok or one.is_failed) for one in found), "not done"))
    text = f"{plural(len(found), 'environment')}: " + ", ".join(f"{count} {word}" for count, word in counts if count)
    if result.is_interrupted:
        text = f"interrupted; {text}"
    left = "; ".join(f"{env} ({why})" for env, why in result.left_out.items())
    return draw.Text(text + (f"; left out: {left}" if left else ""), style="dim")
