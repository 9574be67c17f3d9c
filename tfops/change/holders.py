"""Whose lock it is: who may go on where another run stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tfops.dataclass import dataclass
from tfops.ledger.lock import MachineLock
from tfops.system import clock, environ, process

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.records.lock import Lock
    from tfops.records.names import EnvName


# After this long without a sign of life a holder that is known to be gone may be followed.
LEASE_S = 300.0


def may_take_over(project: Project, lock: Lock) -> bool:
    """A lock of this clone (its machine lock is ours now), or an expired one of a process that is gone.

    Never by age alone: a holder on another machine may only be asleep.
    """
    if lock.is_manual:
        return False
    if lock.clone == project.workspace.clone_id:
        return True
    _, host = environ.user_and_host()
    is_expired = lock.expires_at is not None and lock.expires_at < clock.now()
    return is_expired and lock.host == host and not process.is_alive(lock.pid)


def may_change_offline(project: Project, lock: Lock | None) -> bool:
    """A lock by hand of this very clone: nobody else changes what it covers while the remote is away."""
    return lock is not None and lock.is_manual and lock.clone == project.workspace.clone_id


@dataclass(frozen=True, slots=True)
class Fate:
    """What this machine knows of the run that took a lock: in words, and what to do about it.

    `is_gone`: its process has ended for sure. Of a run that may be at work the words are empty, or its last sign.
    """

    is_gone: bool = False
    text: str = ""
    hint: str = ""


def fate_of(project: Project, env: EnvName, lock: Lock) -> Fate:
    """What became of the run behind a lock. Of another machine's process only its silence can be told."""
    if lock.expires_at is None:
        return Fate()
    if lock.clone == project.workspace.clone_id:
        return _fate_here(project, env, lock)
    _, host = environ.user_and_host()
    is_expired = lock.expires_at < clock.now()
    if lock.host == host:
        if process.is_alive(lock.pid):
            return Fate(text=f"process {lock.pid} on this machine, in another clone")
        others = "" if is_expired else f"   (in its clone; in the others after {lock.expires_at:%H:%M} UTC)"
        return Fate(True, f"its process {lock.pid} on this machine is gone", f"tfops recover {env}{others}")
    said = lock.expires_at - timedelta(seconds=LEASE_S)
    if not is_expired:
        return Fate(text=f"its last sign of life: {said:%H:%M:%S} UTC")
    return Fate(
        text=f"no sign of life since {said:%Y-%m-%d %H:%M} UTC",
        hint=f"on {lock.host}, in its clone: tfops recover {env}; "
        f"if {lock.host} is gone for good: tfops unlock {env} --force, then tfops recover {env}",
    )


def _fate_here(project: Project, env: EnvName, lock: Lock) -> Fate:
    """A run of this clone holds the machine's lock for as long as it lives; its engine may outlive it."""
    if process.is_alive(lock.pid) and MachineLock(project.workspace.locks).is_held(env):
        return Fate(text=f"process {lock.pid} of this clone")
    if any(map(process.is_being_written, project.workspace.outputs(env))):
        text = f"its process {lock.pid} is gone; its engine still works, and saves what it does"
        return Fate(True, text, f"wait for it: tfops recover {env} --wait 10m")
    return Fate(True, f"its process {lock.pid} is gone", f"tfops recover {env}")
