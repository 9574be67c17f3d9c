"""One look at the remote: which branches and ledgers there are. The whole price of a turn with nothing to do."""

import hashlib
from collections.abc import Iterator, Mapping

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha
from tfops.system.git import GitFailed, require_sha
from tfops.system.remote import LEDGERS, NO_REF, VERSIONS
from tfops.system.repository import Repository

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class RefSnapshot:
    """Branch to commit, environment to its ledger's head."""

    heads: Mapping[str, CommitSha]
    ledgers: Mapping[str, CommitSha]

    def is_behind(self, other: "RefSnapshot") -> bool:
        """Whether the other has a new or a moved ref. Deleted refs don't count."""
        return not (other.heads.items() <= self.heads.items() and other.ledgers.items() <= self.ledgers.items())

    @property
    def digest(self) -> str:
        """The same as long as nothing moved."""
        rows = sorted([*self.heads.items(), *((f"{LEDGERS}/{env}", sha) for env, sha in self.ledgers.items())])
        return hashlib.sha256(repr(rows).encode()).hexdigest()


def look_at_remote(repository: Repository, ledger_ref: str) -> RefSnapshot:
    """By one `git ls-remote`; without a remote what is here. Raises RemoteUnreachable, RemoteRefused.

    `ledger_ref` is where the remote keeps ledgers, with `{env}`.
    """
    remote = repository.remote
    if not remote:
        return look_here(repository)
    pattern = ledger_ref.replace("{env}", "*")
    try:
        done = repository.git.over_network("ls-remote", "--end-of-options", remote, f"{_HEADS}*", pattern)
    except GitFailed as error:
        from tfops.system.failures import remote_failure  # noqa: PLC0415 - what hosts say: read when one fails

        raise remote_failure(repository.git, error, is_push=False) from error
    rows = (line.split("\t") for line in done.text.splitlines())
    return _look(((name, sha) for sha, name in rows), heads=_HEADS, ledgers=ledger_ref.removesuffix("{env}"))


def look_here(repository: Repository) -> RefSnapshot:
    """The same of what this clone knows, by one Git process, which lists the versions too: they are asked for next."""
    heads = f"refs/remotes/{repository.remote}/" if repository.remote else _HEADS
    repository.git.look_again()
    listed = repository.git.refs(heads, f"{LEDGERS}/", f"{VERSIONS}/")
    rows: list[tuple[str, str]] = list(listed.values.items())
    # A ledger that is there and can't be read isn't absent: it stands for nothing that exists.
    rows += [(ref, NO_REF) for ref in listed.broken if ref.startswith(f"{LEDGERS}/")]
    return _look(iter(rows), heads=heads, ledgers=f"{LEDGERS}/")


def _look(rows: Iterator[tuple[str, ...]], *, heads: str, ledgers: str) -> RefSnapshot:
    """A ledger may be kept among the branches: it is none."""
    found_heads: dict[str, CommitSha] = {}
    found_ledgers: dict[str, CommitSha] = {}
    for name, sha in rows:
        if name.startswith(ledgers):
            found_ledgers[name.removeprefix(ledgers)] = require_sha(sha)
        elif name.startswith(heads) and name != f"{heads}HEAD":
            found_heads[name.removeprefix(heads)] = require_sha(sha)
    return RefSnapshot(found_heads, found_ledgers)
