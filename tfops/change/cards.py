"""The identity card of a finished change, from what the stages know."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import field, replace
from typing import Any

from tfops import __version__
from tfops.change.consent import AUTOMATIC
from tfops.change.content import Content
from tfops.change.ids import recorded_ids
from tfops.change.lease import masked_action
from tfops.change.run import Run
from tfops.change.stack_plan import StackResult
from tfops.change.target import Target
from tfops.config.environment import ModuleConfig
from tfops.config.modules.moves import let_go_blocks
from tfops.config.modules.protection import is_protected
from tfops.config.source import LocalSource, RootSource
from tfops.dataclass import dataclass
from tfops.engine.commands import EngineFlags
from tfops.forge.ci import job_address
from tfops.ledger.chain import LedgerState
from tfops.records.action import ActionOutcome
from tfops.records.addresses import qualified, split, type_of, with_masked_keys, without_keys
from tfops.records.card import Approval, Card, EngineUsed, ModuleUsed, PlanSummary, StackRecord
from tfops.records.check import CheckOutcome, Verification
from tfops.records.download import Download
from tfops.records.hold import Hold
from tfops.records.hook import HookOutcome
from tfops.records.names import StackName
from tfops.records.plan import Action, Plan
from tfops.records.state import StackState
from tfops.records.switched_off import stack_of
from tfops.records.version import Kind
from tfops.render.backend import describe_backend
from tfops.render.root import digest_of, joined_files
from tfops.resolve.code_moves import relevant_moves
from tfops.resolve.identity import is_telling
from tfops.system import clock

_MOST_FINDINGS = 20  # of a check that passed: a card is kept forever


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change came to: the plan that was applied, how each stack ended, what it passed, who consented.

    `flags` are what a person said of the plan, with nothing secret in them."""

    plan: Plan
    ends: tuple[StackResult, ...]
    outputs: Mapping[str, Any]
    approvals: tuple[Approval, ...]
    duration_s: float
    verified: Verification | None = None
    checks: tuple[CheckOutcome, ...] = ()
    actions: tuple[ActionOutcome, ...] = ()
    flags: EngineFlags = field(default_factory=EngineFlags)
    hooks: tuple[HookOutcome, ...] = ()

    @property
    def headline(self) -> str:
        if self.plan.is_empty:
            return "no changes" + _asked("--target", self.flags.targets)
        return headline_of(self.plan, self.flags)


def headline_of(plan: Plan, flags: EngineFlags) -> str:
    """A plan in a line, with what a person wanted of it besides."""
    if flags.refresh_only:
        return f"refresh-only, {len(plan.drift)} {'thing differs' if len(plan.drift) == 1 else 'things differ'}"
    return plan.headline() + _asked("--target", flags.targets) + _asked("--replace", flags.replace)


def _asked(option: str, names: Sequence[str]) -> str:
    """`, --target of module.app`."""
    listed = names[0] if len(names) == 1 else f"{len(names)} addresses"
    return f", {option} of {listed}" if names else ""


def told_flags(run: Run) -> EngineFlags:
    """What a person said of the plan, as it may be recorded: a key of an address may be a secret."""
    flags = run.request.flags
    anew, targets = (tuple(with_masked_keys(one, run.mask) for one in some) for some in (flags.replace, flags.targets))
    return replace(flags, replace=anew, targets=targets)


def standing_files(target: Target, ends: Iterable[StackResult], present: LedgerState) -> dict[str, str]:
    """The rendered roots of the stacks that the environment has from now on."""
    planned = (end.planned for end in ends if end.planned.spec.name in target.environment.stacks)
    made = joined_files({one.spec.name: one.stack.rendered for one in planned})
    return untouched_files(target, present) | made


def untouched_files(target: Target, present: LedgerState) -> dict[str, str]:
    """The roots, as the ledger has them, of the stacks that a narrowed change leaves as they are."""
    only = target.stacks.only
    starts = tuple(f"root/{stack}/" for stack in _there_after(target) if only and stack not in only)
    return {
        path.removeprefix("root/"): content.decode("utf-8", "surrogateescape")
        for path, content in present.files.items()
        if path.startswith(starts)
    }


