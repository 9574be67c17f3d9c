"""Refs shared with others: fetch, and the one compare-and-swap that everything rests on.

A swap is a push that names the value it expects the remote's ref to have (`--force-with-lease` with
the value spelled out, never a bare one). Without a remote it is `git update-ref NEW OLD`.
"""

import enum
from collections.abc import Mapping

from tfops.errors import Refused
from tfops.model import CommitSha
from tfops.system.git import GitFailed, require_sha
from tfops.system.repository import Repository

NO_REF = "0" * 40


class Swap(enum.Enum):
    """How a compare-and-swap ended."""

    WON = enum.auto()
    LOST = enum.auto()


class RemoteUnreachable(Exception):
    """The remote did not answer, or refused for a reason that is not another's push."""


class Refs:
    """The version tags (and later the ledger) of a repository, with or without a remote."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._git = repository.git

    def fetch(self) -> None:
        """Bring branches and version tags here. A tag that was moved on the remote is not taken over.

        Raises:
            RemoteUnreachable: with Git's own words.
            Refused: when a version tag there differs from the one here.
        """
        remote = self._repository.remote
        if not remote:
            return
        specs = [f"+refs/heads/*:refs/remotes/{remote}/*", "refs/tags/tfops/*:refs/tags/tfops/*"]
        # not --quiet: that hides why a tag was rejected
        argv = ["fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
        try:
            self._git.over_network(*argv, "--end-of-options", remote, *specs)
        except GitFailed as error:
            if "would clobber existing tag" in error.stderr:
                raise _moved_tag(remote, error.stderr) from error
            raise RemoteUnreachable(error.stderr) from error

    def create(self, refs: Mapping[str, str]) -> Swap:
        """Create refs that must not exist yet, all or none, first on the remote, then here.

        `refs` maps full ref names to object ids. LOST means that one of them exists elsewhere
        with another value. Raises RemoteUnreachable when the remote can't say.
        """
        remote = self._repository.remote
        if remote and self._push_new(remote, refs) is Swap.LOST:
            return Swap.LOST
        return self._create_here(refs)

    def _push_new(self, remote: str, refs: Mapping[str, str]) -> Swap:
        leases = [f"--force-with-lease={ref}:" for ref in refs]
        specs = [f"{require_sha(new)}:{ref}" for ref, new in refs.items()]
        argv = ["push", "--quiet", "--no-verify", "--atomic", "--no-signed", *leases]
        try:
            self._git.over_network(*argv, "--end-of-options", remote, *specs)
        except GitFailed as error:
            return self._read_back(remote, refs, error)
        return Swap.WON

    def _read_back(self, remote: str, refs: Mapping[str, str], failure: GitFailed) -> Swap:
        """A failed push may have arrived, and a lost race may look like a broken connection."""
        there = self._remote_values(remote, refs)
        if all(there.get(ref) == new for ref, new in refs.items()):
            return Swap.WON
        if any(ref in there for ref in refs):
            return Swap.LOST
        raise RemoteUnreachable(failure.stderr) from failure

    def _remote_values(self, remote: str, refs: Mapping[str, str]) -> dict[str, str]:
        try:
            done = self._git.over_network("ls-remote", "--end-of-options", remote, *refs)
        except GitFailed as error:
            raise RemoteUnreachable(error.stderr) from error
        pairs = (line.split("\t") for line in done.text.splitlines())
        return {ref: sha for sha, ref in pairs}

    def _create_here(self, refs: Mapping[str, str]) -> Swap:
        """All or none; a ref that is there already with the same value counts as created."""
        commands = "".join(f"create {ref} {new}\n" for ref, new in refs.items())
        try:
            self._git.ask("update-ref", "--stdin", stdin=f"start\n{commands}prepare\ncommit\n".encode())
        except GitFailed as error:
            if all(self._value_here(ref) == new for ref, new in refs.items()):
                return Swap.WON
            if any(self._value_here(ref) for ref in refs):
                return Swap.LOST
            raise RemoteUnreachable(error.stderr) from error
        return Swap.WON

    def _value_here(self, ref: str) -> str:
        return self._git.line("rev-parse", "--verify", "--quiet", "--end-of-options", ref)

    def write_tag(self, name: str, *, commit: CommitSha, tagger: str, message: str) -> str:
        """Write an annotated tag object, without a ref, and return its id.

        `git tag` isn't used: it makes the ref in the same breath, and drops lines that begin with #.
        """
        head = f"object {require_sha(commit)}\ntype commit\ntag {name}\ntagger {tagger}\n\n"
        return self._git.ask("mktag", stdin=(head + message).encode()).text.strip()


def _moved_tag(remote: str, stderr: str) -> Refused:
    lines = [line.strip() for line in stderr.splitlines() if "would clobber" in line]
    return Refused(
        "moved-tag",
        f"a version tag on `{remote}` is not the one that this clone knows",
        why="; ".join(lines),
        hint="find out who moved it: versions are never moved. Compare with: git ls-remote --tags " + remote,
    )
