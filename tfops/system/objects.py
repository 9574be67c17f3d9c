"""Git objects made in memory: files become blobs, trees and commits, without index or work tree.

Blobs and trees are written by GitPython's object database (no process each; it knows SHA-1 only, so that Git does it
where a repository has SHA-256); commits by Git itself, so that they are signed the way the user's Git signs.
"""

import io
from collections.abc import Mapping

from gitdb import IStream
from gitdb.db.loose import LooseObjectDB  # type: ignore[import-untyped]

from tfops.model import CommitSha
from tfops.system.git import GitFailed, require_sha
from tfops.system.repository import Repository
from tfops.system.tags import signing_failed

_FILE = b"100644"
_FOLDER = b"40000"


def store_tree(repository: Repository, files: Mapping[str, bytes]) -> str:
    """Store files (paths with `/`) as a tree and return its id."""
    here: list[tuple[bytes, bytes, str]] = []
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        name, _, rest = path.partition("/")
        if rest:
            folders.setdefault(name, {})[rest] = content
        else:
            here.append((_FILE, name.encode(), _store(repository, b"blob", content)))
    here += [(_FOLDER, name.encode(), store_tree(repository, inner)) for name, inner in folders.items()]
    return _store(repository, b"tree", b"".join(map(_entry, sorted(here, key=_order))))


def _order(entry: tuple[bytes, bytes, str]) -> bytes:
    """Git sorts a folder as if its name ended with a slash."""
    mode, name, _ = entry
    return name + b"/" if mode == _FOLDER else name


def _entry(entry: tuple[bytes, bytes, str]) -> bytes:
    mode, name, sha = entry
    return mode + b" " + name + b"\0" + bytes.fromhex(sha)


def _store(repository: Repository, kind: bytes, content: bytes) -> str:
    if repository.has_sha256:
        argv = ("hash-object", "-w", "--stdin", "--no-filters", "-t", kind.decode())
        return repository.git.ask(*argv, stdin=content).text.strip()
    stored = LooseObjectDB(str(repository.common_dir / "objects")).store(
        IStream(kind, len(content), io.BytesIO(content))
    )
    return bytes(stored.hexsha).decode()


def store_commit(repository: Repository, tree: str, *, parent: CommitSha | None, message: str) -> CommitSha:
    """Store a commit by the user (or, where Git knows none, by their login name) and return its id.

    Raises Refused (guard `signing-failed`) where Git shall sign and can't.
    """
    person, is_configured = repository.person, repository.is_person_configured
    identity = () if is_configured else ("-c", f"user.name={person.name}", "-c", f"user.email={person.email}")
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
