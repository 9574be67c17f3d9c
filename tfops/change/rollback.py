"""What a rollback is aimed at, whether it may go there, and what it needs on the way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tfops.change.environment import Place
from tfops.change.project import Project
from tfops.change.provider_locks import lock_beside, lock_of_version
from tfops.change.target import Target, content_of_commit, guessed_by, protected_by, rules_from_branch_head
from tfops.change.verdicts import judge_cards, since_version
from tfops.config.modules.module import is_module_file, is_tofu_file
from tfops.config.modules.protection import lifting_overrides
from tfops.config.modules.requirements import keeping_overrides
from tfops.engine.lockfile import locked_versions
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState, read_present
from tfops.ledger.versions import Listing, known_versions, read_card
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
from tfops.system.repository import Repository


def rollback_target(
    project: Project,
    place: Place,
    *,
    to: str | None,
    keep_providers: bool = False,
    only: Iterable[str] = (),
    allow_destroy: Iterable[str] = (),
) -> Target:
    """An earlier version's content under today's rules. Raises Refused when there is none.

    With `keep_providers` it runs with the providers that run now, whatever the old modules ask for. What
    `allow_destroy` names may be destroyed although the old modules forbid it.
    """
    repository = project.repository
    listing = known_versions(repository, place.env)
    records = listing.versions
    stopped = _stopped(read_present(repository, place.env))
    picked = (
        pick_version(to, place.env, records)
        if to
        else version_to_go_back_to(place.env, records, is_stopped=stopped is not None)
    )
    goal = content_of(picked, {record.version: record for record in records})
    if goal.kind is Kind.DESTROY:
        raise Refused(
            "destroyed-version",
            f"{place.env} {goal.version} was a destroy: there is nothing to bring back",
            hint=f"pick another: tfops history {place.env}, or destroy again: tfops destroy {place.env}",
        )
    at, card = read_card(repository, picked), read_card(repository, goal)
    if at.is_its_own_content:
        goal, card = picked, at
    target = content_of_commit(
        project,
        place,
        kind=Kind.ROLLBACK,
        commit=goal.commit,
        branch=goal.branch,
        reason=_reason(place, goal, listing, stopped),
        rules=rules_from_branch_head(project, place),
        restores=goal,
        at=at,
        only=only,
    )
    since = since_version(repository, listing, goal)
    target = replace(
        target,
        pasts=_pasts(card, target.current_card, since, lost=target.pasts),
        protected=protected_by(card, target.current_card),
        guessed=guessed_by(card, target.current_card),
        undoes=_undone(repository, goal, listing, stopped),
        judgement=_judgement(target, card, since, keeps_providers=keep_providers),
        overrides=lifting_overrides(_module_files(target), allow_destroy),
    )
    if keep_providers:
        return _with_todays_providers(project, target)
    return _with_providers_of(project, target, at) if at.keeps_providers else target


def _stopped(present: LedgerState) -> Aim | None:
    """The change that stopped half-way after the latest version, or whose run died in it."""
    return present.trouble or present.intent


def _reason(place: Place, goal: VersionRecord, listing: Listing, stopped: Aim | None) -> str:
    if stopped is not None:
        return f"{place.env} back to {goal.version}, from the {stopped.kind} of {stopped.commit[:8]} that stopped"
    return f"{place.env} {listing.latest.version if listing.latest else ''} back to {goal.version}"


def _judgement(target: Target, goal: Card, since: Since, *, keeps_providers: bool) -> Judgement:
    """The verdict from the two cards; today's providers are what `--keep-providers` asks for."""
    if target.current_card is None:
        return Judgement()
    found = judge_cards(target.current_card, goal, target.rules.protect, since=since)
    solved = Verdict.KEEP_PROVIDERS if keeps_providers else None
    return conclude(reason for reason in found.reasons if reason.verdict is not solved)


def require_possible(target: Target, *, ignoring: bool) -> None:
    """Before anything runs. Raises Refused: guard `keep-providers`, or `blocked` (which can be ignored)."""
    reasons = target.judgement.reasons
    if any(reason.verdict is Verdict.BLOCKED for reason in reasons) and not ignoring:
        raise _refusal(target, Verdict.BLOCKED, "is blocked", flag="--ignore-verdict")
    if any(reason.verdict is Verdict.KEEP_PROVIDERS for reason in reasons) and not ignoring:
        raise _refusal(target, Verdict.KEEP_PROVIDERS, "needs today's providers", flag="--keep-providers")


def require_no_downgrade(target: Target, plan: Plan, *, ignoring: bool) -> None:
    """Raises Refused (guard `blocked`) when the plan asks for what a cloud refuses in the middle of an apply."""
    found = downgrades_of(target, plan)
    if found and not ignoring:
        blocked = replace(target, judgement=conclude(found))
        raise _refusal(blocked, Verdict.BLOCKED, "is blocked", flag="--ignore-verdict")


def downgrades_of(target: Target, plan: Plan) -> tuple[Reason, ...]:
    """What a rollback's plan would take back that a cloud only takes forward."""
    return refused_downgrades(plan, target.rules.no_downgrade) if target.kind is Kind.ROLLBACK else ()


