"""`plan`, `render`, `status`, `history`, `show`: commands that change nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops.config.environment import load_environment, load_rules, lock_file_path
from tfops.config.names import is_environment_name
from tfops.config.project import EnvironmentRule
from tfops.errors import ProjectError, Refused
from tfops.flows.drill import drills_of
from tfops.flows.planning import plan_stacks
from tfops.flows.project import Project
from tfops.flows.reading import load_checked
from tfops.flows.receipt import trouble_fact
from tfops.flows.rendered import rendered
from tfops.flows.rollback import downgrades_of, require_possible, rollback_target
from tfops.flows.stack import Content, EngineOptions
from tfops.flows.stacks import Stacks, with_other_contents
from tfops.flows.sync import decisions_here
from tfops.flows.target import Place, find_place, require_environment, say_target
from tfops.flows.ui import Ui
from tfops.flows.verdicts import verdicts_of
from tfops.ledger.chain import EventKind, read_events, read_present
from tfops.ledger.lock import MachineLock, read_holder
from tfops.ledger.parts import LockPart
from tfops.ledger.versions import Listing, list_versions, read_card, versions_of
from tfops.model import MAIN_STACK, Commit, EnvName, StackName, Verdict, VersionRecord
from tfops.resolve.branches import matches
from tfops.resolve.bridge import Bridge
from tfops.resolve.verdict import conclude
from tfops.resolve.versions import pick_version
from tfops.results.changes import PlanResult, RollbackPlanResult
from tfops.results.facts import LockFact, LogEvent
from tfops.results.files import RenderResult
from tfops.results.looks import (
    EnvironmentStatus,
    HistoryEntry,
    HistoryResult,
    InventoryResult,
    LogResult,
    ShowResult,
    StatusResult,
)
from tfops.system.repository import Repository
from tfops.system.trees import GitTree


def plan(
    project: Project,
    env: str | None,
    *,
    worktree: bool,
    engine: EngineOptions,
    wait_s: float,
    ui: Ui,
    only: Sequence[str] = (),
) -> PlanResult:
    """What applying HEAD would do; with `worktree`, what the files as they lie here would do.

    Takes no state lock and records nothing; the machine's lock is held, because the folder is shared.
    """
    place = find_place(project, env)
    repository = project.repository
    with project.changing(place.env, "plan", wait_s=wait_s):
        project.fetch_for_reading(place.rules, ui)
        tree = _tree(repository, worktree=worktree)
        commit = None if worktree else repository.commit(repository.head)
        _say_what(place, repository, commit, ui)
        rules = project.with_previews(load_rules(tree))
        environment = load_checked(project, tree, rules, place.env)
        listing = versions_of(repository, place.env)
        card = read_card(repository, listing.latest) if listing.latest else None
        with project.workspace.run(place.env) as folder:
            content = Content(rules, environment, tree, tree.read(lock_file_path(rules.files_of(place.env))))
            stacks = with_other_contents(project, Stacks(content, card), None)
            jobs = (stacks.narrowed_to(only) if only else stacks).jobs()
            planned = plan_stacks(project, jobs, folder=folder, engine=engine, ui=ui)
    current = listing.latest.version if listing.latest else None
    return PlanResult(place.env, commit, current, planned.shown)


def plan_rollback(
    project: Project,
    env: str | None,
    to: str | None,
    *,
    keep_providers: bool,
    show_bridge: bool,
    engine: EngineOptions,
    wait_s: float,
    ui: Ui,
    only: Sequence[str] = (),
) -> RollbackPlanResult:
    """What a rollback would do, lose and not bring back. Changes nothing."""
    place = find_place(project, env)
    with project.changing(place.env, "plan", wait_s=wait_s):
        project.fetch_for_reading(place.rules, ui)
        target = rollback_target(project, place, to=to, keep_providers=keep_providers, only=only)
        assert target.restores is not None
        say_target(target, ui)
        require_possible(target, ignoring=target.judgement.verdict is Verdict.BLOCKED)
        with project.workspace.run(place.env) as folder:
            planned = plan_stacks(project, target.jobs(), folder=folder, engine=engine, ui=ui)
    return RollbackPlanResult(
        env=place.env,
        commit=target.commit,
        current=target.current.version if target.current else None,
        restores=target.restores.version,
        judgement=conclude((*target.judgement.reasons, *downgrades_of(target, planned.plan))),
        undoes=target.undoes,
        plan=planned.shown,
        bridge=_bridge_blocks(planned.bridges),
        shows_bridge=show_bridge,
    )


def _bridge_blocks(bridges: Mapping[StackName, Bridge]) -> dict[str, Any]:
    """As one stack's blocks; of several, by stack."""
    if MAIN_STACK in bridges:
        return bridges[MAIN_STACK].blocks()
    return {name: bridge.blocks() for name, bridge in bridges.items()}


