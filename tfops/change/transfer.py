"""Moving things from one state to another: between stacks, and between environments.

Both states are written, then both stacks are planned as the environments' branches have them now. Only where neither
plan would do anything is it recorded; else both states are put back. Nothing real is touched.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tfops import exact
from tfops.change.attempts import settled
from tfops.change.encryption import encrypts
from tfops.change.environment import find_place
from tfops.change.lease import Lease
from tfops.change.planning import plan_read
from tfops.change.prepare import open_stacks
from tfops.change.project import Project
from tfops.change.recordable import require_recordable
from tfops.change.request import Request
from tfops.change.run import Run, running
from tfops.change.snapshot import Snapshot
from tfops.change.stack_plan import StackPlan
from tfops.change.state_backup import back_up, forget_backup, put_back
from tfops.change.state_guards import require_own_state, require_same_places
from tfops.change.surgery import agreed, begin, intent_of, read_states
from tfops.change.surgery_record import Operated, record_surgery
from tfops.change.target import Goal, Target, content_of_commit
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.errors import NotRecorded, Refused, StoppedPartWay, TfopsError
from tfops.ledger.record import LostRaceError
from tfops.records.addresses import qualified
from tfops.records.card import Approval
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.plan import Plan
from tfops.records.run import Proof
from tfops.records.version import Kind, Version
from tfops.resolve.merged_plan import merge_plans
from tfops.system import failpoint, signals
from tfops.system.clock import Patience
from tfops.system.git import GitFailed
from tfops.system.remote import RemoteUnreachable
from tfops.system.workspace import write_file
from tfops.views.states import TransferResult

_ROOT_MODULE = re.compile(r"module\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class End:
    """One end of the way: an address in a stack of an environment."""

    env: EnvName
    stack: StackName
    address: str

    @classmethod
    def of(cls, env: str, stack: str, address: str) -> "End":
        """As it was typed; without a stack in the only one of an environment that is one file."""
        return cls(EnvName(env), StackName(stack or MAIN_STACK), address)

    def __str__(self) -> str:
        return f"{self.env} {qualified(self.stack, self.address)}"


@dataclass(slots=True)
class _Side:
    """One of the one or two environments, with its stacks as they were read; those in `written` change."""

    run: Run
    target: Target
    reads: dict[StackName, StackPlan]
    lease: Lease

    @property
    def env(self) -> EnvName:
        return self.target.env

    @property
    def written(self) -> list[StackPlan]:
        return [one for name, one in self.reads.items() if name in self.target.stacks.only]


def transfer(project: Project, source: End, goal: End, request: Request, ui: Ui, *, is_dry: bool) -> TransferResult:
    """Move what is at one end, and what is below it, to the other.

    Raises Refused: `nothing-there`, `taken`, `unfinished`; `not-empty` where a plan would do something then, with both
    states as they were. NotApproved, Locked.
    """
    with contextlib.ExitStack() as held:
        # Who takes comes first in everything: a thing may be in two states for a moment, never in none.
        sides = {
            env: held.enter_context(_opened(project, env, (source, goal), request, ui))
            for env in dict.fromkeys((goal.env, source.env))
        }
        giver, taker = sides[source.env].reads[source.stack], sides[goal.env].reads[goal.stack]
        moved = _moves(giver, taker, source, goal)
        _require_readable(giver, taker)
        what = f"state mv {source} to {goal}"
        if is_dry:
            return TransferResult(what, moved, is_dry=True)
        approval = agreed(sides[source.env].run, sides[source.env].target, what, giver.before)
        return _Transfer(list(sides.values()), giver, taker, source, goal, moved, what, approval).done()


@contextlib.contextmanager
def _opened(project: Project, env: EnvName, ends: Sequence[End], request: Request, ui: Ui) -> Iterator[_Side]:
    """An environment that nobody else changes, with the states of the stacks that are meant."""
    place = find_place(project, env)
    stacks = [end.stack for end in ends if end.env == env]
    task = Task(project, place, "state mv", lambda facts: _branch_target(facts, stacks), request, ui)
    with task.alone():
        facts = settled(task, task.read(), Patience(request.wait_s))
        target = task.aim(facts)
        with running(target.facts, request, ui) as run:
            require_same_places(run.facts, target.specs())
            require_recordable(target, run.facts)
            reads = read_states(run, open_stacks(run, target.specs()))
            for name, one in reads.items():
                if one.spec.recorded is None and name in target.stacks.only:
                    require_own_state(run.facts, name, one.before)
            yield _Side(run, target, reads, Lease(run.facts, run.id, ui, run.mask))


def _branch_target(facts: Snapshot, stacks: Sequence[StackName]) -> Target:
    """The stacks as the environment's branch has them now; where it has no single one, as the checked-out commit."""
    if facts.present.trouble is not None:
        hint = f"tfops resume {facts.env}, or tfops rollback {facts.env}"
        raise Refused("unfinished", f"a change of {facts.env} stopped half-way", hint=hint)
    project, pattern = facts.project, facts.place.rules.environments[facts.env].branch
    head = project.repository.branch_head(pattern) if pattern and "*" not in pattern else None
    commit = head or facts.head
    goal = Goal(Kind.SURGERY, commit, facts.place.branch or pattern, stacks=tuple(dict.fromkeys(stacks)))
    return content_of_commit(replace(facts, head=commit), goal, project.config_at(commit))


