"""`plan`, `render`, `status`, `history`, `show`: commands that change nothing."""

from collections.abc import Sequence
from dataclasses import replace

from tfops.change.holders import fate_of
from tfops.change.project import Project
from tfops.change.receipt import trouble_fact
from tfops.change.target import find_place, require_environment
from tfops.change.ui import Ui
from tfops.change.verdicts import verdicts_of
from tfops.commands.drills import drills_of
from tfops.commands.reconcile_facts import decisions_here
from tfops.config.names import is_environment_name
from tfops.config.project import EnvironmentRule
from tfops.errors import ProjectError, Refused
from tfops.ledger.chain import EventKind, LedgerState, present_at, read_events, read_present
from tfops.ledger.lock import MachineLock, read_holder
from tfops.ledger.parts import LockPart
from tfops.ledger.versions import Listing, list_versions, read_card, require_known, versions_of
from tfops.model import Commit, CommitSha, EnvName, VersionRecord
from tfops.resolve.branches import matches
from tfops.resolve.versions import pick_version
from tfops.results.facts import LockFact, LogEvent
from tfops.results.looks import (
    EnvironmentStatus,
    HistoryEntry,
    HistoryResult,
    InventoryResult,
    LogResult,
    ShowResult,
    StatusResult,
)
from tfops.system.ref_snapshot import look_here
from tfops.system.repository import Repository


def status(project: Project, only: Sequence[str] = (), *, fetch: bool, ui: Ui) -> StatusResult:
    """Every environment of the project, and those that have versions but no line in tfops.yaml; with `only`, those."""
    repository = project.repository
    rules = project.config_at(repository.head)
    is_fresh = project.fetch_for_reading(rules, ui) if fetch else False
    listings = list_versions(repository)
    decisions = decisions_here(project, rules, listings, ui)
    ledgers = look_here(repository).ledgers  # all at once: asked one by one, each costs a process
    rows = [
        replace(
            _status_of(project, env, ledgers.get(env), rule=rules.environments[env], listing=listings.get(env)),
            decision=decision,
        )
        for env, decision in decisions.items()
    ]
    rows += [
        _status_of(project, env, ledgers.get(env), rule=None, listing=listing)
        for env, listing in sorted(listings.items())
        if env not in rules.environments and (listing.latest or listing.trouble)
    ]
    for tag in [tag for listing in listings.values() for tag in listing.untagged]:
        ui.warn(f"the tag `{tag}` is gone: its card is read from the ledger")
    known = {str(row.env): row for row in rows}
    for name in only:
        if name not in known:
            require_environment(name, rules)
    shown = [known[name] for name in dict.fromkeys(only)] if only else rows
    return StatusResult(rules.project, tuple(shown), is_fresh, repository.remote)


def _status_of(
    project: Project,
    env: EnvName,
    head: CommitSha | None,
    *,
    rule: EnvironmentRule | None,
    listing: Listing | None,
) -> EnvironmentStatus:
    """What is damaged in one environment's ledger or tags is said in its row, and stops no other."""
    try:
        require_known(env, listing or Listing())
        return _sound_status(project, env, head, rule=rule, listing=listing)
    except Refused as error:
        return EnvironmentStatus(
            env=env,
            branch_pattern=rule.branch if rule else "",
            is_protected=rule.protected if rule else False,
            current=listing.latest if listing else None,
            ahead=0,
            holder=None,
            unrecorded=project.workspace.pending(env).exists(),
            is_configured=rule is not None,
            damage=error.what,
        )


def _sound_status(
    project: Project,
    env: EnvName,
    head: CommitSha | None,
    *,
    rule: EnvironmentRule | None,
    listing: Listing | None,
) -> EnvironmentStatus:
    """Raises Refused (guard `damaged-ledger`)."""
    latest = listing.latest if listing else None
    holder_file = project.workspace.locks / f"{env}.json"
    present = present_at(project.repository, env, head) if head else LedgerState(env)
    present.require_readable()
    return EnvironmentStatus(
        env=env,
        branch_pattern=rule.branch if rule else "",
        is_protected=rule.protected if rule else False,
        current=replace(latest, hold=present.hold_on(latest)) if latest else None,
        ahead=_commits_ahead(project.repository, rule, latest),
        holder=read_holder(holder_file) if MachineLock(project.workspace.locks).is_held(env) else None,
        unrecorded=project.workspace.pending(env).exists(),
        is_configured=rule is not None,
        lock=_lock_fact(project, env, present.lock),
        trouble=present.trouble.receipt if present.trouble else "",
        trouble_why=present.trouble.why if present.trouble else "",
        drifted=present.drifted_from(latest),
    )


