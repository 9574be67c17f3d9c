"""Root modules that somebody wrote by hand: `root: PATH` of an environment in tfops.yaml, or `roots:` for several.

What stands there describes the environment, as `environments/<env>.yaml` does for a generated root: it is read from
the commit that is applied. Paths are relative to the repository's top; `.` is the top itself.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.document import Document, Path
from tfops.config.names import PROJECT_FILE
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import ROOT_MODULE
from tfops.system.trees import Tree

if TYPE_CHECKING:
    from tfops.config.project import EnvironmentRule
    from tfops.config.schema import EnvironmentBlock

_KEYS = ("tfvars", "inputs", "backend_config")
_OF_A_PLACE = ("tfvars", "inputs", "workspace")
_ONLY_WITH_A_ROOT = (*_KEYS, "workspace")
_WORKSPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,89}")


@dataclass(frozen=True, slots=True)
class RootConfig:
    """A root module of the repository that is a stack: its folder, and files of values besides those of the folder.

    `inputs` and `backend_config` are as they are written; `where` is their place in tfops.yaml.
    """

    path: str
    tfvars: tuple[str, ...] = ()
    inputs: Any = None
    backend_config: Any = None
    where: Path = ()

    @property
    def spot(self) -> Path:
        """Where tfops.yaml names the folder."""
        return self.where if self.where[-2:-1] == ("roots",) else (*self.where, "root")


def roots_of(data: Any, env: str, place: str = "") -> dict[StackName, RootConfig]:
    """The roots of an environment in the order in which they are applied, from tfops.yaml as plain data.

    Empty for an environment that has none. What is no root is left out: `check_roots` complains of it. With a `place`
    that rehearses it, values of that are laid over its own.
    """
    block = _entry(_entry(data, "environments"), env)
    where: Path = ("environments", env)
    single = _entry(block, "root")
    if isinstance(single, str) and single:
        root = _root(single, block, where)
        return {MAIN_STACK: _laid_over(root, data, place) if place and place != env else root}
    listed = _entry(block, "roots")
    found: dict[StackName, RootConfig] = {}
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        path = item if isinstance(item, str) else _entry(item, "path")
        if isinstance(path, str) and path:
            found[_stack_of(item, path)] = _root(path, item, (*where, "roots", index))
    return found


def with_roots(rule: "EnvironmentRule", block: "EnvironmentBlock") -> "EnvironmentRule":
    """The rule with where its roots are, and how their states are reached."""
    if block.root:
        roots, config = {MAIN_STACK: _normal(block.root)}, {MAIN_STACK: block.backend_config}
    else:
        named = [(_stack_of({"name": one.name}, one.path), one) for one in block.roots]
        roots = {stack: _normal(one.path) for stack, one in named}
        config = {stack: one.backend_config for stack, one in named}
    if block.rehearses:
        return replace(rule, workspace=block.workspace)
    kept = {stack: settings for stack, settings in config.items() if settings}
    return replace(rule, roots=roots, workspace=block.workspace, backend_config=kept) if roots else rule


def has_roots(data: Any, env: str) -> bool:
    block = _entry(_entry(data, "environments"), env)
    return isinstance(block, dict) and bool(block.get("root") or block.get("roots"))


def _root(path: str, block: Any, where: Path) -> RootConfig:
    tfvars, inputs, config = (_entry(block, key) for key in _KEYS)
    files = tuple(_normal(one) for one in tfvars if isinstance(one, str)) if isinstance(tfvars, list) else ()
    return RootConfig(_normal(path), files, inputs, config, where)


def _laid_over(root: RootConfig, data: Any, place: str) -> RootConfig:
    over = _root(root.path, _entry(_entry(data, "environments"), place), ("environments", place))
    own, others = ({} if not isinstance(one.inputs, dict) else one.inputs for one in (root, over))
    return replace(root, tfvars=root.tfvars + over.tfvars, inputs={**own, **others})


def _normal(path: str) -> str:
    return posixpath.normpath(path) if path else ""


def _stack_of(item: Any, path: str) -> StackName:
    name = _entry(item, "name")
    return StackName(name if isinstance(name, str) and name else posixpath.basename(_normal(path)))


def _entry(block: Any, key: str) -> Any:
    return block.get(key) if isinstance(block, dict) else None


def root_document(rules: Document, env: EnvName, stack: StackName, place: str = "") -> Document:
    """What tfops.yaml says of a root, in the form of an environment's file that calls it: the module `root`. `place` as
    in `roots_of`."""
    root = roots_of(rules.data, env, place)[stack]
    inputs = root.inputs if isinstance(root.inputs, dict) else {}
    found = Document(PROJECT_FILE, lines=rules.lines)
    found.data = {"modules": {ROOT_MODULE: {"source": f"./{root.path}", "inputs": inputs}}}
    found.marks = {("modules", ROOT_MODULE): rules.mark(root.spot)}
    for begin in [(*root.where, "inputs"), *([("environments", place, "inputs")] if place not in ("", env) else [])]:
        for path, mark in rules.marks.items():
            if path[: len(begin)] == begin:
                found.marks["modules", ROOT_MODULE, "inputs", *path[len(begin) :]] = mark
    return found


def check_roots(document: Document, env: str, block: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with an environment's `root:` or `roots:`, as far as tfops.yaml alone says it."""
    where: Path = ("environments", env)
    if "root" in block and "roots" in block:
        yield document.complaint((*where, "roots"), "`root` and `roots` both say what the environment is")
        return
    if not ("root" in block or "roots" in block):
        base = _entry(_entry(document.data, "environments"), str(block.get("rehearses")))
        taken = _OF_A_PLACE if _entry(base, "root") else ()
        yield from _check_files(document, where, block if taken else {})
        for key in _ONLY_WITH_A_ROOT:
            if key in block and key not in taken:
                hint = "for a generated root, inputs stand in environments/ENV.yaml"
                yield document.complaint((*where, key), f"`{key}` is only for an environment with `root: PATH`", hint)
        return
    for key in ("rehearses", "config"):
        if key in block:
            what = "a place for drills" if key == "rehearses" else "a preview environment"
            yield document.complaint((*where, "root"), f"{what} can't have a root of its own", "take `root` out")
    for key in ("region", "assume_role"):
        if key in block:
            hint = "write it into the root's provider block"
            yield document.complaint((*where, key), f"`{key}` is said by the root's own provider block", hint)
    workspace = block.get("workspace")
    if isinstance(workspace, str) and not _WORKSPACE.fullmatch(workspace):
        yield document.complaint((*where, "workspace"), f"{names.shown(workspace)} can't name a workspace")
    yield from _check_each(document, where, block)


