"""Which version someone means."""

import re
from collections.abc import Sequence

from tfops.config.names import shown, why_and_hint
from tfops.errors import Refused, UsageError
from tfops.records.names import EnvName
from tfops.records.version import Kind, Verified, Version, VersionRecord

_WORD = re.compile(r"(?:(?:refs/tags/)?tfops/(?P<env>[^/]+)/)?v?(?P<number>[1-9][0-9]{0,8})")


def is_version(text: str) -> bool:
    """Whether a text can name a version: `v12`, `12`, `tfops/prod/v12`."""
    return _WORD.fullmatch(text) is not None


def pick_version(text: str, env: EnvName, versions: Sequence[VersionRecord]) -> VersionRecord:
    """The version called `v12`, `12` or `tfops/prod/v12`.

    Raises:
        UsageError: the text can't be a version, or is one of another environment.
        Refused: there is no such version (guard `unknown-version`).
    """
    match = _WORD.fullmatch(text)
    if match is None:
        why = f"a version is written v3, or tfops/{env}/v3"
        raise UsageError(f"{shown(text)} is not a version", why=why, hint=f"tfops history {env}")
    if match["env"] not in (None, env):
        raise UsageError(f"{shown(text)} is a version of {match['env']}, not of {env}")
    wanted = Version(int(match["number"]))
    for record in versions:
        if record.version == wanted:
            return record
    last = [str(record.version) for record in versions[-8:]]
    why, hint = why_and_hint(str(wanted), last, see=f"tfops history {env}")
    raise Refused("unknown-version", f"{env} has no version {wanted}", why=why, hint=hint)


def version_to_go_back_to(
    env: EnvName, versions: Sequence[VersionRecord], *, is_stopped: bool = False
) -> VersionRecord:
    """The version that a rollback without a name goes to: the last verified content before today's.

    Where a change stopped half-way after the latest version (`is_stopped`), that version is what ran before it,
    and what is gone back to, unless its checks failed or it was a destroy.
    Where nothing was ever verified, good or bad: the last content before today's. After a rollback from
    v3 to v1 (that is v4), the one before is the one before v1's content: going back twice goes further
    back, never forward again. After a destroy what was destroyed counts too.
    Raises Refused (guard `no-previous`, `no-verified`).
    """
    if not versions:
        raise Refused("no-previous", f"{env} has never been applied", hint=f"tfops apply {env}")
    latest = versions[-1]
    if is_stopped and latest.kind is not Kind.DESTROY and latest.verified is not Verified.FAILED:
        return latest
    earlier = _earlier_contents(versions)
    if not earlier:
        last = _contents(versions)[-1].version
        raise Refused("no-previous", f"{env} has no earlier version than {last}", hint=f"tfops history {env}")
    if all(record.verified is Verified.NONE for record in versions):
        return earlier[0]
    good = _verified_contents(versions)
    for candidate in earlier:
        if candidate.version in good:
            return candidate
    raise Refused(
        "no-verified",
        f"{env} has no earlier version that was verified",
        hint=f"name one: tfops rollback {env} {earlier[0].version}   (see: tfops history {env})",
    )


def _contents(versions: Sequence[VersionRecord]) -> list[VersionRecord]:
    by_version = {record.version: record for record in versions}
    return [content_of(record, by_version) for record in versions]


def _earlier_contents(versions: Sequence[VersionRecord]) -> list[VersionRecord]:
    """What ran before today's content, newest first; without what a destroy took down for good."""
    pairs = [
        (record, content)
        for record, content in zip(versions, _contents(versions), strict=True)
        if record.kind is not Kind.DESTROY
    ]
    if versions[-1].kind is Kind.DESTROY:
        return [content for _, content in reversed(pairs)]
    today = _contents(versions)[-1]
    return [
        content
        for record, content in reversed(pairs)
        if record.version < today.version and content.commit != today.commit
    ]


def _verified_contents(versions: Sequence[VersionRecord]) -> set[Version]:
    """The contents whose checks passed when they were run last: as themselves, or as a rollback to them."""
    last: dict[Version, Verified] = {}
    for record, content in zip(versions, _contents(versions), strict=True):
        if record.verified is not Verified.NONE:
            last[content.version] = record.verified
    return {version for version, verified in last.items() if verified is Verified.PASSED}


def content_of(record: VersionRecord, by_version: dict[Version, VersionRecord]) -> VersionRecord:
    """The version that first had this version's content: itself, or what it restored."""
    while record.restores is not None and record.restores in by_version:
        record = by_version[record.restores]
    return record
