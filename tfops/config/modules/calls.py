"""The calls of modules in the project's own modules, each with its place."""

import re
from collections.abc import Iterable, Iterator

from tfops.config.modules.files import ModuleFile, called_folder, called_source, read_modules, text_of
from tfops.config.modules.hcl import Block
from tfops.dataclass import dataclass
from tfops.records.complaint import Mark
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class ModuleCall:
    """A `module` block: its name, what it says, where that stands, and that line.

    `folder` is the one below `modules/` that it leads to, empty for a module from elsewhere.
    """

    name: str
    source: str
    version: str
    folder: str
    mark: Mark
    line: str

    @property
    def is_remote(self) -> bool:
        return not self.source.startswith((".", "/"))

    @property
    def text(self) -> str:
        """The source, with the version where one is said."""
        return f"{self.source} {self.version}".strip()


def module_calls(tree: Tree, folders: Iterable[str], *, is_tofu: bool) -> Iterator[ModuleCall]:
    """The calls in folders below `modules/` and in what they call."""
    for file in read_modules(tree, folders, is_tofu=is_tofu):
        for block in file.blocks:
            source = called_source(block)
            if source:
                place = file.place(_start(file, block, source))
                folder = called_folder(file.folder, block)
                yield ModuleCall(block.labels[0], source, text_of(block, "version"), folder, *place)


def _start(file: ModuleFile, block: Block, source: str) -> int:
    """Where the source stands; of one that isn't written as it is meant, where the block begins."""
    found = re.compile(rf'"{re.escape(source)}"').search(file.text, block.span.start)
    return found.start() if found else block.span.start
