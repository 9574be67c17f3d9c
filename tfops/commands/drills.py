"""What became of an environment's versions elsewhere: in rehearsals, and in the environments that follow it."""

from tfops.ledger.chain import LedgerState
from tfops.records.drill import Drill
from tfops.records.promotion import PromotedVersion
from tfops.records.version import Version


def drills_of(present: LedgerState) -> dict[Version, Drill]:
    """The newest drill of each version of an environment."""
    return {Version.read(name): drill for name, drill in present.drills.drills.items()}


def promotions_of(present: LedgerState) -> dict[Version, tuple[PromotedVersion, ...]]:
    """What each version of an environment became in others."""
    return {Version.read(name): parts for name, parts in present.promotions.promotions.items()}
