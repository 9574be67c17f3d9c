"""A state that was made elsewhere, copied to where an environment is to keep it."""

import json
from pathlib import Path

from tfops.change.stack import OpenStack
from tfops.errors import Refused
from tfops.records.state import StackState
from tfops.system import failpoint, signals
from tfops.system.workspace import read_json, write_file

_NOTE = "brings-state.json"


def bring_state(stack: OpenStack, folder: Path, state: StackState, text: str, *, said: str) -> None:
    """Copy a state to an empty place, with its lineage, unless a run before this one did. Never over another state.

    In an empty place beyond a network the engine gives the first push a lineage of its own
    (https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/remote/state.go), so there is a second one;
    a note in tfops' folder says whose the first one is, for who comes after a run that died between the two. `folder`
    is for what passes through, `said` are the words for who interrupts. Raises Refused (guard `state-exists`).
    """
    engine, env = stack.engine, stack.content.environment.name
    note = stack.top / _NOTE
    there, _ = engine.pull_state()
    if there.lineage == state.lineage and there.serial >= state.serial:
        signals.tell_if_interrupted(said)
        return
    is_half_brought = not there.is_absent and _is_noted(note, state) and there.inventory == state.inventory
    if there.inventory and not is_half_brought:
        raise Refused(
            "state-exists",
            f"{env} has a state already, and it is another one",
            why=f"its lineage is {there.lineage}, that of the state to take over is {state.lineage}",
            hint="look at `backend` in tfops.yaml: the place must be empty",
        )
    copy = folder / "adopted.tfstate"
    write_file(copy, text)
    with signals.deferred(said), engine.shielded():
        write_file(note, json.dumps({"lineage": state.lineage}))
        engine.push_state(str(copy), force=is_half_brought)
        failpoint.reach("state-pushed")
        if engine.pull_state()[0].lineage != state.lineage:
            engine.push_state(str(copy), force=True)
        note.unlink()
        failpoint.reach("state-brought")


def _is_noted(note: Path, state: StackState) -> bool:
    return (read_json(note) or {}).get("lineage") == state.lineage
