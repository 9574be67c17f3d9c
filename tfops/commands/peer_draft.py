"""Another tool's units as tfops' files: environments with stacks, their inputs, and where their states are.

The units of one folder are one environment, each of them a stack. A unit whose code is a folder of the repository that
needs no generated provider block is a root as it is; every other one is a module in an environment's file.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from tfops.commands.peer_backends import backend_line, common_backend, shared_place
from tfops.commands.peer_providers import common_lock, common_providers, provider_line
from tfops.commands.peer_units import HiddenValue, NotTaken, Unit, UnitOutput, depth_first, outputs_in
from tfops.config import names
from tfops.config.document import Document
from tfops.config.edit import inline_text
from tfops.config.lines import config_lines
from tfops.config.modules.module import Variable
from tfops.config.values import escaped
from tfops.dataclass import dataclass
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.resolve.root_names import environment_names
from tfops.system.project_folders import USUAL_FOLDERS, ProjectFolders

_NO_WORD = re.compile(r"[^a-z0-9]+")

Variables = Mapping[str, Mapping[str, Variable]]
"""Unit to the variables of its code; a unit of which nobody knows them is missing."""


@dataclass(frozen=True, slots=True)
class PeerEnvironment:
    """An environment of the units of a folder. `line` is what tfops.yaml says of it."""

    env: EnvName
    units: Mapping[StackName, Unit]
    is_root: bool
    line: Mapping[str, Any]


@dataclass(slots=True)
class PeerDraft:
    """What the files come to. `files` are those of environments; `backend` and `providers` belong to tfops.yaml;
    `secrets` are variables of the environment that must be set."""

    environments: list[PeerEnvironment] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    backend: Mapping[str, Any] = field(default_factory=dict)
    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    not_taken: list[NotTaken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DraftRules:
    """What decides besides the units: the branch, names that are taken, what the top folder is called, the tool's name
    for the files that it wrote, and where the project keeps its files."""

    branch: str
    taken: Sequence[str]
    top: str
    tool: str
    folders: ProjectFolders = USUAL_FOLDERS


def draft(units: Sequence[Unit], variables: Variables, rules: DraftRules) -> PeerDraft:
    """Pure: what each unit becomes."""
    found = PeerDraft()
    usable = [unit for unit in units if _is_usable(unit, found, rules.folders.modules)]
    kind, found.backend = common_backend([unit.backend for unit in usable])
    for unit in usable:
        if unit.backend.kind != kind:
            text = f"its backend is `{unit.backend.kind}`, that of most is `{kind}`: a project has one"
            found.not_taken.append(NotTaken(unit.path, 0, text))
    usable = [unit for unit in usable if unit.backend.kind == kind]
    found.providers = common_providers([unit.providers for unit in usable if not _is_root(unit)])
    groups = _groups(usable)
    called = environment_names(groups, known=(), taken=rules.taken, top=rules.top)
    for place, members in groups.items():
        _Environment(found, EnvName(called[place]), _named(members), variables, rules).add()
    return found


def _is_root(unit: Unit) -> bool:
    return unit.is_local and (not unit.providers or unit.source == unit.path)


def _is_usable(unit: Unit, found: PeerDraft, modules: str) -> bool:
    if unit.is_local and not _is_root(unit) and not unit.source.startswith(f"{modules}/"):
        text = f"its code in `{unit.source}` needs provider blocks that are generated: move it below {modules}/"
        found.not_taken.append(NotTaken(unit.path, 0, text))
        return False
    return True


def _groups(units: Sequence[Unit]) -> dict[tuple[str, str], list[Unit]]:
    """Units by their folder, and by a word more where a folder has two kinds. Units whose places no line can say are
    environments of their own."""
    folders: dict[str, list[Unit]] = {}
    for unit in units:
        folders.setdefault(posixpath.dirname(unit.path) or ".", []).append(unit)
    found: dict[tuple[str, str], list[Unit]] = {}
    for folder, members in folders.items():
        roots, others = [one for one in members if _is_root(one)], [one for one in members if not _is_root(one)]
        for word, kind in (("roots" if others else "", roots), ("", others)):
            if kind and shared_place({stack: unit.backend for stack, unit in _named(kind).items()}):
                found |= {(unit.path, ""): [unit] for unit in kind}
            elif kind:
                found[folder, word] = kind
    return found


def _named(units: Sequence[Unit]) -> dict[StackName, Unit]:
    """In an order in which they can be made. One alone is the environment's only stack."""
    if len(units) == 1:
        return {MAIN_STACK: units[0]}
    by_path = {unit.path: unit for unit in units}
    found: dict[StackName, Unit] = {}
    for path in depth_first({unit.path: unit.dependencies for unit in units}):
        name = word = _word(posixpath.basename(path)) or "unit"
        number = 1
        while name in found:
            number += 1
            name = f"{word}-{number}"
        found[StackName(name)] = by_path[path]
    return found


def _word(text: str) -> str:
    return _NO_WORD.sub("-", text.lower())[:57].strip("-")


def _module(unit: Unit) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", posixpath.basename(unit.path))
    return name if names.is_module_name(name) else "main"


