"""From content to a plan: what `plan`, `apply`, `rollback` and `destroy` share before anyone is asked.

Stacks are prepared and their states read side by side. Then each is planned after those whose outputs it takes,
with what their plans already know of them; what they don't know yet makes a stack wait, and be previewed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tfops.change.bridging import over_a_bridge
from tfops.change.missing import require_not_made_anew
from tfops.change.prepare import read_stacks, results_of
from tfops.change.run import Run
from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackPlan
from tfops.change.stacks import StackAction, StackSpec
from tfops.change.supplies import OutputSource, Supplies, stand_ins, supplies_for
from tfops.change.ui import Ui
from tfops.config.values import StackOutput
from tfops.dataclass import dataclass
from tfops.engine.advice import is_about_sensitive
from tfops.engine.mask import Masker
from tfops.engine.plan import masked_plan
from tfops.engine.saved_plan import SavedPlan
from tfops.errors import EngineFailed, Refused, TfopsError
from tfops.records.addresses import with_masked_keys, without_keys
from tfops.records.hook import HookOutcome, HookPoint
from tfops.records.names import StackName
from tfops.records.plan import Action, Plan, Waiting
from tfops.render.root import UNKNOWN_TYPE
from tfops.resolve.bridge import Bridge
from tfops.resolve.graph import waves
from tfops.resolve.merged_plan import merge_plans
from tfops.system import failpoint
from tfops.system.parallel import side_by_side

if TYPE_CHECKING:
    from tfops.records.tries import FailedTry


@dataclass(frozen=True, slots=True)
class Planned:
    """The plans of all stacks that are worked on, in an order that can be worked off; those that are only asked.

    `tries` failed on the way, `hooks` ran around it."""

    stacks: tuple[StackPlan, ...]
    asked: tuple[StackPlan, ...] = ()
    tries: "tuple[FailedTry, ...]" = ()
    hooks: tuple[HookOutcome, ...] = ()

    @property
    def plan(self) -> Plan:
        plans = {planned.spec.name: planned.plan for planned in self.stacks if planned.plan is not None}
        return merge_plans(plans, (planned.waits for planned in self.stacks if planned.waits))

    @property
    def shown(self) -> Plan:
        """The plan as people may see it, and consent to it."""
        return masked_plan(self.plan, self.mask)

    @property
    def mask(self) -> Masker:
        return self.stacks[0].stack.mask

    @property
    def moved(self) -> dict[StackName, tuple[str, ...]]:
        return {one.spec.name: one.moved for one in self.stacks}

    @property
    def bridges(self) -> dict[StackName, Bridge]:
        return {planned.spec.name: planned.bridge for planned in self.stacks if not planned.bridge.is_empty}

    @property
    def bare(self) -> tuple[StackName, ...]:
        """The stacks whose states hold nothing."""
        return tuple(one.spec.name for one in self.stacks if not one.before.inventory)

    @property
    def engine_starts(self) -> int:
        return sum(read.stack.engine.starts for read in (*(one for one in self.stacks), *self.asked))


def plan_stacks(run: Run, opened: Sequence[tuple[StackSpec, OpenStack]]) -> Planned:
    """Init where needed, states and plans. Changes nothing but tfops' own folders.

    Raises as `read_stacks`. A spec's `bridge` is planned with; over its `past` one is found, where the plan needs it.
    """
    planned = plan_read(read_stacks(run, opened, will_plan=True), run.ui)
    require_not_made_anew(
        run.facts.env,
        [((one.spec, one.stack, one.before), one.missing, one.plan) for one in planned.stacks],
        takes_names=run.request.consent.allow_missing is not None,
    )
    if not run.request.flags.refresh:
        run.ui.note("not refreshed (--refresh=false): what changed outside of tfops isn't seen")
    if run.request.flags.replace or run.request.flags.targets:
        from tfops.change.narrowing import require_what_was_named  # noqa: PLC0415 - most changes are of all

        require_what_was_named(run, planned.plan, planned.stacks)
    failpoint.reach("planned")
    if run.hooks:
        run.hooks.at(HookPoint.AFTER_PLAN, code=code_of(planned.plan))
    return replace(planned, tries=tuple(run.tries), hooks=run.hook_outcomes)


def code_of(plan: Plan) -> int:
    """What hooks are told of a plan, as `plan -detailed-exitcode` would."""
    return 0 if plan.is_empty else 2


# A plan that is there already, for a stack that stands ready.
Take = Callable[[StackPlan], SavedPlan]


def plan_read(read: Sequence[StackPlan], ui: Ui, take: Take | None = None) -> Planned:
    """Plans of stacks whose states were read, each after those that it takes something from: made now, or taken."""
    by_name = {one.spec.name: one for one in read}
    env = read[0].spec.content.environment.name
    asked = tuple(one for one in read if one.spec.action is StackAction.READ_OUTPUTS)
    needs = {name: one.spec.waits_for & by_name.keys() for name, one in by_name.items()}
    found: dict[StackName, StackPlan] = {}
    ui.phase(f"planning {env}")
    for wave in waves(needs):
        working = [by_name[name] for name in wave if by_name[name].spec.action is not StackAction.READ_OUTPUTS]
        tasks = [partial(plan_one, one, found, by_name, take) for one in working]
        for planned, remarks in results_of(side_by_side(tasks, on_signal=ui.engine_signal)) if tasks else ():
            found[planned.spec.name] = planned
            for remark in remarks:
                ui.warn(remark)
    ui.phase("")
    _warn_of_plain_words(found.values(), ui)
    order = [one.spec.name for one in read if one.spec.action is not StackAction.READ_OUTPUTS]
    return Planned(tuple(found[name] for name in order), asked)


def _warn_of_plain_words(planned: Iterable[StackPlan], ui: Ui) -> None:
    """A secret that is a word of the configuration stands in every address and message."""
    for one in planned:
        words = one.stack.words(_addresses(one, one.plan))
        for text in sorted(text for text, value in one.stack.named.items() if value in words):
            ui.warn(f"{text} is a word that the configuration shows anyway: where it stands as code it isn't masked")


def _addresses(read: StackPlan, plan: Plan | None) -> tuple[str, ...]:
    return (*read.before.inventory, *(change.address for change in (plan.changes if plan else ())))


def plan_one(
    read: StackPlan,
    planned: Mapping[StackName, StackPlan],
    states: Mapping[StackName, StackPlan],
    take: Take | None = None,
) -> tuple[StackPlan, tuple[str, ...]]:
    """One stack's plan, given those before it; and what should be said. Runs beside others: it talks to nobody."""
    if take is not None:
        supplies = _supplies(read, planned, states)
        read.stack.supply(supplies.known, supplies.unknown)
        found, remarks = replace(read, saved=take(read)), tuple[str, ...]()
    else:
        found, remarks = _plan_one(read, planned, states)
    found = _with_kept(found)
    read.stack.hide_found(found.saved.secrets if found.saved else (), _addresses(read, found.plan))
    return found, remarks


