"""What `resume` aims at: the change that stopped half-way, as it was meant."""

from dataclasses import replace

from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.rollback import aimed_target, as_it_runs, rollback_target
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target, destroy_target
from tfops.change.ui import Ui
from tfops.errors import Refused
from tfops.ledger.chain import read_present
from tfops.records.names import CommitSha, EnvName
from tfops.records.run import Trouble
from tfops.records.version import Kind

_MOST_LISTED = 5


def resumed_target(facts: Snapshot, request: Request, ui: Ui) -> Target:
    """The stopped change again: same commit, same kind, and for a rollback the same version to restore.

    Raises Refused (guard `nothing-to-resume`) where nothing stopped.
    """
    trouble = facts.present.trouble
    if trouble is None:
        raise _nothing_to_resume(facts)
    facts = facts.rehearsing(trouble.rehearses)
    _say_what_was_done(facts, trouble, ui)
    if trouble.kind is Kind.DESTROY:
        return as_it_runs(destroy_target(facts))
    if trouble.restores is not None:
        again = replace(request, keeps_providers=trouble.keeps_providers, stacks=tuple(trouble.only))
        return rollback_target(facts, again, to=f"v{trouble.restores}")
    return aimed_target(facts, trouble)


def as_it_was_meant(project: Project, env: EnvName, request: Request) -> Request:
    """With what a person wanted of the change that stopped, as far as it isn't done: no plan wants it by itself."""
    trouble = read_present(project.repository, env).trouble
    if trouble is None:
        return request
    left = tuple(address for address in trouble.replace_requested if address not in trouble.done)
    flags = replace(request.flags, replace=left, targets=trouble.targets, refresh_only=trouble.kind is Kind.SURGERY)
    return replace(request, flags=flags)


def _nothing_to_resume(facts: Snapshot) -> Refused:
    env, latest = facts.env, facts.latest
    hint = f"tfops status; to change it: tfops apply {env}"
    hold = facts.present.hold_on(latest)
    if hold:
        hint = f"it is held ({hold}); when the fix is in: tfops apply {env} --lift-hold"
    where = f"{env} is whole at {latest.version}" if latest else f"{env} was never applied"
    return Refused("nothing-to-resume", f"{where}: no change stopped half-way", hint=hint)


def _say_what_was_done(facts: Snapshot, trouble: Trouble, ui: Ui) -> None:
    """What the stopped run did, and what came to its branch since: that isn't part of it.

    How far it got was said before: the environment is degraded.
    """
    ui.note(f"the {trouble.kind} of {trouble.commit[:8]} by {trouble.by} is resumed")
    if trouble.done:
        more = f" and {len(trouble.done) - _MOST_LISTED} more" if len(trouble.done) > _MOST_LISTED else ""
        ui.note(f"  done before: {', '.join(trouble.done[:_MOST_LISTED])}{more}")
    repository = facts.project.repository
    head = repository.branch_head(trouble.branch) if trouble.branch else None
    newer = repository.count_between(CommitSha(trouble.commit), head) if head else 0
    if newer and trouble.kind is Kind.APPLY:
        count = "1 newer commit is" if newer == 1 else f"{newer} newer commits are"
        ui.warn(f"{count} on {trouble.branch} and not part of this: tfops apply {facts.env}")
