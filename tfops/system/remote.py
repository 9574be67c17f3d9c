"""Refs shared with others: fetch, and the one compare-and-swap that everything rests on.

A swap is a push that names the value it expects the remote's ref to have (`--force-with-lease` with
the value spelled out, never a bare one). Without a remote it is `git update-ref NEW OLD`.
"""

import contextlib
import enum
import shlex
import time
from collections.abc import Callable, Sequence
from functools import partial

from tfops.dataclass import dataclass
from tfops.errors import NeverShared, Refused
from tfops.records.names import EnvName
from tfops.system import signals
from tfops.system.git import GitFailed, GitRunner, RemoteRefused, RemoteUnreachable, network_timeout_s, require_sha
from tfops.system.pinned import pinned_for
from tfops.system.process import Completed
from tfops.system.repository import Repository
from tfops.system.workspace import Workspace, exclusive

__all__ = [
    "LEDGERS",
    "LOGS",
    "NO_REF",
    "REVIEWS",
    "VERSIONS",
    "Refs",
    "RemoteRefused",
    "RemoteUnreachable",
    "Swap",
    "Update",
    "refs_of",
]

NO_REF = "0" * 40
LEDGERS = "refs/tfops/envs"
REVIEWS, LOGS = "refs/tfops/reviews", "refs/tfops/logs"
VERSIONS = "refs/tags/tfops"
# What was swapped here while the remote was away: one mark for each ref, with what the remote's ref was.
_KEPT, _LOST = "refs/tfops/offline", "refs/tfops/lost"

# The user's own fetches may overtake ours; who was overtaken looks again.
_MOST_FETCHES, _PAUSE_S = 10, 0.1


def refs_of(env: str) -> tuple[str, str]:
    """Where an environment's versions and its ledger are."""
    return f"{VERSIONS}/{env}/", f"{LEDGERS}/{env}"


class Swap(enum.Enum):
    """How a compare-and-swap ended."""

    WON = enum.auto()
    LOST = enum.auto()


@dataclass(frozen=True, slots=True)
class Update:
    """A ref that shall point to `new`, if it points to `old` now; empty `old` means that it must not exist."""

    ref: str
    new: str
    old: str = ""


