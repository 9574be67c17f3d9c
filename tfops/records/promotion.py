"""What one environment's running version became in the next."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class PromotionSource:
    """The version whose modules and providers were promoted: on the card of the one that it became."""

    environment: str
    version: int

    def __str__(self) -> str:
        return f"{self.environment} v{self.version}"


@dataclass(frozen=True, slots=True)
class PromotedVersion:
    """What a version became, in another environment: in the ledger of the one that it was promoted from."""

    to: str
    became: int
    by: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.to} v{self.became}"


@dataclass(frozen=True, slots=True)
class Promotions:
    """What each version of an environment became elsewhere, by its name (`v41`), the newest last."""

    promotions: Mapping[str, tuple[PromotedVersion, ...]] = field(default_factory=dict)
