"""Ids of real things in the form that a card may hold them."""

from collections.abc import Mapping

from tfops.config.project import InventoryPolicy
from tfops.engine.mask import MASK
from tfops.records.addresses import hidden_id, is_hidden


def recorded_ids(ids: Mapping[str, str], policy: InventoryPolicy) -> dict[str, str]:
    """Address to what the card may hold of the id. A digest still tells whether two ids are the same."""
    if policy is InventoryPolicy.IDS:
        return dict(ids)
    if policy is InventoryPolicy.OFF:
        return dict.fromkeys(ids, "")
    # Masked ids look alike: a digest would make them equal.
    return {address: "" if MASK in known else hidden_id(known) for address, known in ids.items()}


def in_the_form_of(recorded: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, str]:
    """Ids of a state as a card holds them, so that they can be compared with those of `recorded`."""
    hidden = any(map(is_hidden, recorded.values()))
    return recorded_ids(ids, InventoryPolicy.HASH if hidden else InventoryPolicy.IDS)
