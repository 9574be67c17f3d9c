"""From consent on the environment is held: lock and intent go into the ledger in one push, before anything is done."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from tfops.change.agree import Agreement
from tfops.change.cards import headline_of, told_flags, untouched_files
from tfops.change.lease import Lease, masked_action
from tfops.change.planning import Planned
from tfops.change.receipt import action_part
from tfops.change.run import Run
from tfops.change.target import Target
from tfops.config.project import InventoryPolicy
from tfops.dataclass import dataclass
from tfops.engine.events import Progress
from tfops.records.action import ActionState
from tfops.records.addresses import qualified
from tfops.records.names import StackName
from tfops.records.run import Intent, StackIntent
from tfops.render.root import joined_files
from tfops.system import failpoint, signals


@dataclass(frozen=True, slots=True)
class Held:
    """A change that has begun: what is to be done, agreed to by whom, under which lease. `arrived` are the signals that
    came since: they are heard when it is recorded."""

    run: Run
    target: Target
    planned: Planned
    agreement: Agreement
    lease: Lease
    intent: Intent
    arrived: Sequence[int]

    def is_stopped(self) -> bool:
        return bool(self.arrived)

    @property
    def seconds(self) -> float:
        """How long it worked, without the time that the question stood."""
        return round(self.run.seconds - self.agreement.thinking_s, 3)

    def renew(self, progress: Mapping[StackName, Progress]) -> None:
        """Keep the lease alive, and let the ledger have what it may of the ids made and replaced so far: recovery
        elsewhere needs whole ones or none."""
        parts = list(progress.items()) if self.target.rules.inventory is InventoryPolicy.IDS else []
        self.lease.renew_when_due(
            {qualified(stack, address): known for stack, part in parts for address, known in part.made.items()},
            {qualified(stack, address): ids for stack, part in parts for address, ids in part.replaced.items()},
        )


@contextlib.contextmanager
def begun(run: Run, target: Target, planned: Planned, agreement: Agreement) -> Iterator[Held]:
    """The lock and the intent are in the ledger, and signals wait. Raises as `Lease.begin`: then nothing was begun."""
    with signals.deferred(signals.FINISHED_FIRST) as arrived:
        lease = Lease(run.facts, run.id, run.ui, run.mask)
        intent = _intent(run, target, planned, agreement)
        rendered = joined_files({one.spec.name: one.stack.rendered for one in planned.stacks})
        root = untouched_files(target, run.facts.present) | rendered
        lease.begin(intent, what=f"{intent.kind} of {intent.commit[:8]}", root=root)
        failpoint.reach("begun")
        yield Held(run, target, planned, agreement, lease, intent, arrived)


def _intent(run: Run, target: Target, planned: Planned, agreement: Agreement) -> Intent:
    plan, restores, approval = planned.plan, target.way.restores, agreement.approvals[0]
    flags = told_flags(run)
    return Intent(
        run_id=run.id,
        kind=target.kind,
        commit=target.commit.sha,
        branch=target.branch,
        restores=restores.version.number if restores else None,
        headline=headline_of(plan, flags),
        changes=len(plan.work),
        plan_digest=plan.digest,
        stacks={
            one.spec.name: StackIntent(lineage=one.before.lineage, serial_before=one.before.serial)
            for one in planned.stacks
        },
        only=tuple(sorted(target.stacks.only)),
        replace_requested=flags.replace,
        targets=flags.targets,
        refreshed=flags.refresh,
        parallelism=flags.parallelism,
        engine=str(planned.stacks[0].stack.engine.engine),
        approved_by=approval.who,
        approved_how=approval.how,
        keeps_providers=target.keeps_providers,
        rehearses=target.facts.place.rehearses or "",
        promoted_from=target.promoted_from,
        run_values={
            one.spec.name: values for one in planned.stacks if (values := one.stack.content.run_values(one.spec.name))
        },
        actions=tuple(
            masked_action(action_part(one.spec.name, action, ActionState.NEVER_RUN), run.mask)
            for one in planned.stacks
            for action in (one.plan.actions if one.plan else ())
        ),
    )
