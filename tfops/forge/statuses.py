"""Statuses beside a commit: `tfops` for the whole review, which a team can require, and one for each environment.

A rule with a wildcard isn't the sum of what it matches (a forge looks at one of them), and a forge's combined state
is that of a page of 50: so the whole is a status of its own, and the combined state is never read.
"""

from collections.abc import Sequence
from dataclasses import replace

from tfops.forge.asking import TRIES, ForgeFailed
from tfops.forge.base import Client, Status
from tfops.plain import plain
from tfops.records.names import CommitSha, EnvName

WHOLE = "tfops"
_LONGEST_TEXT = 140  # GitHub's limit; GitLab's is 255, Gitea has none


def context_of(env: EnvName) -> str:
    """The name of an environment's status."""
    return f"{WHOLE}/{env}"


def keep_statuses(client: Client, commit: CommitSha, wanted: Sequence[Status]) -> None:
    """Make `wanted` the newest of their contexts, in this order. What stands there already isn't written again.

    Raises ForgeFailed; those before the one that failed are written.
    """
    me = client.me().id
    wanted = [replace(status, text=_cut(status.text)) for status in wanted]
    for tried in range(1, TRIES + 1):
        there = client.statuses(commit)
        ours = {status for account, status in there.values() if account.id == me}
        lost = _written(client, commit, [status for status in wanted if status not in ours])
        if lost is None:
            return
        client.asking.pause(lost, tried=tried)


def _written(client: Client, commit: CommitSha, missing: Sequence[Status]) -> ForgeFailed | None:
    """What went wrong in a way that may pass: whether it arrived must be looked at."""
    for status in missing:
        try:
            client.set_status(commit, status)
        except ForgeFailed as failure:
            if not failure.passes:
                raise
            return failure
    return None


def _cut(text: str) -> str:
    one_line = plain(text)
    return one_line if len(one_line) <= _LONGEST_TEXT else f"{one_line[: _LONGEST_TEXT - 1]}…"
