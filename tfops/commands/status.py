"""`status`: every environment, what runs in it, and what would happen to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tfops.commands.reconcile_facts import decisions_here
from tfops.errors import Refused
from tfops.ledger.chain import Ledgers
from tfops.ledger.lock import MachineLock, read_holder
from tfops.ledger.versions import Listing, list_latest, require_known
from tfops.records.names import EnvName
from tfops.records.version import VersionRecord
from tfops.resolve.branches import matches, require_environment
from tfops.system.ref_snapshot import look_here
from tfops.system.repository import Repository
from tfops.views.status import EnvironmentStatus, LockStatus, StatusResult

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.config.project import EnvironmentRule, ProjectConfig
    from tfops.records.lock import Lock


def status(
    project: Project, only: Sequence[str] | None = None, *, fetch: bool, ui: Ui, with_labels: bool = False
) -> StatusResult:
    """Every environment of the project, and those that have versions but no line in tfops.yaml; or `only` some.

    Labels are read `with_labels` alone: they stand in files that nothing else of it needs.
    """
    repository = project.repository
    rules = project.config_at(repository.head)
    is_fresh = project.fetch_for_reading(rules, ui) if fetch else False
    here = look_here(repository)  # all refs at once: asked one by one, each costs a process
    ledgers, listings = Ledgers(repository, here.ledgers), list_latest(repository)
    decisions = decisions_here(project, rules, here, ledgers, listings, ui)
    rows = [
        replace(
            _status_of(project, env, ledgers, rule=rules.environments[env], listing=listings.get(env)),
            decision=decision,
        )
        for env, decision in decisions.items()
    ]
    rows += [
        _status_of(project, env, ledgers, rule=None, listing=listing)
        for env, listing in sorted(listings.items())
        if env not in rules.environments and (listing.latest or listing.trouble)
    ]
    for tag in [tag for listing in listings.values() for tag in listing.untagged]:
        ui.warn(f"the tag `{tag}` is gone: its card is read from the ledger")
    known = {str(row.env): row for row in rows}
    for name in only or ():
        if name not in known:
            require_environment(name, rules)
    shown = rows if only is None else [known[name] for name in dict.fromkeys(only)]
    if with_labels:
        shown = _labelled(project, rules, shown)
    return StatusResult(rules.project, tuple(shown), is_fresh, repository.remote)


def _labelled(project: Project, rules: ProjectConfig, rows: Sequence[EnvironmentStatus]) -> list[EnvironmentStatus]:
    """With those of the files; where these are broken, which others say, with those of tfops.yaml."""
    from tfops.commands.labels import Labels  # noqa: PLC0415 - as above

    labels = Labels.here(project, rules)
    found = [replace(row, labels=labels.readable(row.env)) if row.is_configured else row for row in rows]
    labels.save()
    return found


def _status_of(
    project: Project,
    env: EnvName,
    ledgers: Ledgers,
    *,
    rule: EnvironmentRule | None,
    listing: Listing | None,
) -> EnvironmentStatus:
    """What is damaged in one environment's ledger or tags is said in its row, and stops no other."""
    try:
        require_known(env, listing or Listing())
        return _sound_status(project, env, ledgers, rule=rule, listing=listing)
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
    ledgers: Ledgers,
    *,
    rule: EnvironmentRule | None,
    listing: Listing | None,
) -> EnvironmentStatus:
    """Raises Refused (guard `damaged-ledger`)."""
    latest = listing.latest if listing else None
    holder_file = project.workspace.locks / f"{env}.json"
    present = ledgers.of(env)
    return EnvironmentStatus(
        env=env,
        branch_pattern=rule.branch if rule else "",
        is_protected=rule.protected if rule else False,
        current=replace(latest, hold=present.hold_on(latest)) if latest else None,
        ahead=_commits_ahead(project.repository, rule, latest),
        holder=read_holder(holder_file) if MachineLock(project.workspace.locks).is_held(env) else None,
        unrecorded=project.workspace.pending(env).exists(),
        is_configured=rule is not None,
        lock=_lock_status(project, env, present.lock),
        trouble=present.trouble.receipt if present.trouble else "",
        trouble_why=present.trouble.why if present.trouble else "",
        drifted=present.drifted_from(latest),
    )


def _lock_status(project: Project, env: EnvName, lock: Lock | None) -> LockStatus | None:
    if lock is None:
        return None
    from tfops.change.holders import fate_of  # noqa: PLC0415 - most environments are held by nobody

    fate, is_ours = fate_of(project, env, lock), lock.clone == project.workspace.clone_id
    return LockStatus(lock, is_ours, fate.is_gone, fate.text, fate.hint)


def _commits_ahead(repository: Repository, rule: EnvironmentRule | None, latest: VersionRecord | None) -> int:
    """Commits on the environment's branch since the one that runs; 0 when the branch isn't known here."""
    if rule is None or latest is None:
        return 0
    branch = latest.branch if latest.branch and matches(rule.branch, latest.branch) else rule.branch
    head = repository.branch_head(branch) if "*" not in branch else None
    return repository.count_between(latest.commit, head) if head else 0
