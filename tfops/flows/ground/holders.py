"""Whose lock it is: who may go on where another run stopped."""

from tfops.flows.ground.project import Project
from tfops.ledger.parts import LockPart
from tfops.system import clock, environ, process


def may_follow(project: Project, lock: LockPart) -> bool:
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


def may_change_offline(project: Project, lock: LockPart | None) -> bool:
    """A lock by hand of this very clone: nobody else changes what it covers while the remote is away."""
    return lock is not None and lock.is_manual and lock.clone == project.workspace.clone_id
