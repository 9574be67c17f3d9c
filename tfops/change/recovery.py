"""The recovery of a run that died, found in the ledger and finished: nothing forgotten, nothing doubled.

Called with the machine's lock held and everything fetched. What it may find, in order:

1. a card that waits on disk: the change was made, only its version is missing -> recorded;
2. a lock of this clone, or one that expired and whose holder is known to be gone:
   a. a state that the engine could not save -> pushed;
   b. things that were made but are not in the state -> imported by id;
   c. nothing was applied -> the intent is closed;
   d. a plan of that commit is empty -> the version is recorded;
   e. otherwise -> the receipt is left, and the user goes on (apply) or back (rollback).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from tfops.change.cards import Outcome, build_card, standing_files
from tfops.change.holders import may_change_offline, may_take_over
from tfops.change.lease import masked_trouble
from tfops.change.lost import Lost, lost_by, lost_from
from tfops.change.outputs import visible_outputs
from tfops.change.own_reach import engine_folders
from tfops.change.planning import plan_read
from tfops.change.prepare import open_stacks
from tfops.change.receipt import Receipt, missed_actions, receipt_of_rest, trouble_of
from tfops.change.recovery_case import Case, Recovery, append, mend_torn_state, release
from tfops.change.remote_answers import refusal
from tfops.change.request import Request
from tfops.change.rollback import aimed_target
from tfops.change.run import Run, running
from tfops.change.snapshot import Snapshot
from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackPlan, unchanged
from tfops.change.stacks import StackAction, StackSpec
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.change.unrecorded_card import record, settle_pending
from tfops.engine.advice import LOCK_IS_LEFT
from tfops.engine.events import Progress, read_progress, started_at
from tfops.engine.mask import Masker
from tfops.engine.mending import push_errored_state
from tfops.engine.stack import ERRORED_STATE
from tfops.errors import EngineFailed, Refused
from tfops.ledger.chain import NewEvent
from tfops.records.action import ActionOutcome, ActionState
from tfops.records.addresses import in_stack, qualified, split
from tfops.records.event import EventKind
from tfops.records.names import StackName
from tfops.records.run import Intent
from tfops.records.state import StackState
from tfops.records.version import Kind, Version
from tfops.system import failpoint, signals
from tfops.system.remote import RemoteUnreachable
from tfops.system.workspace import part_of_run, rewrite_outputs, run_began


def recover_if_needed(facts: Snapshot, request: Request, ui: Ui) -> Recovery | None:
    """Finish what this clone (or a holder that is known to be gone) left; None when there is nothing.

    Raises Refused without a good answer of the remote: what was found out is found out again by the next command.
    """
    try:
        return _settle(facts, replace(request, flags=request.flags.plain()), ui)
    except RemoteUnreachable as error:
        consequence = f"how the run of {facts.env} ended could not be written down"
        raise refusal(error, facts.project.repository.remote, consequence) from error


def _settle(facts: Snapshot, request: Request, ui: Ui) -> Recovery | None:
    card = settle_pending(facts, ui)
    if card is not None:
        return Recovery(
            f"the {card.kind} of {card.commit[:8]} was made, but its run could not record it", Version(card.version)
        )
    lock, intent = facts.present.lock, facts.present.intent
    if lock is None or not may_take_over(facts.project, lock):
        is_ours = lock is None or may_change_offline(facts.project, lock)
        return _settle_state_alone(facts, request, ui) if is_ours else None
    if intent is None:
        return release(facts, lock, f"{facts.env}: a lock without an intent was released")
    ui.note(f"{facts.env}: the {lock.what} by {lock.who} on {lock.host} stopped unexpectedly: checking what it changed")
    return _finish(Case(facts, lock, intent, ui), request)


def _settle_state_alone(facts: Snapshot, request: Request, ui: Ui) -> Recovery | None:
    """What a run that could still say that it stopped left out of the states: saved, or taken in by id."""
    env, trouble = facts.env, facts.present.trouble
    is_locked = trouble is not None and LOCK_IS_LEFT in trouble.why
    if trouble is None or not (trouble.lost or is_locked or _is_unsaved(facts)):
        return None
    target = aimed_target(facts, trouble)
    is_unsaved, taken_in = False, set[str]()
    with running(target.facts, request, ui) as run:
        opened = open_stacks(run, target.specs())
        reads, freed = {}, []
        for spec, stack in opened:
            stack.engine.prepare()
            was_held = bool(trouble.done or trouble.failed or trouble.in_doubt)
            since = run_began(trouble.run_id)
            if is_locked and stack.engine.release_dead_lock(since=since, was_held=was_held):
                freed.append(spec.name)
            is_unsaved = _push_errored_state(stack, ui) or is_unsaved
            reads[spec.name] = StackPlan(spec, stack, *stack.engine.pull_state())
        for name, read in list(reads.items()):
            lost = lost_from(in_stack(name, trouble.lost), in_stack(name, trouble.replaced), read.before)
            reads[name], left = _take_in(read, lost, reads, ui)
            taken_in |= {qualified(name, address) for address in lost.made.keys() - left.made.keys()}
    if taken_in:
        return Recovery(f"{env}: what was made but not in the state is taken in: {', '.join(sorted(taken_in))}")
    if is_unsaved:
        return Recovery(f"{env}: the state that could not be saved is saved now")
    return Recovery(f"{env}: the state's lock, left by the run that stopped, was released") if freed else None


def _is_unsaved(facts: Snapshot) -> bool:
    folders = engine_folders(facts.project.workspace, facts.place.rules, facts.env)
    return any((folder / ERRORED_STATE).is_file() for folder in folders)


def _brought_back(read: StackPlan, lost: Lost, reads: Mapping[StackName, StackPlan], ui: Ui) -> tuple[StackPlan, Lost]:
    from tfops.change.import_lost import bring_back  # noqa: PLC0415 - hardly any run loses something

    return bring_back(read, lost, reads, ui)


def _take_in(read: StackPlan, lost: Lost, reads: Mapping[StackName, StackPlan], ui: Ui) -> tuple[StackPlan, Lost]:
    """What is gone by now can't be taken in, and stands in nobody's way: the next plan says what it makes anew."""
    try:
        return _brought_back(read, lost, reads, ui)
    except (Refused, EngineFailed) as error:
        ui.warn(f"{error.what} ({error.why}): what the next plan creates may exist already")
        return read, lost


def _push_errored_state(stack: OpenStack, ui: Ui) -> bool:
    """Whether there was one."""
    if not stack.engine.errored_state.is_file():
        return False
    if stack.engine.errored_state.stat().st_size == 0:
        raise Refused(
            "errored-state",
            "the engine could not save its state, and what it left is empty",
            why=f"{stack.engine.errored_state}",
            hint="the disk was full: the state stands at the end of the engine's output in .git/tfops/runs",
        )
    push_errored_state(stack.engine)
    ui.note("the state that the engine could not save is saved now")
    return True


def _finish(case: Case, request: Request) -> Recovery:
    intent = case.intent
    if intent.kind is Kind.SURGERY:
        from tfops.change.surgery_recovery import settle_surgery  # noqa: PLC0415 - few runs are of this kind

        return settle_surgery(case, request)
    target = aimed_target(case.facts, intent)
    progress = {spec.name: read_progress(_output(case, spec.name)) for spec in target.specs()}
    said = replace(request.flags, targets=intent.targets, refresh=intent.refreshed, parallelism=intent.parallelism)
    request = replace(request, flags=replace(said, refresh=True, replace=_left_to_replace(intent, progress)))
    with case.workspace.run(case.facts.env) as folder:
        run = Run(target.facts, folder, request, case.ui)
        opened = open_stacks(run, target.specs())
        reads, lost = _read_all(case, opened, progress)
        failpoint.reach("recovered-told")
        if _is_untouched(intent, progress, reads):
            case.workspace.forget_run(case.facts.env, intent.run_id)
            text = f"{case.facts.env}: nothing was applied, the intent is closed"
            return release(case.facts, case.lock, text)
        planned = plan_read(list(reads.values()), case.ui)
        actions = _actions_that_ran(intent, progress)
        missed = missed_actions(actions, (change.address for change in planned.plan.work))
        if planned.plan.is_empty and not missed:
            ends = tuple(unchanged(one) for one in planned.stacks)
            outcome = Outcome(
                planned.plan, ends, visible_outputs(ends), (case.approval,) if case.approval else (), 0.0,
                actions=tuple(actions), flags=replace(said, replace=intent.replace_requested),
            )  # fmt: skip
            return _record(case, target, outcome, doubt=_doubt(progress))
        rests = {one.spec.name: (progress[one.spec.name], one.plan.work if one.plan else ()) for one in planned.stacks}
        rewrite_outputs(case.workspace.run_folder(case.facts.env, intent.run_id), opened[0][1].shown)
        receipt = replace(receipt_of_rest(rests, intent), actions=tuple(missed))
        found = _leave_receipt(case, planned.mask, receipt, lost)
        _keep_log(run, case, found.text)
        return found


def _keep_log(run: Run, case: Case, why: str) -> None:
    """What the engine said before tfops died, where it ran in this clone."""
    from tfops.change import kept_log  # noqa: PLC0415 - hardly any change finds another's

    folder = case.workspace.run_folder(case.facts.env, case.intent.run_id)
    if folder.is_dir() and kept_log.is_kept(case.facts, is_stopped=True):
        kept_log.keep(
            run,
            kept_log.log_of(case.facts, case.intent, folder, map(StackName, case.intent.stacks), run.shown),
            why=why,
        )


def _read_all(
    case: Case, opened: Sequence[tuple[StackSpec, OpenStack]], progress: Mapping[StackName, Progress]
) -> tuple[dict[StackName, StackPlan], Lost]:
    """The states as they are, after what died on the way to them was repaired; what they lack is brought back.

    The second is what can't be: by qualified address what was made and no state will know.
    """
    env, reads, lost = case.facts.env, dict[StackName, StackPlan](), Lost({}, {})
    for spec, _ in opened:
        mend_torn_state(case, spec.name)
    for spec, stack in opened:
        stack.engine.prepare()
        failpoint.reach("recovered-begun")
        if spec.action is not StackAction.READ_OUTPUTS:
            was_held = not progress[spec.name].is_untouched
            if stack.engine.release_dead_lock(since=_engine_began(case, spec.name), was_held=was_held):
                case.ui.note(f"{env}: the state's lock, left by the engine that died, was released")
            failpoint.reach("lock-released")
            _push_errored_state(stack, case.ui)
        reads[spec.name] = StackPlan(spec, stack, *stack.engine.pull_state())
    for name, read in list(reads.items()):
        if read.spec.action is not StackAction.READ_OUTPUTS:
            found = _lost_by_run(case.intent, name, progress[name], read.before)
            reads[name], left = _brought_back(read, found, reads, case.ui)
            lost = lost.joined(left.qualified(name))
    return reads, lost


def _lost_by_run(intent: Intent, stack: StackName, progress: Progress, state: StackState) -> Lost:
    """By the engine's output, where it is in this clone; else by what the ledger was told."""
    if progress.made:
        return lost_by(progress, state)
    return lost_from(in_stack(stack, intent.done), in_stack(stack, intent.replaced), state)


