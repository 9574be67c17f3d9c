"""Objects written as Git writes them: zlib under `objects/`, named by what they hold. Without a process for each.

https://git-scm.com/docs/gitformat-loose
"""

import hashlib
import os
import tempfile
import zlib
from pathlib import Path

from tfops.system.repository import Repository

# What `core.sharedRepository` is called where files belong to their owner alone.
_OWN = frozenset({"umask", "false", "no", "off", "0", ""})
_READ_ONLY = 0o444
_FASTEST = 1  # as `core.looseCompression` has it without settings


def store_object(repository: Repository, kind: str, content: bytes) -> str:
    """Store a blob, tree, commit or tag and return its id. Raises OSError, GitFailed.

    Git does it where objects are named by SHA-256, or where a group shares them.
    """
    is_shared = repository.settings.get("core.sharedrepository", "").lower() not in _OWN
    if repository.has_sha256 or is_shared:
        argv = ("hash-object", "-w", "--stdin", "--no-filters", "-t", kind)
        return repository.git.ask(*argv, stdin=content).text.strip()
    return write_loose(repository.common_dir / "objects", kind, content)


def write_loose(objects: Path, kind: str, content: bytes) -> str:
    """Store an object in the folder `objects` and return its id. Raises OSError.

    It is on the disk before it has its name: a ref may point to it, whatever happens next. One that is there is only
    marked as used, so that `git gc` lets it live.
    """
    whole = f"{kind} {len(content)}\0".encode() + content
    object_id = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    folder = objects / object_id[:2]
    path = folder / object_id[2:]
    try:
        os.utime(path)
    except FileNotFoundError:
        folder.mkdir(exist_ok=True)
        _write(path, zlib.compress(whole, _FASTEST))
    return object_id


def _write(path: Path, packed: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix="tmp_obj_", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_READ_ONLY)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
