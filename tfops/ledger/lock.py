"""Who may change an environment now.

`EnvironmentLock` is what a flow asks for. Today it is held on this machine, by a file lock; the lock
that holds everywhere takes the same place (DESIGN: the ledger), outside of this one.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tfops.errors import Locked
from tfops.system.workspace import explained_disk_errors, read_json, write_file

if TYPE_CHECKING:
    from tfops.records.lock import Holder
    from tfops.records.names import EnvName


class EnvironmentLock(Protocol):
    """The exclusive right to change one environment."""

    def held(self, env: EnvName, holder: Holder, *, wait_s: float) -> contextlib.AbstractContextManager[None]:
        """Hold the lock for the `with` block. Raises Locked, naming the holder, after `wait_s`."""


class MachineLock:
    """One process at a time in an environment's folders on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextlib.contextmanager
    def held(self, env: EnvName, holder: Holder, *, wait_s: float) -> Iterator[None]:
        # asyncio comes with it: only for who waits
        from filelock import FileLock, Timeout  # noqa: PLC0415

        from tfops.ledger.codec import encode  # noqa: PLC0415

        lock, info = FileLock(self._folder / f"{env}.lock", mode=0o600), self._folder / f"{env}.json"
        with explained_disk_errors("take the lock"):
            try:
                lock.acquire(timeout=wait_s, poll_interval=0.1)
            except Timeout as error:
                raise _locked(env, read_holder(info)) from error
        try:
            write_file(info, encode(holder))
            yield
        finally:
            info.unlink(missing_ok=True)
            lock.release()

    def is_held(self, env: EnvName) -> bool:
        """Whether a living process holds the lock now."""
        try:
            file = (self._folder / f"{env}.lock").open("rb")
        except FileNotFoundError:
            return False
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as filelock does it; closing lets go
            except BlockingIOError:
                return True
        return False


def read_holder(info: Path) -> Holder | None:
    """Who wrote that they hold the lock; None when nobody did, or when it can't be read."""
    from tfops.ledger.codec import from_plain  # noqa: PLC0415 - asked where somebody holds it
    from tfops.records.lock import Holder  # noqa: PLC0415

    try:
        return from_plain(Holder, read_json(info))
    except ValueError:
        return None


def _locked(env: EnvName, holder: Holder | None) -> Locked:
    if holder is None:
        return Locked(f"{env} is being changed by another process", hint="wait for it: --wait 10m")
    return Locked(
        f"{env} is being changed by {holder.who} on {holder.host} since {holder.since:%H:%M:%S} UTC ({holder.what})",
        why=f"process {holder.pid} holds the lock",
        hint="wait for it: --wait 10m",
    )
