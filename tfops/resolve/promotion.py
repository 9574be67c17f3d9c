"""Whether what runs in one environment may go on to the next: decided from facts."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from tfops.config.project import Needs, PromotionRule
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.difference import Difference, DifferenceKind, Group
from tfops.records.names import EnvName
from tfops.records.version import Kind, Verified, Version, VersionRecord

_MOST_LISTED = 5
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known of the environment that is promoted from. `stopped` says which change stopped half-way or is under
    way, `expected` is the version that was looked at before, None at the first look; `is_whole`: all of its stacks are
    at one commit, with that commit's providers."""

    env: EnvName
    latest: VersionRecord | None
    stopped: str = ""
    is_whole: bool = True
    expected: Version | None = None


def require_promotable(source: SourceFacts, rule: PromotionRule, now: datetime) -> VersionRecord:
    """The version that is promoted. Raises Refused."""
    latest = source.latest
    if latest is None or latest.kind is Kind.DESTROY:
        raise Refused(
            "never-applied", f"{source.env} doesn't run: nothing to promote", hint=f"tfops apply {source.env}"
        )
    if source.expected is not None and latest.version != source.expected:
        raise _moved_on(source, latest)
    if latest.kind is Kind.ROLLBACK:
        raise Refused(
            "source-rolled-back",
            f"{source.env} was rolled back to {latest.restores}: what ran there was taken back",
            hint=f"when the fix runs in {source.env}, promote that; to take another back too: tfops rollback ENV",
        )
    if source.stopped:
        raise Refused(
            "source-degraded",
            f"{source.env} isn't whole: {source.stopped}",
            hint=f"tfops status {source.env}; then: tfops resume {source.env}",
        )
    if not source.is_whole:
        what = "is no single commit: its stacks or its providers are of several"
        if latest.partial:
            what = f"isn't all of its commit: only {latest.partial} was applied (--target)"
        raise Refused(
            "source-mixed",
            f"{source.env} {latest.version} {what}",
            hint=f"apply one commit to all of it: tfops apply {source.env}",
        )
    _require_verified(source.env, latest, rule)
    _require_soaked(source.env, latest, rule, now)
    return latest


def _moved_on(source: SourceFacts, latest: VersionRecord) -> Refused:
    what = f"rolled back to {latest.restores}" if latest.restores else f"changed by {latest.applied_by}"
    return Refused(
        "source-moved",
        f"{source.env} is {latest.version} now, {what}: what was looked at was {source.expected}",
        hint=f"look at it: tfops history {source.env}; then promote again",
    )


def _require_verified(env: EnvName, latest: VersionRecord, rule: PromotionRule) -> None:
    if latest.verified is Verified.PASSED or (rule.needs is Needs.APPLIED and latest.verified is not Verified.FAILED):
        return
    if latest.verified is Verified.FAILED:
        what, hint = "failed its checks", f"tfops show {env} {latest.version}; then apply the fix: tfops apply {env}"
    else:
        what = "was verified by no check"
        hint = f"give {env} `verify:` in tfops.yaml and apply it; or, where that is enough: promote: {{needs: applied}}"
    raise Refused("source-unverified", f"{env} {latest.version} {what}", hint=hint)


def _require_soaked(env: EnvName, latest: VersionRecord, rule: PromotionRule, now: datetime) -> None:
    ready = latest.applied_at + timedelta(seconds=rule.soaked_s)
    if now >= ready:
        return
    left = math.ceil((ready - now).total_seconds())
    left = left if left < _MINUTE_S else _MINUTE_S * round(left / _MINUTE_S)
    raise Refused(
        "not-soaked",
        f"{env} {latest.version} hasn't run long enough: until {ready:%Y-%m-%d %H:%M:%S} UTC",
        why=f"`soaked` in tfops.yaml wants it to run for {_span(rule.soaked_s)} first; {_span(left)} are left",
        hint="promote again then",
    )


def _span(seconds: float) -> str:
    """`2h`, `90m`, `45s`: as it is written in tfops.yaml."""
    for size, unit in ((3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def unmeant(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """What of the differences keeps a commit from being the same in the other environment: a module, or a provider that
    both have in two versions."""
    kinds = {Group.MODULES: tuple(DifferenceKind), Group.PROVIDERS: (DifferenceKind.CHANGED,)}
    return tuple(one for one in found if not one.is_meant and one.kind in kinds.get(one.group, ()))


def not_the_same(source: str, target: EnvName, commit: str, found: Iterable[Difference]) -> Refused:
    """The refusal where the commit gives the target other modules or providers than run in the source."""
    lines = [_line(source.partition(" ")[0], target, one) for one in found]
    more = [f"and {len(lines) - _MOST_LISTED} more"] if len(lines) > _MOST_LISTED else []
    return Refused(
        "not-the-same",
        f"at {commit[:8]} {target} isn't what runs in {source}",
        why="\n".join((*lines[:_MOST_LISTED], *more)),
        hint=f"make environments/{target}.yaml and its provider lock say the same; or name in `same_but` of tfops.yaml "
        "what may differ",
    )


def not_readable(source: str, target: EnvName, commit: str, why: str) -> Refused:
    """The refusal where the target's files aren't there yet at the commit, or aren't right."""
    env = source.partition(" ")[0]
    return Refused(
        "not-the-same",
        f"at {commit[:8]}, which runs in {source}, the files of {target} aren't right",
        why=why,
        hint=f"apply {env} at a commit where they are, then promote that: tfops apply {env}",
    )


def _line(source: str, target: EnvName, one: Difference) -> str:
    was, now = one.before or "not there", one.after or "not there"
    what = "module" if one.group is Group.MODULES else "provider"
    return f"{what} {one.name}: {was} in {source}, {now} in {target}"
