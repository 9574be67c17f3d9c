"""`drill`: the way back to a version, rehearsed in another environment and measured.

The place gets the version's content, then what runs today, then goes back, over the same road as a real
change. What came out is an event in the ledger of the environment whose version it is.
"""

from collections.abc import Callable
from dataclasses import replace

from tfops.change.consent import DRILL
from tfops.change.environment import Place, find_place
from tfops.change.prepare import open_stacks, read_stacks
from tfops.change.project import Project
from tfops.change.request import Consent, Request
from tfops.change.rollback import as_it_runs, intended_target, rollback_target
from tfops.change.run import running
from tfops.change.signing import require_signing
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.story import change
from tfops.change.target import Goal, Target
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.commands.locks import append_event
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, EngineFailed, Interrupted, NotApproved, Refused, StoppedPartWay, TfopsError
from tfops.ledger.chain import LedgerState, NewEvent, read_present
from tfops.ledger.versions import known_versions, read_card
from tfops.records.drill import Drill, Drills
from tfops.records.event import EventKind
from tfops.records.names import EnvName
from tfops.records.verdict import Verdict
from tfops.records.version import Kind, Verified, Version, VersionRecord
from tfops.resolve.versions import content_of, pick_version
from tfops.system import clock
from tfops.views.change import ChangeResult
from tfops.views.drill import DrillResult

# What a step may fail with that says something about the version; anything else is about the place.
_FINDINGS = (EngineFailed, StoppedPartWay, ConfigError)


@dataclass(frozen=True, slots=True)
class _Drill:
    """The version that is rehearsed, what runs instead of it today, and where it is rehearsed."""

    project: Project
    home: Place
    place: Place
    goal: VersionRecord
    today: VersionRecord
    request: Request
    ui: Ui

    def content(self, facts: Snapshot, record: VersionRecord, kind: Kind = Kind.APPLY) -> Target:
        return intended_target(facts, Goal(kind, record.commit, record.branch))

    def change(self, what: str, aim: Callable[[Snapshot], Target]) -> ChangeResult:
        self.ui.note(f"drill: {what}")
        return change(Task(self.project, self.place, f"drill: {what}", aim, self.request, self.ui))


def drill(project: Project, version: str, request: Request, ui: Ui, *, place: str | None, keep: bool) -> DrillResult:
    """Apply the version, apply today's, go back, measure each; destroy at the end unless `keep`.

    Without `place`, in the one that tfops.yaml has for it. Raises Refused (guard `drill`) where there is nothing to
    rehearse, or the place isn't a free one.
    """
    run = _prepare(project, version, request, ui, place=place)
    _require_free_place(run)
    _consent(run, yes=request.consent.yes)
    results: dict[str, ChangeResult] = {}
    try:
        why = _rehearse(run, results)
        if not keep:
            why = "; ".join(filter(None, (why, _clean_up(run))))
    except (KeyboardInterrupt, Interrupted) as error:
        raise _interrupted(run) from error
    part = Drill(
        place=run.place.env,
        by=project.repository.person.name,
        at=clock.now(),
        is_ok=not why,
        why=why,
        seconds={step: result.duration_s for step, result in results.items()},
        digests={step: result.plan.digest for step, result in results.items()},
    )
    _record(run, part)
    return DrillResult(run.home.env, run.goal.version, part, keep)


def _prepare(project: Project, version: str, request: Request, ui: Ui, *, place: str | None) -> _Drill:
    home = find_place(project, request.env)
    there = find_place(project, place or _only_place_for(home, version))
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
    agreed = replace(request, consent=Consent(yes=True, standing=DRILL))
    return _Drill(project, home, there.rehearsing(home.env), goal, today, agreed, ui)


def _only_place_for(home: Place, version: str) -> EnvName:
    """Raises Refused (guard `drill`) unless tfops.yaml has one."""
    places = [env for env, rule in home.rules.environments.items() if rule.rehearses == home.env]
    if len(places) == 1:
        return places[0]
    cure = f"tfops drill {home.env} {version} --in {places[0] if places else 'ENV'}"
    if places:
        what, hint = f"tfops.yaml has {len(places)} places for drills of {home.env}", f"name one: {cure}"
    else:
        what = f"tfops.yaml has no place for drills of {home.env}"
        hint = f"name one: {cure}, or bind one in tfops.yaml: drill-{home.env}: {{rehearses: {home.env}}}"
    raise Refused("drill", what, hint=hint)


def _require_free_place(run: _Drill) -> None:
    """Raises Refused unless nothing but drills ever left something there."""
    reason = _reason_against(run)
    if reason:
        raise Refused(
            "drill",
            f"{run.place.env} can't be the place of a drill: {reason}",
            hint=f"name a free environment: tfops drill {run.home.env} {run.goal.version} --in ENV",
        )


