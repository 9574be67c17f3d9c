"""`import` blocks in modules: only the root may have them, up to Terraform 1.15 and in OpenTofu.

https://developer.hashicorp.com/terraform/language/import
"""

import re
from collections.abc import Iterable, Iterator

from tfops.config.modules.files import ModuleFile, read_modules
from tfops.records.complaint import Mark
from tfops.system.trees import Tree

_MAYBE = re.compile(r"\bimport\b")
_IN_JSON = re.compile(r'"import"\s*:')


def import_blocks(tree: Tree, folders: Iterable[str], *, is_tofu: bool) -> Iterator[tuple[Mark, str]]:
    """Where each stands, and its line: in folders below `modules/` and those that they call."""
    for file in read_modules(tree, folders, is_tofu=is_tofu, about=_MAYBE):
        yield from map(file.place, _starts(file))


def _starts(file: ModuleFile) -> list[int]:
    """Where they begin; JSON has one key for all of them."""
    found = [block.span.start for block in file.blocks if block.kind == "import" and not block.labels]
    if not (found and file.is_json):
        return found
    key = _IN_JSON.search(file.text)
    return [key.start() if key else 0]
