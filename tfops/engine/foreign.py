"""The state of a root module that tfops didn't write: read where it is, never changed."""

from collections.abc import Mapping
from pathlib import Path

from tfops.engine.commands import CommandLine
from tfops.engine.locate import Engine
from tfops.engine.text import safe_lines
from tfops.errors import EngineFailed
from tfops.system import process

_LONGEST_S = 300


def pull_sealed_state(engine: Engine, scratch: Path, *, env: Mapping[str, str]) -> str:
    """An encrypted state's text in clear, of a root in `scratch` that is nothing but a local backend. Raises
    EngineFailed, where the keys in `env` don't fit."""
    (scratch / "none").mkdir()
    argv = CommandLine(engine.executable).init_backend(plugins=str(scratch / "none"))
    process.run(argv, env=env, cwd=scratch, timeout_s=_LONGEST_S)  # asks for providers after the backend
    return pull_foreign_state(engine, scratch, env=env)


def pull_foreign_state(engine: Engine, scratch: Path, *, env: Mapping[str, str]) -> str:
    """The state's text, by way of a root in `scratch` that holds nothing but the backend: no provider is needed.

    What that folder's `init` wrote down, and its workspace, lie in `scratch/.terraform`. There is no `init` here: one
    could take another state than the folder's, or offer to move it.
    """
    argv = CommandLine(engine.executable).pull_state()
    done = process.run(argv, env=env, cwd=scratch, timeout_s=_LONGEST_S)
    if done.code != 0:
        raise EngineFailed(
            "the folder's state can't be read",
            why=safe_lines(done.stderr.strip()),
            hint=f"{engine.name} state pull   in that folder; credentials come from the environment",
        )
    return done.text
