"""The story of a run that died, found in the ledger and finished: nothing forgotten, nothing doubled.

Called with the machine's lock held and everything fetched. What it may find, in order:

1. a card that waits on disk: the change was made, only its version is missing -> recorded;
2. a lock of this clone, or one that expired and whose holder is known to be gone:
   a. a state that the engine could not save -> pushed;
   b. things that were made but are not in the state -> imported by id;
   c. nothing was applied -> the intent is closed;
   d. a plan of that commit is empty -> the version is recorded;
   e. otherwise -> the receipt is left, and the user goes on (apply) or back (rollback).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tfops.engine.events import Progress, read_progress, started_at
from tfops.engine.stack import ERRORED_STATE
from tfops.errors import EngineFailed, Refused
from tfops.flows.cards import Outcome, build_card
from tfops.flows.custody import masked_trouble
from tfops.flows.outputs import visible_outputs
from tfops.flows.pending import record, settle_pending
from tfops.flows.planning import Planned, over_a_bridge
from tfops.flows.project import Project
from tfops.flows.receipt import Receipt, lost_from, receipt_of_rest, trouble_of
from tfops.flows.rollback import intended_target, with_past
from tfops.flows.stack import EngineOptions, OpenStack, open_stack
from tfops.flows.target import Place, Target
from tfops.flows.ui import Ui
from tfops.ledger.card import ApprovalPart
from tfops.ledger.chain import EventKind, NewEvent, Present, prepare, read_present
from tfops.ledger.parts import IntentPart, LockPart
from tfops.model import MAIN_STACK, EnvName, Kind, Plan, StackState, Version
from tfops.system import clock, environ, failpoint, process
from tfops.system.remote import Refs, Swap
from tfops.system.workspace import read_json, rewrite_outputs, run_began, write_file

# The engine's own words, in the receipt of a run whose last request was lost or refused.
_LOCK_IS_LEFT = "Error releasing the state lock"


@dataclass(frozen=True, slots=True)
class Story:
    """What was found and how it ended, in words; `version` when one was recorded."""

    text: str
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    project: Project
    place: Place
    refs: Refs
    present: Present
    lock: LockPart
    intent: IntentPart
    ui: Ui


def settle(project: Project, place: Place, refs: Refs, *, engine: EngineOptions, ui: Ui) -> Story | None:
    """Finish what this clone (or a holder that is known to be gone) left; None when there is nothing."""
    card = settle_pending(project, refs, place.env, ui)
    if card is not None:
        return Story(f"the {card.kind} of {card.commit[:8]} was made but not recorded", Version(card.version))
    present = read_present(project.repository, place.env)
    lock, intent = present.lock, present.intent
    if lock is None or not may_follow(project, lock):
        is_ours = lock is None or may_change_offline(project, lock)
        return _settle_state_alone(project, place, engine=engine, ui=ui) if is_ours else None
    if intent is None:
        return _release(project, refs, present, lock, f"{place.env}: a lock without an intent was released")
    ui.note(
        f"{place.env}: the {lock.what} by {lock.who} on {lock.host} ended without a word, finding out how far it got"
    )
    return _finish(_Case(project, place, refs, present, lock, intent, ui), engine)


def may_follow(project: Project, lock: LockPart) -> bool:
    """A lock of this clone (its machine lock is ours now), or an expired one of a process that is gone.

    Never by age alone: a holder on another machine may only be asleep.
    """
    if lock.is_manual:
        return False
    if lock.clone == project.workspace.clone_id:
        return True
    _, host = environ.user_and_host()
    is_expired = lock.expires_at is not None and lock.expires_at < clock.now()
    return is_expired and lock.host == host and not process.is_alive(lock.pid)


def may_change_offline(project: Project, lock: LockPart | None) -> bool:
    """A lock by hand of this very clone: nobody else changes what it covers while the remote is away."""
    return lock is not None and lock.is_manual and lock.clone == project.workspace.clone_id


def _release(project: Project, refs: Refs, present: Present, lock: LockPart, text: str) -> Story:
    event = NewEvent(EventKind.CLOSED, text, lock.run_id, lock=present.resting or "", intent="")
    if refs.swap(prepare(project.repository, present, event)) is Swap.LOST:
        refs.fetch()
    return Story(text)


def _settle_state_alone(project: Project, place: Place, *, engine: EngineOptions, ui: Ui) -> Story | None:
    """What a run that could still say that it stopped left out of the state: saved, or taken in by id."""
    root = project.workspace.root(place.env, MAIN_STACK)
    trouble = read_present(project.repository, place.env).trouble
    is_unsaved = (root / ERRORED_STATE).is_file()
    if trouble is None or not (is_unsaved or trouble.lost or _LOCK_IS_LEFT in trouble.why):
        return None
    target = intended_target(
        project,
        place.rehearsing(trouble.rehearses),
        commit=trouble.commit,
        kind=trouble.kind,
        branch=trouble.branch,
        restores=trouble.restores,
        keeps_providers=trouble.keeps_providers,
    )
    with project.workspace.run(place.env) as folder:
        stack = open_stack(project, target.content, folder=folder, options=engine, ui=ui)
        stack.engine.prepare()
        is_freed = _LOCK_IS_LEFT in trouble.why and stack.engine.release_dead_lock(since=run_began(trouble.run_id))
        _push_errored_state(stack, ui)
        missing = lost_from(trouble.lost, stack.engine.pull_state()[0])
        if missing:
            return _take_in(place.env, stack, missing, ui)
    if is_unsaved:
        return Story(f"{place.env}: the state that could not be saved is saved now")
    return Story(f"{place.env}: the state's lock, left by the run that stopped, was released") if is_freed else None


def _take_in(env: EnvName, stack: OpenStack, missing: Mapping[str, str], ui: Ui) -> Story | None:
    """What is gone by now can't be taken in, and stands in nobody's way: the next plan says what it makes anew."""
    try:
        _bring_back(env, stack, missing, ui)
    except (Refused, EngineFailed) as error:
        ui.warn(f"{error.what} ({error.why}): what the next plan creates may exist already")
        return None
    return Story(f"{env}: what was made but not in the state is taken in: {', '.join(sorted(missing))}")


def _push_errored_state(stack: OpenStack, ui: Ui) -> None:
    if not stack.engine.errored_state.is_file():
        return
    if stack.engine.errored_state.stat().st_size == 0:
        raise Refused(
            "errored-state",
            "the engine could not save its state, and what it left is empty",
            why=f"{stack.engine.errored_state}",
            hint="the disk was full: the state stands at the end of the engine's output in .git/tfops/runs",
        )
    stack.engine.push_errored_state()
    ui.note("the state that the engine could not save is saved now")


def _finish(case: _Case, engine: EngineOptions) -> Story:
    intent = case.intent
    target = intended_target(
        case.project,
        case.place.rehearsing(intent.rehearses),
        commit=intent.commit,
        kind=intent.kind,
        branch=intent.branch,
        restores=intent.restores,
        keeps_providers=intent.keeps_providers,
    )
    progress = _progress(case)
    with case.project.workspace.run(case.place.env) as folder:
        stack = open_stack(case.project, target.content, folder=folder, options=engine, ui=case.ui)
        _mend_torn_state(case)
        stack.engine.prepare()
        failpoint.reach("story-begun")
        if stack.engine.release_dead_lock(since=_engine_began(case)):
            case.ui.note(f"{case.place.env}: the state's lock, left by the engine that died, was released")
        failpoint.reach("lock-released")
        _push_errored_state(stack, case.ui)
        state, hidden = stack.engine.pull_state()
        missing = lost_from(progress.made or case.intent.done, state)
        if missing:
            state, hidden = _bring_back(case.place.env, stack, missing, case.ui)
        failpoint.reach("story-told")
        if _is_untouched(intent, progress, state):
            text = f"{case.place.env}: nothing was applied, the intent is closed"
            return _release(case.project, case.refs, case.present, case.lock, text)
        plan = _what_remains(case, with_past(case.project, target), stack, state, hidden)
        if plan.is_empty:
            outputs = visible_outputs(target, stack, state, hidden)
            outcome = Outcome(plan, state, state, outputs, _approvals(case), 0.0)
            return _record(case, target, stack, outcome, doubt=_doubt(progress))
        return _leave_receipt(case, stack, receipt_of_rest(progress, plan.work, intent))


def _what_remains(case: _Case, target: Target, stack: OpenStack, state: StackState, hidden: frozenset[str]) -> Plan:
    """What the run would still have to do, over the bridge that it had planned with."""
    planned = Planned(stack, state, hidden, stack.engine.plan(destroy=target.kind is Kind.DESTROY))
    if target.past is None:
        return planned.saved.plan
    try:
        return over_a_bridge(planned, target.past, case.ui).saved.plan
    finally:
        stack.engine.forget_bridge()


def _mend_torn_state(case: _Case) -> None:
    """Put the backup in the place of a local state that the engine was killed in the middle of writing.

    Terraform truncates the file and then writes it. Its backup is the state that this run began with; what
    the run made since is in the engine's output, and is brought back from there.
    """
    path = case.project.workspace.state(case.place.env) / f"{MAIN_STACK}.tfstate"
    backup = path.with_name(f"{path.name}.backup")
    before = read_json(backup)
    if not path.exists() or isinstance(read_json(path), dict) or not isinstance(before, dict):
        return
    if (before.get("lineage"), before.get("serial")) != (case.intent.lineage, case.intent.serial_before):
        return
    write_file(path, backup.read_text(encoding="utf-8"))
    case.ui.note(f"{case.place.env}: the engine died while it wrote the state, its backup was put back")


def _output(case: _Case) -> list[str]:
    """What the engine of the run wrote, when it ran in this clone."""
    folder = case.project.workspace.run_folder(case.place.env, case.intent.run_id)
    outputs = sorted(folder.glob("*-apply.out"))
    return outputs[-1].read_text("utf-8", "replace").splitlines() if outputs else []


def _engine_began(case: _Case) -> datetime:
    """By the engine's own clock, as the state's lock: the machine's clock may have jumped since the intent."""
    return started_at(_output(case)) or case.lock.since


