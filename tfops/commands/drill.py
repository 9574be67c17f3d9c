"""`drill`: the way back to a version, rehearsed in another environment and measured.

The place gets the version's content, then what runs today, then goes back, over the same road as a real
change. What came out is an event in the ledger of the environment whose version it is.
"""

from collections.abc import Callable
from dataclasses import replace

from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.rollback import rollback_target
from tfops.change.signing import require_signing
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.commands.drill_place import FINDINGS, HERE, DrillPlace, drill_place, in_one_line
from tfops.commands.locks import append_event
from tfops.dataclass import dataclass
from tfops.errors import Interrupted, NotApproved, Refused
from tfops.ledger.chain import LedgerState, NewEvent
from tfops.ledger.versions import known_versions
from tfops.records.drill import Drill, Drills
from tfops.records.event import EventKind
from tfops.records.names import EnvName
from tfops.records.verdict import Verdict
from tfops.records.version import Kind, Verified, Version, VersionRecord
from tfops.resolve.versions import content_of, pick_version
from tfops.system import clock
from tfops.views.change import ChangeResult
from tfops.views.drill import DrillResult


@dataclass(frozen=True, slots=True)
class _Drill:
    """The version that is rehearsed, what runs instead of it today, and where it is rehearsed."""

    at: DrillPlace
    goal: VersionRecord
    today: VersionRecord

    @property
    def home(self) -> EnvName:
        return self.at.home.env

    @property
    def place(self) -> EnvName:
        return self.at.place.env


def drill(project: Project, version: str, request: Request, ui: Ui, *, place: str | None, keep: bool) -> DrillResult:
    """Apply the version, apply today's, go back, measure each; destroy at the end unless `keep`.

    Without `place`, in the one that tfops.yaml has for it. Raises Refused (guard `drill`) where there is nothing to
    rehearse, or the place isn't a free one.
    """
    run = _prepare(project, version, request, ui, place=place)
    run.at.require_free(run.goal)
    _consent(run, yes=request.consent.yes)
    results: dict[str, ChangeResult] = {}
    try:
        why = _rehearse(run, results)
        if not keep:
            why = "; ".join(filter(None, (why, run.at.clean_up(run.goal))))
    except (KeyboardInterrupt, Interrupted) as error:
        raise _interrupted(run) from error
    part = Drill(
        place=run.place,
        by=project.repository.person.name,
        at=clock.now(),
        is_ok=not why,
        why=why,
        seconds={step: result.duration_s for step, result in results.items()},
        digests={step: result.plan.digest for step, result in results.items()},
    )
    _record(run, part)
    return DrillResult(run.home, run.goal.version, part, keep)


def _prepare(project: Project, version: str, request: Request, ui: Ui, *, place: str | None) -> _Drill:
    again = f"tfops drill {request.env} {version} --in {HERE}"
    at = drill_place(project, request, ui, place=place, what="drill", again=again)
    home = at.home
    project.fetch_for_change(home.rules)
    require_signing(project, home.rules)
    records = known_versions(project.repository, home.env).versions
    by_version = {record.version: record for record in records}
    goal = content_of(pick_version(version, home.env, records), by_version)
    today = content_of(records[-1], by_version)
    if Kind.DESTROY in (goal.kind, today.kind):
        raise Refused("drill", "a destroyed version has nothing to rehearse", hint=f"tfops history {home.env}")
    if goal.commit == today.commit:
        raise Refused("drill", f"{home.env} {goal.version} is what runs now: there is no way back to rehearse")
    return _Drill(at, goal, today)


def _consent(run: _Drill, *, yes: bool) -> None:
    if yes:
        return
    question = f"Apply {run.goal.version} and {run.today.version} of {run.home} in {run.place}, and go back?"
    if not (run.at.ui.is_interactive and run.at.ui.confirm(question)):
        raise NotApproved("the drill was not approved", hint="look at what it costs, then run it again with --yes")


def _rehearse(run: _Drill, results: dict[str, ChangeResult]) -> str:
    """The three steps, into `results`; why it isn't a success, or nothing."""
    first: list[Version] = []
    request, ui = run.at.request, run.at.ui

    def back(facts: Snapshot) -> Target:
        target = rollback_target(facts, request, to=str(first[0]))
        if target.way.judgement.verdict is not Verdict.KEEP_PROVIDERS:
            return target
        ui.note("the way back needs today's providers: it is rehearsed with --keep-providers")
        return rollback_target(facts, replace(request, keeps_providers=True), to=str(first[0]))

    steps: tuple[tuple[str, str, Callable[[Snapshot], Target]], ...] = (
        ("apply", f"{run.home} {run.goal.version} in {run.place}", lambda facts: run.at.content(facts, run.goal)),
        ("forward", f"{run.home} {run.today.version} in {run.place}", lambda facts: run.at.content(facts, run.today)),
        ("rollback", f"back to {run.goal.version}", back),
    )
    for name, what, find in steps:
        try:
            result = run.at.change(what, find)
        except FINDINGS as error:
            return f"{name}: {in_one_line(error)}"
        results[name] = result
        first += [version for version in (result.version or result.previous,) if version]
        if result.verified is Verified.FAILED:
            return f"{name}: not verified"
    return ""


def _interrupted(run: _Drill) -> Interrupted:
    """Such a drill says nothing about the version: it isn't recorded, and its place can be used again."""
    env = run.place
    return Interrupted(
        "interrupted: the drill was not finished",
        state=f"{run.home} is as it was. {env} may hold what the drill made so far.",
        hint=f"tfops status {env}; again: tfops drill {run.home} {run.goal.version}; or: tfops destroy {env}",
    )


def _record(run: _Drill, part: Drill) -> None:
    """An event in the ledger of the environment whose version was rehearsed; its newest drill is kept there."""
    name = str(run.goal.version)
    outcome = f"rolled back OK in {part.seconds['rollback']:.1f} s" if part.is_ok else f"failed: {part.why}"

    def event(present: LedgerState) -> NewEvent:
        drills = Drills(drills={**present.drills.drills, name: part})
        return NewEvent(EventKind.DRILLED, f"{run.home}: {name} drilled in {part.place}: {outcome}", drills=drills)

    project = run.at.project
    append_event(project, run.home, project.refs(run.at.home.rules), event)