@dataclass(frozen=True, slots=True)
class _Environment:
    """An environment in the making."""

    found: PeerDraft
    env: EnvName
    units: Mapping[StackName, Unit]
    variables: Variables
    rules: DraftRules

    def add(self) -> None:
        found, env, units = self.found, self.env, self.units
        is_root = _is_root(next(iter(units.values())))
        inputs = _Inputs(found, units, is_root)
        values = {stack: inputs.of(unit, self.variables.get(unit.path)) for stack, unit in units.items()}
        line: dict[str, Any] = {"branch": self.rules.branch}
        if is_root:
            line |= _root_line(units, values)
        else:
            found.files |= _files(env, units, values, self.rules)
            line |= provider_line(units.values(), found.providers, found.not_taken)
            if lock := common_lock(list(units.values()), found.not_taken):
                found.files[f"{self.rules.folders.environments}/{env}.lock.hcl"] = lock
        _tell_order(units, found, is_root=is_root)
        own = backend_line(env, {stack: unit.backend for stack, unit in units.items()}, found.backend)
        line |= {"backend": own} if own else {}
        found.environments.append(PeerEnvironment(env, units, is_root, line))


def _root_line(units: Mapping[StackName, Unit], values: Mapping[StackName, Mapping[str, Any]]) -> dict[str, Any]:
    workspaces = {unit.workspace for unit in units.values()} - {""}
    line: dict[str, Any] = {"workspace": workspaces.pop()} if len(workspaces) == 1 else {}
    if MAIN_STACK in units:
        line["root"] = units[MAIN_STACK].source
        return line | ({"inputs": dict(values[MAIN_STACK])} if values[MAIN_STACK] else {})
    line["roots"] = [
        {"path": unit.source, "name": str(stack)} | ({"inputs": dict(values[stack])} if values[stack] else {})
        for stack, unit in units.items()
    ]
    return line


def _files(
    env: EnvName, units: Mapping[StackName, Unit], values: Mapping[StackName, Mapping[str, Any]], rules: DraftRules
) -> Iterator[tuple[str, str]]:
    for stack, unit in units.items():
        name = env if stack == MAIN_STACK else f"{env}/{stack}"
        path = f"{rules.folders.environments}/{name}.yaml"
        source = unit.source.removeprefix(f"{rules.folders.modules}/") if unit.is_local else unit.source
        body: dict[str, Any] = {"source": source} | ({"version": unit.version} if unit.version else {})
        body |= {"inputs": dict(values[stack])} if values[stack] else {}
        document = Document("")
        document.data = {"modules": {_module(unit): body}}
        text = "".join(f"{line.text}\n" for line in config_lines(document))
        yield path, f"# `{unit.path}`, taken over from {rules.tool}.\n{text}"


def _tell_order(units: Mapping[StackName, Unit], found: PeerDraft, *, is_root: bool) -> None:
    """Roots come in the order in which they are listed, a stack of modules after those that it takes from. Every other
    order can't be said."""
    here = {unit.path for unit in units.values()}
    for unit in units.values():
        taken = {output.unit for output in outputs_in(dict(unit.inputs))}
        for other in unit.dependencies:
            if other not in here:
                text = f"it comes after `{other}`, another environment: apply that one first"
            elif not is_root and other not in taken:
                text = f"it comes after `{other}` and takes nothing of it: stacks of modules have no other order"
            else:
                continue
            found.not_taken.append(NotTaken(unit.path, 0, text))


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The values of an environment's units, as its files have them."""

    found: PeerDraft
    units: Mapping[StackName, Unit]
    is_root: bool

    def of(self, unit: Unit, variables: Mapping[str, Variable] | None) -> dict[str, Any]:
        """Without those that the code doesn't have; what is sensitive as a reference to the environment."""
        found: dict[str, Any] = {}
        for name, value in unit.inputs.items():
            variable = variables.get(name) if variables is not None else None
            if variables is not None and variable is None:
                continue
            if variable is not None and (variable.sensitive or variable.ephemeral) and not list(outputs_in(value)):
                found[name] = self._secret(name)
            else:
                found[name] = self._value(unit, name, value)
        return found

    def _secret(self, name: str) -> dict[str, str]:
        self.found.secrets.add(name.upper())
        return {"from": f"env:{name.upper()}"}

    def _value(self, unit: Unit, name: str, value: Any) -> Any:
        if isinstance(value, HiddenValue):
            return self._secret(name)
        if isinstance(value, UnitOutput):
            return self._reference(unit, name, value)
        if isinstance(value, dict) and list(outputs_in(value)):
            return {key: self._value(unit, name, item) for key, item in value.items()}
        if isinstance(value, list) and list(outputs_in(value)):
            return [self._value(unit, name, item) for item in value]
        return escaped(value)

    def _reference(self, unit: Unit, name: str, output: UnitOutput) -> Any:
        for stack, other in self.units.items():
            if other.path == output.unit and other is not unit:
                return f"${{stack.{stack}.{output.output if self.is_root else f'{_module(other)}.{output.output}'}}}"
        if output.is_sensitive:
            return self._secret(name)
        text = (
            f"input `{name}` is `{output.output}` of `{output.unit}`, another environment: its value of today is taken"
        )
        self.found.not_taken.append(NotTaken(unit.path, 0, text))
        return escaped(output.value)


def project_text(draft: PeerDraft, project: str, lines: Sequence[str]) -> str:
    """A new tfops.yaml."""
    parts = [f"version: 1\nproject: {project}\n"]
    parts += [f"backend:\n  {inline_text(draft.backend)[1:-1]}\n"] if draft.backend else []
    if draft.providers:
        parts.append("providers:\n" + "".join(f"  {key}: {inline_text(one)}\n" for key, one in draft.providers.items()))
    return "".join([*parts, "environments:\n", *(f"  {line}\n" for line in lines)])