def build_card(target: Target, outcome: Outcome, present: LedgerState, *, run_id: str) -> Card:
    """The card with the number that is expected; recording may raise the number."""
    now, person = clock.now(), target.facts.person
    current, restores = target.facts.latest, target.way.restores
    standing = [end for end in outcome.ends if end.planned.spec.name in target.environment.stacks]
    parts = _kept_parts(target) | {end.planned.spec.name: _stack_part(target, end) for end in standing}
    stack = outcome.ends[0].planned.stack
    hold = target.facts.current_card.hold if target.kind is Kind.SURGERY and target.facts.current_card else None
    if target.kind is Kind.ROLLBACK and restores:
        by_itself = any(approval.how == AUTOMATIC for approval in outcome.approvals)
        reason = f"rolled back to {restores.version}" + (" by itself" if by_itself else "")
        hold = Hold(reason=reason, by=person.name, since=now)
    return Card(
        run_id=run_id,
        project=target.rules.project,
        environment=target.env,
        version=target.next_number,
        kind=target.kind,
        commit=target.commit.sha,
        branch=target.branch,
        author=target.commit.author,
        applied_by=person,
        applied_at=now,
        duration_s=outcome.duration_s,
        run=job_address(),
        from_version=current.version.number if current else None,
        restores=restores.version.number if restores else None,
        engine=EngineUsed(name=stack.engine.engine.name, version=stack.engine.engine.version),
        aws=stack.caller,
        providers={name: version for part in parts.values() for name, version in part.providers.items()},
        modules=_module_parts(target),
        config_digest=target.environment.digest,
        rendered_digest=digest_of(standing_files(target, outcome.ends, present)),
        plan=_plan_part(outcome.plan, refreshed=outcome.flags.refresh),
        replace_requested=outcome.flags.replace,
        parallelism=outcome.flags.parallelism,
        checks=tuple(check.at_most(_MOST_FINDINGS) for check in outcome.checks),
        approvals=outcome.approvals,
        actions=tuple(masked_action(action, stack.mask) for action in outcome.actions),
        stacks=parts,
        outputs=_kept_outputs(target) | dict(outcome.outputs),
        hold=hold,
        verified=outcome.verified,
        hooks=outcome.hooks,
        keeps_providers=target.keeps_providers,
        rehearses=target.facts.place.rehearses or "",
        promoted_from=target.promoted_from,
        off=_switched_off(target),
        tfops=__version__,
    )


def _there_after(target: Target) -> Set[StackName]:
    """The stacks that the environment has, and those that a narrowed change didn't take down."""
    stacks = target.stacks
    return target.environment.stacks.keys() | (stacks.leaving - stacks.only if stacks.only else frozenset())


def _kept_parts(target: Target) -> dict[str, StackRecord]:
    """The stacks that a narrowed change left as they are, with the commit that their content is from.

    Those that are to go, too: nobody would take them down if no card spoke of them.
    """
    card, stacks = target.facts.current_card, target.stacks
    kept = card.stacks.items() if card and stacks.only else ()
    own = target.commit.sha
    commits = {name: part.commit or (card.commit if card else "") for name, part in kept}
    return {
        name: replace(part, commit="" if commits[name] == own else commits[name])
        for name, part in kept
        if name in _there_after(target)
    }


def _kept_outputs(target: Target) -> dict[str, Any]:
    """Of the stacks that a narrowed change left as they are."""
    kept = _kept_parts(target).keys() - target.stacks.only
    before = target.facts.current_card.outputs if target.facts.current_card else {}
    return {name: value for name, value in before.items() if split(name)[0] in kept}


