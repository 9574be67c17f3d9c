"""Small facts that several results hold."""

from dataclasses import field

from tfops.dataclass import dataclass
from tfops.records.lock import Lock
from tfops.records.printed import INLINE


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `is_problem` is what makes its exit code."""

    topic: str
    text: str
    is_problem: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LockStatus:
    """Who holds an environment everywhere, and what is known of the holder here.

    `is_ours`: it was taken in this clone. `is_gone`: the run's process has ended for sure. `fate` says what is known
    of it, `hint` what to do about it.
    """

    lock: Lock = field(metadata=INLINE)
    is_ours: bool
    is_gone: bool = False
    fate: str = ""
    hint: str = ""
