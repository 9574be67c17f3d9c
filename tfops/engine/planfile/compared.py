"""Which engines' saved plans tfops reads itself."""

from tfops.engine.locate import Engine

# The versions whose plans tests/e2e/test_saved_plans.py compared with `show -json`, and no others. Before 1.8 Terraform
# left what the provider's schema marks as sensitive out of the file: such a version must never stand here.
COMPARED = {"terraform": frozenset({"1.11.4", "1.15.5"})}


def is_compared(engine: Engine) -> bool:
    """Whether this engine's plans are read by tfops itself; the others' are shown by the engine."""
    return engine.version in COMPARED.get(engine.name, ())
