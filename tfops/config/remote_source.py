"""Where the releases of a module from elsewhere can be asked for, and which of them is newer.

https://developer.hashicorp.com/terraform/language/modules/sources
"""

import re
import urllib.parse
from collections.abc import Iterable

from tfops.dataclass import dataclass

INNER = re.compile(r"(?<![:/])//")
"""What stands between an address and the folder inside of what it leads to; not that of `file:///`."""

_SHORT = re.compile(r"(?P<host>github\.com|bitbucket\.org)/(?P<owner>[^/]+)/(?P<name>[^/]+)")
_URL = re.compile(r"(https?|ssh|git|file)://[^\s]+")
_SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s]+")
_REGISTRY = re.compile(r"(?:(?P<host>[A-Za-z0-9.-]+\.[A-Za-z0-9-]+)/)?(?P<path>[\w-]+/[\w-]+/[a-z0-9]+)")
# `v1.2.3`, `1.2`, `vpc-v1.2.3-rc1`, `modules/vpc/v1`, `2024-11-30`: what stands before, numbers, of no release more.
_TAG = re.compile(
    r"(?P<before>(?:.*?[/_-])??[A-Za-z]*?)(?P<v>[vV]?)"
    r"(?P<numbers>\d{4}-\d\d-\d\d|\d+(?:[._]\d+)*)(?P<more>-(?!v?\d+[._])[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class GitPlace:
    """A repository, and what of it is wanted: a tag, a branch, a commit, or nothing said."""

    url: str
    ref: str

    @property
    def names_commit(self) -> bool:
        return _COMMIT.fullmatch(self.ref) is not None


@dataclass(frozen=True, slots=True)
class RegistryPlace:
    """A module of a registry; without a host, the engine's own. `path` is `terraform-aws-modules/vpc/aws`."""

    host: str
    path: str


def remote_place(address: str) -> GitPlace | RegistryPlace | None:
    """None for an address behind which there are no releases: an archive, a bucket, an OCI registry."""
    whole, _, query = address.partition("?")
    place = INNER.split(whole.removeprefix("git::"))[0].rstrip("/")
    ref = dict(urllib.parse.parse_qsl(query)).get("ref", "")
    short = _SHORT.match(place)
    if short is not None:
        name = short["name"].removesuffix(".git")
        return GitPlace(f"https://{short['host']}/{short['owner']}/{name}.git", ref)
    is_git = whole.startswith(("git::", "git@")) and (_URL.fullmatch(place) or _SCP.fullmatch(place))
    if is_git:
        return GitPlace(place, ref)
    found = _REGISTRY.fullmatch(place)
    return RegistryPlace(found["host"] or "", found["path"]) if found and not query else None


@dataclass(frozen=True, slots=True)
class Release:
    """A version as a tag or a registry has it. Only what has the same `before` can be compared: one repository may hold
    many modules."""

    text: str
    before: str
    numbers: tuple[int, ...]
    is_final: bool

    @classmethod
    def read(cls, text: str) -> "Release | None":
        """None for what is no version."""
        found = _TAG.fullmatch(text)
        if found is None:
            return None
        numbers = tuple(int(part) for part in re.split(r"[._-]", found["numbers"]))
        return cls(text, found["before"], numbers, found["more"] is None)

    def is_after(self, other: "Release") -> bool:
        """Whether it is newer; what isn't final comes before what is."""
        length = max(len(self.numbers), len(other.numbers))
        ours, theirs = (one.numbers + (0,) * (length - len(one.numbers)) for one in (self, other))
        return (ours, self.is_final) > (theirs, other.is_final)


def newest_release(texts: Iterable[str], *, before: str = "") -> Release | None:
    """The newest final one of those that have the same before them."""
    newest: Release | None = None
    for found in filter(None, map(Release.read, texts)):
        if found.is_final and found.before == before and (newest is None or found.is_after(newest)):
            newest = found
    return newest


def without_login(text: str) -> str:
    """An address, or what was said about one, without the name and password in it."""
    return re.sub(r"://[^/@\s]+@", "://", text)
