"""The files of modules in `modules/` and of those that they call, read from a commit."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.module import module_files
from tfops.config.modules.tokens import SyntaxMistake
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint, Mark
from tfops.system.trees import Tree

_CALLED = re.compile(r"\bmodule\b")


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """A file with the blocks in it; without any and with a `mistake` where it can't be read. `folder` is where it lies
    below `modules/`."""

    path: str
    text: str
    folder: str = ""
    blocks: tuple[Block, ...] = ()
    mistake: SyntaxMistake | None = None

    @property
    def is_json(self) -> bool:
        return self.path.endswith(".json")

    def place(self, start: int) -> tuple[Mark, str]:
        """Where a character stands, and its line."""
        before = self.text[:start]
        line = before.count("\n") + 1
        return Mark(self.path, line, start - before.rfind("\n")), self.text.split("\n")[line - 1].rstrip("\r")

    def complaint_at(self, line: int, column: int, message: str, hint: str = "") -> Complaint:
        """A mistake in it."""
        lines = self.text.split("\n")
        shown = lines[line - 1].rstrip("\r") if line <= len(lines) else ""
        return Complaint(Mark(self.path, line, column), message, shown, hint)


def read_modules(
    tree: Tree, folders: Iterable[str], *, is_tofu: bool, about: "re.Pattern[str]" = _CALLED
) -> Iterator[ModuleFile]:
    """The files of folders below `modules/` and of those that they call, as far as they hold `about` or a call."""
    todo, seen, top = sorted(set(folders)), set[str](), tree.folders.modules
    while todo:
        folder = todo.pop(0)
        if folder in seen:
            continue
        seen.add(folder)
        for name in module_files(tree.names(f"{top}/{folder}"), is_tofu=is_tofu):
            path = f"{top}/{folder}/{name}"
            text = tree.read(path) or ""
            if not (about.search(text) or _CALLED.search(text)):
                continue
            file = read_file(path, text, folder)
            todo += [inner for block in file.blocks if (inner := called_folder(folder, block))]
            yield file


def read_file(path: str, text: str, folder: str = "") -> ModuleFile:
    """A file from its text, with the folder below `modules/` that it lies in."""
    try:
        return ModuleFile(path, text, folder, tuple(read_blocks(text, is_json=path.endswith(".json"))))
    except SyntaxMistake as mistake:
        return ModuleFile(path, text, folder, mistake=mistake)


def called_source(block: Block) -> str:
    """What a `module` block says where the module is; empty for another block, and where it can't be told."""
    return text_of(block, "source") if block.kind == "module" and len(block.labels) == 1 else ""


def text_of(block: Block, name: str) -> str:
    """An attribute's text; empty where it isn't there, or can't be told from here."""
    try:
        value = block.attributes[name].literal() if name in block.attributes else ""
    except ValueError:
        return ""
    return value if isinstance(value, str) else ""


def called_folder(folder: str, block: Block) -> str:
    """The folder below `modules/` that a call leads to; empty for a block that is no such call."""
    source = called_source(block)
    inner = os.path.normpath(PurePosixPath(folder, source)) if source.startswith(".") else ""
    return "" if inner.startswith(("..", "/")) else inner
