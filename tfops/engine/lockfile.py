"""The provider lock file. The engine writes it in one form; people may have edited or merged it."""

import re

from tfops.errors import Refused

_LOCKED = re.compile(
    r'^provider[ \t]+"(?P<address>[^"\n]+)"[ \t]*\{\s*version[ \t]*=[ \t]*"(?P<version>[^"\n]+)"'
    r'(?:\s*(?:constraints[ \t]*=[ \t]*"[^"\n]*"|hashes[ \t]*=[ \t]*\[[^\]]*\]))*\s*\}',
    re.MULTILINE,
)
_COMMENT = re.compile(r"^[ \t]*(#|//).*$", re.MULTILINE)


def locked_versions(text: str) -> dict[str, str]:
    """Provider address to version.

    Raises Refused (guard `lock-file`) for anything in it that can't be read: no entry may count as not there.
    """
    plain = _COMMENT.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n"))
    rest = _LOCKED.sub("", plain).strip()
    if rest:
        raise Refused(
            "lock-file",
            "a provider lock file can't be read",
            why=f"this isn't a provider with a version: {rest.splitlines()[0][:100]}",
            hint="write it anew: tfops providers lock ENV",
        )
    return {match["address"]: match["version"] for match in _LOCKED.finditer(plain)}
