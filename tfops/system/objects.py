"""Git objects made in memory: files become blobs, trees and commits, without index or work tree.

Commits that are signed are written by Git itself, the way the user's Git signs.
"""

from collections.abc import Mapping

from tfops.records.names import CommitSha
from tfops.system import clock, environ
from tfops.system.failures import signing_failed
from tfops.system.git import GitFailed, require_sha
from tfops.system.loose import store_object
from tfops.system.repository import Repository

_FILE = b"100644"
_FOLDER = b"40000"
_DATES = ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")  # Git reads many forms of them


def store_tree(repository: Repository, files: Mapping[str, bytes]) -> str:
    """Store files (paths with `/`) as a tree and return its id."""
    here: list[tuple[bytes, bytes, str]] = []
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        name, _, rest = path.partition("/")
        if rest:
            folders.setdefault(name, {})[rest] = content
        else:
            here.append((_FILE, name.encode(), store_object(repository, "blob", content)))
    here += [(_FOLDER, name.encode(), store_tree(repository, inner)) for name, inner in folders.items()]
    return store_object(repository, "tree", b"".join(map(_entry, sorted(here, key=_order))))


def _order(entry: tuple[bytes, bytes, str]) -> bytes:
    """Git sorts a folder as if its name ended with a slash."""
    mode, name, _ = entry
    return name + b"/" if mode == _FOLDER else name


def _entry(entry: tuple[bytes, bytes, str]) -> bytes:
    mode, name, sha = entry
    return mode + b" " + name + b"\0" + bytes.fromhex(sha)


def store_commit(repository: Repository, tree: str, *, parent: CommitSha | None, message: str) -> CommitSha:
    """Store a commit by the user (or, where Git knows none, by their login name) and return its id.

    Raises Refused (guard `signing-failed`) where Git shall sign and can't.
    """
    if repository.committer is None or repository.signs_commits or any(map(environ.is_set, _DATES)):
        return _commit_by_git(repository, tree, parent=parent, message=message)
    committer = repository.committer
    seconds = int(clock.now().timestamp())
    who = f"{committer.person.name} <{committer.person.email}> {seconds} {committer.zone}"
    parents = f"parent {require_sha(parent)}\n" if parent else ""
    head = f"tree {require_sha(tree)}\n{parents}author {who}\ncommitter {who}\n\n"
    return require_sha(store_object(repository, "commit", f"{head}{message}".encode()))


def _commit_by_git(repository: Repository, tree: str, *, parent: CommitSha | None, message: str) -> CommitSha:
    person = repository.person
    identity = () if repository.committer else ("-c", f"user.name={person.name}", "-c", f"user.email={person.email}")
    parents = ("-p", require_sha(parent)) if parent else ()
    sign = ("-S",) if repository.signs_commits else ()
    argv = (*identity, "commit-tree", *sign, *parents, "-F", "-", require_sha(tree))
    author = {"GIT_AUTHOR_NAME": person.name, "GIT_AUTHOR_EMAIL": person.email}
    try:
        return require_sha(repository.git.ask(*argv, stdin=message.encode(), env=author).text.strip())
    except GitFailed as error:
        if not sign:
            raise
        raise signing_failed("commit", error) from error
