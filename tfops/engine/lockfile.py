"""The provider lock file. The engine writes it in one form; people may have edited or merged it.

https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

import re
from collections.abc import Iterable, Mapping

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.addresses import other_registry

_LOCKED = re.compile(
    r'^provider[ \t]+"(?P<address>[^"\n]+)"[ \t]*\{\s*version[ \t]*=[ \t]*"(?P<version>[^"\n]+)"'
    r'(?:\s*(?:constraints[ \t]*=[ \t]*"[^"\n]*"|hashes[ \t]*=[ \t]*\[(?P<hashes>[^\]]*)\]))*\s*\}',
    re.MULTILINE,
)
_COMMENT = re.compile(r"^[ \t]*(#|//).*$", re.MULTILINE)
_NEEDED = re.compile(r"provider\[([^\]\s]+)\]")
_HASH = re.compile(r'"([^"\n]+)"')


@dataclass(frozen=True, slots=True)
class LockedProvider:
    """One entry. `text` is the entry as it stands in the file, without comments; `hashes` are its checksums."""

    version: str
    hashes: frozenset[str]
    text: str


def read_lock(text: str) -> dict[str, LockedProvider]:
    """Provider address to its entry; the same provider from two registries' hosts is two entries.

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
    return {
        match["address"]: LockedProvider(match["version"], frozenset(_HASH.findall(match["hashes"] or "")), match[0])
        for match in _LOCKED.finditer(plain)
    }


def locked_versions(text: str) -> dict[str, str]:
    """Provider address to version. Raises as `read_lock`."""
    return {address: entry.version for address, entry in read_lock(text).items()}


def versions_alone(versions: Mapping[str, str]) -> str:
    """A lock without checksums, for what ran without a lock: nobody vouched for more than the versions."""
    return "\n".join(f'provider "{name}" {{\n  version = "{version}"\n}}\n' for name, version in versions.items())


def with_entries(text: str, more: Iterable[str]) -> str:
    """A lock, and of other locks the providers that it doesn't have; of those that several have the first's.

    In the order of their addresses, as engines write them: whichever came first, the file is the same.
    """
    known, found = read_lock(text), dict[str, LockedProvider]()
    for entries in (known, *map(read_lock, more)):
        found = entries | found
    if found.keys() == known.keys():
        return text
    head = text.partition('provider "')[0].strip()
    return "\n\n".join([*([head] if head else []), *(entry.text for _, entry in sorted(found.items()))]) + "\n"


def without_entries(text: str, addresses: Iterable[str]) -> str:
    """A lock that leaves some providers open."""
    left_out = frozenset(addresses)
    return "\n\n".join(entry.text for address, entry in read_lock(text).items() if address not in left_out) + "\n"


def with_other_registry(text: str, before: str, *, registry: str) -> str:
    """A lock as one engine wrote it, with the entries that the lock had before of the other engine's `registry`.

    An engine looks only for entries of its own registry, and leaves the others out of what it writes. Where nothing
    else changed the lock is as it was, with the words of whichever engine wrote it.
    """
    entries = read_lock(before)
    own = [address for address in entries if not address.startswith(registry)]
    merged = with_entries(text, [without_entries(before, own)])
    return before if read_lock(merged) == entries else merged


def with_same_versions(text: str, *, registry: str) -> str:
    """A lock in which what the other engine's `registry` locks is locked to the same version for this engine too.

    Without checksums: the registries may serve different builds of a release.
    """
    this = other_registry(registry)
    theirs = {name: version for name, version in locked_versions(text).items() if name.startswith(registry)}
    return with_entries(text, [versions_alone({this + name.removeprefix(registry): v for name, v in theirs.items()})])


def differences(given: str, taken: str) -> tuple[str, ...]:
    """What an engine took that isn't as the lock it was given says; checksums that it adds are no difference.

    It adds them for a package that it has held against those that were there. Providers that it was given and
    doesn't need it leaves out.
    """
    before, after = read_lock(given), read_lock(taken)
    found = []
    for address in sorted(before.keys() & after.keys()):
        was, now = before[address], after[address]
        if was.version != now.version:
            found.append(f"{address} {now.version}, where the lock has {was.version}")
        elif not was.hashes <= now.hashes:
            found.append(f"{address} {now.version} without the checksums that the lock has")
    return tuple(found)


def used_by_modules(text: str) -> frozenset[str]:
    """The addresses in the first part of what the engine's command `providers` prints; the second is the state's."""
    return frozenset(_NEEDED.findall(text.partition("Providers required by state")[0]))