def _reason_against(run: _Drill) -> str:
    env, repository = run.place.env, run.project.repository
    if env == run.home.env:
        return "it is the one that is rehearsed"
    rule = run.place.rules.environments[env]
    if rule.protected:
        return "it is protected"
    if rule.rehearses not in (None, run.home.env):
        return f"it is a place for drills of {rule.rehearses}"
    latest, trouble = known_versions(repository, env).latest, read_present(repository, env).trouble
    if trouble is not None and trouble.rehearses:
        return ""
    if latest is not None and latest.kind is not Kind.DESTROY:
        return "" if read_card(repository, latest).rehearses else f"it runs {latest.version}, made by no drill"
    return "its state isn't empty" if _has_resources(run) else ""


def _has_resources(run: _Drill) -> bool:
    env, project = run.place.env, run.project
    with project.changing(env, "drill", wait_s=run.request.wait_s):
        with running(read_snapshot(project, run.place), run.request, run.ui) as looking:
            specs = run.content(looking.facts, run.goal).specs()
            opened = open_stacks(looking, [replace(spec, takes_over=True) for spec in specs])  # only looked at
            read = read_stacks(looking, opened)
        run.ui.phase("")
    return any(one.before.inventory for one in read)


def _consent(run: _Drill, *, yes: bool) -> None:
    if yes:
        return
    question = f"Apply {run.goal.version} and {run.today.version} of {run.home.env} in {run.place.env}, and go back?"
    if not (run.ui.is_interactive and run.ui.confirm(question)):
        raise NotApproved("the drill was not approved", hint="look at what it costs, then run it again with --yes")


def _rehearse(run: _Drill, results: dict[str, ChangeResult]) -> str:
    """The three steps, into `results`; why it isn't a success, or nothing."""
    first: list[Version] = []

    def back(facts: Snapshot) -> Target:
        target = rollback_target(facts, run.request, to=str(first[0]))
        if target.way.judgement.verdict is not Verdict.KEEP_PROVIDERS:
            return target
        run.ui.note("the way back needs today's providers: it is rehearsed with --keep-providers")
        return rollback_target(facts, replace(run.request, keeps_providers=True), to=str(first[0]))

    def forward(facts: Snapshot) -> Target:
        return run.content(facts, run.today)

    steps: tuple[tuple[str, str, Callable[[Snapshot], Target]], ...] = (
        ("apply", f"{run.home.env} {run.goal.version} in {run.place.env}", lambda facts: run.content(facts, run.goal)),
        (
            "forward",
            f"{run.home.env} {run.today.version} in {run.place.env}",
            lambda facts: run.content(facts, run.today),
        ),
        ("rollback", f"back to {run.goal.version}", back),
    )
    for name, what, find in steps:
        try:
            result = run.change(what, find)
        except _FINDINGS as error:
            return f"{name}: {_in_one_line(error)}"
        results[name] = result
        first += [version for version in (result.version or result.previous,) if version]
        if result.verified is Verified.FAILED:
            return f"{name}: not verified"
    return ""


def _interrupted(run: _Drill) -> Interrupted:
    """Such a drill says nothing about the version: it isn't recorded, and its place can be used again."""
    env = run.place.env
    return Interrupted(
        "interrupted: the drill was not finished",
        state=f"{run.home.env} is as it was. {env} may hold what the drill made so far.",
        hint=f"tfops status {env}; again: tfops drill {run.home.env} {run.goal.version}; or: tfops destroy {env}",
    )


def _in_one_line(error: TfopsError) -> str:
    return " ".join(f"{error.what}: {error.why.partition(chr(10))[0]}".split())


def _clean_up(run: _Drill) -> str:
    """Destroy what was made there; why that failed, or nothing."""
    try:
        run.change(f"destroy {run.place.env}", lambda facts: _what_stands_there(run, facts))
    except _FINDINGS as error:
        run.ui.warn(f"{run.place.env} could not be destroyed: look at it, then run the drill again")
        return f"destroy: {_in_one_line(error)}"
    return ""


def _what_stands_there(run: _Drill, facts: Snapshot) -> Target:
    """To be taken down as it was brought there: what came last, with its providers."""
    latest = facts.latest
    if latest is None or latest.kind is Kind.DESTROY:
        return run.content(facts, run.goal, Kind.DESTROY)
    return as_it_runs(run.content(facts, latest, Kind.DESTROY))


def _record(run: _Drill, part: Drill) -> None:
    """An event in the ledger of the environment whose version was rehearsed; its newest drill is kept there."""
    name = str(run.goal.version)
    outcome = f"rolled back OK in {part.seconds['rollback']:.1f} s" if part.is_ok else f"failed: {part.why}"

    def event(present: LedgerState) -> NewEvent:
        drills = Drills(drills={**present.drills.drills, name: part})
        return NewEvent(EventKind.DRILLED, f"{run.home.env}: {name} drilled in {part.place}: {outcome}", drills=drills)

    append_event(run.project, run.home.env, run.project.refs(run.home.rules), event)
