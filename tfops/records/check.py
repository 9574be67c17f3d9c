"""What the checks of an environment said."""

from tfops.dataclass import dataclass
from tfops.records.version import Verified


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How one check ended; `why` is in tfops' words, never what a command or a server said."""

    name: str
    result: Verified
    duration_s: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What the checks said about what runs."""

    result: Verified
    checks: tuple[CheckOutcome, ...] = ()
