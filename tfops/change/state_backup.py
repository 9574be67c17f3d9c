"""A copy of a state before something is done to it: private, named, and kept; and the way back to it."""

from pathlib import Path
from typing import Any

from tfops import exact
from tfops.change.encryption import encrypts
from tfops.change.run import Run
from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackPlan
from tfops.records.names import EnvName, StackName
from tfops.records.state import StackState
from tfops.system.workspace import Workspace, write_file

_MOST_KEPT = 20
_PUT_BACK = "put-back.tfstate"


def back_up(run: Run, read: StackPlan, text: str) -> str:
    """The copy's path, of the state's `text`; empty where there is no state, or none that may be written in clear.

    It is in the engine's own form, every value in clear, 0600: `state push` takes it back. The newest are kept.
    """
    if read.before.is_absent:
        return ""
    env, ui = run.facts.env, run.ui
    if encrypts(read.spec.content.rules):
        ui.warn(f"no backup is written: the state of {env} is encrypted, and a copy in clear would not be")
        return ""
    folder = run.project.workspace.backups(env)
    path = folder / f"{read.spec.name}-{read.before.serial}-{run.id}.tfstate"
    write_file(path, text)
    _keep_newest(folder)
    return str(path)


def forget_backup(path: str) -> str:
    """Of what changed nothing: twenty of those would push out the last one that somebody needs."""
    if path:
        Path(path).unlink(missing_ok=True)
    return ""


def backup_of(workspace: Workspace, env: EnvName, stack: StackName, run_id: str) -> Path | None:
    """The copy that a run made of a stack's state, where it is still there."""
    return next(workspace.backups(env).glob(f"{stack}-*-{run_id}.tfstate"), None)


def put_back(stack: OpenStack, before: str, after: StackState) -> None:
    """Make a state what it was, under a new serial; without a text, empty. Raises EngineFailed."""
    empty: dict[str, Any] = {"version": 4, "lineage": after.lineage, "outputs": {}, "resources": []}
    document = exact.loads(before) if before else empty
    path = stack.engine.root / _PUT_BACK
    write_file(path, exact.dumps({**document, "serial": after.serial + 1}, indent=2))
    try:
        stack.engine.push_state(_PUT_BACK, force=True)
    finally:
        path.unlink()


def _keep_newest(folder: Path) -> None:
    found = sorted(folder.glob("*.tfstate"), key=lambda path: path.stat().st_mtime)
    for path in found[:-_MOST_KEPT]:
        path.unlink()
