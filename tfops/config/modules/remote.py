"""Modules that the project's own modules take from elsewhere."""

import re
from collections.abc import Iterable, Iterator

from tfops.config.modules.files import ModuleFile, called_source, read_modules, text_of
from tfops.config.modules.hcl import Block
from tfops.dataclass import dataclass
from tfops.model import Mark
from tfops.system.trees import Tree


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """A `module` block whose module isn't in `modules/`: its name, what it says, where, and that line."""

    name: str
    source: str
    version: str
    mark: Mark
    line: str

    @property
    def text(self) -> str:
        return f"{self.source} {self.version}".strip()


def remote_calls(tree: Tree, folders: Iterable[str], *, is_tofu: bool) -> Iterator[RemoteCall]:
    """Those of folders below `modules/` and of what they call."""
    for file in read_modules(tree, folders, is_tofu=is_tofu):
        for block in file.blocks:
            source = called_source(block)
            if source and not source.startswith((".", "/")):
                place = file.place(_start(file, block, source))
                yield RemoteCall(block.labels[0], source, text_of(block, "version"), *place)


def _start(file: ModuleFile, block: Block, source: str) -> int:
    """Where the source stands; of one that isn't written as it is meant, where the block begins."""
    found = re.compile(rf'"{re.escape(source)}"').search(file.text, block.span.start)
    return found.start() if found else block.span.start
