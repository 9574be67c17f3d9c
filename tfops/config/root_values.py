"""The files of values of a root module: which count without being named, what they set, and whether it fits.

https://developer.hashicorp.com/terraform/language/values/variables#variable-definitions-tfvars-files
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.config.document import Document
from tfops.config.inputs import InputCheck
from tfops.config.modules.hcl import HclExpression
from tfops.config.modules.structure import read_structure
from tfops.config.own_roots import RootConfig
from tfops.config.source import RootSource
from tfops.config.values import is_form, parse_form, walk
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint, Mark
from tfops.records.names import EnvName, StackName
from tfops.records.rendered import ROOT_MODULE
from tfops.system.trees import Tree

_ALONE = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")


@dataclass(frozen=True, slots=True)
class _Given:
    """What a file sets: the value where it is one that can be told from here, and where it stands."""

    name: str
    mark: Mark
    value: Any = None
    is_known: bool = False


def values_files(tree: Tree, root: RootConfig) -> list[str]:
    """Every file of values that counts, in the order in which a later one wins."""
    folder = "" if root.path == "." else root.path
    alone = [name for name in tree.names(folder) if _ALONE.fullmatch(name)]
    order = sorted(alone, key=lambda name: (not name.startswith("terraform.tfvars"), name))
    return [*(posixpath.join(folder, name) for name in order), *root.tfvars]


def given_names(tree: Tree, root: RootConfig) -> frozenset[str]:
    """The variables that files of values set. What can't be read sets nothing: the engine says what is wrong."""
    return frozenset(one.name for path in values_files(tree, root) for one in _read(path, tree.read(path) or ""))


def known_values(tree: Tree, root: RootConfig, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """All values that the root gets, `inputs` over those of files; None where only an engine can tell one."""
    found: dict[str, _Given] = {}
    for path in values_files(tree, root):
        found |= {one.name: one for one in _read(path, tree.read(path) or "")}
    if any(not one.is_known for name, one in found.items() if name not in inputs):
        return None
    return {name: one.value for name, one in found.items()} | dict(inputs)


def tfvars_complaints(
    tree: Tree, root: RootConfig, document: Document, check: InputCheck, place: tuple[EnvName, StackName]
) -> Iterator[Complaint]:
    """Values in files that no variable takes, and secrets that a file would win over."""
    for path in values_files(tree, root):
        text = tree.read(path) or ""
        found = list(_read(path, text))
        known = {one.name: one for one in found if one.is_known}
        file = Document(path, lines={path: text.splitlines()})
        file.data = {"modules": {ROOT_MODULE: {"inputs": {name: one.value for name, one in known.items()}}}}
        file.marks = {("modules", ROOT_MODULE, "inputs", name): one.mark for name, one in known.items()}
        yield from check.value_complaints(file, place, ROOT_MODULE, RootSource(path=root.path))
        yield from _beaten(document, path, {one.name for one in found})


def _beaten(document: Document, path: str, names: set[str]) -> Iterator[Complaint]:
    """A secret, or what another root gives, comes in by the environment, and every file wins over that."""
    inputs = document.data["modules"][ROOT_MODULE]["inputs"]
    for name in sorted(names & inputs.keys()):
        if any(is_form(parse_form(value)) for _, value in walk(inputs[name])):
            what = f"`{path}` sets `{name}` too, and would win over what stands here"
            yield document.complaint(("modules", ROOT_MODULE, "inputs", name), what, f"take it out of `{path}`")


def _read(path: str, text: str) -> Iterator[_Given]:
    try:
        if path.endswith(".json"):
            values = exact.loads(text) if text.strip() else {}
            for name, value in values.items() if isinstance(values, dict) else ():
                yield _Given(name, Mark(path, 1, 1), value, is_known=True)
            return
        found = read_structure(text).attributes
    except ValueError:
        return
    for name, span in found.items():
        before = text[: span.start]
        mark = Mark(path, before.count("\n") + 1, span.start - before.rfind("\n"))
        try:
            yield _Given(name, mark, HclExpression(text[span.start : span.end]).literal(), is_known=True)
        except ValueError:
            yield _Given(name, mark)