def _with_kept(found: StackPlan) -> StackPlan:
    """With what is destroyed in spite of `destroy = false` marked.

    Either the version that runs says so and the new code doesn't, or the engine passes over it: Terraform 1.16 does so
    at a replacement (hashicorp/terraform#39088).
    """
    saved, spec, stack = found.saved, found.spec, found.stack
    if saved is None or not (saved.plan.count(Action.DELETE) or saved.plan.count(Action.REPLACE)):
        return found
    blocks, recorded = stack.protections().kept, spec.recorded.kept if spec.recorded else frozenset[str]()

    def is_kept(address: str) -> bool:
        return without_keys(address) in blocks or with_masked_keys(address, stack.mask) in recorded

    changes = tuple(
        replace(change, against_keep=True)
        if change.action in (Action.DELETE, Action.REPLACE) and is_kept(change.previous_address or change.address)
        else change
        for change in saved.plan.changes
    )
    return replace(found, saved=replace(saved, plan=replace(saved.plan, changes=changes)))


def _plan_one(
    read: StackPlan, planned: Mapping[StackName, StackPlan], states: Mapping[StackName, StackPlan]
) -> tuple[StackPlan, tuple[str, ...]]:
    spec, engine = read.spec, read.stack.engine
    supplies = _supplies(read, planned, states)
    if supplies.unknown and spec.action is StackAction.APPLY:
        _require_coming(spec, supplies.unknown, planned)
        return _preview(read, supplies), ()
    read.stack.supply(supplies.known, supplies.unknown)
    try:
        if spec.bridge is not None and not spec.bridge.is_empty:
            return replace(read, saved=engine.plan_bridged(spec.bridge.blocks()), bridge=spec.bridge), ()
        saved = engine.plan(destroy=spec.action is StackAction.DESTROY)
    except EngineFailed as error:
        busy = _busy(spec, planned)
        if not busy or (error.is_settled and spec.action is StackAction.APPLY):
            raise
        return replace(read, waits=Waiting(spec.name, busy, _first_line(error))), ()
    if spec.past is None:
        return replace(read, saved=saved), ()
    found = over_a_bridge(read.stack, saved, spec.past, inventory=read.before.inventory)
    return replace(read, saved=found.saved, bridge=found.bridge), found.remarks


def refreshed(states: Mapping[StackName, StackPlan], ui: Ui) -> dict[StackName, Plan]:
    """What the real world has that the states don't say: a refresh-only plan of each stack."""
    for read in states.values():
        supply(read, states)
    tasks = [partial(_refreshed_one, read) for read in states.values()]
    return dict(zip(states, results_of(side_by_side(tasks, on_signal=ui.engine_signal)), strict=True))


