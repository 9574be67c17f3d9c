"""`bisect`: which version broke it, and what it would take to find out."""

from __future__ import annotations

from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.bisect import Answer
from tfops.records.names import EnvName
from tfops.records.version import Version, VersionRecord
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.diff import DiffResult
from tfops.views.words import duration, plain, plural


@dataclass(frozen=True, slots=True)
class BisectPlanResult:
    """`bisect --dry-run`: `versions` lie between the good and the bad one, `answered` were tried already."""

    env: EnvName
    good: Version
    bad: Version
    place: EnvName
    versions: int
    answered: int
    most_steps: int
    seconds_each: float

    @property
    def seconds(self) -> float:
        """Of all applies, and of the destroy at the end."""
        return self.seconds_each * (self.most_steps + 1)


@dataclass(frozen=True, slots=True)
class BisectStep:
    """A version that was tried."""

    version: Version
    answer: Answer
    seconds: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class BisectResult:
    """The end of `bisect`. `good` is the last good version before the first bad one.

    `first_bad` is None where versions that had to be skipped stand in between: it is one of the `suspects`. `diff` is
    what differs between the two; `left` says why what was made could not be destroyed.
    """

    env: EnvName
    place: EnvName
    good: Version
    first_bad: VersionRecord | None
    suspects: tuple[Version, ...]
    steps: tuple[BisectStep, ...]
    seconds: float
    diff: DiffResult | None
    is_kept: bool
    left: str = ""

    @property
    def exit_code(self) -> Exit:
        return Exit.DONE if self.first_bad and not self.left else Exit.NOT_PASSED


@text_report.register(BisectPlanResult)
def _plan(result: BisectPlanResult, view: View) -> draw.Renderable:
    known = f" ({result.answered} answered)" if result.answered else ""
    lines = [
        draw.Text(f"{result.env} {result.good} (good) to {result.bad} (bad), in {result.place}", style="bold"),
        draw.Text(f"  {plural(result.versions, 'version')} in between{known}: at most {_steps(result.most_steps)}"),
    ]
    if result.most_steps and result.seconds_each:
        each, all_in_all = duration(result.seconds_each), duration(result.seconds)
        lines.append(draw.Text(f"  about {all_in_all}: they took {each} each; and the probe's own time"))
    return draw.Group(*lines)


def _steps(count: int) -> str:
    return plural(count, "step")


_LONGEST = 58
_STYLES = {Answer.GOOD: "green", Answer.BAD: "red", Answer.SKIP: "yellow"}


@text_report.register(BisectResult)
def _bisect(result: BisectResult, view: View) -> draw.Renderable:
    return draw.Group(*_lines(result, view))


def _cut(why: str, view: View) -> str:
    """In a line with the rest of the step; all of it is in JSON, and with `--full`."""
    return why if view.full or len(why) <= _LONGEST else f"{why[: _LONGEST - 1]}…"


def _lines(result: BisectResult, view: View) -> Iterator[draw.Renderable]:
    for step in result.steps:
        why = f"  {_cut(plain(step.why), view)}" if step.why else ""
        yield draw.Text.assemble(
            f"{step.version!s:<6}",
            (f"{step.answer:<5}", _STYLES[step.answer]),
            (f"{duration(step.seconds):>9}{why}", "dim"),
        )
    if result.steps:
        yield draw.Text()
    if result.first_bad:
        yield draw.Text.assemble(
            ("✗ ", "bold red"), (f"{result.env} {result.first_bad.version} broke it", "bold"),
            (f" · {result.good} is good · {_steps(len(result.steps))}, {duration(result.seconds)}", "dim"),
        )  # fmt: skip
    else:
        names = ", ".join(map(str, result.suspects))
        yield draw.Text.assemble(("? ", "bold yellow"), (f"one of these broke it: {names}", "bold"))
        yield draw.Text("  what could not be tried stands between the last good and the first bad one", style="dim")
    if result.left:
        yield draw.Text(f"  {result.place} is not empty: {plain(result.left)}", style="yellow")
    if result.is_kept:
        yield draw.Text(f"  {result.place} is kept as it is: tfops destroy {result.place}", style="yellow")
    if result.diff:
        yield draw.Text()
        yield text_report(result.diff, view)
