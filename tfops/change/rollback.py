"""What a rollback is aimed at, whether it may go there, and what it needs on the way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tfops.change.own_reach import engine_folder, project_paths
from tfops.change.provider_locks import Locks, locks_beside, locks_of_version
from tfops.change.request import Request
from tfops.change.run_values import recorded_values
from tfops.change.snapshot import Snapshot
from tfops.change.stacks import Stacks
from tfops.change.target import Goal, Target, content_of_commit, guessed_by, protected_by, rules_from_branch_head
from tfops.change.verdicts import judge_cards, since_version
from tfops.config.modules.module import is_module_file, is_tofu_file
from tfops.config.modules.protection import lifting_overrides
from tfops.config.modules.requirements import keeping_overrides
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState
from tfops.ledger.versions import read_card
from tfops.records.addresses import in_stack, is_hidden, split
from tfops.records.card import Card, StackRecord
from tfops.records.commit import Commit
from tfops.records.names import StackName
from tfops.records.plan import Plan
from tfops.records.rendered import LOCK_FILE
from tfops.records.run import Aim
from tfops.records.verdict import Judgement, Reason, Verdict
from tfops.records.version import Kind, VersionRecord
from tfops.resolve.bridge import Past
from tfops.resolve.forward_only import refused_downgrades
from tfops.resolve.identity import Since
from tfops.resolve.verdict import conclude
from tfops.resolve.versions import content_of, pick_version, version_to_go_back_to
from tfops.system.git import require_sha


def rollback_target(facts: Snapshot, request: Request, *, to: str | None) -> Target:
    """An earlier version's content under today's rules. Raises Refused when there is none.

    With `keeps_providers` it runs with the providers that run now, whatever the old modules ask for. What
    `allow_destroy` names may be destroyed although the old modules forbid it.
    """
    repository, env, records = facts.project.repository, facts.env, facts.versions.versions
    stopped = _stopped(facts.present)
    picked = (
        pick_version(to, env, records) if to else version_to_go_back_to(env, records, is_stopped=stopped is not None)
    )
    goal = content_of(picked, {record.version: record for record in records})
    if goal.kind is Kind.DESTROY:
        raise Refused(
            "destroyed-version",
            f"{env} {goal.version} was a destroy: there is nothing to bring back",
            hint=f"pick another: tfops history {env}, or destroy again: tfops destroy {env}",
        )
    at, card = read_card(repository, picked), read_card(repository, goal)
    if at.is_its_own_content:
        goal, card = picked, at
    wanted = Goal(Kind.ROLLBACK, goal.commit, goal.branch, _reason(facts, goal, stopped), goal, request.stacks)
    target = content_of_commit(facts, wanted, rules_from_branch_head(facts), at=at)
    since = since_version(repository, facts.versions, goal)
    way = replace(
        target.way,
        pasts=_pasts(card, facts.current_card, since, lost=target.way.pasts),
        protected=protected_by(card, facts.current_card),
        guessed=guessed_by(card, facts.current_card),
        undoes=_undone(facts, goal, stopped),
        judgement=_judgement(target, card, since, keeps_providers=request.keeps_providers),
    )
    target = replace(target, way=way, stacks=_lifting(target, request.consent.allow_destroy))
    if request.keeps_providers:
        return _with_todays_providers(target)
    return _with_providers_of(target, at) if at.keeps_providers else target


def _lifting(target: Target, named: Iterable[str]) -> Stacks:
    """The stacks with what is named no longer protected by the old modules."""
    return _with_content(target.stacks, overrides=lifting_overrides(_module_files(target), named))


def _with_content(stacks: Stacks, **changes: Any) -> Stacks:
    return replace(stacks, content=replace(stacks.content, **changes))


def _stopped(present: LedgerState) -> Aim | None:
    """The change that stopped half-way after the latest version, or whose run died in it."""
    return present.trouble or present.intent


def _reason(facts: Snapshot, goal: VersionRecord, stopped: Aim | None) -> str:
    if stopped is not None:
        return f"{facts.env} back to {goal.version}, from the {stopped.kind} of {stopped.commit[:8]} that stopped"
    return f"{facts.env} {facts.latest.version if facts.latest else ''} back to {goal.version}"


def _judgement(target: Target, goal: Card, since: Since, *, keeps_providers: bool) -> Judgement:
    """The verdict from the two cards; today's providers are what `--keep-providers` asks for."""
    if target.facts.current_card is None:
        return Judgement()
    found = judge_cards(target.facts.current_card, goal, target.rules.protect, since=since)
    solved = Verdict.KEEP_PROVIDERS if keeps_providers else None
    return conclude(reason for reason in found.reasons if reason.verdict is not solved)