def _switched_off(target: Target) -> tuple[str, ...]:
    """Of stacks that a narrowed change leaves as they are, what was off before."""
    card, only = target.facts.current_card, target.stacks.only
    before = card.off if card and only else ()
    return (*(one.name for one in target.off), *(name for name in before if stack_of(name) not in only))


def _module_parts(target: Target) -> dict[str, ModuleUsed]:
    """By name; with several stacks, `stack/module`."""
    return {
        qualified(stack, name): _module_part(target.stacks.content_of(stack), module)
        for stack in target.environment.stacks
        for name, module in target.stacks.content_of(stack).environment.stacks[stack].modules.items()
    }


def _module_part(content: Content, module: ModuleConfig) -> ModuleUsed:
    if isinstance(module.source, RootSource):  # by all that it can reach
        return ModuleUsed(source=module.source.text, digest=content.tree.digest(content.tree.folders.modules))
    if isinstance(module.source, LocalSource):
        folder = f"{content.tree.folders.modules}/{module.source.path}"
        return ModuleUsed(source=module.source.path, digest=content.tree.digest(folder))
    return ModuleUsed(source=module.source.text)


def _plan_part(plan: Plan, *, refreshed: bool) -> PlanSummary:
    return PlanSummary(
        digest=plan.digest,
        create=plan.count(Action.CREATE),
        update=plan.count(Action.UPDATE),
        replace=plan.count(Action.REPLACE),
        delete=plan.count(Action.DELETE),
        refreshed=refreshed,
    )


def _stack_part(target: Target, end: StackResult) -> StackRecord:
    stack, before, after = end.planned.stack, end.planned.before, end.after
    assert after is not None  # a version is only made of stacks that were read back
    engine, commit = stack.engine, stack.content.commit
    modules = engine.modules()
    flagged = stack.protections()
    folders, is_tofu = stack.folders, engine.engine.is_tofu
    let_go = let_go_blocks(folders, is_tofu=is_tofu)
    moves = relevant_moves(stack.declared_moves(), (*after.inventory, *let_go))
    known_ids = {address: known for address, known in after.inventory.items() if address not in _found_gone(end)}
    ids = {with_masked_keys(address, stack.mask): stack.mask(known) for address, known in known_ids.items()}
    named = {address for address in ids if is_protected(address, blocks=frozenset(), patterns=target.rules.protect)}
    return StackRecord(
        backend=describe_backend(target.rules.backend_of(target.env, stack.name)),
        lineage=after.lineage,
        serial_before=before.serial,
        serial_after=after.serial,
        state_sha256=after.sha256,
        providers=engine.locked_providers(),
        lock_digest=engine.lock_digest(),
        lock_committed=stack.content.lock_of(stack.name) is not None,
        downloads={
            module.path: Download(source=module.source, version=module.version, digest=module.digest())
            for module in modules
            if module.is_download
        },
        types=_types_by_provider(after.types),
        schema_versions=dict(after.schema_versions),
        inventory=recorded_ids(ids, target.rules.inventory),
        protected=tuple(sorted(address for address in ids if address in flagged or address in named)),
        guessed=tuple(sorted(address for address in ids.keys() - named if without_keys(address) in flagged.guessed)),
        kept=tuple(sorted(address for address in ids if without_keys(address) in flagged.kept)),
        unread=tuple(sorted(module.rstrip(".") for module in flagged.unread)),
        forgotten=_forgotten(target, end, after),
        lets_go=tuple(sorted(let_go)),
        moves=_with_masked_keys(moves, stack.mask),
        remade=_remade(target, end, recorded_ids(ids, target.rules.inventory)),
        moved=_moved(end),
        imported=_imported(end, after),
        commit=commit if commit != target.commit.sha else "",
        run_values=stack.content.run_values(stack.name),
        targets=_targets(target, end),
    )


def _targets(target: Target, end: StackResult) -> tuple[str, ...]:
    """What alone of its content was meant; surgery on a state leaves the content as it was."""
    stack = end.planned.stack
    if target.kind is Kind.SURGERY:
        before = _part_before(target, stack.name)
        return before.targets if before else ()
    return tuple(with_masked_keys(address, stack.mask) for address in stack.engine.targets)


