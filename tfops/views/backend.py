"""`backend`: state buckets that were made or checked, states that were moved."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.finding import Finding
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.views import draw
from tfops.views.base import View, finding_lines, text_report
from tfops.views.words import plural


@dataclass(frozen=True, slots=True)
class BucketReport:
    """One state bucket: the environments that keep state there, what was done or found."""

    address: str
    environments: tuple[EnvName, ...]
    done: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def has_problems(self) -> bool:
        return any(finding.is_problem for finding in self.findings)


@dataclass(frozen=True, slots=True)
class BackendResult:
    """The end of `backend create` (with `done`) and of `backend check` (with `findings`)."""

    buckets: tuple[BucketReport, ...]
    is_check: bool

    @property
    def exit_code(self) -> Exit:
        return Exit.BAD_PROJECT if any(bucket.has_problems for bucket in self.buckets) else Exit.DONE


class OldCopy(enum.StrEnum):
    """What a move leaves where the state was. The same place may have two names: then there is no copy."""

    MARKED = "marked"
    UNMARKED = "unmarked"
    SAME_PLACE = "same-place"


@dataclass(frozen=True, slots=True)
class MovedState:
    """One state that was moved."""

    stack: StackName
    source: str
    goal: str
    resources: int
    old_copy: OldCopy


@dataclass(frozen=True, slots=True)
class BackendMoveResult:
    """The end of `backend move`; without states when all of them are where tfops.yaml says already."""

    env: EnvName
    states: tuple[MovedState, ...]


@text_report.register(BackendResult)
def _backend(result: BackendResult, view: View) -> draw.Renderable:
    return draw.Group(*(_bucket(bucket, is_check=result.is_check) for bucket in result.buckets))


def _bucket(bucket: BucketReport, *, is_check: bool) -> draw.Renderable:
    head = draw.Text.assemble((bucket.address, "bold"), (f" · {', '.join(bucket.environments)}", "dim"))
    if is_check:
        return draw.Group(head, *finding_lines(bucket.findings))
    if not bucket.done:
        return draw.Group(head, draw.Text("✓ has everything already: nothing was changed", style="green"))
    return draw.Group(head, *(draw.Text.assemble(("✓ ", "green"), text) for text in bucket.done))


_OLD_COPIES = {
    OldCopy.MARKED: "the old copy is marked as moved; plans on it are refused",
    OldCopy.UNMARKED: "the old copy is there, and not marked",
    OldCopy.SAME_PLACE: "the same place under another name: there is no second copy",
}


@text_report.register(BackendMoveResult)
def _moved(result: BackendMoveResult, view: View) -> draw.Renderable:
    if not result.states:
        return draw.Text(f"✓ the state of {result.env} is where tfops.yaml says: nothing to move", style="green")
    lines = [line for state in result.states for line in _moved_lines(result, state)]
    return draw.Group(*lines, draw.Text(f"Next: tfops plan {result.env}", style="bold"))


def _moved_lines(result: BackendMoveResult, state: MovedState) -> Iterator[draw.Text]:
    whose = result.env if state.stack == MAIN_STACK else f"{result.env} (stack {state.stack})"
    holds = plural(state.resources, "resource")
    yield draw.Text(f"✓ the state of {whose} is in {state.goal} ({holds})", style="green")
    yield draw.Text(f"  {state.source}: {_OLD_COPIES[state.old_copy]}", style="dim")