def _check_each(document: Document, where: Path, block: Mapping[str, Any]) -> Iterator[Complaint]:
    listed = block.get("roots")
    if "root" in block:
        yield from _check_path(document, (*where, "root"), block["root"])
        yield from _check_files(document, where, block)
        return
    if not isinstance(listed, list) or not listed:
        yield document.complaint((*where, "roots"), "`roots` is a list of folders, in the order in which they are made")
        return
    for key in _KEYS:
        if key in block:
            hint = "write it at the root that it is for: roots: [{path: PATH, " + key + ": …}]"
            yield document.complaint((*where, key), f"there are several roots: whose is `{key}`?", hint)
    seen = set[str]()
    for index, item in enumerate(listed):
        spot = (*where, "roots", index)
        path = item if isinstance(item, str) else _entry(item, "path")
        yield from _check_path(document, spot, path)
        name = _stack_of(item, path) if isinstance(path, str) else ""
        if name and not names.is_environment_name(name):
            hint = f"{names.ENVIRONMENT_RULE}: {{path: {path}, name: NAME}}"
            yield document.complaint(spot, f"{names.shown(name)} can't name a stack", hint)
        if name in seen:
            yield document.complaint(spot, f"two roots are called `{name}`", "{path: PATH, name: NAME}")
        seen.add(name)
        yield from _check_files(document, spot, item if isinstance(item, dict) else {})


def _check_path(document: Document, spot: Path, path: Any) -> Iterator[Complaint]:
    if isinstance(path, str) and not is_inside(path):
        hint = "a folder of the repository, relative to its top: live/prod"
        yield document.complaint(spot, f"{names.shown(path)} is not a folder of the repository", hint)


def _check_files(document: Document, spot: Path, block: Mapping[str, Any]) -> Iterator[Complaint]:
    listed = block.get("tfvars")
    for index, path in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(path, str) and not _is_values_file(path):
            hint = "a *.tfvars or *.tfvars.json file, relative to the repository's top"
            yield document.complaint((*spot, "tfvars", index), f"{names.shown(path)} is not a file of values", hint)


def _is_values_file(path: str) -> bool:
    return is_inside(path) and path.endswith((".tfvars", ".tfvars.json"))


def is_inside(path: str) -> bool:
    """Whether a path stays in the repository, and is one that every disk can hold."""
    if not path or path.startswith(("/", "~", "-")) or "\\" in path or "\0" in path or not path.isprintable():
        return False
    normal = _normal(path)
    return not normal.startswith("..") and ".git" not in normal.split("/")


def missing_complaints(tree: Tree, rules: Document, env: EnvName, place: str = "") -> Iterator[Complaint]:
    """Every folder and file that tfops.yaml names for the environment's roots, and the commit doesn't have."""
    without = roots_of(rules.data, env)
    for stack, root in roots_of(rules.data, env, place).items():
        if not is_inside(root.path):  # complained of already
            continue
        folder = "" if root.path == "." else root.path
        if not any(name.endswith((".tf", ".tf.json", ".tofu", ".tofu.json")) for name in tree.names(folder)):
            hint = "commit it; the path is relative to the repository's top"
            yield rules.complaint(root.spot, f"there is no root module in `{root.path}`", hint)
        own = len(without[stack].tfvars)
        for index, path in enumerate(root.tfvars):
            if _is_values_file(path) and tree.read(path) is None:
                spot = (*root.where, "tfvars", index) if index < own else ("environments", place, "tfvars", index - own)
                yield rules.complaint(spot, f"there is no file `{path}` in the commit")
