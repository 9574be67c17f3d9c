"""Git's objects as bytes: trees, commits and tags, of repositories with either hash."""

import codecs
import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.commit import Person

# "Ann Lee <ann@example.com> 1700000000 +0100"; older tools wrote lines without one part or the other.
_PERSON = re.compile(r"(?P<name>[^<]*)<(?P<email>[^>]*)>(?: +(?P<seconds>-?\d{1,11})(?!\d))?.*", re.DOTALL)
_START = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A name in a folder; `mode` is Git's (0o100644, 0o100755, 0o120000, 0o160000, 0o40000)."""

    mode: int
    name: str
    object_id: str

    @property
    def is_folder(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFDIR

    @property
    def is_link(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFLNK

    @property
    def is_file(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFREG

    @property
    def is_submodule(self) -> bool:
        return stat.S_IFMT(self.mode) == stat.S_IFDIR | stat.S_IFLNK


@dataclass(frozen=True, slots=True)
class CommitObject:
    """`subject` is what `git log --format=%s` says: the first paragraph in one line."""

    tree: str
    author: Person
    authored_at: datetime
    subject: str
    parents: tuple[str, ...] = ()


def parse_tree(content: bytes, *, id_bytes: int) -> tuple[TreeEntry, ...]:
    """The entries as they are stored. Names that aren't UTF-8 keep their bytes as surrogates.

    Raises Refused (guard `unsafe-name`) where the object isn't a tree: what is refused must be named.
    """
    try:
        return tuple(_entries(content, id_bytes))
    except ValueError as error:
        what = "a folder of the commit can't be read as a Git tree"
        raise Refused("unsafe-name", what, hint="git fsck") from error


def _entries(content: bytes, id_bytes: int) -> Iterator[TreeEntry]:
    at = 0
    while at < len(content):
        name_at, id_at = content.index(b" ", at) + 1, content.index(b"\0", at) + 1
        if len(content) < id_at + id_bytes or not content[at : name_at - 1].isdigit():
            raise ValueError("cut, or not a tree")
        name = os.fsdecode(content[name_at : id_at - 1])
        yield TreeEntry(int(content[at : name_at - 1], 8), name, content[id_at : id_at + id_bytes].hex())
        at = id_at + id_bytes


def parse_commit(content: bytes) -> CommitObject:
    """What tfops uses of a commit; whoever wrote a strange one gets an empty author, or the year 1970."""
    head, _, message = content.partition(b"\n\n")
    fields = _fields(head)
    text = _decoder(fields.get(b"encoding", b"utf-8"))
    person, at = _person(text(fields.get(b"author", b"")))
    paragraph = text(message).lstrip("\n").partition("\n\n")[0]
    subject = " ".join(paragraph.split("\n")).strip()
    parents = (line[7:].decode() for line in head.split(b"\n") if line.startswith(b"parent "))
    return CommitObject(fields[b"tree"].decode(), person, at, subject, tuple(parents))


def parse_tag_target(content: bytes) -> str:
    """The id of the object that an annotated tag names."""
    return _fields(content.partition(b"\n\n")[0])[b"object"].decode()


def _fields(head: bytes) -> dict[bytes, bytes]:
    """The first line of each field; lines that begin with a space go on with a signature."""
    found: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        found.setdefault(name, value)
    return found


def _decoder(encoding: bytes) -> "_Decoder":
    try:
        return _Decoder(codecs.lookup(encoding.decode("ascii", "replace")).name)
    except LookupError:
        return _Decoder("utf-8")


@dataclass(frozen=True, slots=True)
class _Decoder:
    encoding: str

    def __call__(self, raw: bytes) -> str:
        try:
            return raw.decode(self.encoding, "replace")
        except LookupError:  # a codec that isn't for text, such as "hex"
            return raw.decode("utf-8", "replace")


def _person(text: str) -> tuple[Person, datetime]:
    found = _PERSON.fullmatch(text)
    if found is None:
        return Person("", ""), _START
    seconds = int(found["seconds"] or 0)
    return Person(found["name"].strip(), found["email"]), datetime.fromtimestamp(seconds, UTC)
