"""tfops with one safeguard taken out: `python -m tests.faults.sabotage NAME ARGS…`.

The fault suite must turn red with each of these; a suite that stays green proves nothing.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tfops.change import failures, import_lost, lease
from tfops.change.lost import Lost
from tfops.cli import main
from tfops.engine import stack
from tfops.system import following, process
from tfops.system.remote import Refs, Update


def without_import() -> None:
    """What was made but is not in the state stays forgotten."""
    setattr(import_lost, "bring_back", lambda read, *_: (read, Lost({}, {})))  # noqa: B010 - the state as it was read


def without_wait() -> None:
    """An engine that still works is taken for dead."""
    setattr(process, "wait_for_writers", lambda *_, **__: None)  # noqa: B010 - a function, not a method


def without_read_back() -> None:
    """The engine's word is taken for the state."""
    setattr(failures, "missing_from_state", lambda *_: [])  # noqa: B010 - a name that the module only imports
    setattr(failures, "unproven", lambda *_: [])  # noqa: B010 - the same


def without_lease() -> None:
    """Refs are pushed whatever they are on the remote."""
    push = Refs._push

    def forced(self: Refs, remote: str, updates: Sequence[Update]) -> Any:
        specs = [f"+{update.new}:{self._remote_name(update.ref)}" for update in updates]
        self._git.over_network("push", "--quiet", remote, *specs)
        return type(self)._read_back(self, remote, updates, AssertionError())  # type: ignore[arg-type]  # never looked at

    assert push is not forced
    Refs._push = forced  # type: ignore[method-assign]  # that is the sabotage


def with_a_pipe() -> None:
    """The engine writes into a pipe that dies with tfops."""

    def start(command: following.Command, **_: Any) -> Any:
        child = subprocess.Popen(
            list(command.argv), cwd=command.cwd, env=dict(command.env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=command.stderr.open("ab"), start_new_session=True,
        )  # fmt: skip
        command.stdout.touch()
        threading.Thread(target=_copy, args=(child.stdout, command.stdout), daemon=True).start()
        return child

    following.start = start
    setattr(stack, "can_stay", lambda *_: False)  # noqa: B010 - a name that the module only imports


def _copy(pipe: Any, path: Path) -> None:
    with path.open("ab") as file:
        for line in pipe:
            file.write(line)
            file.flush()


def hurried() -> None:
    """No sabotage, only faster: the lock is renewed all the time, so that a few seconds of work have renewals."""
    lease.RENEW_S = 0.2


SABOTAGES: dict[str, Callable[[], None]] = {
    "without-import": without_import,
    "without-wait": without_wait,
    "without-read-back": without_read_back,
    "without-lease": without_lease,
    "with-a-pipe": with_a_pipe,
    "hurried": hurried,
}

if __name__ == "__main__":
    SABOTAGES[sys.argv[1]]()
    sys.argv[1:] = sys.argv[2:]
    main()
