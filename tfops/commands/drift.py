"""`drift`: what in the real world differs from the version that was applied, found by a refresh-only plan.

Changes nothing but tfops' own folders; what turned out otherwise than before is an event in the ledger, so that
others know without looking.
"""

import json
from datetime import datetime

from tfops.change.environment import Place, find_place
from tfops.change.lease import require_free
from tfops.change.planning import plan_read, refreshed
from tfops.change.prepare import open_stacks, read_stacks
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.rollback import running_target
from tfops.change.run import running
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.ui import Ui
from tfops.commands.locks import append_event
from tfops.config.project import DriftPolicy, ProjectConfig
from tfops.engine.plan import masked_plan
from tfops.errors import Locked, NotRecorded, Refused
from tfops.ledger.chain import LedgerState, NewEvent, read_present
from tfops.ledger.versions import list_latest
from tfops.records.drift import Drift
from tfops.records.event import EventKind
from tfops.records.names import EnvName
from tfops.records.plan import Plan, totals
from tfops.records.version import Kind, VersionRecord
from tfops.resolve.merged_plan import merge_plans
from tfops.system import clock
from tfops.system.workspace import read_json, write_file
from tfops.views.drift import DriftResult, EnvironmentDrift


def drift(project: Project, env: str | None, request: Request, ui: Ui) -> DriftResult:
    """Of one environment, by name or of the branch."""
    place = find_place(project, env)
    project.fetch_for_reading(place.rules, ui)
    return DriftResult((_drift_of(project, place, request, ui),))


def running_environments(project: Project, rules: ProjectConfig) -> list[EnvName]:
    """Those that have a version, and weren't destroyed: what can drift."""
    listings = list_latest(project.repository)
    return [env for env in rules.environments if env in listings and _runs(listings[env].latest)]


def _runs(latest: VersionRecord | None) -> bool:
    return latest is not None and latest.kind is not Kind.DESTROY


def _drift_of(project: Project, place: Place, request: Request, ui: Ui) -> EnvironmentDrift:
    with project.changing(place.env, "drift", wait_s=request.wait_s):
        facts = read_snapshot(project, place)
        latest = facts.listing.latest
        if latest is None or not _runs(latest):
            raise Refused(
                "never-applied", f"{place.env} doesn't run: nothing can drift", hint=f"tfops apply {place.env}"
            )
        if facts.present.lock is not None and not facts.present.lock.is_manual:
            require_free(project, facts.present)
        plan, heal = _look(facts, latest, request, ui)
        return _remember(project, place, latest, plan, heal=heal, ui=ui)


def _look(facts: Snapshot, latest: VersionRecord, request: Request, ui: Ui) -> tuple[Plan, str]:
    """The refresh-only plan of what was applied, and where it is to be healed, what an apply would do."""
    place, target = facts.place, running_target(facts)
    with running(facts, request, ui) as run:
        read = {one.spec.name: one for one in read_stacks(run, open_stacks(run, target.specs()))}
        ui.phase(f"comparing {place.env} with {latest.version}")
        plan = masked_plan(merge_plans(refreshed(read, ui)), run.mask)
        heal = totals([plan_read(list(read.values()), ui).plan]) if plan.drift and _heals(place) else ""
        ui.phase("")
    return plan, heal


def _heals(place: Place) -> bool:
    return place.rules.environments[place.env].drift is DriftPolicy.HEAL


def _remember(
    project: Project, place: Place, latest: VersionRecord, plan: Plan, *, heal: str, ui: Ui
) -> EnvironmentDrift:
    """Note the verdict where it is another one than the ledger's, and when this clone saw what."""
    env, now, path = place.env, clock.now(), project.workspace.last_right(place.env)
    right_at = now if not plan.drift else _last_right(project, latest, read_json(path))
    if not plan.drift:
        write_file(path, json.dumps({"version": latest.version.number, "at": now.isoformat()}))
    addresses = tuple(change.address for change in plan.drift)
    person = project.repository.person
    part = Drift(
        version=latest.version.number, addresses=addresses, digest=plan.digest, by=person.name, at=now,
        right_at=right_at,
    )  # fmt: skip

    known = read_present(project.repository, env).drift
    since = known.at if known and known.addresses == addresses else now
    if (known.addresses if known else ()) != addresses:
        _note(project, place, latest, part, ui)
    return EnvironmentDrift(env, latest.version, plan.drift, since if plan.drift else None, right_at, heal)


def _note(project: Project, place: Place, latest: VersionRecord, part: Drift, ui: Ui) -> None:
    count, env = len(part.addresses), place.env

    def event(present: LedgerState) -> NewEvent:
        if present.lock is not None and not present.lock.is_manual:
            require_free(project, present)  # a run is under way: it brings its own truth
        if count:
            return NewEvent(EventKind.DRIFTED, f"{env}: {count} differ from {latest.version}", drift=part)
        return NewEvent(EventKind.RIGHT, f"{env}: is what {latest.version} says again", drift="")

    try:
        append_event(project, env, project.refs(place.rules), event)
    except (Locked, Refused, NotRecorded) as error:
        ui.warn(f"this could not be noted in the ledger: {error.what}")


def _last_right(project: Project, latest: VersionRecord, seen: object) -> datetime:
    """When this clone saw it right, or another one said so; else when the version was made."""
    known = read_present(project.repository, latest.env).drift
    moments = [latest.applied_at]
    if isinstance(seen, dict) and seen.get("version") == latest.version.number:
        moments.append(clock.parse_time(str(seen["at"])))
    if known is not None and known.right_at is not None and known.version == latest.version.number:
        moments.append(known.right_at)
    return max(moments)
