"""A state that is mended: what could not be saved is saved, what is gone is taken out."""

from collections.abc import Mapping

from tfops.engine.encryption import is_encrypted
from tfops.engine.stack import ERRORED_STATE, StackEngine
from tfops.engine.state import without
from tfops.system.workspace import write_file

_REPAIRED_STATE = "repaired.tfstate"


def push_errored_state(engine: StackEngine) -> None:
    """Save what could not be saved. The engine refuses it when the backend has something newer."""
    text = engine.errored_state.read_text(encoding="utf-8")
    if is_encrypted(text):
        write_file(engine.errored_state, engine.decrypted(text))
    try:
        engine.push_state(ERRORED_STATE)
    except BaseException:
        write_file(engine.errored_state, text)  # never in clear for longer than the push
        raise
    engine.errored_state.unlink()


def drop_from_state(engine: StackEngine, gone: Mapping[str, str]) -> None:
    """Take objects out of the state that don't exist any more, by address and id; their resources may go on."""
    write_file(engine.root / _REPAIRED_STATE, without(engine.state_text(), gone))
    try:
        engine.push_state(_REPAIRED_STATE)
    finally:
        (engine.root / _REPAIRED_STATE).unlink()