def _refreshed_one(read: StackPlan) -> Plan:
    """A refresh-only plan, or where it fails the drift that an ordinary one found.

    Where a keyed object is gone and something refers to its key, Terraform (1.11 to 1.15) says "Invalid index" to the
    former, and plans the object anew in the latter.
    """
    try:
        return read.stack.engine.plan(refresh_only=True).plan
    except EngineFailed:
        plan = read.stack.engine.plan().plan
        return replace(plan, changes=(), actions=(), changed_outputs=(), is_empty=not plan.drift)


def supply(read: StackPlan, states: Mapping[StackName, StackPlan]) -> None:
    """Give a stack's engine what others have for it now; null for what they don't have."""
    supplies = _supplies(read, {}, states)
    read.stack.supply(supplies.known, supplies.unknown)


def _supplies(
    read: StackPlan, planned: Mapping[StackName, StackPlan], states: Mapping[StackName, StackPlan]
) -> Supplies:
    takes = read.spec.takes
    names = {StackName(output.stack) for output in takes.values()} & (states.keys() | planned.keys())
    return supplies_for(read.stack, takes, {name: _giver(planned.get(name), states.get(name)) for name in names})


def _giver(planned: StackPlan | None, read: StackPlan | None) -> OutputSource:
    """With its outputs as they will be, where it is being made; else as they are."""
    if planned is not None and planned.spec.action is StackAction.APPLY:
        saved, before = planned.saved, planned.before
        return OutputSource(planned.stack, saved.outputs if saved else {}, saved.kinds if saved else {}, before)
    now = read or (planned if planned else None)
    assert now is not None
    return OutputSource(now.stack, now.before.outputs, now.before.output_kinds, now.before)


def _require_coming(
    spec: StackSpec, unknown: Mapping[str, StackOutput], planned: Mapping[StackName, StackPlan]
) -> None:
    """Raises Refused (guard `upstream`) when nobody is about to make what isn't there."""
    env = spec.content.environment.name
    for output in unknown.values():
        before = planned.get(StackName(output.stack))
        if before is None or before.is_idle:
            raise Refused(
                "upstream",
                f"stack {spec.name} takes `{output.name}` of stack {output.stack}, which has no such output",
                why="that stack was not applied yet, or its module no longer gives it",
                hint=f"apply it too: tfops apply {env} --stack {output.stack} --stack {spec.name}",
            )


def _busy(spec: StackSpec, planned: Mapping[StackName, StackPlan]) -> tuple[StackName, ...]:
    """The stacks before this one that are going to change: what fails now may work when they have."""
    return tuple(name for name in sorted(spec.waits_for) if name in planned and not planned[name].is_idle)


def _preview(read: StackPlan, supplies: Supplies) -> StackPlan:
    """What the stack will do as far as it can be told: planned in a root where unknowns stand for what is missing.

    Raises EngineFailed for what nothing that is still to come would cure.
    """
    unknown = frozenset(supplies.unknown.values())
    engine, upstream = read.stack.engine, tuple(sorted({StackName(output.stack) for output in unknown}))
    if read.stack.own is not None:  # its variables take no unknown value from outside
        names = ", ".join(sorted(output.name for output in unknown))
        return replace(
            read, waits=Waiting(read.spec.name, upstream, f"{names} of {', '.join(upstream)} isn't known yet")
        )
    read.stack.lay_out(unknown, supplies.public)
    read.stack.supply(supplies.known)
    try:
        plan = engine.plan().plan
    except EngineFailed as error:
        if error.is_settled:
            raise
        _require_open(read, supplies, upstream)
        return replace(read, waits=Waiting(read.spec.name, upstream, _first_line(error)))
    finally:
        read.stack.lay_out()
    real = tuple(change for change in plan.changes if not change.address.startswith(f"{UNKNOWN_TYPE}.stack_"))
    return replace(read, preview=replace(plan, changes=real), waits=Waiting(read.spec.name, upstream))


def _require_open(read: StackPlan, supplies: Supplies, upstream: Sequence[StackName]) -> None:
    """Raises EngineFailed when something sensitive decides how many of something there are.

    An engine that doesn't know a value says nothing else of it, so it is asked with values that it knows.
    """
    given = stand_ins(read.stack, supplies)
    if not given:
        return
    read.stack.lay_out(frozenset(supplies.unknown.values()) & supplies.public, supplies.public)
    read.stack.supply({**supplies.known, **given})
    try:
        read.stack.engine.plan()
    except EngineFailed as error:
        lines = [line for line in error.why.split("\n") if is_about_sensitive(line)]
        if lines:
            raise EngineFailed(
                f"{read.spec.name} can't be planned, neither before {', '.join(upstream)} is applied nor after",
                why="\n".join(lines),
                hint=error.hint,
            ) from error


def _first_line(error: TfopsError) -> str:
    return (error.why or error.what).partition("\n")[0]