def _require_readable(*reads: StackPlan) -> None:
    """A move goes over copies, and so does the way back: of an encrypted state there is none in clear."""
    if any(encrypts(read.spec.content.rules) for read in reads):
        raise Refused(
            "state-encrypted",
            "things can't be moved out of an encrypted state, or into one",
            why="it takes copies of both states in clear",
            hint="let go and take in again: `removed` blocks in a module, `imports:` in the other environment's file",
        )


def _moves(giver: StackPlan, taker: StackPlan, source: End, goal: End) -> dict[str, str]:
    """New address to old one, of everything that moves. Raises Refused."""
    found = {
        goal.address + address.removeprefix(source.address): address
        for address in giver.before.inventory
        if address.startswith(source.address) and address.removeprefix(source.address)[:1] in ("", ".", "[")
    }
    if not found:
        hint = f"what there is: tfops state list {source.env}"
        raise Refused("nothing-there", f"the state has nothing at {source}", hint=hint)
    taken = sorted(found.keys() & taker.before.inventory.keys())
    if taken:
        raise Refused("taken", f"the state has something at {goal} already: {taken[0]}", hint="choose another address")
    return found


def _does_nothing(plan: Plan) -> bool:
    """Outputs aside: what is part of a module has none of its own, and the next apply brings the module's along."""
    return not (plan.work or plan.actions or plan.waiting)