def _found_gone(end: StackResult) -> frozenset[str]:
    """What the plan found to be gone, where nothing was applied: no engine writes that into the state by itself.

    It isn't wanted any more, else it would have been made anew. An engine that is killed between a deletion and its
    state leaves that behind.
    """
    drift = end.planned.plan.drift if end.planned.plan and end.applied is None else ()
    return frozenset(change.address for change in drift if change.action is Action.DELETE and not change.deposed)


def _types_by_provider(types: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    providers = sorted(set(types.values()))
    return {name: tuple(sorted(kind for kind, provider in types.items() if provider == name)) for name in providers}


def _part_before(target: Target, stack: StackName) -> StackRecord | None:
    return target.facts.current_card.stacks.get(stack) if target.facts.current_card else None


def _forgotten(target: Target, end: StackResult, after: StackState) -> dict[str, str]:
    """What left the state alive, by `destroy = false`, in this change or before it: also what a new one replaced.

    What someone took out of the state, and a person named, is among it: nobody has seen it destroyed.
    """
    stack, part = end.planned.stack, _part_before(target, end.planned.spec.name)
    earlier = part.forgotten if part else {}
    before = end.planned.before.inventory
    ids = {
        change.label: change.resource_id or before.get(change.previous_address or change.address, "")
        for change in (end.planned.plan.leaving if end.planned.plan else ())
    }
    left = {with_masked_keys(address, stack.mask): stack.mask(known) for address, known in ids.items()}
    found = {**earlier, **end.planned.missing.let_go, **recorded_ids(left, target.rules.inventory)}
    now = recorded_ids(after.inventory, target.rules.inventory)
    taken = {identity for identity in zip(map(type_of, now), now.values(), strict=True) if is_telling(identity)}
    return {
        address: known
        for address, known in sorted(found.items())
        if (address not in now or known != now[address]) and (type_of(address), known) not in taken
    }


def _remade(target: Target, end: StackResult, ids: Mapping[str, str]) -> dict[str, str]:
    """What this way back had to make anew, new id to the thing's first one; and what ways back before it had to."""
    part, past = _part_before(target, end.planned.spec.name), target.way.pasts.get(end.planned.spec.name)
    found = dict(part.remade) if part else {}
    then = past.inventory if past else {}
    changes = end.planned.plan.changes if end.planned.plan else ()
    made = (change.address for change in changes if change.action is Action.CREATE)
    for address in made:
        known, was = ids.get(address, ""), then.get(address, "")
        if known and was and known != was and is_telling((type_of(address), known)):
            found[known] = found.get(was, was)
    return found


def _moved(end: StackResult) -> dict[str, str]:
    """What stands at another address since this change, as its plan said."""
    changes, mask = end.planned.plan.changes if end.planned.plan else (), end.planned.stack.mask
    moved = {change.address: change.previous_address for change in changes if change.previous_address}
    return _with_masked_keys({address: before for address, before in moved.items() if before != address}, mask)


def _imported(end: StackResult, after: StackState) -> tuple[str, ...]:
    """What was taken in alive: as the environment's file wants it, on a way back, or by hand. What else is done to it
    makes a plan call it an update."""
    planned = end.planned
    changes = planned.plan.changes if planned.plan else ()
    wanted = {one.to for one in planned.stack.config.imports if one.to not in planned.before.inventory}
    wanted |= {adoption.address for adoption in planned.bridge.adoptions}
    found = {change.address for change in changes if change.action is Action.IMPORT} | wanted
    return tuple(sorted(with_masked_keys(one, planned.stack.mask) for one in found & after.inventory.keys()))


def _with_masked_keys(moves: Mapping[str, str], mask: Callable[[str], str]) -> dict[str, str]:
    return {with_masked_keys(one, mask): with_masked_keys(other, mask) for one, other in moves.items()}
