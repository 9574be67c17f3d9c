"""Plans that are kept in a file, and that are applied as they are, or not at all."""

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from tfops import __version__
from tfops.change.environment import Place
from tfops.change.planning import Planned, plan_read
from tfops.change.prepare import read_stacks
from tfops.change.review_content import code_digest
from tfops.change.run import Run
from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackPlan
from tfops.change.stacks import StackAction, StackSpec
from tfops.change.target import Target
from tfops.engine.saved_plan import SavedPlan
from tfops.engine.taken import require_readable, tampered
from tfops.errors import Refused
from tfops.forge.ci import job_address
from tfops.records.card import EngineUsed
from tfops.records.plan_file import PlanFile, StackPlanFile
from tfops.records.state import StackState
from tfops.system import clock, failpoint

_SALT_BYTES = 16


def require_own(place: Place, kept: PlanFile) -> None:
    """Raises Refused (guard `plan-foreign`) for the plan of another environment or project."""
    if (kept.project, kept.environment) == (place.rules.project, place.env):
        return
    is_ours = kept.project == place.rules.project
    of = kept.environment if is_ours else f"{kept.environment} of the project {kept.project}"
    raise Refused(
        "plan-foreign",
        f"the plan in the file is for {of}, and this is {place.env}",
        hint=f"tfops apply {kept.environment} --plan FILE" if is_ours else "apply it where it was made",
    )


def _require_whole(run: Run) -> None:
    if run.facts.present.trouble is not None:
        env = run.facts.env
        raise Refused(
            "unfinished",
            f"a change of {env} stopped half-way: no plan is kept, and none from a file is applied",
            hint=f"tfops resume {env}, or tfops rollback {env}",
        )


def plan_file_of(run: Run, target: Target, planned: Planned) -> PlanFile:
    """What is to be kept. Raises Refused: `plan-waits` where a stack's plan isn't the last word yet, `unfinished`."""
    _require_whole(run)
    for wait in planned.plan.waiting:
        upstream = " and ".join(wait.upstream)
        raise Refused(
            "plan-waits",
            f"the plan of stack {wait.stack} can't be kept: what it does is known when {upstream} is applied",
            why=f"a plan in a file is applied as it is, and this one takes what {upstream} will have",
            hint="keep the plan of those before it: "
            + " ".join(f"--stack {name}" for name in dict.fromkeys(_settled(planned, wait.upstream))),
        )
    first, flags, salt = planned.stacks[0].stack.engine.engine, run.request.flags, secrets.token_hex(_SALT_BYTES)
    return PlanFile(
        project=target.rules.project,
        environment=target.env,
        commit=target.commit.sha,
        code=code_digest(one.stack for one in planned.stacks),
        digest=planned.plan.digest,
        engine=EngineUsed(first.name, first.version),
        by=target.facts.person,
        at=clock.now(),
        run=job_address(),
        salt=salt,
        stacks={one.spec.name: _kept(one, salt) for one in planned.stacks},
        states={one.spec.name: _seen(one.before) for one in (*planned.stacks, *planned.asked)},
        only=tuple(sorted(target.stacks.only)) if run.request.stacks else (),
        targets=flags.targets,
        replace_requested=flags.replace,
        refreshed=flags.refresh,
        parallelism=flags.parallelism,
        tfops=__version__,
    )


def _settled(planned: Planned, upstream: Iterable[str]) -> list[str]:
    return [one.spec.name for one in planned.stacks if one.waits is None] or list(upstream)


def _kept(one: StackPlan, salt: str) -> StackPlanFile:
    assert one.saved is not None
    content = one.saved.path.read_bytes()
    require_readable(content)
    return StackPlanFile(
        plan=base64.b64encode(content).decode(),
        is_empty=one.saved.plan.is_empty,
        lock_digest=one.stack.engine.lock_digest(),
        secrets=_secrets(one.stack, salt),
    )


def _seen(state: StackState) -> str:
    return "" if state.is_absent else f"serial {state.serial} of {state.lineage}"


def _secrets(stack: OpenStack, salt: str) -> str:
    """Over the values that a plan has in it: those of ephemeral variables are looked up again for the apply."""
    ephemeral = {secret.text for secret in stack.ephemeral.values()}
    values = sorted((text, value) for text, value in stack.named.items() if text not in ephemeral)
    return hashlib.sha256(json.dumps([salt, *values]).encode()).hexdigest() if values else ""