def require_possible(target: Target, *, ignoring: bool) -> None:
    """Before anything runs. Raises Refused: guard `keep-providers`, or `blocked` (which can be ignored)."""
    reasons = target.way.judgement.reasons
    if any(reason.verdict is Verdict.BLOCKED for reason in reasons) and not ignoring:
        raise _refusal(target, Verdict.BLOCKED, "is blocked", flag="--ignore-verdict")
    if any(reason.verdict is Verdict.KEEP_PROVIDERS for reason in reasons) and not ignoring:
        raise _refusal(target, Verdict.KEEP_PROVIDERS, "needs today's providers", flag="--keep-providers")


def require_no_downgrade(target: Target, plan: Plan, *, ignoring: bool) -> None:
    """Raises Refused (guard `blocked`) when the plan asks for what a cloud refuses in the middle of an apply."""
    found = downgrades_of(target, plan)
    if found and not ignoring:
        blocked = replace(target, way=replace(target.way, judgement=conclude(found)))
        raise _refusal(blocked, Verdict.BLOCKED, "is blocked", flag="--ignore-verdict")


def downgrades_of(target: Target, plan: Plan) -> tuple[Reason, ...]:
    """What a rollback's plan would take back that a cloud only takes forward."""
    return refused_downgrades(plan, target.rules.no_downgrade) if target.kind is Kind.ROLLBACK else ()


def _refusal(target: Target, verdict: Verdict, what: str, *, flag: str) -> Refused:
    deciding = [reason for reason in target.way.judgement.reasons if reason.verdict is verdict]
    goal = target.way.restores.version if target.way.restores else target.commit.short
    cures = "; ".join(dict.fromkeys(reason.cure for reason in deciding if reason.cure and reason.cure != flag))
    return Refused(
        verdict.value,
        f"going back to {target.env} {goal} {what}",
        why="\n".join(f"{reason.text} ({reason.name})" for reason in deciding),
        hint="; ".join(filter(None, (cures, f"tfops rollback {target.env} {goal} {flag}"))),
    )


def as_it_runs(target: Target) -> Target:
    """What runs now, with the providers that it was applied with: they may not be those of its commit."""
    card = target.facts.current_card
    return _with_todays_providers(target) if card and card.keeps_providers else target


def _with_todays_providers(target: Target) -> Target:
    """Old modules and inputs, the provider locks of what runs now."""
    return with_locks(target, locks_of_what_runs(target))


def _with_providers_of(target: Target, card: Card) -> Target:
    """The provider locks of a version, as the ledger had them when the version was recorded."""
    locks = locks_of_version(target.facts.project, target.env, card, target.stacks.content)
    return with_locks(target, locks) if locks.texts else target


def with_locks(target: Target, locks: Locks) -> Target:
    """The content run with other providers than its commit has, and constraints that let them."""
    overrides = {**target.stacks.content.overrides, **keeping_overrides(_module_files(target), locks.versions)}
    stacks = _with_content(target.stacks, lock=locks.shared, locks=locks.own, overrides=overrides)
    return replace(target, stacks=stacks, way=replace(target.way, keeps_providers=True))


def _module_files(target: Target) -> Iterator[tuple[str, str]]:
    """The files of all modules of the commit that an engine reads: path below `modules/`, text."""
    tree = target.stacks.content.tree
    return (
        (str(entry.path), entry.content().decode("utf-8", "replace"))
        for entry in tree.entries(tree.folders.modules)
        if (is_module_file(entry.path.name) or is_tofu_file(entry.path.name))
        and not (entry.is_link or entry.is_submodule)
    )


def locks_of_what_runs(target: Target) -> Locks:
    """As the ledger has them beside the rendered roots; where nobody commits locks, those that init left here."""
    stacks, workspace = target.environment.stacks, target.facts.project.workspace
    kept = locks_beside(target.facts.present, target.stacks.content)
    if kept.shared is not None or all(kept.own.get(stack) is not None for stack in stacks):
        return kept
    paths = {name: engine_folder(workspace, target.env, name, stack) / LOCK_FILE for name, stack in stacks.items()}
    left = {stack: path.read_text(encoding="utf-8") for stack, path in paths.items() if path.is_file()}
    if kept.own:
        return Locks(None, {stack: lock or left.get(stack) for stack, lock in kept.own.items()})
    return Locks(next(iter(left.values()), None))


def _pasts(goal: Card, current: Card | None, since: Since, *, lost: Mapping[StackName, Past]) -> dict[StackName, Past]:
    """By stack: what comes back, what is alive outside of the state (`lost` too), what was made anew or moved since."""
    now, found = current.stacks if current else {}, dict(lost)
    for name, part in goal.stacks.items():
        stack = StackName(name)
        past = _past(part, now.get(name), _in_stack(name, since))
        left = lost[stack].lost if stack in lost else {}
        found[stack] = replace(past, forgotten={**past.forgotten, **left}, lost=left)
    return found


