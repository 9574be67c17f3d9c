"""What a module's folder holds, as one digest: what no engine reads isn't part of it, what a link leads to is."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from tfops.system.module_files import File, Folder, module_files
from tfops.system.trees import GitTree

# Notes and tests: nothing of a plan comes from them, unless the module's code names them.
_NOTES = re.compile(
    r"(readme|changelog|changes|license|licence|notice|contributing|authors|security)(\..*)?"
    r"|\.(gitignore|gitattributes|editorconfig|tflint\.hcl|terraform-docs\.ya?ml|pre-commit-config\.ya?ml)"
    r"|.*\.(tftest|tofutest)\.(hcl|json)",
    re.IGNORECASE,
)
_TESTS = frozenset({"tests", "examples"})
_CODE = (".tf", ".tf.json", ".tofu", ".tofu.json")
# Code that takes whole folders: which of their files count, no name says.
_TAKES_FOLDERS = re.compile(r"\bfileset\b|\barchive_file\b|_dir\b")
_MOST_LINKS = 40


class ModuleDigests:
    """The folders below `modules/` of one commit. Raises Refused as `module_files`."""

    def __init__(self, tree: GitTree) -> None:
        self._tree = tree
        self._known: dict[str, str] = {}

    @cached_property
    def _top(self) -> Folder:
        return module_files(self._tree, {})

    def of(self, module: str) -> str:
        """The digest of a folder below `modules/`, the same for the same content; empty where there is none."""
        if module not in self._known:
            self._known[module] = self._digest(tuple(PurePosixPath(module).parts))
        return self._known[module]

    def _digest(self, path: tuple[str, ...]) -> str:
        folder = self._at(path)
        if not isinstance(folder, Folder):
            return ""
        files = list(self._files(path, ()))
        code = self._code(files)
        counting = [
            (inner, file.digest, file.is_executable) for inner, file in files if not _is_note(inner.split("/"), code)
        ]
        return hashlib.sha256(repr(sorted(counting)).encode()).hexdigest()

    def _code(self, files: Sequence[tuple[str, File]]) -> str:
        """What the code of the module says, where it can matter: only notes are looked for in it."""
        if not any(_is_note(inner.split("/"), "") for inner, _ in files):
            return ""
        texts = (file.content() for inner, file in files if inner.endswith(_CODE))
        return "\n".join(text.decode("utf-8", "replace") for text in texts)

    def _files(self, at: tuple[str, ...], inner: tuple[str, ...], depth: int = 0) -> Iterator[tuple[str, File]]:
        found = self._at(at)
        if isinstance(found, File):
            yield "/".join(inner), found
        elif isinstance(found, Folder) and depth < _MOST_LINKS:
            for name in found.names:
                yield from self._files((*at, name), (*inner, name), depth + 1)

    def _at(self, path: tuple[str, ...]) -> File | Folder | None:
        """What a path leads to, through links; None where it leads nowhere."""
        found: File | Folder = self._top
        where, todo, followed = list[str](), list(reversed(path)), 0
        while todo:
            step = todo.pop()
            if step in ("", "."):
                continue
            if not isinstance(found, Folder) or followed > _MOST_LINKS:
                return None
            if step == "..":
                where.pop()
                found = self._top.below(where)
            elif step in found.links:
                followed += 1
                todo += reversed(found.links[step].split("/"))
            elif step in found.names:
                where.append(step)
                found = found.folders.get(step) or found.files[step]
            else:
                return None
        return found


def _is_note(path: Sequence[str], code: str) -> bool:
    """Whether no engine reads a file. Code that names it, or that takes whole folders, says otherwise."""
    name, is_test = path[-1], path[0] in _TESTS and len(path) > 1
    if not (is_test or _NOTES.fullmatch(name)):
        return False
    return not (_TAKES_FOLDERS.search(code) or name in code or (is_test and f"{path[0]}/" in code))
