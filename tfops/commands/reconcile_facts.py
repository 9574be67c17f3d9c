"""What is to be done without a person: one look at the remote, then a decision for each environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tfops.change.home import Home, home_commit, readable_home
from tfops.config.project import DriftPolicy, EnvironmentRule, ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import Refused, TfopsError, in_a_line
from tfops.ledger.chain import Ledgers, LedgerState
from tfops.ledger.lock import MachineLock
from tfops.ledger.versions import Listing, list_latest, require_known, versions_of
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, VersionRecord
from tfops.resolve.branches import matches, require_environment
from tfops.resolve.reconcile import SyncFacts, decide, orphan
from tfops.system import clock
from tfops.system.ref_snapshot import RefSnapshot, look_at_remote, look_here
from tfops.system.remote import RemoteUnreachable

if TYPE_CHECKING:
    from tfops.change.commit_effect import CommitRules
    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.records.lock import Lock
    from tfops.resolve.shard import Shard


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """All that the decisions of one turn share. The rules of the `home` branch map branches to environments."""

    project: Project
    home: Home
    look: RefSnapshot
    here: RefSnapshot
    ledgers: Ledgers
    listings: Mapping[EnvName, Listing]
    ui: Ui
    heads: dict[tuple[CommitSha, bool], CommitRules] = field(default_factory=dict)

    @property
    def rules(self) -> ProjectConfig:
        return self.home.rules

    def head(self, commit: CommitSha, *, is_preview: bool) -> CommitRules:
        """A branch's head, read once. Raises as `CommitRules.of_commit`."""
        from tfops.change.commit_effect import CommitRules  # noqa: PLC0415 - what renders, for a head that is newer

        key = commit, is_preview
        if key not in self.heads:
            read = CommitRules.of_preview(self.project, commit, self.home) if is_preview else None
            self.heads[key] = read or CommitRules.of_commit(self.project, commit)
        return self.heads[key]

    def latest(self, env: EnvName) -> VersionRecord | None:
        listing = self.listings.get(env)
        return listing.latest if listing else None


def decide_all(
    project: Project, wanted: Sequence[str], ui: Ui, *, shard: Shard | None = None
) -> tuple[ProjectConfig, list[Decision]]:
    """The rules, and a decision for each wanted environment (none named: all of the shard, and its orphans).

    Asks the remote once, and fetches only when something moved. Raises Refused (guards `remote-unreachable`,
    `fetch-refused`).
    """
    scene = _scene(project, ui)
    if wanted:
        return scene.rules, [_decision(scene, require_environment(env, scene.rules)) for env in wanted]
    ours = [env for env in scene.rules.environments if shard is None or shard.has(env)]
    found = (_decision(scene, env) for env in ours if _is_there(scene, env))
    return scene.rules, [*found, *(one for one in _orphans(scene) if shard is None or shard.has(one.env))]


def decisions_here(
    project: Project,
    rules: ProjectConfig,
    here: RefSnapshot,
    ledgers: Ledgers,
    listings: Mapping[EnvName, Listing],
    ui: Ui,
) -> dict[EnvName, Decision]:
    """The same from what this clone knows, for who has fetched already."""
    head = home_commit(project)
    home = readable_home(project, head)[0].commit if head else project.repository.head
    scene = ProjectFacts(project, Home(home, rules), here, here, ledgers, listings, ui)
    return {env: _decision(scene, env) for env in rules.environments if _is_there(scene, env)}


def _scene(project: Project, ui: Ui) -> ProjectFacts:
    repository = project.repository
    rules = home_rules(project, ui, say=False)
    here = look_here(repository)
    try:
        look = look_at_remote(repository, rules.ledger_ref)
    except RemoteUnreachable as error:
        from tfops.change.remote_answers import refusal  # noqa: PLC0415 - a remote that is well needs no words

        raise refusal(error, repository.remote, "what it has is not known") from error
    is_behind = here.is_behind(look)
    if is_behind:
        _fetch(project, rules, ui)
    if _forget_gone(project, rules, here, look) or is_behind:
        here = look_here(repository)
    ledgers = Ledgers(repository, here.ledgers)
    return ProjectFacts(project, _home(project, ui, say=True), look, here, ledgers, list_latest(repository), ui)


def _forget_gone(project: Project, rules: ProjectConfig, here: RefSnapshot, look: RefSnapshot) -> bool:
    """Branches of previews that the remote doesn't have any more: an agent sees thousands of them come and go.

    Whether there were any.
    """
    gone = {
        branch: here.heads[branch]
        for branch in here.heads.keys() - look.heads.keys()
        if any(matches(rule.branch, branch) for rule in rules.previews)
    }
    if gone and project.repository.remote:
        project.repository.forget_branches(gone)
    return bool(gone)