def _in_stack(stack: str, since: Since) -> Since:
    """What moved inside one stack, by the engine's own addresses; a move to another stack is not for `moved` blocks."""
    return replace(since, moved=_ends_in(stack, since.moved), let_go=_ends_in(stack, since.let_go))


def _ends_in(stack: str, trails: Mapping[str, str]) -> dict[str, str]:
    ends = ((old, split(end)) for old, end in in_stack(stack, trails).items())
    return {old: end for old, (at, end) in ends if at == stack}


def _past(goal: StackRecord, current: StackRecord | None, since: Since) -> Past:
    """Hidden ids help nobody there."""
    alive = current.forgotten.items() if current else ()
    return Past(
        goal.inventory,
        {address: known for address, known in alive if not is_hidden(known)},
        dict(current.remade) if current else {},
        since,
        goal.downloads,
    )


def _undone(facts: Snapshot, goal: VersionRecord, stopped: Aim | None) -> tuple[Commit, ...]:
    """The commits whose work a rollback takes back, newest first; none that aren't in this clone.

    Those of a change that stopped half-way are among them.
    """
    if facts.latest is None:
        return ()
    repository = facts.project.repository
    current = content_of(facts.latest, {record.version: record for record in facts.versions.versions})
    paths = project_paths(facts.project, facts.place.rules, facts.env, current.commit)
    tried = repository.commits_between(goal.commit, require_sha(stopped.commit), paths) if stopped else ()
    done = repository.commits_between(goal.commit, current.commit, paths)
    return (*(commit for commit in tried if commit not in done), *done)


def running_target(facts: Snapshot, *, kind: Kind | None = None) -> Target:
    """What runs now, with the providers that it runs with; as a change of another `kind`, where one is made of it.

    Raises Refused (guard `never-applied`).
    """
    latest, card = facts.latest, facts.current_card
    if latest is None or card is None or latest.kind is Kind.DESTROY:
        raise Refused("never-applied", f"{facts.env} doesn't run", hint=f"tfops apply {facts.env}")
    restored = _numbered(facts, latest.restores.number if latest.restores else None)
    origin = card.promoted_from if kind else None  # whatever is made of it, it is still that promotion
    goal = Goal(
        kind or latest.kind, latest.commit, latest.branch, restores=restored, promoted_from=origin,
        recorded=recorded_values(card, facts.env),
    )  # fmt: skip
    target = intended_target(facts.rehearsing(card.rehearses), goal)
    if card.keeps_providers:
        return as_it_runs(target)
    locks = locks_of_what_runs(target)
    lock = locks.shared or target.stacks.content.lock
    return replace(target, stacks=_with_content(target.stacks, lock=lock, locks=locks.own))


def aimed_target(facts: Snapshot, part: Aim) -> Target:
    """What a run that died was about to do, to find out how far it got, or to finish it."""
    restored = _numbered(facts, part.restores)
    goal = Goal(
        part.kind, require_sha(part.commit), part.branch, restores=restored, stacks=tuple(part.only),
        promoted_from=part.promoted_from,
        recorded={StackName(name): values for name, values in part.run_values.items()},
    )  # fmt: skip
    return intended_target(facts.rehearsing(part.rehearses), goal, keeps_providers=part.keeps_providers)


def _numbered(facts: Snapshot, number: int | None) -> VersionRecord | None:
    return next((record for record in facts.versions.versions if record.version.number == number), None)


def intended_target(facts: Snapshot, goal: Goal, *, keeps_providers: bool = False) -> Target:
    """The content of a commit that was, or was to be, an environment once: it is not held against today's checks."""
    project, place, records = facts.project, facts.place, facts.versions.versions
    is_applied = goal.kind is Kind.APPLY or (goal.kind is Kind.SURGERY and goal.restores is None)
    is_own_apply = is_applied and place.rehearses is None and not place.is_preview
    as_it_is = goal.kind in (Kind.DESTROY, Kind.SURGERY)
    origin = goal.restores or (records[-1] if records and as_it_is else None)
    rules = project.config_at(goal.commit) if is_own_apply else rules_from_branch_head(facts)
    at = read_card(project.repository, origin) if origin else None
    is_surgery = goal.kind is Kind.SURGERY
    goal = replace(goal, reason=f"{facts.env} as it runs" if is_surgery else f"the {goal.kind} of {goal.commit[:8]}")
    target = content_of_commit(facts, goal, rules, at=at)
    if goal.restores:
        card = read_card(project.repository, goal.restores)
        since = since_version(project.repository, facts.versions, goal.restores)
        pasts = _pasts(card, facts.current_card, since, lost=target.way.pasts)
        target = replace(target, way=replace(target.way, pasts=pasts))
    return _with_todays_providers(target) if keeps_providers else target
