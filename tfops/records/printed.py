"""How fields are printed by `--output json`, for those that aren't printed as they are."""

from collections.abc import Mapping
from typing import Any, Final

# The metadata of a field that stays out, and of one whose own fields stand in its place.
NOT_PRINTED: Final[Mapping[str, Any]] = {"shown": False}
INLINE: Final[Mapping[str, Any]] = {"inline": True}