def _fetch(project: Project, rules: ProjectConfig, ui: Ui) -> None:
    """A rewritten ledger or a moved tag stops its own environment, not the others."""
    try:
        project.fetch_for_change(rules)
    except Refused as error:
        if error.guard not in ("moved-tag", "rewritten-ledger"):
            raise
        ui.warn(f"{error.what} ({error.guard})")


def home_rules(project: Project, ui: Ui, *, say: bool) -> ProjectConfig:
    """tfops.yaml as the branch that is checked out has it on the remote: it says which branch is which environment.

    When that one is broken, the newest before it that isn't: the mistake of one commit must not stop all others.
    """
    return _home(project, ui, say=say).rules


def home_head(project: Project) -> CommitSha:
    """The branch that is checked out, as the remote has it."""
    repository = project.repository
    head = repository.branch_head(repository.branch) if repository.branch else None
    return head or repository.head


def _home(project: Project, ui: Ui, *, say: bool) -> Home:
    home, error = readable_home(project, home_head(project))
    if say and error is not None:
        first = error.complaints[0]
        ui.warn(f"tfops.yaml is broken ({first.mark}: {first.message}): the mapping is that of {home.commit[:8]}")
    return home


def _is_there(scene: ProjectFacts, env: EnvName) -> bool:
    """A preview is only spoken of while its branch is there, or while it runs."""
    rule, latest = scene.rules.environments[env], scene.latest(env)
    runs = latest is not None and latest.kind is not Kind.DESTROY
    return rule.preview is None or rule.branch in scene.look.heads or runs


def _has_room(scene: ProjectFacts, env: EnvName) -> bool:
    """Whether a preview runs already, or is among the first that still find room; by name, so that all agents agree."""
    rule = scene.rules.environments[env]
    if rule.preview is None:
        return True
    rules = scene.rules.environments.items()
    same = [name for name, other in rules if other.preview == rule.preview and _is_there(scene, name)]
    running = [name for name in same if (latest := scene.latest(name)) and latest.kind is not Kind.DESTROY]
    waiting = sorted(name for name in same if name not in running)
    return env in running or env in waiting[: max(rule.preview.most - len(running), 0)]


def _orphans(scene: ProjectFacts) -> Iterator[Decision]:
    for env in sorted(scene.listings.keys() - scene.rules.environments.keys()):
        latest = scene.latest(env)
        if latest is not None and latest.kind is not Kind.DESTROY:
            yield orphan(env, latest)


def _decision(scene: ProjectFacts, env: EnvName) -> Decision:
    """Where it can't be told what runs, nothing is done; the others go on."""
    try:
        require_known(env, scene.listings.get(env, Listing()))
        facts = _facts(scene, env)
    except Refused as error:
        return _damaged(scene, env, error)
    found, latest, preview = decide(facts), facts.current, facts.rule.preview
    if latest is None or latest.kind is Kind.DESTROY:
        return found
    if preview is not None and preview.ttl_s and not found.acts:
        ends = latest.applied_at + timedelta(seconds=preview.ttl_s)
        found = replace(found, again_at=min(found.again_at or ends, ends))
    return replace(found, looks_for_drift=facts.rule.drift is not DriftPolicy.IGNORE)


def _damaged(scene: ProjectFacts, env: EnvName, error: Refused) -> Decision:
    latest = scene.latest(env)
    current = latest.version if latest else None
    detail = error.guard if error.guard != SyncReason.DAMAGED.value else ""
    return Decision(env, SyncReason.DAMAGED, error.what, current=current, detail=detail)


def _facts(scene: ProjectFacts, env: EnvName) -> SyncFacts:
    """Cheap facts first; the head is rendered only where the answer can depend on it."""
    rule, latest = scene.rules.environments[env], scene.latest(env)
    branches = _branches(scene, rule)
    branch = _branch(rule, branches, latest)
    head = scene.look.heads.get(branch)
    present = scene.ledgers.of(env)
    facts = SyncFacts(
        env=env,
        rule=rule,
        now=clock.now(),
        branch=branch,
        branches=branches,
        head=head,
        current=latest,
        is_ledger_rewritten=_is_ledger_rewritten(scene, env),
        is_ledger_missing=latest is not None and env not in scene.ledgers,
        hold=present.hold_on(latest),
        rehearses=str(present.card.get("rehearses") or ""),
        is_stopped=present.trouble is not None,
        earlier=present.declined,
        drifted=present.drifted_from(latest),
        has_room=_has_room(scene, env),
    )
    facts = _with_lock(scene.project, facts, present.lock)
    return facts if head is None or facts.runs_head else _at_head(scene, facts, present, head)