def taken_plans(run: Run, opened: Sequence[tuple[StackSpec, OpenStack]], kept: PlanFile) -> Planned:
    """The plans of a file, each laid beside its stack, where all is as it was when they were made.

    Raises Refused, as `read_stacks` and: `unfinished`, `plan-engine`, `plan-commit`, `plan-stale`, `plan-providers`,
    `plan-secrets`, `plan-tampered`.
    """
    _require_whole(run)
    run.ui.note(f"the plan that {kept.by.name} made of {kept.commit[:8]}, {kept.at:%Y-%m-%d %H:%M} UTC")
    _require_engine(opened, kept)
    _require_code(run, opened, kept)
    read = read_stacks(run, opened)
    _require_states(run, read, kept)
    _require_same_inputs(run, read, kept)
    planned = plan_read(read, run.ui, partial(_taken, kept))
    if planned.plan.digest != kept.digest:
        raise tampered(f"its digest is {planned.plan.digest[:12]}, and it is kept as {kept.digest[:12]}")
    failpoint.reach("planned")
    return planned


def _require_engine(opened: Sequence[tuple[StackSpec, OpenStack]], kept: PlanFile) -> None:
    here = opened[0][1].engine.engine
    if (here.name, here.version) != (kept.engine.name, kept.engine.version):
        raise Refused(
            "plan-engine",
            f"the plan was made by {kept.engine.name} {kept.engine.version}, and this is {here}",
            why="an engine applies no other one's plan",
            hint="--engine NAME, of the same version; or make a new plan: tfops plan ENV --out FILE",
        )


def _require_code(run: Run, opened: Sequence[tuple[StackSpec, OpenStack]], kept: PlanFile) -> None:
    working = [stack for spec, stack in opened if spec.action is not StackAction.READ_OUTPUTS]
    if {stack.name for stack in working} == kept.stacks.keys() and code_digest(working) == kept.code:
        return
    raise Refused(
        "plan-commit",
        f"the plan is of {kept.commit[:8]}, and {run.facts.head[:8]} comes to something else in {run.facts.env}",
        why="its rendered root, its modules or its provider lock are other ones",
        hint=_anew(run, f"check {kept.commit[:8]} out, or"),
    )


def _require_states(run: Run, read: Sequence[StackPlan], kept: PlanFile) -> None:
    moved = [one for one in read if kept.states.get(one.spec.name) != _seen(one.before)]
    if moved:
        raise Refused(
            "plan-stale",
            f"{run.facts.env} was changed since the plan was made",
            why="\n".join(_moved(one, kept.states) for one in moved),
            hint=_anew(run, f"who did it: tfops log {run.facts.env};"),
        )


def _moved(one: StackPlan, seen: Mapping[str, str]) -> str:
    was, now = seen.get(one.spec.name, "not looked at"), _seen(one.before)
    return f"the state of {one.spec.name}: {was or 'none'}; now {now or 'none'}"


def _require_same_inputs(run: Run, read: Sequence[StackPlan], kept: PlanFile) -> None:
    working = [(one.stack, kept.stacks[one.spec.name]) for one in read if one.spec.name in kept.stacks]
    if other := [stack.name for stack, part in working if stack.engine.lock_digest() != part.lock_digest]:
        raise Refused(
            "plan-providers",
            f"the providers of {', '.join(other)} aren't locked as they were when the plan was made",
            hint=_anew(run, "commit the lock, so that all clones have the same: tfops providers lock;"),
        )
    if other := [stack.name for stack, part in working if _secrets(stack, kept.salt) != part.secrets]:
        raise Refused(
            "plan-secrets",
            f"a secret of {', '.join(other)} is another one than when the plan was made",
            why="the plan has the old value in it",
            hint=_anew(run, ""),
        )


def _anew(run: Run, first: str) -> str:
    return f"{first} plan again: tfops plan {run.facts.env} --out FILE".strip()


def _taken(kept: PlanFile, read: StackPlan) -> SavedPlan:
    part = kept.stacks[read.spec.name]
    try:
        content = base64.b64decode(part.plan, validate=True)
    except binascii.Error as error:
        raise tampered("the engine's plan in it can't be decoded") from error
    return read.stack.engine.taken(content, is_empty=part.is_empty)
