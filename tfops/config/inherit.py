"""`extends`: a file laid over another, deep, with every value's own place kept."""

import posixpath
from typing import Any

from tfops.config import names
from tfops.config.document import Document, Path, read_document
from tfops.config.values import is_whole
from tfops.system.trees import Tree, is_link

LINK_HINT = "put the file itself there; what files share stands in one that they extend: `extends: FILE`"
_MAX_DEPTH = 10


def read_inherited(tree: Tree, path: str, below: tuple[str, ...] = ()) -> Document:
    """A file laid over what it `extends`; marks point to the file that each value came from."""
    document = read_document(path, tree.read(path) or "")
    if not isinstance(document.data, dict) or "extends" not in document.data:
        return document
    mark = document.mark(("extends",))
    parent = document.data.pop("extends")
    problem, parent_path = _parent_path(tree, parent, (*below, path))
    if problem:
        document.complaints.append(document.complaint_at(mark, problem))
        return document
    base = read_inherited(tree, parent_path, (*below, path))
    if not isinstance(base.data, dict):
        document.complaints += base.complaints or [base.complaint((), "the file is empty")]
        return document
    return laid_over(base, document)


def laid_over(base: Document, document: Document) -> Document:
    """`base`, changed to what it becomes under `document`: it is called by that name then."""
    base.data = _lay_over(base, document, ())
    base.path = document.path
    base.lines |= document.lines
    base.complaints += document.complaints
    return base


def _parent_path(tree: Tree, parent: Any, chain: tuple[str, ...]) -> tuple[str, str]:
    """(complaint, path): one of the two is empty."""
    folder = tree.folders.environments
    if not isinstance(parent, str) or not names.is_local_source(parent):
        return f"`extends` names a file in `{folder}/`", ""
    path = posixpath.join(folder, parent)
    if path in chain:
        return "the files extend each other: " + " -> ".join((*chain, path)), ""
    if len(chain) >= _MAX_DEPTH:
        return f"more than {_MAX_DEPTH} files extend each other", ""
    if is_link(tree, path):
        return f"`{path}` is a link, and links aren't followed (put the file itself there)", ""
    if tree.read(path) is None:
        known = [name for name in tree.names(folder) if name.endswith((".yaml", ".yml"))]
        hint = names.did_you_mean(parent, known)
        return f"`{path}` does not exist" + (f" ({hint})" if hint else ""), ""
    return "", path


def _lay_over(base: Document, over: Document, path: Path) -> Any:
    """Mappings merge, but for secrets and `{literal: …}`; the rest is replaced. Moves the marks of `over`'s values."""
    below, above = _at(base.data, path), _at(over.data, path)
    if not (isinstance(below, dict) and isinstance(above, dict)) or is_whole(below) or is_whole(above):
        for known in [known for known in base.marks if known[: len(path)] == path]:
            del base.marks[known]
        base.marks |= {known: mark for known, mark in over.marks.items() if known[: len(path)] == path}
        return above
    merged = dict(below)
    for key in above:
        merged[key] = _lay_over(base, over, (*path, key))
        base.marks[(*path, key)] = over.marks[(*path, key)]
    return merged


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data
