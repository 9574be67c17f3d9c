"""A change becomes a version: the card, its tag and the ledger's event, in one push."""

from collections.abc import Callable

from tfops.change.begin import Held
from tfops.change.cards import Outcome, build_card, standing_files, told_flags
from tfops.change.checks import check_context
from tfops.change.execute import hidden_in, left_of_actions, verify
from tfops.change.fetched_modules import require_same_modules
from tfops.change.outputs import visible_outputs
from tfops.change.planning import Planned
from tfops.change.run import Run
from tfops.change.stack_plan import unchanged
from tfops.change.target import Target
from tfops.change.unrecorded_card import record as record_card
from tfops.config.project import LogPolicy
from tfops.engine.plan import masked_plan
from tfops.errors import NotRecorded, NotVerified, Refused
from tfops.records.card import Card
from tfops.records.hook import HookPoint
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.version import Kind, Verified, Version
from tfops.system.git import GitFailed
from tfops.views.change import ChangeResult


def record(held: Held, outcome: Outcome) -> ChangeResult:
    """The version of what was done. Raises NotRecorded: then the card is kept, and recorded by the next command."""
    run, target = held.run, held.target
    keep_log = _log_keeper(held, outcome)
    try:
        card = _recorded(run, target, outcome, base=None)
    except (GitFailed, Refused) as error:
        raise not_recorded(target.env, error) from error
    keep_log(card)
    return _result(run, target, held.planned, outcome.plan, card, seconds=held.seconds)


def _log_keeper(held: Held, outcome: Outcome) -> Callable[[Card], None]:
    """Read what the engines said before it is removed, to keep it once there is a version."""
    if held.run.facts.place.rules.logs.keep is not LogPolicy.ALL:
        return lambda _: None
    from tfops.change import kept_log  # noqa: PLC0415 - only where all are kept

    log = kept_log.log_of_run(held.run, held.intent, outcome.ends)
    return lambda card: kept_log.keep(held.run, log, version=card.version)


def record_unchanged(run: Run, target: Target, planned: Planned) -> ChangeResult:
    """A new commit without changes is a version too; the same commit again is not, unless it wasn't verified."""
    require_same_modules(target, planned.moved, ignoring=run.request.ignores_verdict)
    plan = planned.plan
    is_known = is_settled(target) and (bool(run.request.flags.targets) or not _is_partial(target))
    if is_known and not any(one.missing.let_go for one in planned.stacks):
        return _result(run, target, planned, plan, None, seconds=run.seconds)
    ends = tuple(unchanged(one) for one in planned.stacks)
    outputs, seconds = visible_outputs(ends), run.seconds
    verified = verify(run, target, check_context(run, target, outputs=outputs, hidden=hidden_in(ends)), code=0)
    left = left_of_actions(run.facts.present, ())
    asked, hooks = told_flags(run), run.hook_outcomes
    outcome = Outcome(plan, ends, outputs, (), seconds, verified, (), left, asked, hooks)
    try:
        card = _recorded(run, target, outcome, base=run.facts.present.head)
    except GitFailed as error:
        raise not_recorded(target.env, error) from error
    return _result(run, target, planned, plan, card, seconds=run.seconds)


def left_as_it_runs(run: Run, target: Target) -> ChangeResult:
    """What runs is what the commit renders: nothing was planned."""
    current = target.facts.latest
    return ChangeResult(
        env=target.env,
        kind=target.kind,
        commit=target.commit,
        plan=Plan(changes=(), changed_outputs=(), digest="", is_empty=True),
        version=None,
        previous=current.version if current else None,
        restores=None,
        hold="",
        duration_s=run.seconds,
        engine_starts=0,
        is_shared=bool(run.project.repository.remote),
        outputs={},
        was_planned=False,
    )


def is_settled(target: Target) -> bool:
    """Whether the latest version says already all that there is to say."""
    current, card = target.facts.latest, target.facts.current_card
    if current is None or card is None or target.facts.present.trouble is not None:
        return False
    if target.kind is Kind.SURGERY:
        return True
    if current.hold or current.verified is Verified.FAILED or any(part.commit for part in card.stacks.values()):
        return False
    is_same = current.is_of_its_commit if target.kind is Kind.APPLY else current.kind is target.kind
    return current.commit == target.commit.sha and is_same


def _is_partial(target: Target) -> bool:
    """Whether the latest version says of its content that only a part of it was applied."""
    card = target.facts.current_card
    return card is not None and bool(card.targets)


def _recorded(run: Run, target: Target, outcome: Outcome, *, base: str | None) -> Card:
    root = standing_files(target, outcome.ends, run.facts.present)
    card = build_card(target, outcome, run.facts.present, run_id=run.id)
    return record_card(run.facts, card, outcome.headline, base=base, root=root)


def not_recorded(env: EnvName, error: GitFailed | Refused) -> NotRecorded:
    """What stood in the way, with its own way out of it."""
    why, hint = str(error), "fix the cause"
    if isinstance(error, Refused):
        why = "\n".join(filter(None, (f"{error.what} ({error.guard})", error.why)))
        hint = error.hint or hint
    return NotRecorded(
        f"{env} is as planned, but its version could not be recorded",
        why=why,
        state="The infrastructure is as planned.",
        hint=f"{hint}; then: tfops recover {env}",
    )


def _result(
    run: Run, target: Target, planned: Planned, plan: Plan, card: Card | None, *, seconds: float
) -> ChangeResult:
    current, restores = target.facts.latest, target.way.restores
    is_failed = card is not None and card.verified is not None and card.verified.result is Verified.FAILED
    if run.hooks and is_failed:
        run.hooks.at(HookPoint.ON_ERROR, code=NotVerified.exit_code, error=NotVerified.name)
    return ChangeResult(
        env=target.env,
        kind=target.kind,
        commit=target.commit,
        plan=masked_plan(plan, run.mask),
        version=Version(card.version) if card else None,
        previous=current.version if current else None,
        restores=restores.version if restores else None,
        hold=card.hold.reason if card and card.hold else "",
        duration_s=seconds,
        engine_starts=planned.engine_starts,
        is_shared=bool(run.project.repository.remote),
        outputs=card.outputs if card else {},
        verified=card.verified.result if card and card.verified else Verified.NONE,
        checks=card.verified.checks if card and card.verified else (),
        tries=tuple(run.tries),
        hooks=run.hook_outcomes,
    )