def _output(case: Case, stack: StackName) -> list[str]:
    """What the engine of the run wrote, when it ran in this clone; else the ledger has what it was told."""
    folder = part_of_run(case.workspace.run_folder(case.facts.env, case.intent.run_id), stack)
    outputs = sorted(folder.glob("*-apply.out"))
    return outputs[-1].read_text("utf-8", "replace").splitlines() if outputs else []


def _engine_began(case: Case, stack: StackName) -> datetime:
    """By the engine's own clock, as the state's lock: the machine's clock may have jumped since the intent."""
    return started_at(_output(case, stack)) or case.lock.since


def _is_untouched(intent: Intent, progress: Mapping[StackName, Progress], reads: Mapping[StackName, StackPlan]) -> bool:
    """Whether no engine began anything, and every state is the one that it would have begun with."""
    if intent.done or not all(one.is_untouched for one in progress.values()):
        return False
    states = {name: (part.lineage, part.serial_before) for name, part in intent.stacks.items()}
    now = {name: (read.before.lineage, read.before.serial) for name, read in reads.items() if name in states}
    return now == states


def _actions_that_ran(intent: Intent, progress: Mapping[StackName, Progress]) -> list[ActionOutcome]:
    """The actions of the plan that the run died with. One without an answer isn't taken for done."""
    found = []
    for action in intent.actions:
        stack, address = split(action.address)
        known = progress[stack].action_state(address, split(action.trigger)[1]) if stack in progress else None
        found.append(replace(action, result=known or ActionState.NEVER_RUN))
    return found