def _say_what(place: Place, repository: Repository, commit: Commit | None, ui: Ui) -> None:
    if commit is None:
        ui.note(f"{place.reason} · the files as they lie here, uncommitted ones too (this plan can't be applied)")
        return
    ui.note(f"{place.reason} · commit {commit.short} {commit.subject}")
    uncommitted = repository.uncommitted()
    if uncommitted:
        listed = ", ".join(uncommitted[:3]) + (" …" if len(uncommitted) > 3 else "")
        ui.warn(f"not part of this plan, because not committed: {listed}   (--worktree plans them)")


def _tree(repository: Repository, *, worktree: bool) -> GitTree:
    return GitTree.of_work_tree(repository) if worktree else GitTree.of_commit(repository, repository.head)


def render(project: Project, env: str | None, *, worktree: bool) -> RenderResult:
    """The rendered root, without writing it anywhere."""
    place = find_place(project, env)
    repository = project.repository
    tree = _tree(repository, worktree=worktree)
    rules = project.with_previews(load_rules(tree))
    environment = load_environment(tree, rules, place.env)
    content = Content(rules, environment, tree, tree.read(lock_file_path(rules.files_of(place.env))))
    commit = None if worktree else repository.commit(repository.head)
    return RenderResult(place.env, commit, *rendered(content, project.interfaces(tree)))


def status(project: Project, *, fetch: bool, ui: Ui) -> StatusResult:
    """Every environment of the project, and those that have versions but no line in tfops.yaml."""
    repository = project.repository
    rules = project.config_at(repository.head)
    is_fresh = project.fetch_for_reading(rules, ui) if fetch else False
    listings = list_versions(repository)
    decisions = decisions_here(project, rules, listings, ui)
    rows = [
        replace(_status_of(project, env, rules.environments[env], listings.get(env)), decision=decision)
        for env, decision in decisions.items()
    ]
    rows += [
        _status_of(project, env, None, listing)
        for env, listing in sorted(listings.items())
        if env not in rules.environments and listing.latest
    ]
    return StatusResult(rules.project, tuple(rows), is_fresh, repository.remote)


def _status_of(
    project: Project, env: EnvName, rule: EnvironmentRule | None, listing: Listing | None
) -> EnvironmentStatus:
    latest = listing.latest if listing else None
    holder_file = project.workspace.locks / f"{env}.json"
    present = read_present(project.repository, env)
    return EnvironmentStatus(
        env=env,
        branch_pattern=rule.branch if rule else "",
        is_protected=rule.protected if rule else False,
        current=replace(latest, hold=present.hold_on(latest)) if latest else None,
        ahead=_commits_ahead(project.repository, rule, latest),
        holder=read_holder(holder_file) if MachineLock(project.workspace.locks).is_held(env) else None,
        unrecorded=project.workspace.pending(env).exists(),
        is_configured=rule is not None,
        lock=_lock_fact(project, present.lock),
        trouble=present.trouble.receipt if present.trouble else "",
        drifted=present.drifted_from(latest),
    )


def _lock_fact(project: Project, lock: LockPart | None) -> LockFact | None:
    if lock is None:
        return None
    is_ours = lock.clone == project.workspace.clone_id
    return LockFact(lock.who, lock.host, lock.what, lock.since, lock.expires_at, lock.reason, lock.run, is_ours)


