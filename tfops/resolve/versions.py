"""Which version someone means."""

import re
from collections.abc import Sequence

from tfops.config.names import did_you_mean, shown
from tfops.errors import Refused, UsageError
from tfops.model import EnvName, Kind, Version, VersionRecord

_WORD = re.compile(r"(?:(?:refs/tags/)?tfops/(?P<env>[^/]+)/)?v?(?P<number>[1-9][0-9]{0,8})")


def pick_version(text: str, env: EnvName, versions: Sequence[VersionRecord]) -> VersionRecord:
    """The version called `v12`, `12` or `tfops/prod/v12`.

    Raises:
        UsageError: the text can't be a version, or is one of another environment.
        Refused: there is no such version (guard `unknown-version`).
    """
    match = _WORD.fullmatch(text)
    if match is None:
        raise UsageError(f"{shown(text)} is not a version", hint=f"write v3 or tfops/{env}/v3")
    if match["env"] not in (None, env):
        raise UsageError(f"{shown(text)} is a version of {match['env']}, not of {env}")
    wanted = Version(int(match["number"]))
    for record in versions:
        if record.version == wanted:
            return record
    hint = did_you_mean(str(wanted), [str(record.version) for record in versions[-8:]])
    raise Refused("unknown-version", f"{env} has no version {wanted}", hint=hint or f"see: tfops history {env}")


def previous_version(env: EnvName, versions: Sequence[VersionRecord]) -> VersionRecord:
    """The version that a rollback without a name goes to: the last content before today's.

    After a rollback from v3 to v1 (that is v4), the one before is the one before v1's content:
    going back twice goes further back, never forward again. After a destroy it is what was destroyed.
    Raises Refused (guard `no-previous`).
    """
    by_version = {record.version: record for record in versions}
    if not versions:
        raise Refused("no-previous", f"{env} has never been applied", hint=f"tfops apply {env}")
    alive = [record for record in versions if record.kind is not Kind.DESTROY]
    if versions[-1].kind is Kind.DESTROY:
        return content_of(alive[-1], by_version)
    content = content_of(versions[-1], by_version)
    for record in reversed([record for record in alive if record.version < content.version]):
        candidate = content_of(record, by_version)
        if candidate.commit != content.commit:
            return candidate
    raise Refused(
        "no-previous", f"{env} has no earlier version than {content.version}", hint=f"see: tfops history {env}"
    )


def content_of(record: VersionRecord, by_version: dict[Version, VersionRecord]) -> VersionRecord:
    """The version that first had this version's content: itself, or what it restored."""
    while record.restores is not None and record.restores in by_version:
        record = by_version[record.restores]
    return record
