"""Files beside the ledger: `refs/tfops/<space>/<env>`, a commit without a past, and its files are all there is.

Nobody who looks at versions loads them, no other fetch brings them here, and what was pruned is gone from the remote
too.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence

from tfops.dataclass import dataclass
from tfops.errors import ProjectError, Refused
from tfops.records.names import EnvName
from tfops.system.objects import store_commit, store_tree
from tfops.system.remote import Refs, Swap, Update
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

_MOST_TRIES = 10


@dataclass(frozen=True, slots=True)
class Namespace:
    """One kind of files: where they are, and what they are to people (`reviewed plans`)."""

    root: str
    what: str

    @property
    def name(self) -> str:
        return self.root.rpartition("/")[2]

    def ref(self, env: EnvName) -> str:
        return f"{self.root}/{env}"


@dataclass(frozen=True, slots=True)
class Beside:
    """An environment's files, as this clone knows them; `head` is empty where there are none."""

    ref: str
    head: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


def read_beside(repository: Repository, space: Namespace, env: EnvName) -> Beside:
    """Fetch first. Raises Refused (guard `damaged-<space>`) for what can't be read."""
    ref = space.ref(env)
    head = repository.value_of(ref)
    if head is None:
        return Beside(ref)
    try:
        entries = GitTree.of_commit(repository, head).entries("")
        return Beside(ref, head, tuple((str(entry.path), entry.content()) for entry in entries))
    except ProjectError as error:
        raise Refused(
            f"damaged-{space.name}",
            f"the {space.what} of {env} can't be read",
            why=error.what,
            hint=f"look at it: git show {ref}",
        ) from error


def store_beside(repository: Repository, ref: str, head: str, files: Mapping[str, bytes], subject: str) -> Update:
    """These files, in the place of what is there."""
    # the same object pushed twice would win twice
    message = f"{subject}\n\nTfops-Nonce: {secrets.token_hex(8)}\n"
    return Update(ref, store_commit(repository, store_tree(repository, files), parent=None, message=message), head)


def swap_beside(refs: Refs, space: Namespace, envs: Sequence[EnvName], make: Callable[[], Sequence[Update]]) -> None:
    """Fetch, decide and push, until nobody else was faster. Raises RemoteUnreachable, RemoteRefused; Refused where this
    Git can't sign, or others are always faster."""
    for _ in range(_MOST_TRIES):
        refs.fetch_beside(*map(space.ref, envs))
        if refs.swap(*make()) is Swap.WON:
            return
    raise Refused(
        f"busy-{space.name}", f"the {space.what} can't be kept: others were faster each time", hint="run it again"
    )