@dataclass(slots=True)
class _Transfer:
    """One move that was agreed to. `sides`: the environment that takes comes first."""

    sides: Sequence[_Side]
    giver: StackPlan
    taker: StackPlan
    source: End
    goal: End
    moves: Mapping[str, str]
    what: str
    approval: Approval

    def done(self) -> TransferResult:
        texts = {id(one): one.stack.engine.state_text() for one in (self.giver, self.taker)}
        backups = [back_up(side.run, one, texts[id(one)]) for side in self.sides for one in side.written]
        with signals.deferred(signals.FINISHED_FIRST):
            self._begin()
            try:
                with self.giver.stack.engine.shielded(), self.taker.stack.engine.shielded():
                    self._write(texts)
                    failpoint.reach("states-written")
                    plans = [self._proof(side) for side in self.sides]
            except TfopsError as error:
                self._put_back(texts, error.what, backups)
                raise
            if not all(_does_nothing(plan) for plan in plans):
                self._put_back(texts, "a plan would have done something", backups)
                raise self._refused(plans)
            self._say_outputs(plans)
            versions = self._recorded()
        return TransferResult(self.what, dict(self.moves), versions, tuple(filter(None, backups)))

    def _begin(self) -> None:
        first = self.sides[0]
        try:
            for side in self.sides:
                intent = intent_of(side.run, side.target, side.written, self.what, self.approval)
                follows = {str(first.env): first.run.id} if side is not first else {}
                begin(side.lease, replace(intent, proof=Proof.WAITING, follows=follows), self.what)
                failpoint.reach("transfer-begun")
        except TfopsError as error:
            self._close(error.what)
            raise

    def _close(self, why: str) -> None:
        for side in self.sides:
            side.lease.close(side.run.mask(f"{self.what}: {why}"))

    def _write(self, texts: Mapping[int, str]) -> None:
        """By the engine's own `state mv`, on copies; who takes is written first."""
        folder = self.sides[0].run.folder / "transfer"
        folder.mkdir(mode=0o700)
        files = {id(one): folder / f"{name}.tfstate" for name, one in (("from", self.giver), ("to", self.taker))}
        for one in (self.giver, self.taker):
            if texts[id(one)].strip():
                write_file(files[id(one)], texts[id(one)])
        source, goal = files[id(self.giver)], files[id(self.taker)]
        self.giver.stack.engine.move_between(source, goal, self.source.address, self.goal.address)
        self._move_output(source, goal)
        for one in (self.taker, self.giver):
            one.stack.engine.push_state(str(files[id(one)]))
            failpoint.reach("state-given")

    def _move_output(self, source: Path, goal: Path) -> None:
        """A whole module of the root has an output of its name there, which the engine leaves behind."""
        ends = [_ROOT_MODULE.fullmatch(end.address) for end in (self.source, self.goal)]
        if None in ends:
            return
        old, new = (end["name"] for end in ends if end)
        giving, taking = (exact.loads(path.read_text(encoding="utf-8")) for path in (source, goal))
        if old in giving.get("outputs", {}):
            taking.setdefault("outputs", {})[new] = giving["outputs"].pop(old)
            for path, document in ((source, giving), (goal, taking)):
                write_file(path, exact.dumps(document, indent=2))

    def _proof(self, side: _Side) -> Plan:
        """What an apply of the branch would do now. The engine hasn't seen the new states yet."""
        reads = {name: replace(one, before=one.stack.engine.pull_state()[0]) for name, one in side.reads.items()}
        planned = plan_read(list(reads.values()), side.run.ui)
        return merge_plans({one.spec.name: one.plan for one in planned.stacks if one.plan is not None})

    def _put_back(self, texts: Mapping[int, str], why: str, backups: Sequence[str]) -> None:
        try:
            for one in (self.giver, self.taker):
                after, _ = one.stack.engine.read_back()
                if (after.lineage, after.serial) != (one.before.lineage, one.before.serial):
                    put_back(one.stack, texts[id(one)], after)
        except TfopsError as error:
            raise StoppedPartWay(
                "a state could not be put back",
                why=f"{why}; then: {error.what}\n{error.why}".strip(),
                state="The backups have both states as they were.",
                hint=f"tfops recover {self.sides[-1].env}",
            ) from error
        self._close(f"put back, {why}")
        for backup in backups:
            forget_backup(backup)

    def _refused(self, plans: Sequence[Plan]) -> Refused:
        for side, plan in zip(self.sides, plans, strict=True):
            if not _does_nothing(plan):
                side.run.ui.note(f"{side.env} would then be planned so:")
                side.run.ui.show_plan(plan)
        return Refused(
            "not-empty",
            "a plan would do something then: both states were put back",
            why="the code must have what moves at its new address, with the same inputs, and not at the old one",
            hint="commit and push that, then move the state again",
        )

    def _say_outputs(self, plans: Sequence[Plan]) -> None:
        for side, plan in zip(self.sides, plans, strict=True):
            if plan.changed_outputs:
                names = ", ".join(plan.changed_outputs)
                side.run.ui.note(f"{side.env}: outputs change with the next apply ({names})")

    def _recorded(self) -> dict[str, Version]:
        """From here on it goes forward: what dies is recorded by the recovery."""
        try:
            for side in self.sides:
                side.lease.goes_forward()
                failpoint.reach("states-proven")
        except (GitFailed, LostRaceError, RemoteUnreachable) as error:
            raise NotRecorded(
                f"`{self.what}` is done, but that could not be written down",
                why=str(error) or "someone else's event came first",
                state="Both states are written. What is recorded isn't.",
                hint="; then: ".join(f"tfops recover {side.env}" for side in self.sides),
            ) from error
        return {side.env: self._record(side) for side in self.sides}

    def _record(self, side: _Side) -> Version:
        done = []
        for one in side.written:
            after, hidden = one.stack.engine.read_back()
            done.append(Operated(self.what, one, after, hidden, self.approval, is_transfer=True))
        card = record_surgery(side.lease.facts, side.target, done, run_id=side.run.id, seconds=side.run.seconds)
        return Version(card.version)
