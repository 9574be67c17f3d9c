"""The identity card of a finished change, from what the stages know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfops import __version__
from tfops.addresses import hidden_id, is_hidden, type_of
from tfops.config.environment import ModuleConfig
from tfops.config.modules.protection import is_protected, protected_addresses
from tfops.config.source import LocalSource
from tfops.engine.mask import MASK
from tfops.flows.consent import AUTOMATIC
from tfops.flows.stack import OpenStack
from tfops.flows.target import Target
from tfops.ledger.card import (
    ApprovalPart,
    CallerPart,
    Card,
    DownloadPart,
    EnginePart,
    HoldPart,
    ModulePart,
    PersonPart,
    PlanPart,
    StackPart,
    VerifiedPart,
)
from tfops.model import MAIN_STACK, Action, InventoryPolicy, Kind, Person, Plan, StackState, Version
from tfops.render.root import describe_backend
from tfops.resolve.state import RecordedState
from tfops.system import clock, environ


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change came to: the plan that was applied, the state around it, who consented."""

    plan: Plan
    before: StackState
    after: StackState
    outputs: Mapping[str, Any]
    approvals: tuple[ApprovalPart, ...]
    duration_s: float
    verified: VerifiedPart | None = None

    @property
    def headline(self) -> str:
        return "no changes" if self.plan.is_empty else self.plan.headline()


def build_card(target: Target, stack: OpenStack, outcome: Outcome, *, number: int, person: Person, run_id: str) -> Card:
    """The card with the number that is expected; recording may raise the number."""
    now = clock.now()
    current = target.current
    hold = None
    if target.kind is Kind.ROLLBACK and target.restores:
        by_itself = any(approval.how == AUTOMATIC for approval in outcome.approvals)
        reason = f"rolled back to {target.restores.version}" + (" by itself" if by_itself else "")
        hold = HoldPart(reason=reason, by=person.name, since=now)
    return Card(
        run_id=run_id,
        project=target.rules.project,
        environment=target.env,
        version=number,
        kind=target.kind,
        commit=target.commit.sha,
        branch=target.branch,
        author=PersonPart(name=target.commit.author.name, email=target.commit.author.email),
        applied_by=PersonPart(name=person.name, email=person.email),
        applied_at=now,
        duration_s=outcome.duration_s,
        run=environ.job_address(),
        from_version=current.version.number if current else None,
        restores=target.restores.version.number if target.restores else None,
        engine=EnginePart(name=stack.engine.engine.name, version=stack.engine.engine.version),
        aws=CallerPart(account=stack.caller.account, arn=stack.caller.arn) if stack.caller else None,
        providers=stack.engine.locked_providers(),
        modules={name: _module_part(target, module) for name, module in target.environment.modules.items()},
        config_digest=target.environment.digest,
        rendered_digest=stack.rendered.digest,
        plan=_plan_part(outcome.plan),
        approvals=list(outcome.approvals),
        stacks={MAIN_STACK: _stack_part(target, stack, outcome)},
        outputs=dict(outcome.outputs),
        hold=hold,
        verified=outcome.verified,
        rehearses=target.rehearses or "",
        tfops=__version__,
    )


def _module_part(target: Target, module: ModuleConfig) -> ModulePart:
    if isinstance(module.source, LocalSource):
        return ModulePart(source=module.source.path, digest=target.tree.digest(f"modules/{module.source.path}"))
    return ModulePart(source=module.source.text)


def _plan_part(plan: Plan) -> PlanPart:
    return PlanPart(
        digest=plan.digest,
        create=plan.count(Action.CREATE),
        update=plan.count(Action.UPDATE),
        replace=plan.count(Action.REPLACE),
        delete=plan.count(Action.DELETE),
    )


