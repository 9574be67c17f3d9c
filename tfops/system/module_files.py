"""What a commit's `modules/` comes to on a disk, found out before a byte is written.

Every name is one that any disk can hold, and no two are one name on some disks; every link ends inside of `modules/`,
through however many other links it goes.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.system.filtered import require_real_content
from tfops.system.treenames import folded, require_different_names
from tfops.system.trees import Entry, GitTree

MODULES = "modules"

# Terraform would take providers and module copies from these; only `init` may put them there.
_NEVER_EXPORTED = frozenset({".terraform", "terraform.d"})

_Links = dict[tuple[str, ...], str]
"""A link's path, folded, to its target."""

# As Linux's own limit: a link that isn't resolved after so many others leads in a circle.
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class File:
    """`digest` is the id that Git gives the content, by which a file on disk is told from what it should be."""

    digest: str
    is_executable: bool
    content: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Folder:
    """What one folder must hold; a link's value is its target.

    What is called as one of `left` isn't looked at. `keeps` says of what else lies there, and below it, whether it
    stays; without it, whoever writes the folder does.
    """

    files: dict[str, File] = field(default_factory=dict)
    folders: dict[str, "Folder"] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    left: frozenset[str] = frozenset()
    keeps: Callable[[str], bool] | None = None

    @property
    def names(self) -> frozenset[str]:
        return frozenset((*self.files, *self.folders, *self.links))

    def below(self, path: Sequence[str]) -> "Folder":
        """The folder at a path, made where it isn't there yet."""
        found = self
        for name in path:
            found = found.folders.setdefault(name, Folder())
        return found


def module_files(tree: GitTree, overrides: Mapping[str, str]) -> Folder:
    """`modules/` of a tree, with `overrides` (path below it to text) laid over it.

    Raises Refused for a submodule, for names (guard `unsafe-name`) and links (guard `outside-repository`) as above.
    """
    top, links, own = Folder(), _Links(), tree.folders.modules
    for entry in tree.entries(own):
        if not _NEVER_EXPORTED.intersection(map(folded, entry.path.parts)):
            with _left_out(tree):
                _add(top, links, entry, tree.shown(f"{own}/{entry.path}"))
    _require_different(top, own)
    for where, target in list(links.items()):
        with _left_out(tree, partial(_forget, top, links, where)):
            _require_inside(links, where, target, tree.shown(own))
    for path, text in overrides.items():
        *folder, name = path.lstrip("/").split("/")
        data = text.encode("utf-8", "surrogateescape")
        top.below(folder).files[name] = File(git_digest(data, like=tree.tree_id), False, partial(bytes, data))
    return top


@contextlib.contextmanager
def _left_out(tree: GitTree, forget: Callable[[], None] = lambda: None) -> Iterator[None]:
    """What can't be exported is refused; but where nobody could tell what is needed, it is missing, as it may."""
    try:
        yield
    except Refused:
        if not tree.has_spare:
            raise
        forget()


def _forget(top: Folder, links: _Links, where: tuple[str, ...]) -> None:
    folder = top.below(where[:-1])
    for name in [name for name in folder.links if folded(name) == where[-1]]:
        del folder.links[name]
    del links[where]


def git_digest(data: bytes, *, like: str) -> str:
    """The id that Git gives a file with this content, by the algorithm of an id that is known."""
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def _add(top: Folder, links: _Links, entry: Entry, where: str) -> None:
    item, parts = entry.item, entry.path.parts
    if item.is_submodule:
        raise Refused("submodule", f"`{where}` is a Git submodule: tfops can't read its files")
    folder, name = top.below(parts[:-1]), parts[-1]
    if item.is_link:
        folder.links[name] = links[_key(parts)] = os.fsdecode(entry.content())
    elif item.is_file:
        content = partial(_real_content, where, entry)
        folder.files[name] = File(item.object_id, bool(item.mode & stat.S_IXUSR), content)
    else:
        raise Refused("unsafe-name", f"`{where}` is neither a file nor a link nor a folder (mode {item.mode:o})")


def _real_content(where: str, entry: Entry) -> bytes:
    return require_real_content(where, entry.content())


def _require_different(folder: Folder, where: str) -> None:
    require_different_names(where, (*folder.files, *folder.folders, *folder.links))
    for name, inner in folder.folders.items():
        _require_different(inner, f"{where}/{name}")


def _key(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(folded, parts))


def _require_inside(links: _Links, link: tuple[str, ...], target: str, top: str) -> None:
    """Goes where a kernel would go, through other links too, on a disk that ignores case.

    Raises Refused (guard `outside-repository`) when the way leaves what is exported, or never ends.
    """
    if not target or "\0" in target:
        raise _outside(link, target, top, "names no file")
    if target.startswith("/"):
        raise _outside(link, target, top, _leaves(top))
    where, todo, followed = list(link[:-1]), target.split("/")[::-1], 0
    while todo:
        step = todo.pop()
        if step == ".." and not where:
            raise _outside(link, target, top, _leaves(top))
        if step == "..":
            where.pop()
        elif step not in ("", "."):
            where.append(step)
            through = links.get(_key(where))
            if through is not None:
                followed += 1
                where.pop()
                todo += through.split("/")[::-1]
        if followed > _MOST_LINKS:
            raise _outside(link, target, top, "leads in a circle")


def _leaves(top: str) -> str:
    return f"leaves `{top}/`" if top else "leaves the repository"


def _outside(link: Sequence[str], target: str, top: str, what: str) -> Refused:
    return Refused(
        "outside-repository",
        f"`{'/'.join((*filter(None, (top,)), *link))}` is a link that {what} (to {target!r})",
        hint="replace the link with the files themselves",
    )