class Refs:
    """The refs that clones share: version tags and ledgers, with or without a remote.

    `ledger_pattern` is where the remote keeps ledgers, with one `*` for the environment; here they are
    always below LEDGERS. With `is_offline` the remote is not asked: swaps are made here, kept, and
    pushed by the next fetch that isn't.
    """

    def __init__(
        self, repository: Repository, ledger_pattern: str = f"{LEDGERS}/*", *, is_offline: bool = False
    ) -> None:
        self._repository = repository
        self._git = repository.git
        self._ledger_pattern = ledger_pattern
        self._is_offline = is_offline

    def fetch(self) -> None:
        """Bring branches, version tags and ledgers here. What was moved on the remote is not taken over.

        Raises:
            RemoteUnreachable: with Git's own words; RemoteRefused with the host's.
            Refused: when a tag there differs from the one here, or is in the way of it, a ledger was
                rewritten, or what was done offline lost its lock meanwhile.
        """
        self._git.look_again()
        remote = self._repository.remote
        if not remote or self._is_offline:
            return
        self._push_kept(remote)
        specs = [f"+refs/heads/*:refs/remotes/{remote}/*", "refs/tags/tfops/*:refs/tags/tfops/*"]
        specs += [f"{self._ledger_pattern}:{LEDGERS}/*"]
        # One at a time: a slower one that began earlier would set branches back after a faster one.
        with exclusive(Workspace(self._repository.common_dir).fetches, wait_s=network_timeout_s()):
            self._fetch(remote, [*_fetching(remote), *specs])

    def _fetch(self, remote: str, argv: Sequence[str]) -> None:
        for left in reversed(range(_MOST_FETCHES)):
            try:
                self._git.over_network(*argv)
                return
            except GitFailed as error:
                from tfops.system.failures import refused_fetch, was_overtaken  # noqa: PLC0415 - as in `_failure`

                if not (left and was_overtaken(error)):
                    raise refused_fetch(self._git, remote, error, ledgers=LEDGERS) from error
                time.sleep(_PAUSE_S)

    def fetch_beside(self, *refs: str) -> None:
        """Bring what is beside these ledgers here (reviews, logs), as the remote has it: no other fetch does. Raises
        RemoteUnreachable, RemoteRefused."""
        self._git.look_again()
        remote = self._repository.remote
        if not remote or self._is_offline:
            return
        specs = [f"+{self._remote_name(ref)}*:{ref}*" for ref in refs]  # without `*`, one that isn't there is an error
        try:
            self._git.over_network(*_fetching(remote), *specs)
        except GitFailed as error:
            raise _failure(self._git, error, is_push=False) from error

    def swap(self, *updates: Update) -> Swap:
        """Compare-and-swap, all or none: first on the remote, then here.

        LOST means that a ref isn't what its `old` says, and nothing was changed. Raises
        RemoteUnreachable when the remote can't say, RemoteRefused when it says no; Interrupted, when it was decided.
        """
        with signals.deferred():
            return self._swap(updates)

    def _swap(self, updates: Sequence[Update]) -> Swap:
        remote = self._repository.remote
        if not remote:
            return self._swap_here(updates)
        if self._is_offline:
            return self._swap_here((*updates, *self._new_marks(updates)))
        if self._push(remote, updates) is Swap.WON:
            from tfops.system import failpoint  # noqa: PLC0415 - a place in a change: whoever looks never comes here

            failpoint.reach("version-pushed" if len(updates) > 1 else "intent-pushed")
            self._follow_remote(updates)
            return Swap.WON
        return Swap.LOST

    def _new_marks(self, updates: Sequence[Update]) -> list[Update]:
        marks = {_mark_of(update.ref): update.old or update.new for update in updates}
        return [Update(mark, value) for mark, value in marks.items() if not self._value_here(mark)]

    def _push_kept(self, remote: str) -> None:
        """Push what was done offline, all or none: the lock that this clone held kept others out."""
        if self._git.has_none_below(f"{_KEPT}/"):
            return
        marks = self._git.refs(f"{_KEPT}/").values
        kept = [
            Update(ref, self._value_here(ref), base if ref.startswith(LEDGERS) else "")
            for ref, base in ((f"refs/{mark.removeprefix(f'{_KEPT}/')}", base) for mark, base in marks.items())
        ]
        is_lost = self._push(remote, kept) is Swap.LOST
        forget = "".join(f"delete {mark} {base}\n" for mark, base in marks.items())
        give_up = "".join(map(_give_up, kept)) if is_lost else ""
        self._git.ask("update-ref", "--stdin", stdin=(forget + give_up).encode())
        if is_lost:
            raise Refused(
                "offline-lost",
                "offline changes were not recorded as a version: the lock was broken meanwhile",
                why="; ".join(f"{update.ref} moved on {remote}" for update in kept if update.old),
                hint=f"its events are kept: git for-each-ref {_LOST}; then look, and apply once more",
            )

    def _remote_name(self, ref: str) -> str:
        """Where the remote keeps ledgers elsewhere, the rest is beside them: `refs/heads/tfops-reviews/{env}`."""
        space, _, env = ref.rpartition("/")
        if space in (REVIEWS, LOGS) and self._ledger_pattern != f"{LEDGERS}/*":
            return f"{self._ledger_pattern.removesuffix('/*')}-{space.rpartition('/')[2]}/{env}"
        if not ref.startswith(f"{LEDGERS}/"):
            return ref
        return self._ledger_pattern.replace("*", ref.removeprefix(f"{LEDGERS}/"))

    def _push(self, remote: str, updates: Sequence[Update]) -> Swap:
        specs = [f"{require_sha(update.new)}:{self._remote_name(update.ref)}" for update in updates]
        argv = [*pinned_for(remote), "push", "--quiet", "--no-verify", "--atomic", "--no-signed"]
        argv += self._leases(updates)
        try:
            self._git.over_network(*argv, "--end-of-options", remote, *specs)
        except GitFailed as error:
            return self._read_back(remote, updates, error)
        return Swap.WON

    def _leases(self, updates: Sequence[Update]) -> list[str]:
        return [f"--force-with-lease={self._remote_name(update.ref)}:{update.old}" for update in updates]

    def _read_back(self, remote: str, updates: Sequence[Update], failure: GitFailed) -> Swap:
        """A failed push may have arrived, and a lost race may look like a broken connection."""
        refusal = _failure(self._git, failure, is_push=True)
        try:
            there = self._remote_values(remote, updates)
        except RemoteUnreachable:
            raise refusal from failure
        arrived = [update for update in updates if there.get(update.ref) == update.new]
        if len(arrived) == len(updates):
            return Swap.WON
        for update in updates:
            if update.ref.startswith(LEDGERS) and update.old and update.ref not in there:
                raise self._missing_ledger(remote, update.ref)
        # An atomic push to a host that hides one of its refs moves the others (Git 2.39): that is no race.
        if not arrived and any(there.get(update.ref, "") != update.old for update in updates):
            return Swap.LOST
        raise refusal from failure

    def _missing_ledger(self, remote: str, ref: str) -> Refused:
        """The remote came later than the ledger, or keeps it elsewhere, or someone deleted it there."""
        name, env = self._remote_name(ref), ref.removeprefix(f"{LEDGERS}/")
        versions = f"{VERSIONS}/{env}/*"
        try:
            done = self._git.over_network("ls-remote", "--end-of-options", remote, versions)
        except GitFailed as error:
            raise _failure(self._git, error, is_push=False) from error
        command = f"git push --atomic {shlex.quote(remote)} {ref}:{name} '{versions}'"
        what = f"`{remote}` has no ledger `{name}`, but this clone has one"
        if done.text.strip():
            return Refused(
                "missing-ledger",
                what,
                why=f"it was deleted there, or `ledger.ref` was changed: versions of {env} are there",
                hint=f"if nobody deleted it: {command}",
            )
        return NeverShared(
            "missing-ledger",
            what,
            why=f"no version of {env} is there either: the remote is newer than both, or they were deleted there",
            hint=f"to put them there: {command}",
        )

    def share(self, env: EnvName) -> None:
        """Push an environment's ledger and versions to a remote that has none of them, all or none.

        Raises Refused (guard `missing-ledger`) when it has some of them by now; RemoteUnreachable, RemoteRefused.
        """
        names = (f"{LEDGERS}/{env}", f"{VERSIONS}/{env}/")
        updates = [Update(name, value) for name, value in self._git.refs(*names).values.items()]
        if self._push(self._repository.remote, updates) is Swap.LOST:
            raise self._missing_ledger(self._repository.remote, names[0])

    def _remote_values(self, remote: str, updates: Sequence[Update]) -> dict[str, str]:
        names = {self._remote_name(update.ref): update.ref for update in updates}
        try:
            done = self._git.over_network("ls-remote", "--end-of-options", remote, *names)
        except GitFailed as error:
            raise _failure(self._git, error, is_push=False) from error
        pairs = (line.split("\t") for line in done.text.splitlines())
        return {names[name]: sha for sha, name in pairs if name in names}

    def _follow_remote(self, updates: Sequence[Update]) -> None:
        """The remote has decided: whatever the refs were here, they are that now."""
        commands = "".join(f"update {update.ref} {update.new}\n" for update in updates)
        self._git.update_refs(commands, {update.ref: update.new for update in updates})

    def _swap_here(self, updates: Sequence[Update]) -> Swap:
        commands = "".join(map(_command, updates))
        try:
            moved = {update.ref: update.new for update in updates}
            self._git.update_refs(f"start\n{commands}prepare\ncommit\n", moved)
        except GitFailed as error:
            if all(self._value_here(update.ref) == update.new for update in updates):
                return Swap.WON
            if any(self._value_here(update.ref) != update.old for update in updates):
                return Swap.LOST
            raise self._not_written_here(error) from error
        return Swap.WON

    def _value_here(self, ref: str) -> str:
        return self._git.line("rev-parse", "--verify", "--quiet", "--end-of-options", ref)

    def only_here(self, env: str) -> tuple[str, ...]:
        """The ledger and the version tags of an environment that this clone has and the remote hasn't.

        Raises RemoteUnreachable.
        """
        remote = self._repository.remote
        if not remote:
            return ()
        ledger, tags = f"{LEDGERS}/{env}", f"refs/tags/tfops/{env}/"
        here = self._git.refs(ledger, tags).values
        argv = ("ls-remote", "--refs", "--end-of-options", remote, self._remote_name(ledger), f"{tags}*")
        try:
            rows = self._git.over_network(*argv).text.splitlines()
        except GitFailed as error:
            raise _failure(self._git, error, is_push=False) from error
        there = {row.partition("\t")[2] for row in rows}
        return tuple(ref for ref in here if self._remote_name(ref) not in there)

    def rehearsing(self, *updates: Update) -> Callable[[], Swap]:
        """Try whether a swap would be taken, without a trace here or there; LOST as `swap`.

        This clone is tried at once, the remote by what is returned: in any thread, beside what moves no ref. The push
        is the one that `swap` makes, atomic and with the same leases, beside what makes it fail in the end: see
        `rehearsal`. Both raise:
            RemoteUnreachable: without an answer. RemoteRefused: one of the refs would not be taken.
            Refused: another name is in the way of a ref (`name-taken`), or as `swap`.
        """
        if not self._rehearse_here(updates):
            return lambda: Swap.LOST
        remote = self._repository.remote
        if not remote or self._is_offline:
            return lambda: Swap.WON
        return partial(self._rehearse_there, remote, updates)

    def _rehearse_there(self, remote: str, updates: Sequence[Update]) -> Swap:
        from tfops.system.rehearsal import Tried  # noqa: PLC0415 - for who is about to change something

        tried = [Tried(self._remote_name(update.ref), require_sha(update.new), update.old) for update in updates]
        argv = [*pinned_for(remote), "push", "--porcelain", "--no-verify", "--atomic", "--no-signed"]
        argv += self._leases(updates)
        argv += ["--end-of-options", remote, *(spec for one in tried for spec in one.specs())]
        done = self._git.ask(*argv, ok=(0, 1, 128), timeout_s=network_timeout_s())
        if done.code == 0:  # a host for which names are no paths
            self._take_back(remote, [name for one in tried for name in one.made])
            return Swap.WON
        return self._judge(remote, updates, done)

    def _rehearse_here(self, updates: Sequence[Update]) -> bool:
        commands = "".join(map(_command, updates))
        try:
            self._git.update_refs(f"start\n{commands}prepare\nabort\n", {})
        except GitFailed as error:
            if any(self._value_here(update.ref) != update.old for update in updates):
                return False
            raise self._not_written_here(error) from error
        return True

    def _not_written_here(self, error: GitFailed) -> Refused:
        from tfops.system.failures import not_written_here  # noqa: PLC0415 - as in `_failure`

        return not_written_here(error, self._repository.remote)

    def _judge(self, remote: str, updates: Sequence[Update], done: Completed) -> Swap:
        """How the remote answered a rehearsal that failed, as it must."""
        from tfops.system.failures import require_free_names  # noqa: PLC0415 - as in `_failure`
        from tfops.system.rehearsal import Outcome, outcome_of  # noqa: PLC0415 - as in `_rehearse_there`

        outcome, reasons = outcome_of(done.text, done.stderr, {self._remote_name(update.ref) for update in updates})
        if outcome is Outcome.TAKEN:
            return Swap.WON
        said = [line for line in done.stderr.splitlines() if line.startswith("remote:")] if reasons else [done.stderr]
        stale = ("stale info",) if outcome is Outcome.LOST else ()
        rows = [f" ! [remote rejected] ({reason})" for reason in (*reasons, *stale)]
        failure = GitFailed(["push"], done.code, "\n".join((*said, *rows)))
        if outcome is Outcome.LOST:
            return self._read_back(remote, updates, failure)
        require_free_names(GitFailed(["push"], done.code, done.stderr), remote, is_here=False)
        raise _failure(self._git, failure, is_push=True)

    def _take_back(self, remote: str, names: Sequence[str]) -> None:
        with contextlib.suppress(GitFailed):
            specs = [f":{name}" for name in names]
            argv = (*pinned_for(remote), "push", "--quiet", "--no-verify", "--end-of-options")
            self._git.over_network(*argv, remote, *specs)