def _stack_part(target: Target, stack: OpenStack, outcome: Outcome) -> StackPart:
    before, after, engine = outcome.before, outcome.after, stack.engine
    modules = engine.modules()
    ids = {stack.mask(address): stack.mask(known) for address, known in after.inventory.items()}
    return StackPart(
        backend=describe_backend(target.rules.backend_of(target.env)),
        lineage=after.lineage,
        serial_before=before.serial,
        serial_after=after.serial,
        state_sha256=after.sha256,
        providers=engine.locked_providers(),
        lock_digest=engine.lock_digest(),
        lock_committed=target.content.lock is not None,
        downloads={
            module.path: DownloadPart(source=module.source, version=module.version, digest=module.digest())
            for module in modules
            if module.is_download
        },
        types=_types_by_provider(after.types),
        schema_versions=dict(after.schema_versions),
        inventory=recorded_ids(ids, target.rules.inventory),
        protected=_protected(target, {module.path: module.folder for module in modules}, ids),
        forgotten=_forgotten(target, stack, outcome),
        remade=_remade(target, outcome, recorded_ids(ids, target.rules.inventory)),
    )


def _types_by_provider(types: Mapping[str, str]) -> dict[str, list[str]]:
    providers = sorted(set(types.values()))
    return {name: sorted(kind for kind, provider in types.items() if provider == name) for name in providers}


def _protected(target: Target, folders: Mapping[str, Path], addresses: Iterable[str]) -> list[str]:
    blocks, patterns = protected_addresses(folders), target.rules.protect
    return sorted(address for address in addresses if is_protected(address, blocks=blocks, patterns=patterns))


def _forgotten(target: Target, stack: OpenStack, outcome: Outcome) -> dict[str, str]:
    """What left the state alive, by `removed { destroy = false }`, in this change or before it."""
    card = target.current_card
    earlier = card.stacks[MAIN_STACK].forgotten if card and MAIN_STACK in card.stacks else {}
    before = outcome.before.inventory
    gone = [change for change in outcome.plan.changes if change.action is Action.FORGET]
    ids = {change.address: before.get(change.previous_address or change.address, "") for change in gone}
    left = {stack.mask(address): stack.mask(known) for address, known in ids.items()}
    found = {**earlier, **recorded_ids(left, target.rules.inventory)}
    now = recorded_ids(outcome.after.inventory, target.rules.inventory)
    taken = {(type_of(address), known) for address, known in now.items() if known}
    return {
        address: known
        for address, known in sorted(found.items())
        if address not in now and (type_of(address), known) not in taken
    }


def _remade(target: Target, outcome: Outcome, ids: Mapping[str, str]) -> dict[str, str]:
    """What this way back had to make anew, new id to the thing's first one; and what ways back before it had to."""
    card = target.current_card
    found = dict(card.stacks[MAIN_STACK].remade) if card and MAIN_STACK in card.stacks else {}
    then = target.past.inventory if target.past else {}
    made = (change.address for change in outcome.plan.changes if change.action is Action.CREATE)
    for address in made:
        known, was = ids.get(address, ""), then.get(address, "")
        if known and was and known != was:
            found[known] = found.get(was, was)
    return found


def recorded_ids(ids: Mapping[str, str], policy: InventoryPolicy) -> dict[str, str]:
    """Address to what the card may hold of the id. A digest still tells whether two ids are the same."""
    if policy is InventoryPolicy.IDS:
        return dict(ids)
    if policy is InventoryPolicy.OFF:
        return dict.fromkeys(ids, "")
    # Masked ids look alike: a digest would make them equal.
    return {address: "" if MASK in known else hidden_id(known) for address, known in ids.items()}


def in_the_form_of(recorded: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, str]:
    """Ids of a state as a card holds them, so that they can be compared with those of `recorded`."""
    hidden = any(map(is_hidden, recorded.values()))
    return recorded_ids(ids, InventoryPolicy.HASH if hidden else InventoryPolicy.IDS)


def recorded_state(card: Card | None) -> RecordedState | None:
    """What the environment's latest card says about the state."""
    if card is None or MAIN_STACK not in card.stacks:
        return None
    part = card.stacks[MAIN_STACK]
    return RecordedState(
        version=Version(card.version),
        lineage=part.lineage,
        serial=part.serial_after,
        backend=part.backend,
        is_empty=(not part.inventory and not part.lineage) or card.kind is Kind.DESTROY,
        engine_name=card.engine.name,
        engine_version=card.engine.version,
    )
