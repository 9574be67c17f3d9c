"""An exchange with the remote that failed: nobody answered, or the answer was no. Neither says a secret."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tfops.errors import Refused
from tfops.system.answers import answer_of, safe
from tfops.system.git import RemoteRefused, RemoteUnreachable
from tfops.system.rehearsal import blocking_name

if TYPE_CHECKING:
    from tfops.system.git import GitFailed, GitRunner


_SENT = r"^(remote\..*\.(push)?url|http\..*extraheader|url\..*insteadof)$"
_LOGIN = re.compile(r"://([^/\s@]+)@")
_SHORTEST_SECRET = 6  # a shorter one would take pieces out of ordinary words


def remote_failure(git: GitRunner, failure: GitFailed, *, is_push: bool) -> RemoteUnreachable:
    """The exception for an exchange that failed: whether anybody answered, in words without secrets."""
    secrets = _secrets_of(git)
    answer = answer_of(failure.stderr, secrets)
    if answer is not None:
        return RemoteRefused(answer, is_push=is_push)
    return RemoteUnreachable("\n".join(safe(line, secrets) for line in failure.stderr.splitlines()))


def _secrets_of(git: GitRunner) -> frozenset[str]:
    """What a host could repeat of what Git sends to it: passwords in addresses, headers with tokens."""
    rows = git.ask("config", "--null", "--get-regexp", _SENT, ok=(0, 1)).text.split("\0")
    values = [row.partition("\n")[2] for row in rows]
    logins = [found[1] for value in values if (found := _LOGIN.search(value))]
    parts = [part for login in logins for part in (login, unquote(login), *login.split(":")[1:])]
    parts += [word for value in values if "://" not in value for word in value.split()]
    return frozenset(part for part in parts if len(part) >= _SHORTEST_SECRET)


def require_free_names(error: GitFailed, remote: str, *, is_here: bool) -> None:
    """Raises Refused (guard `name-taken`) when a ref, here or on the remote, keeps another name from being made."""
    blocking = blocking_name(error.stderr)
    if not blocking:
        return
    here, there = (f"git {deed} {shlex.quote(blocking)}" for deed in ("update-ref -d", f"push {remote} --delete"))
    hint = f"{here}   (and where it came from: {there})" if is_here and remote else here if is_here else there
    raise Refused(
        "name-taken",
        f"{'this clone' if is_here else f'`{remote}`'} has `{blocking}`: what is to be written can't stand beside it",
        why="Git keeps names like paths: a tag `tfops/dev` and a tag `tfops/dev/v1` can't both be there",
        hint=f"look at it, and if nobody needs it: {hint}",
    ) from error


def refused_fetch(git: GitRunner, remote: str, error: GitFailed, *, ledgers: str) -> Exception:
    """A fetch that failed because a ref was rewritten there is a refusal; everything else is the network.

    `ledgers` is the space of refs that ledgers stand in here. Raises Refused as `require_free_names`.
    """
    lines = [line.strip() for line in error.stderr.splitlines()]
    moved = [line for line in lines if "would clobber existing tag" in line]
    rewritten = [line for line in lines if "non-fast-forward" in line and ledgers in line]
    require_free_names(error, remote, is_here=True)
    if moved:
        return Refused(
            "moved-tag",
            f"a version tag on `{remote}` is not the one that this clone knows",
            why="; ".join(moved),
            hint=f"find out who moved it: versions are never moved. Compare with: git ls-remote --tags {remote}",
        )
    if rewritten:
        return Refused(
            "rewritten-ledger",
            f"a ledger on `{remote}` was rewritten: it no longer contains what this clone has seen",
            why="; ".join(rewritten),
            hint="find out who did it; this clone still has the old chain: git log refs/tfops/envs/ENV",
        )
    return remote_failure(git, error, is_push=False)


def not_written_here(error: GitFailed, remote: str) -> Refused:
    """The refusal for refs that this clone doesn't take. Raises Refused as `require_free_names`."""
    require_free_names(error, remote, is_here=True)
    return Refused(
        "disk",
        "Git could not write refs in this clone",
        why=error.stderr,
        hint="make room or writable, then run the same command again",
    )


def was_overtaken(error: GitFailed) -> bool:
    """Whether another fetch of this clone (in another work tree, say) moved the same ref at the same moment."""
    return "cannot lock ref" in error.stderr and any(words in error.stderr for words in ("but expected", "File exists"))


def signing_failed(kind: str, error: GitFailed) -> Refused:
    """The refusal for a signer that failed; `kind` is the object's: `commit` or `tag`."""
    return Refused(
        "signing-failed",
        f"this Git is set to sign (`{kind}.gpgSign`), and could not: without a signature nothing is recorded",
        why="\n".join(error.stderr.splitlines()[:4]),
        hint="try it: git commit-tree -S -m test 'HEAD^{tree}'   "
        f"(then fix the key or its agent, or: git config {kind}.gpgSign false)",
    )
