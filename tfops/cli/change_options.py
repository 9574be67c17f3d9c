"""What the user said, from the flags that commands have in common."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tfops.cli.options import (
    NO_PLAN_SWITCHES,
    NO_SWITCHES,
    EngineSwitches,
    PlanSwitches,
    parse_digest,
    parse_duration,
)
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.change.request import Request


def request_of(
    env: str | None = None,
    *,
    stacks: Sequence[str] | None = None,
    yes: bool = False,
    wait: str = "0s",
    engine: EngineSwitches = NO_SWITCHES,
    offline: bool = False,
    plan_digest: str | None = None,
    reviewed: bool = False,
    allow_destroy: Sequence[str] | None = None,
    allow_stateless: bool = False,
    allow_duplicate: Sequence[str] | None = None,
    allow_action: Sequence[str] | None = None,
    allow_missing: Sequence[str] | None = None,
    allowed: Collection[str] = (),
    ignores_verdict: bool = False,
    keeps_providers: bool = False,
    max_deletes: int | None = None,
    only_if_changed: bool = False,
    only_commit: str = "",
    of_plan: PlanSwitches = NO_PLAN_SWITCHES,
    refresh_only: bool = False,
) -> "Request":
    """The flags as `change` takes them. Raises UsageError for a time that can't be read.

    `allow_missing` is None where the command takes no such names, and empty where none were given.
    """
    from tfops.change.request import Consent, Request

    if stacks and of_plan.target:
        raise UsageError("--target names its stack before the address: leave --stack away")
    return Request(
        env=env,
        stacks=tuple(stacks or ()),
        engine=engine.engine,
        flags=of_plan.onto(engine.flags(), refresh_only=refresh_only),
        consent=Consent(
            yes=yes or reviewed,
            allow_destroy=frozenset(allow_destroy or ()),
            allow_stateless=allow_stateless,
            allow_duplicate=frozenset(allow_duplicate or ()),
            allow_action=frozenset(allow_action or ()),
            allow_missing=None if allow_missing is None else frozenset(allow_missing),
            most_losses=max_deletes,
        ),
        wait_s=parse_duration(wait),
        offline=offline,
        plan_digest=parse_digest(plan_digest),
        reviewed=reviewed,
        allowed=frozenset(allowed),
        ignores_verdict=ignores_verdict,
        keeps_providers=keeps_providers,
        only_if_changed=only_if_changed,
        only_commit=only_commit,
    )