def _left_to_replace(intent: Intent, progress: Mapping[StackName, Progress]) -> tuple[str, ...]:
    """What was to be replaced by hand and wasn't, as far as it is known: no plan says so by itself."""
    done = {qualified(name, event.address) for name, part in progress.items() for event in part.completed}
    return tuple(address for address in intent.replace_requested if address not in done and address not in intent.done)


def _doubt(progress: Mapping[StackName, Progress]) -> str:
    """Begun, in the state, but without an answer: a provisioner may not have run to its end."""
    found = [qualified(name, address) for name, part in progress.items() for address in part.in_doubt]
    if not found:
        return ""
    return f"; in doubt (in the state, but their provisioners may not have ended): {', '.join(found)}"


def _record(case: Case, target: Target, outcome: Outcome, *, doubt: str) -> Recovery:
    card = build_card(target, outcome, case.facts.present, run_id=case.intent.run_id)
    headline = outcome.ends[0].planned.stack.mask(f"{case.intent.headline} (recovered{doubt})")
    root = standing_files(target, outcome.ends, case.facts.present)
    recorded = record(case.facts, card, headline, base=None, root=root)
    return Recovery(f"{case.facts.env}: everything was applied{doubt}", Version(recorded.version))


def _leave_receipt(case: Case, mask: Masker, receipt: Receipt, lost: Lost) -> Recovery:
    person = case.facts.person
    intent = case.intent
    why = f"the run of {case.lock.who} on {case.lock.host} died (process {case.lock.pid})"
    if lost.made:
        why += f"; made, in no state, and can't be imported: {', '.join(sorted(lost.made))}"
    trouble = trouble_of(intent, receipt, headline=receipt.headline, why=why, by=person.name, lost=lost)
    trouble = masked_trouble(trouble.after(case.facts.present.trouble), mask)
    text = f"{case.facts.env}: the {intent.kind} of {intent.commit[:8]} is half-applied"
    rest = case.facts.present.manual_lock or ""
    event = NewEvent(EventKind.FAILED, text, intent.run_id, lock=rest, intent="", trouble=trouble)
    with signals.deferred(f"How far it got is in the ledger: tfops show {case.facts.env}"):
        append(case.facts, event)
    return Recovery(f"{text}. {receipt.headline} Next: tfops resume {case.facts.env}")
