"""What a plan must pass before it may be applied: `required_checks` of tfops.yaml.

A check judges the plans in the engine's own JSON, which policy tools read, or asks whatever knows about the commit.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tfops.change.check_facts import CheckContext
from tfops.change.checks import run_checks
from tfops.change.stack_plan import StackPlan
from tfops.change.target import Target
from tfops.config.checks import Check
from tfops.errors import CheckFailed, Interrupted
from tfops.records.check import CheckOutcome
from tfops.records.version import Verified
from tfops.system.workspace import write_file


def require_checks(target: Target, stacks: Sequence[StackPlan], context: CheckContext) -> tuple[CheckOutcome, ...]:
    """How the checks went, all of them well.

    Raises CheckFailed, or Interrupted when the user stopped them.
    """
    found = check_plans(target.required_checks, stacks, context)
    failed = [part for part in found if part.result is Verified.FAILED]
    if failed:
        raise CheckFailed(
            f"the plan for {target.env} did not pass: {', '.join(part.name for part in failed)}",
            why="\n".join(f"{part.name}: {part.why}" for part in failed),
            hint="fix what it found, in a new commit; the checks themselves: `required_checks` in tfops.yaml",
            checks=found,
        )
    return found


def check_plans(
    checks: Sequence[Check], stacks: Sequence[StackPlan], context: CheckContext
) -> tuple[CheckOutcome, ...]:
    """What each check says about the plans; nothing where nothing would change.

    Stacks that only have a preview are checked when they are planned. Raises Interrupted when the user stopped it.
    """
    saved = [one for one in stacks if one.saved is not None]
    if not checks or all(one.is_idle for one in saved):
        return ()
    folder = context.folder / "plans"
    try:
        _write(saved, folder)
        roots = {str(one.spec.name): one.stack.engine.root for one in saved}
        found = run_checks(checks, replace(context, plans=folder, roots=roots))
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # every value is in there, in clear
    if context.is_stopped():
        raise Interrupted("interrupted while the plan was checked")
    return found.checks if found else ()


def _write(stacks: Sequence[StackPlan], folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    for one in stacks:
        assert one.saved is not None
        write_file(folder / f"{one.spec.name}.json", one.stack.engine.plan_as_json(one.saved.path))
