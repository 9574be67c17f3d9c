"""What tfops.yaml lets run without a person."""

import enum


class Sync(enum.StrEnum):
    """What the agent does with a commit that changes an environment: apply it, nothing, or plan it for a person."""

    AUTO = "auto"
    MANUAL = "manual"
    PLAN = "plan"


class DriftPolicy(enum.StrEnum):
    """What the agent does about a real world that differs from the applied version."""

    IGNORE = "ignore"
    REPORT = "report"
    HEAL = "heal"


class InventoryPolicy(enum.StrEnum):
    """How much of a resource's id a card holds."""

    IDS = "ids"
    HASH = "hash"
    OFF = "off"