def _commits_ahead(repository: Repository, rule: EnvironmentRule | None, latest: VersionRecord | None) -> int:
    """Commits on the environment's branch since the one that runs; 0 when the branch isn't known here."""
    if rule is None or latest is None:
        return 0
    branch = latest.branch if latest.branch and matches(rule.branch, latest.branch) else rule.branch
    head = repository.branch_head(branch) if "*" not in branch else None
    return repository.count_between(latest.commit, head) if head else 0


def history(project: Project, env: str | None, *, verdict: bool, fetch: bool, ui: Ui) -> HistoryResult:
    """The versions of an environment, newest first; with `verdict`, what going back to each comes to."""
    if fetch:
        project.fetch_for_reading(project.config_at(project.repository.head), ui)
    name = _environment_with_versions(project, env)
    listing = versions_of(project.repository, name)
    verdicts = verdicts_of(project, listing) if verdict else {}
    commits, drills = project.repository.commits(record.commit for record in listing.versions), drills_of(project, name)
    entries = [
        HistoryEntry(record, commits.get(record.commit), verdicts.get(record.version), drills.get(record.version))
        for record in listing.versions
    ]
    incidents = [event for event in _log_events(project, name) if event.kind in _INCIDENTS]
    return HistoryResult(name, tuple(reversed(entries)), listing.foreign, tuple(incidents), has_verdicts=verdict)


# What belongs between the versions of a history; begun, renewed and recorded would only repeat them.
_INCIDENTS = frozenset({EventKind.FAILED, EventKind.LOCKED, EventKind.UNLOCKED, EventKind.FORCED, EventKind.RESTORED})


def _log_events(project: Project, env: EnvName) -> tuple[LogEvent, ...]:
    events = read_events(project.repository, env)
    return tuple(LogEvent(found.sha, found.kind, found.text, found.by, found.at, found.run_id) for found in events)


def show(project: Project, env: str | None, version: str | None) -> ShowResult:
    """One version's identity card; the latest when none is named."""
    name = _environment_with_versions(project, env)
    listing = versions_of(project.repository, name)
    if listing.latest is None:
        raise Refused("never-applied", f"{name} has no version yet", hint=f"tfops apply {name}")
    record = pick_version(version, name, listing.versions) if version else listing.latest
    card = read_card(project.repository, record)
    verdict = verdicts_of(project, listing, only=record).get(record.version)
    trouble = read_present(project.repository, name).trouble if record is listing.latest else None
    commit = _commit_or_none(project.repository, record)
    drill = drills_of(project, name).get(record.version)
    return ShowResult(record, commit, card.model_dump(mode="json"), verdict, trouble_fact(trouble), drill)


def log(project: Project, env: str | None, *, fetch: bool, ui: Ui) -> LogResult:
    """Every event of an environment's ledger: who did what, and when, versions or not."""
    if fetch:
        project.fetch_for_reading(project.config_at(project.repository.head), ui)
    name = _environment_with_versions(project, env)
    trouble = trouble_fact(read_present(project.repository, name).trouble)
    return LogResult(name, _log_events(project, name), trouble)


def inventory(project: Project, env: str | None, *, everything: bool, fetch: bool, ui: Ui) -> InventoryResult:
    """What the current version of one environment (or of all) is made of, without asking any backend."""
    repository = project.repository
    if fetch:
        project.fetch_for_reading(project.config_at(repository.head), ui)
    wanted = None if everything else _environment_with_versions(project, env)
    found: dict[EnvName, dict[str, str]] = {}
    for name, listing in sorted(list_versions(repository, wanted).items()):
        if listing.latest:
            found[name] = read_card(repository, listing.latest).inventory
    return InventoryResult(found)


def _environment_with_versions(project: Project, env: str | None) -> EnvName:
    """Also environments that tfops.yaml no longer has: their history stays."""
    if env is not None and is_environment_name(env) and versions_of(project.repository, EnvName(env)).latest:
        return EnvName(env)
    if env is not None:
        return require_environment(env, project.config_at(project.repository.head))
    return find_place(project, None).env


def _commit_or_none(repository: Repository, record: VersionRecord) -> Commit | None:
    try:
        return repository.commit(record.commit)
    except ProjectError:
        return None