def _is_ledger_rewritten(scene: ProjectFacts, env: EnvName) -> bool:
    """Whether what the remote had isn't part of what is here now; it may have moved on between look and fetch."""
    there, here = scene.look.ledgers.get(env), scene.here.ledgers.get(env)
    if there is None or there == here:
        return False
    return here is None or not scene.project.repository.is_ancestor(there, here)


def _branches(scene: ProjectFacts, rule: EnvironmentRule) -> tuple[str, ...]:
    if "*" not in rule.branch:
        return (rule.branch,) if rule.branch in scene.look.heads else ()
    return tuple(sorted(branch for branch in scene.look.heads if matches(rule.branch, branch)))


def _branch(rule: EnvironmentRule, branches: tuple[str, ...], latest: VersionRecord | None) -> str:
    """The one that fits; of several the one that the latest version is from."""
    if latest is not None and matches(rule.branch, latest.branch) and (latest.branch in branches or not branches):
        return latest.branch
    return branches[0] if len(branches) == 1 else ""


def _with_lock(project: Project, facts: SyncFacts, lock: Lock | None) -> SyncFacts:
    """Who holds the environment: a person, a run, or a run of this clone that is known to be over."""
    is_held_here = MachineLock(project.workspace.locks).is_held(facts.env)
    if lock is None:
        return replace(facts, busy="is being changed by a process of this clone") if is_held_here else facts
    if lock.is_manual:
        return replace(facts, lock_by_hand=f"locked by {lock.who}: {lock.reason or 'no reason given'}")
    from tfops.change.holders import may_take_over  # noqa: PLC0415 - where a run holds the environment

    is_dead = not is_held_here and may_take_over(project, lock)
    what = f"{lock.what} by {lock.who} on {lock.host}"
    return replace(facts, busy=what, busy_until=lock.expires_at, is_dead=is_dead)


def _at_head(scene: ProjectFacts, facts: SyncFacts, present: LedgerState, head: CommitSha) -> SyncFacts:
    """What only the commit itself can say: its rules, what it renders to, its signature, what it follows."""
    from tfops.change.commit_effect import changes_environment  # noqa: PLC0415 - as in `head`

    repository, current = scene.project.repository, facts.current
    try:
        read = scene.head(head, is_preview=facts.rule.preview is not None)
        rule = read.rules.environments[require_environment(facts.env, read.rules)]
        is_changed = changes_environment(scene.project, read, present, present.card)
        unpromoted = _unpromoted(scene, rule, facts) if is_changed or present.trouble else ()
    except TfopsError as error:
        return replace(facts, complaint=in_a_line(error), complaint_name=_name_of(error))
    return replace(
        facts,
        rule=rule,
        is_changed=is_changed,
        is_rewritten=is_changed and _is_rewritten(scene, facts, head),
        is_outrun=bool(current and facts.hold) and _is_outrun(scene, facts, present, head),
        is_signed=not rule.requires_signed_commits or repository.has_good_signature(head),
        unpromoted=unpromoted,
    )


def _unpromoted(scene: ProjectFacts, rule: EnvironmentRule, facts: SyncFacts) -> tuple[str, ...]:
    if rule.promote is None or facts.head is None:
        return ()
    # Few environments are promoted to.
    from tfops.change.module_contents import unpromoted  # noqa: PLC0415
    from tfops.ledger.versions import read_card  # noqa: PLC0415

    project, latest = scene.project, facts.current
    return unpromoted(project, facts.env, facts.head, read_card(project.repository, latest) if latest else None)


def _is_rewritten(scene: ProjectFacts, facts: SyncFacts, head: CommitSha) -> bool:
    """Whether the branch that the latest version is from doesn't lead from it to the head any more."""
    current = facts.current
    if current is None or current.branch != facts.branch:
        return False
    return not scene.project.repository.is_ancestor(current.commit, head)


def _is_outrun(scene: ProjectFacts, facts: SyncFacts, present: LedgerState, head: CommitSha) -> bool:
    """Whether the head is newer than what the rollback took back. A hold by hand is never outrun."""
    current = facts.current
    if current is None or current.restores is None or _is_by_hand(present, current):
        return False
    versions = versions_of(scene.project.repository, facts.env).versions
    applied = [record for record in versions if record.restores is None]
    if not applied or applied[-1].commit == head:
        return False
    from tfops.change.own_reach import project_paths  # noqa: PLC0415 - most are not held

    repository, undone = scene.project.repository, applied[-1].commit
    # Commits of the project's files: one that only changes a README is no fix.
    paths = project_paths(scene.project, scene.rules, facts.env, head)
    return repository.is_ancestor(undone, head) and bool(repository.commits_between(undone, head, paths))


def _is_by_hand(present: LedgerState, current: VersionRecord) -> bool:
    mark = present.hold_mark
    return mark is not None and mark.version == current.version.number


def _name_of(error: TfopsError) -> str:
    return error.guard if isinstance(error, Refused) else error.name