def _progress(case: _Case) -> Progress:
    """What the run did: from its own output when it ran here, else what it put into the ledger."""
    return read_progress(_output(case))


def _bring_back(
    env: EnvName, stack: OpenStack, missing: Mapping[str, str], ui: Ui
) -> tuple[StackState, frozenset[str]]:
    """Import what was made but isn't in the state: a killed engine loses its last seconds on a remote backend."""
    ui.note(f"{env}: made but not in the state, taken in by id: {', '.join(sorted(missing))}")
    try:
        saved = stack.engine.plan_import(missing)
        failpoint.reach("import-planned")
        strange = [change for change in saved.plan.work if change.address not in missing or change.loses_data]
        if strange:
            raise Refused(
                "import",
                f"taking {', '.join(sorted(missing))} into the state would change more than that",
                why=", ".join(f"{change.action} {change.address}" for change in strange),
                hint="import them by hand, then run this again",
            )
        applied = stack.engine.apply(saved)
        failpoint.reach("imported")
        if applied.code != 0:
            why = "; ".join(error.text for error in applied.errors)
            raise Refused("import", "what was made could not be taken into the state", why=why)
    finally:
        stack.engine.forget_bridge()
    return stack.engine.read_back()


def _is_untouched(intent: IntentPart, progress: Progress, state: StackState) -> bool:
    same = (state.lineage, state.serial) == (intent.lineage, intent.serial_before)
    return same and progress.is_untouched and not intent.done


