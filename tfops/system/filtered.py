"""Files whose content Git doesn't hold: a filter (Git LFS, git-crypt) puts it in at checkout."""

from tfops.errors import Refused

_POINTERS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_CRYPT = b"\0GITCRYPT\0"


def require_real_content(path: str, content: bytes) -> bytes:
    """The content. Raises Refused (guard `filtered-file`) when it only stands for the file's.

    https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer begins with the version, and is short.
    """
    what = "a pointer of Git LFS" if content.startswith(_POINTERS) and len(content) < 1024 else ""
    what = "encrypted by git-crypt" if content.startswith(_CRYPT) else what
    if what:
        raise Refused(
            "filtered-file",
            f"what Git holds of `{path}` is {what}, not the file",
            why="tfops takes modules from commits, not from a checkout that filters went over",
            hint="commit the file itself, or let the module fetch it (an object in a bucket, a package)",
        )
    return content
