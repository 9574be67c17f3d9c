"""`patch`: who got the module's change, who didn't yet, and what comes next. As text, JSON and Markdown."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.commit import Commit
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.many import EnvironmentAnswer, environment_plan, error_lines
from tfops.views.markdown import code, code_in_table
from tfops.views.words import duration, plain, plural


class PatchState(enum.StrEnum):
    """How far an environment is. `held`: it needs it, and is to stay as it is. `kept`: the commit gives others another
    version, and leaves this one what it has."""

    PLANNED = "planned"
    PATCHED = "patched"
    DONE = "done-before"
    FAILED = "failed"
    WAITING = "not-begun"
    HELD = "held"
    KEPT = "kept"


_STYLES = {
    PatchState.PLANNED: "yellow",
    PatchState.PATCHED: "green",
    PatchState.DONE: "green",
    PatchState.FAILED: "bold red",
    PatchState.WAITING: "yellow",
    PatchState.HELD: "yellow",
    PatchState.KEPT: "yellow",
}


@dataclass(frozen=True, slots=True)
class PatchedEnvironment:
    """`wave` counts from 1, 0 for who needs nothing; `runs` was there before, `gets` is what the commit has; `version`
    is the latest one now. `answer` is how its plan or its change ended, `why` what keeps it from being touched."""

    env: EnvName
    wave: int
    state: PatchState
    runs: str
    gets: str
    version: Version | None
    answer: EnvironmentAnswer | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class PatchResult:
    """The end of `patch`, wave by wave. `command` goes on from there; `left_out` are environments that it says nothing
    about, with why."""

    module: str
    command: str
    commit: Commit
    environments: tuple[PatchedEnvironment, ...]
    left_out: Mapping[EnvName, str] = field(default_factory=dict)
    is_plan: bool = False
    is_interrupted: bool = False
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """That of the environment that ended worst."""
        if self.is_interrupted:
            return Exit.INTERRUPTED
        codes = [one.answer.exit_code for one in self.environments if one.answer]
        codes += [Exit.REFUSED for one in self.environments if one.state is PatchState.HELD and not self.is_plan]
        return max(codes, default=Exit.DONE)

    @property
    def next_command(self) -> str:
        """What goes on from here; empty when all is done."""
        states = {one.state for one in self.environments}
        left, held = states & {PatchState.FAILED, PatchState.WAITING}, PatchState.HELD in states
        if self.is_plan:
            return self.command if left or PatchState.PLANNED in states else ""
        return f"{self.command} --resume" if left else f"{self.command} --lift-hold" if held else ""

    def text_of(self, one: PatchedEnvironment) -> str:
        if one.state is PatchState.DONE:
            return "nothing to do"
        if one.state is PatchState.KEPT:
            return "its file keeps it"
        return one.answer.text if one.answer else one.why

    def summary(self) -> str:
        """`5 environments use it: 3 patched, 1 failed, 1 not-begun`"""
        counts = Counter(one.state for one in self.environments)
        listed = ", ".join(f"{counts[state]} {state}" for state in PatchState if counts[state])
        use = "uses" if len(self.environments) == 1 else "use"
        text = (
            f"{plural(len(self.environments), 'environment')} {use} it: {listed}"
            if listed
            else "none of those that were selected uses it"
        )
        return f"interrupted; {text}" if self.is_interrupted else text


@dataclass(frozen=True, slots=True)
class PatchMarkdown:
    """The end of `patch --markdown`."""

    result: PatchResult

    @property
    def exit_code(self) -> int:
        return self.result.exit_code


@text_report.register(PatchResult)
def _patch(result: PatchResult, view: View) -> draw.Renderable:
    parts: list[draw.Renderable] = []
    for one in result.environments:
        if result.is_plan and one.answer and one.answer.has_changes:
            parts += environment_plan(one.answer, full=view.full)
        if one.answer and one.answer.error:
            parts += error_lines(one.answer)
    table = draw.Table("WAVE", "ENVIRONMENT", "RAN", "GETS", "VERSION", "TIME", "WHAT")
    for one in result.environments:
        what = draw.Text(plain(result.text_of(one)), style=_STYLES[one.state])
        time = duration(one.answer.duration_s) if one.answer and one.answer.duration_s else ""
        name = draw.Text(one.env, style="bold")
        add_row(table, str(one.wave or "-"), name, one.runs, one.gets, str(one.version or "-"), time, what)
    return draw.Group(*parts, table, *_last_lines(result))


def _last_lines(result: PatchResult) -> Iterator[draw.Text]:
    left = "; ".join(f"{env} ({why})" for env, why in result.left_out.items())
    text = f"{result.module} at {result.commit.short}: {result.summary()} · {duration(result.seconds)}"
    yield draw.Text(text + (f"; left out: {left}" if left else ""), style="dim")
    if result.next_command:
        yield draw.Text(f"next: {plain(result.next_command)}", style="dim")


@text_report.register(PatchMarkdown)
def _markdown(shown: PatchMarkdown, view: View) -> draw.Renderable:
    return draw.ExactText("\n".join(_markdown_lines(shown.result)))


def _markdown_lines(result: PatchResult) -> Iterator[str]:
    yield f"### Patch of {code(result.module)} at {code(f'{result.commit.short} {result.commit.subject}')}"
    yield from ("", f"{result.summary()}. It took {duration(result.seconds)}.", "")
    yield "| wave | environment | ran | gets | version | time | what |"
    yield "|---|---|---|---|---|---|---|"
    for one in result.environments:
        time = duration(one.answer.duration_s) if one.answer and one.answer.duration_s else ""
        cells = (one.runs, one.gets, str(one.version or "-"), time, f"{one.state}: {result.text_of(one)}")
        yield "| " + " | ".join((str(one.wave or "-"), *map(code_in_table, (one.env, *cells)))) + " |"
    errors = [(one.env, one.answer.error) for one in result.environments if one.answer and one.answer.error]
    for env, error in errors:
        yield from ("", f"**{env}**: {code(str(error.get('what') or ''))}")
        for part in ("why", "state", "hint"):
            text = " ".join(str(error.get(part) or "").split())
            yield from (f"- {part}: {code(text)}",) if text else ()
    for env, why in result.left_out.items():
        yield from ("", f"Left out: {code(env)}, {code(why)}")
    if result.next_command:
        yield from ("", f"Next: {code(result.next_command)}")
