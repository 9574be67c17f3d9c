"""What a root module can reach in its repository: its folder, and what its files name by relative paths that leave it.

Found without evaluating anything, and never too little: every text with a step upwards (`..`) leads somewhere, and
one of which that can't be told leads to the whole repository. Links count as what they lead to.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tfops.config.modules.module import is_module_file, is_tofu_file
from tfops.errors import Refused
from tfops.system.trees import Entry, GitTree

EVERYTHING = frozenset({""})

# `..` as a step of a path: not the dots of `args...`, of `1..2`, or of a sentence that trails off.
_STEP = re.compile(r"(?<![\w.])\.\.(?![\w.])")
# One of several parts that a function joins: how many steps it takes in the end, nobody can tell.
_JOINED = re.compile(r"[\[,]\s*\"$")
_ONLY_UP = re.compile(r"[./]+")
_NOT_A_PATH = " \t\r\n\"'`()[],;|<>=*?#"
# Functions and values by which an expression leaves its folder without writing `..`; a folder's own name is harmless.
_CLIMBS = re.compile(r"\b(dirname|(?<!basename\()abspath|pathexpand)\s*\(|(?<!basename\()\bpath\.cwd\b(?!\s*\})")
_BASE = re.compile(r"\$\{\s*path\.(?P<base>module|root|cwd)\s*\}")
_OWN_FOLDER = re.compile(r"\$\{?(\(dirname|BASH_SOURCE|0)|__dirname|__file__")
_LONGEST_PREFIX = 200
_HEAD = 8000
_WORDS = (b"..", b"path.", b"dirname", b"abspath", b"pathexpand")


def reached(tree: GitTree, root: str, more: Iterable[str] = (), values: Iterable[str] = ()) -> frozenset[str]:
    """Paths of folders and files, as few as say it; `""` alone is the whole repository. `more` are files besides,
    `values` texts that the root is given."""
    found, todo = set[str](), [_plain(root), *more]
    for value in values:
        todo += _named_in(tree, value, _plain(root), _plain(root), is_code=False) or ()
    while todo:
        path = todo.pop()
        if any(_is_in(path, known) for known in found):
            continue
        found = {known for known in found if not _is_in(known, path)} | {path}
        if path == "":
            return EVERYTHING
        for place, entry in _entries(tree, path):
            led = _led_to(tree, place, entry, _plain(root))
            if led is None:
                return EVERYTHING
            todo += led
    return frozenset(found)


def _plain(path: str) -> str:
    return "" if path == "." else path


def _is_in(path: str, folder: str) -> bool:
    return folder in ("", path) or path.startswith(f"{folder}/")


def _entries(tree: GitTree, path: str) -> Iterator[tuple[str, Entry]]:
    """Every file and link at a path and below it, with its place in the repository."""
    folder, _, name = path.rpartition("/")
    item = tree.items(folder).get(name)
    if item is None or item.is_submodule:
        return
    if item.is_folder:
        yield from ((f"{path}/{entry.path}", entry) for entry in tree.entries(path))
    else:
        yield path, Entry(PurePosixPath(name), item, lambda: tree.content(item))


def _led_to(tree: GitTree, place: str, entry: Entry, root: str) -> list[str] | None:
    """Where a file or link leads besides its own folder; None where that can't be told."""
    if entry.is_submodule:
        return []
    content, here = entry.content(), posixpath.dirname(place)
    if entry.is_link:
        target = content.decode("utf-8", "replace")
        return _there(tree, [here], "" if target.startswith("/") else target)
    if b"\0" in content[:_HEAD] or not any(word in content for word in _WORDS):
        return []
    is_code = is_module_file(entry.path.name) or is_tofu_file(entry.path.name)
    return _named_in(tree, content.decode("utf-8", "replace"), here, root, is_code=is_code)


def _named_in(tree: GitTree, text: str, here: str, root: str, *, is_code: bool) -> list[str] | None:
    """Where the paths in a text lead. A script's that begin with something unknown are looked for beside it."""
    if is_code and _CLIMBS.search(text):
        return None
    led: list[str] = []
    for step in _STEP.finditer(text):
        bases, path = _path_around(text, step, here, root)
        if is_code and (not bases or _is_joined(text, step, path)):
            return None
        led += _there(tree, bases or [here, root], path)
    return led


def _is_joined(text: str, step: "re.Match[str]", path: str) -> bool:
    before = text[max(0, step.start() - _LONGEST_PREFIX) : step.start()]
    return _ONLY_UP.fullmatch(path) is not None and _JOINED.search(before) is not None


def _path_around(text: str, step: "re.Match[str]", here: str, root: str) -> tuple[list[str], str]:
    """From where a path goes, and how, up to what isn't written out; no place where that can't be told."""
    begin = step.start()
    while begin and text[begin - 1] not in _NOT_A_PATH + "}" and step.start() - begin < _LONGEST_PREFIX:
        begin -= 1
    end = step.end()
    while end < len(text) and text[end] not in _NOT_A_PATH + "${%\\":
        end += 1
    path = text[begin:end]
    if end < len(text) and text[end] in "$%{*?":  # what follows is made at run time: the folder that it lies in
        path = path.rpartition("/")[0]
    before = text[max(0, begin - _LONGEST_PREFIX) : begin]
    known = list(_BASE.finditer(before))
    if known and known[-1].end() == len(before):
        return [here if known[-1]["base"] == "module" else root], path.lstrip("/")
    if text[begin - 1 : begin] == "}" or path.startswith(("/", "$", "~", "%")):
        line = text[text.rfind("\n", 0, begin) + 1 : begin]
        return ([here], path.lstrip("/")) if _OWN_FOLDER.search(line) else ([], path.lstrip("/"))
    return [here, root], path


def _there(tree: GitTree, bases: Iterable[str], path: str) -> list[str]:
    """What is there of what a path means from either place; what leads out of the repository isn't."""
    places = {posixpath.normpath(posixpath.join(base or ".", path)) for base in bases} if path else set[str]()
    inside = [one for one in places if not one.startswith("..")]
    for one in inside:
        _require_no_submodule(tree, one)
    return [_plain(one) for one in inside if one == "." or tree.digest(one)]


def _require_no_submodule(tree: GitTree, path: str) -> None:
    """Raises Refused (guard `submodule`) where a root reads what isn't in its repository."""
    parts = path.split("/")
    for depth, name in enumerate(parts):
        item = tree.items("/".join(parts[:depth])).get(name)
        if item is not None and item.is_submodule:
            where = "/".join(parts[: depth + 1])
            raise Refused(
                "submodule",
                f"a root module reads `{path}`, and `{where}` is a Git submodule: tfops can't read its files",
                hint="commit the files themselves, or take the module from its repository: source = git::https://…",
            )