def _refusal(target: Target, verdict: Verdict, what: str, *, flag: str) -> Refused:
    deciding = [reason for reason in target.judgement.reasons if reason.verdict is verdict]
    goal = target.restores.version if target.restores else target.commit.short
    cures = "; ".join(dict.fromkeys(reason.cure for reason in deciding if reason.cure and reason.cure != flag))
    return Refused(
        verdict.value,
        f"going back to {target.env} {goal} {what}",
        why="\n".join(f"{reason.text} ({reason.name})" for reason in deciding),
        hint="; ".join(filter(None, (cures, f"tfops rollback {target.env} {goal} {flag}"))),
    )


def as_it_runs(project: Project, target: Target) -> Target:
    """What runs now, with the providers that it was applied with: they may not be those of its commit."""
    card = target.current_card
    return _with_todays_providers(project, target) if card and card.keeps_providers else target


def _with_todays_providers(project: Project, target: Target) -> Target:
    """Old modules and inputs, the provider lock of what runs now."""
    return _with_lock(target, lock_of_what_runs(project, target))


def _with_providers_of(project: Project, target: Target, card: Card) -> Target:
    """The provider lock of a version, as the ledger had it when the version was recorded."""
    lock = lock_of_version(project, target.env, card)
    return _with_lock(target, lock) if lock is not None else target


def _with_lock(target: Target, lock: str | None) -> Target:
    """The content run with other providers than its commit has, and constraints that let them."""
    overrides = {**target.overrides, **keeping_overrides(_module_files(target), locked_versions(lock or ""))}
    return replace(target, provider_lock=lock, overrides=overrides, keeps_providers=True)


def _module_files(target: Target) -> Iterator[tuple[str, str]]:
    """The files of all modules of the commit that an engine reads: path below `modules/`, text."""
    return (
        (str(entry.path), entry.content().decode("utf-8", "replace"))
        for entry in target.tree.entries("modules")
        if (is_module_file(entry.path.name) or is_tofu_file(entry.path.name))
        and not (entry.is_link or entry.is_submodule)
    )


def lock_of_what_runs(project: Project, target: Target) -> str | None:
    """As the ledger has it beside the rendered root; where nobody commits locks, the one that init left here."""
    kept = lock_beside(read_present(project.repository, target.env))
    if kept is not None:
        return kept
    roots = (project.workspace.root(target.env, stack) / LOCK_FILE for stack in target.environment.stacks)
    left = next((path for path in roots if path.is_file()), None)
    return left.read_text(encoding="utf-8") if left else None


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


def _undone(repository: Repository, goal: VersionRecord, listing: Listing, stopped: Aim | None) -> tuple[Commit, ...]:
    """The commits whose work a rollback takes back, newest first; none that aren't in this clone.

    Those of a change that stopped half-way are among them.
    """
    if listing.latest is None:
        return ()
    current = content_of(listing.latest, {record.version: record for record in listing.versions})
    tried = repository.commits_between(goal.commit, require_sha(stopped.commit)) if stopped else ()
    done = repository.commits_between(goal.commit, current.commit)
    return (*(commit for commit in tried if commit not in done), *done)


def running_target(project: Project, place: Place) -> Target:
    """What runs now, with the providers that it runs with. Raises Refused (guard `never-applied`)."""
    latest = known_versions(project.repository, place.env).latest
    if latest is None or latest.kind is Kind.DESTROY:
        raise Refused("never-applied", f"{place.env} doesn't run", hint=f"tfops apply {place.env}")
    card = read_card(project.repository, latest)
    target = intended_target(
        project,
        place.rehearsing(card.rehearses),
        commit=latest.commit,
        kind=latest.kind,
        branch=latest.branch,
        restores=latest.restores.number if latest.restores else None,
    )
    if card.keeps_providers:
        return as_it_runs(project, target)
    return replace(target, provider_lock=lock_of_what_runs(project, target) or target.provider_lock)


def aimed_target(project: Project, place: Place, aim: Aim) -> Target:
    """What a run that died was about to do, to find out how far it got, or to finish it."""
    return intended_target(
        project,
        place.rehearsing(aim.rehearses),
        commit=aim.commit,
        kind=aim.kind,
        branch=aim.branch,
        restores=aim.restores,
        keeps_providers=aim.keeps_providers,
        only=aim.only,
    )


def intended_target(
    project: Project,
    place: Place,
    *,
    commit: str,
    kind: Kind,
    branch: str,
    restores: int | None,
    keeps_providers: bool = False,
    only: Iterable[str] = (),
) -> Target:
    """The content of a commit that was, or was to be, an environment once: it is not held against today's checks."""
    sha = require_sha(commit)
    is_own_apply = kind is Kind.APPLY and place.rehearses is None and not place.is_preview
    listing = known_versions(project.repository, place.env)
    records = listing.versions
    restored = next((record for record in records if record.version.number == restores), None)
    origin = restored or (records[-1] if records and kind is Kind.DESTROY else None)
    target = content_of_commit(
        project,
        place,
        kind=kind,
        commit=sha,
        branch=branch,
        reason=f"the {kind} of {sha[:8]}",
        rules=project.config_at(sha) if is_own_apply else rules_from_branch_head(project, place),
        restores=restored,
        at=read_card(project.repository, origin) if origin else None,
        only=only,
    )
    if restored:
        card, since = read_card(project.repository, restored), since_version(project.repository, listing, restored)
        target = replace(target, pasts=_pasts(card, target.current_card, since, lost=target.pasts))
    return _with_todays_providers(project, target) if keeps_providers else target