def _approvals(case: _Case) -> tuple[ApprovalPart, ...]:
    """Who consented before the run died."""
    intent = case.intent
    if not intent.approved_by:
        return ()
    how = intent.approved_how
    return (ApprovalPart(who=intent.approved_by, when=case.lock.since, digest=intent.plan_digest, how=how),)


def _doubt(progress: Progress) -> str:
    """Begun, in the state, but without an answer: a provisioner may not have run to its end."""
    if not progress.in_doubt:
        return ""
    return f"; in doubt (in the state, but their provisioners may not have ended): {', '.join(progress.in_doubt)}"


def _record(case: _Case, target: Target, stack: OpenStack, outcome: Outcome, *, doubt: str) -> Story:
    person, _ = case.project.repository.identity()
    number = target.listing.highest + 1
    card = build_card(target, stack, outcome, number=number, person=person, run_id=case.intent.run_id)
    headline = stack.mask(f"{case.intent.headline} (recovered{doubt})")
    recorded = record(case.project, case.refs, card, headline, base=None, root=stack.rendered.files)
    return Story(f"{case.place.env}: everything was applied{doubt}", Version(recorded.version))


def _leave_receipt(case: _Case, stack: OpenStack, receipt: Receipt) -> Story:
    person, _ = case.project.repository.identity()
    intent = case.intent
    why = f"the run of {case.lock.who} on {case.lock.host} died (process {case.lock.pid})"
    trouble = trouble_of(intent, receipt, headline=receipt.headline, why=why, by=person.name)
    trouble = masked_trouble(trouble, stack.mask)
    rewrite_outputs(case.project.workspace.run_folder(case.place.env, intent.run_id), stack.mask)
    text = f"{case.place.env}: the {intent.kind} of {intent.commit[:8]} is half-applied"
    rest = case.present.resting or ""
    event = NewEvent(EventKind.FAILED, text, intent.run_id, lock=rest, intent="", trouble=trouble)
    if case.refs.swap(prepare(case.project.repository, case.present, event)) is Swap.LOST:
        case.refs.fetch()
    return Story(f"{text}. {receipt.headline} Next: tfops resume {case.place.env}")
