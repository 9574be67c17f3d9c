"""The identity card of a finished change, from what the stages know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfops import __version__
from tfops.config.environment import ModuleConfig
from tfops.config.source import LocalSource
from tfops.engine.mask import Masker
from tfops.engine.stack import StackEngine
from tfops.flows.consent import AUTOMATIC
from tfops.flows.stack import OpenStack
from tfops.flows.target import Target
from tfops.ledger.card import (
    ApprovalPart,
    CallerPart,
    Card,
    EnginePart,
    HoldPart,
    ModulePart,
    PersonPart,
    PlanPart,
    StackPart,
    VerifiedPart,
)
from tfops.model import MAIN_STACK, Action, Kind, Person, Plan, StackState, Version
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
        stacks={MAIN_STACK: _stack_part(target, stack.engine, stack, outcome)},
        outputs=dict(outcome.outputs),
        hold=hold,
        verified=outcome.verified,
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


def _stack_part(target: Target, engine: StackEngine, stack: OpenStack, outcome: Outcome) -> StackPart:
    after = outcome.after
    return StackPart(
        backend=describe_backend(target.rules.backend_of(target.env)),
        lineage=after.lineage,
        serial_before=outcome.before.serial,
        serial_after=after.serial,
        state_sha256=after.sha256,
        lock_digest=engine.lock_digest(),
        schema_versions=dict(after.schema_versions),
        inventory=_shown(after.inventory, stack.mask),
        forgotten=_shown(_forgotten(outcome), stack.mask),
    )


def _shown(inventory: Mapping[str, str], mask: Masker) -> dict[str, str]:
    return {mask(address): mask(known) for address, known in inventory.items()}


def _forgotten(outcome: Outcome) -> dict[str, str]:
    """What the plan let go without destroying it: a way back takes it in again by its id."""
    let_go = (change.address for change in outcome.plan.changes if change.action is Action.FORGET)
    return {address: outcome.before.inventory[address] for address in let_go if address in outcome.before.inventory}


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