def _failure(git: GitRunner, failure: GitFailed, *, is_push: bool) -> RemoteUnreachable:
    from tfops.system.failures import remote_failure  # noqa: PLC0415 - what hosts say: read when one fails

    return remote_failure(git, failure, is_push=is_push)


def _command(update: Update) -> str:
    """For `git update-ref --stdin`. No id of zeros: it has another length where Git's hash is SHA-256."""
    if not update.old:
        return f"create {update.ref} {update.new}\n"
    return f"update {update.ref} {update.new} {update.old}\n"


def _mark_of(ref: str) -> str:
    return f"{_KEPT}/{ref.removeprefix('refs/')}"


def _give_up(update: Update) -> str:
    """The chain that lost is kept under another name; a version that nobody else ever saw is none."""
    if not update.old:
        return f"delete {update.ref} {update.new}\n"
    name = f"{_LOST}/{update.ref.rpartition('/')[2]}-{update.new[:12]}"
    return f"update {name} {update.new}\nupdate {update.ref} {update.old} {update.new}\n"


def _fetching(remote: str) -> list[str]:
    """The command, up to the refs.

    Not --quiet: that hides why a ref was rejected. --no-prune: the user's fetch.prune would delete ledgers and tags
    that only this clone has. --refmap=: the user's own `remote.*.fetch` would take over by force what was rewritten.
    """
    argv = [*pinned_for(remote), "fetch", "--no-tags", "--no-prune", "--no-write-fetch-head"]
    return [*argv, "--no-recurse-submodules", "--refmap=", "--end-of-options", remote]