def _lock_fact(project: Project, env: EnvName, lock: LockPart | None) -> LockFact | None:
    if lock is None:
        return None
    fate = fate_of(project, env, lock)
    return LockFact(
        who=lock.who,
        host=lock.host,
        what=lock.what,
        since=lock.since,
        expires_at=lock.expires_at,
        reason=lock.reason,
        run=lock.run,
        is_ours=lock.clone == project.workspace.clone_id,
        is_gone=fate.is_gone,
        fate=fate.text,
        hint=fate.hint,
    )


def _commits_ahead(repository: Repository, rule: EnvironmentRule | None, latest: VersionRecord | None) -> int:
    """Commits on the environment's branch since the one that runs; 0 when the branch isn't known here."""
    if rule is None or latest is None:
        return 0
    branch = latest.branch if latest.branch and matches(rule.branch, latest.branch) else rule.branch
    head = repository.branch_head(branch) if "*" not in branch else None
    return repository.count_between(latest.commit, head) if head else 0


def history(
    project: Project, env: str | None, *, verdict: bool, limit: int | None = None, fetch: bool, ui: Ui
) -> HistoryResult:
    """The versions of an environment, newest first; with `verdict`, what going back to each comes to.

    With `limit` the newest, and what happened since the oldest of them.
    """
    if fetch:
        project.fetch_for_reading(project.config_at(project.repository.head), ui)
    name = _environment_with_versions(project, env)
    listing = versions_of(project.repository, name)
    verdicts = verdicts_of(project, listing) if verdict else {}
    kept = listing.versions[-limit:] if limit else listing.versions
    commits, drills = project.repository.commits(record.commit for record in kept), drills_of(project, name)
    entries = [
        HistoryEntry(record, commits.get(record.commit), verdicts.get(record.version), drills.get(record.version))
        for record in kept
    ]
    since = kept[0].applied_at if kept and len(kept) < len(listing.versions) else None
    incidents = [
        event
        for event in _log_events(project, name)
        if event.kind in _INCIDENTS and (since is None or event.at >= since)
    ]
    return HistoryResult(
        name,
        tuple(reversed(entries)),
        listing.foreign,
        tuple(incidents),
        has_verdicts=verdict,
        unread=listing.unread,
        untagged=listing.untagged,
    )


# What belongs between the versions of a history; begun, renewed and recorded would only repeat them.
_INCIDENTS = frozenset({EventKind.FAILED, EventKind.LOCKED, EventKind.UNLOCKED, EventKind.FORCED, EventKind.RESTORED})


def _log_events(project: Project, env: EnvName) -> tuple[LogEvent, ...]:
    events = read_events(project.repository, env)
    return tuple(LogEvent(found.sha, found.kind, found.text, found.by, found.at, found.run_id) for found in events)


def show(project: Project, env: str | None, version: str | None) -> ShowResult:
    """One version's identity card; the latest when none is named."""
    name = _environment_with_versions(project, env)
    listing = versions_of(project.repository, name)
    if version is None:
        require_known(name, listing)
    if listing.latest is None:
        raise Refused("never-applied", f"{name} has no version yet", hint=f"tfops apply {name}")
    record = pick_version(version, name, listing.versions) if version else listing.latest
    card = read_card(project.repository, record)
    verdict = verdicts_of(project, listing, only=record).get(record.version)
    trouble = read_present(project.repository, name).trouble if record is listing.latest else None
    commit = _commit_or_none(project.repository, record)
    drill = drills_of(project, name).get(record.version)
    return ShowResult(record, commit, card.model_dump(mode="json"), verdict, trouble_fact(trouble), drill)


def log(project: Project, env: str | None, *, limit: int | None = None, fetch: bool, ui: Ui) -> LogResult:
    """Every event of an environment's ledger: who did what, and when, versions or not."""
    if fetch:
        project.fetch_for_reading(project.config_at(project.repository.head), ui)
    name = _environment_with_versions(project, env)
    trouble = trouble_fact(read_present(project.repository, name).trouble)
    return LogResult(name, _log_events(project, name)[:limit], trouble)


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
