"""What state surgery is made on: the content of what runs."""

from collections.abc import Sequence
from dataclasses import replace

from tfops.change.request import Request
from tfops.change.rollback import aimed_target, running_target
from tfops.change.snapshot import Snapshot
from tfops.change.target import Target, planned_target
from tfops.records.version import Kind


def looked_at(facts: Snapshot, request: Request) -> Target:
    """What stopped half-way, what runs, or the commit: for who leaves the state as it is."""
    trouble, latest = facts.present.trouble, facts.latest
    if trouble is not None:
        return aimed_target(facts, trouble)
    if latest is not None and latest.kind is not Kind.DESTROY:
        return running_target(facts)
    return planned_target(facts, request, worktree=False)


def surgery_target(facts: Snapshot, stacks: Sequence[str] = ()) -> Target:
    """What runs, or the change that stopped, as surgery; narrowed to the stacks whose states are meant.

    Raises Refused (guards `never-applied`, `unknown-stack`).
    """
    trouble = facts.present.trouble
    target = aimed_target(facts, trouble) if trouble else running_target(facts, kind=Kind.SURGERY)
    return replace(target, stacks=target.stacks.narrowed_to(stacks)) if stacks else target
