"""The flags that commands which change an environment have in common."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tfops.cli.options import EngineSwitches, parse_duration

if TYPE_CHECKING:
    from tfops.change.story import ChangeOptions


def change_options(
    *,
    yes: bool,
    wait: str,
    engine: EngineSwitches,
    offline: bool,
    allow_destroy: Sequence[str] = (),
    allow_stateless: bool = False,
    allow_duplicate: Sequence[str] = (),
    allow_action: Sequence[str] = (),
    allow_missing: Sequence[str] | None = None,
    allowed: Collection[str] = (),
    ignores_verdict: bool = False,
    max_deletes: int | None = None,
) -> "ChangeOptions":
    """The flags of a change as `change` takes them. Raises UsageError for a time that can't be read."""
    from tfops.change.consent import ConsentOptions
    from tfops.change.story import ChangeOptions

    return ChangeOptions(
        engine=engine.options(),
        consent=ConsentOptions(
            yes=yes,
            allow_destroy=frozenset(allow_destroy),
            allow_stateless=allow_stateless,
            allow_duplicate=frozenset(allow_duplicate),
            allow_action=frozenset(allow_action),
            allow_missing=None if allow_missing is None else frozenset(allow_missing),
            most_losses=max_deletes,
        ),
        wait_s=parse_duration(wait),
        offline=offline,
        allowed=frozenset(allowed),
        ignores_verdict=ignores_verdict,
    )
