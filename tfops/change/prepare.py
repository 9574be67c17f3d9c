"""Stacks get ready to be planned, side by side: rendered, initialized, their states read and held against the card."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from tfops.change.fetched_modules import moved_modules, moved_warning
from tfops.change.missing import Missing, find_missing
from tfops.change.run import Run
from tfops.change.snapshot import Snapshot
from tfops.change.stack import OpenStack, open_stack
from tfops.change.stack_plan import StackPlan
from tfops.change.stacks import StackAction, StackSpec
from tfops.change.state_guards import require_no_state_beside, require_own_state
from tfops.change.ui import Ui
from tfops.errors import Refused, TfopsError
from tfops.ledger.origin import require_ledger
from tfops.records.hook import HookPoint
from tfops.records.names import StackName
from tfops.records.rendered import LOCK_FILE
from tfops.records.state import StackState
from tfops.resolve.state import require_engine_for, require_known_state
from tfops.system import failpoint
from tfops.system.parallel import side_by_side


def _say_other_engine(opened: Sequence[tuple[StackSpec, OpenStack]], ui: Ui) -> None:
    """Before anybody is asked: what one of the two products keeps in a state the other may drop without a word."""
    for spec, stack in opened:
        engine, recorded = stack.engine.engine, spec.recorded
        if recorded and not recorded.is_empty and recorded.engine_name not in ("", engine.name):
            before = f"{recorded.engine_name} {recorded.engine_version}"
            ui.warn(f"{recorded.version} was applied with {before}, this is {engine}: --engine {recorded.engine_name}")
            return


def open_stacks(run: Run, specs: Sequence[StackSpec]) -> list[tuple[StackSpec, OpenStack]]:
    """All stacks of a change, rendered; what is secret in one is masked in all."""
    last = next((spec.recorded.engine_name for spec in specs if spec.recorded and not spec.recorded.is_empty), "")
    opened = [(spec, open_stack(run, spec.content, spec.name, prefer=last)) for spec in specs]
    failpoint.reach("rendered")
    return opened


def _require_known_state(facts: Snapshot, spec: StackSpec, state: StackState) -> None:
    """As `require_known_state`; in a fork, whose ledger isn't here, that is why the state isn't (`missing-ledger`)."""
    try:
        require_known_state(facts.env, spec.recorded, state)
    except Refused:
        require_ledger(facts.project.repository, facts.env, facts.present.head)
        raise


def read_stacks(run: Run, opened: Sequence[tuple[StackSpec, OpenStack]], *, will_plan: bool = False) -> list[StackPlan]:
    """Each stack's state, held against the latest card.

    A state that isn't the one that the latest card speaks of is refused, and so is one that lacks what the card has,
    unless the request names it. With `will_plan` every stack is going to be planned as its spec says: where nothing
    has to be known of the state before, it is read from that plan.
    """
    facts, ui = run.facts, run.ui
    run.at(HookPoint.BEFORE_INIT)
    ui.phase(f"preparing {facts.env}")
    results_of(side_by_side([partial(_prepare, stack) for _, stack in opened], on_signal=ui.engine_signal))
    run.at(HookPoint.AFTER_INIT, HookPoint.BEFORE_PLAN)
    ahead = _planned_ahead(spec for spec, _ in opened) if will_plan else frozenset[StackName]()
    if ahead:
        ui.phase(f"planning {facts.env}")
    reading = [partial(_read, spec, stack, plans=spec.name in ahead) for spec, stack in opened]
    done = results_of(side_by_side(reading, on_signal=ui.engine_signal))
    failpoint.reach("state-read")
    for spec, (state, _) in zip((spec for spec, _ in opened), done, strict=True):
        if spec.recorded is None and not spec.takes_over:
            require_own_state(facts, spec.name, state)
            require_no_state_beside(facts, spec)
        _require_known_state(facts, spec, state)
    for spec, stack in opened:
        require_engine_for(spec.recorded, stack.engine.engine.name, stack.engine.engine.version)
    _say_other_engine(opened, ui)
    for (_, stack), (state, hidden) in zip(opened, done, strict=True):
        stack.hide_found(hidden, state.inventory)
    states = [(spec, stack, state) for (spec, stack), (state, _) in zip(opened, done, strict=True)]
    missing = find_missing(facts, states, run.request.consent.allow_missing, ui)
    _say_let_go(missing, ui)
    _say_unlocked(opened, ui)
    ready = [
        StackPlan(spec, stack, state, hidden, moved_modules(spec, stack.engine.modules()), lacks)
        for (spec, stack), (state, hidden), lacks in zip(opened, done, missing, strict=True)
    ]
    for one in ready:
        if one.moved:
            ui.warn(moved_warning(one.moved, one.spec))
    return ready


def _say_let_go(missing: Iterable[Missing], ui: Ui) -> None:
    for address, known in sorted(pair for one in missing for pair in one.let_go.items()):
        identity = f" (id {known})" if known else ""
        ui.warn(f"{address}{identity} is in no state any more: what it stands for is left to itself")


def _prepare(stack: OpenStack) -> None:
    stack.engine.prepare()
    failpoint.reach("prepared")


def _planned_ahead(specs: Iterable[StackSpec]) -> frozenset[StackName]:
    """The stacks whose plan needs nothing of a state: neither of others' nor, for the blocks of a bridge, of theirs."""
    known = tuple(specs)
    giving = {StackName(output.stack) for spec in known for output in spec.takes.values()}
    return frozenset(
        spec.name
        for spec in known
        if spec.action is not StackAction.READ_OUTPUTS
        and not spec.waits_for
        and spec.name not in giving
        and (spec.bridge is None or spec.bridge.is_empty)
    )


def _read(spec: StackSpec, stack: OpenStack, *, plans: bool) -> tuple[StackState, frozenset[str]]:
    if plans:
        return stack.engine.plan_ahead(destroy=spec.action is StackAction.DESTROY)
    return stack.engine.pull_state()


def _say_unlocked(opened: Sequence[tuple[StackSpec, OpenStack]], ui: Ui) -> None:
    env = opened[0][0].content.environment.name
    bare = [(spec, stack) for spec, stack in opened if spec.content.lock_of(spec.name) is None]
    unlocked = [stack.engine.locked_providers() for _, stack in bare]
    providers = {name: version for found in unlocked for name, version in found.items()}
    if providers:
        named = ", ".join(f"{name.rpartition('/')[2]} {version}" for name, version in sorted(providers.items()))
        root = bare[0][1].config.root
        how = f"commit {root.path}/{LOCK_FILE}" if root else f"tfops providers lock {env}"
        ui.note(f"the providers of {env} are not locked ({named}): {how}")


def results_of(outcomes: Sequence[Any]) -> list[Any]:
    """The results; the first failure is raised."""
    for outcome in outcomes:
        if isinstance(outcome, TfopsError):
            raise outcome
    return list(outcomes)
