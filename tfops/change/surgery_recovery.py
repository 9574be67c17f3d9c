"""What state surgery that died left behind: the intent is closed, or the states are recorded as they are now."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from tfops.change.prepare import open_stacks
from tfops.change.recovery_case import Case, Recovery, append, mend_torn_state, release
from tfops.change.request import Request
from tfops.change.rollback import aimed_target
from tfops.change.run import Run
from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackPlan
from tfops.change.stacks import StackSpec
from tfops.change.state_backup import backup_of, put_back
from tfops.change.surgery_record import Operated, record_surgery, trouble_after
from tfops.change.surgery_target import surgery_target
from tfops.engine.state import parse_state
from tfops.errors import Refused
from tfops.ledger.chain import NewEvent, read_present
from tfops.ledger.versions import read_cards, versions_of
from tfops.records.event import EventKind
from tfops.records.names import EnvName
from tfops.records.run import Proof
from tfops.records.state import ABSENT_STATE, StackState
from tfops.records.version import Version


def settle_surgery(case: Case, request: Request) -> Recovery:
    """Whatever it got to: a state is exchanged whole, so that each was written or it wasn't."""
    intent, env = case.intent, case.facts.env
    what = intent.headline
    of_what_runs = _is_of_what_runs(case) and intent.proof is Proof.NONE
    target = surgery_target(case.facts, intent.only) if of_what_runs else aimed_target(case.facts, intent)
    with case.workspace.run(env) as folder:
        run = Run(case.facts, folder, request, case.ui)
        specs = [spec for spec in target.specs() if spec.name in intent.stacks]
        done = [_looked(case, spec, stack) for spec, stack in open_stacks(run, specs)]
        if all(_is_as_it_began(case, one) for one in done):
            case.workspace.forget_run(env, intent.run_id)
            return release(case.facts, case.lock, f"{env}: `{what}` changed nothing, the intent is closed")
        if intent.proof is not Proof.NONE and not _is_proven(case):
            return _taken_back(case, done)
        if case.facts.present.trouble is not None:
            return _told(case, done)
        card = record_surgery(case.facts, target, done, run_id=intent.run_id, seconds=0.0)
    return Recovery(f"{env}: `{what}` was done", Version(card.version))


def _is_of_what_runs(case: Case) -> bool:
    latest = case.facts.latest
    return latest is not None and latest.commit == case.intent.commit


def _is_proven(case: Case) -> bool:
    """Whether the plans were empty: by this environment's own ledger, or by that of the one that it goes with, where
    it is said first."""
    if case.intent.proof is Proof.GIVEN:
        return True
    repository = case.facts.project.repository
    for name, run_id in case.intent.follows.items():
        first = read_present(repository, EnvName(name)).intent
        if first is not None and first.run_id == run_id:
            return first.proof is Proof.GIVEN
        records = versions_of(repository, EnvName(name)).versions
        if any(card and card.run_id == run_id for _, card in read_cards(repository, records[::-1])):
            return True
    return False


def _taken_back(case: Case, done: Sequence[Operated]) -> Recovery:
    """It was never proven that the states fit: each is what it was before, from its backup."""
    env = case.facts.env
    for one in done:
        if _is_as_it_began(case, one):
            continue
        name = one.read.spec.name
        backup = backup_of(case.workspace, env, name, case.intent.run_id)
        if backup is None and case.intent.stacks[name].lineage:
            raise Refused(
                "no-backup",
                f"the state of {env} ({name}) was changed, and its backup isn't here",
                why=f"the run of {case.lock.who} on {case.lock.host} wrote it in its own clone",
                hint=f"there: tfops recover {env}",
            )
        put_back(one.read.stack, backup.read_text(encoding="utf-8") if backup else "", one.after)
    return release(case.facts, case.lock, f"{env}: `{case.intent.headline}` was not proven, its states are put back")


def _told(case: Case, done: Sequence[Operated]) -> Recovery:
    """Beside a change that stopped before, and goes on being what the environment is about."""
    present, env = case.facts.present, case.facts.env
    assert present.trouble is not None
    text, rest = f"{env}: {case.intent.headline} (recovered)", present.manual_lock or ""
    trouble = trouble_after(present.trouble, done)
    append(case.facts, NewEvent(EventKind.SURGERY, text, case.intent.run_id, lock=rest, intent="", trouble=trouble))
    return Recovery(text)


def _looked(case: Case, spec: StackSpec, stack: OpenStack) -> Operated:
    """The state as it is found. What it was before the backup says, or as far as they know it the card and the
    intent."""
    mend_torn_state(case, spec.name)
    stack.engine.prepare()
    stack.engine.release_dead_lock(since=case.lock.since, was_held=True, of_any=True)
    after, hidden = stack.engine.pull_state()
    stack.hide_found(hidden, after.inventory)
    read = StackPlan(spec, stack, _before(case, spec), hidden)
    is_transfer = case.intent.proof is not Proof.NONE
    return Operated(case.intent.headline, read, after, hidden, case.approval, is_transfer=is_transfer)


def _before(case: Case, spec: StackSpec) -> StackState:
    backup = backup_of(case.workspace, case.facts.env, spec.name, case.intent.run_id)
    if backup is not None:
        with contextlib.suppress(Refused):
            return parse_state(backup.read_text(encoding="utf-8"))
    begun, recorded = case.intent.stacks[spec.name], spec.recorded
    known = recorded.inventory if recorded else {}
    return replace(ABSENT_STATE, lineage=begun.lineage, serial=begun.serial_before, inventory=known)


def _is_as_it_began(case: Case, done: Operated) -> bool:
    begun, after = case.intent.stacks[done.read.spec.name], done.after
    return (begun.lineage, begun.serial_before) == (after.lineage, after.serial)
