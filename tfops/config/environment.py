"""`environments/<env>.yaml`: inheritance, modules, inputs."""

import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfops.config import names
from tfops.config.document import Document, Path, read_document
from tfops.config.project import PROJECT_FILE, ProjectConfig, load_project, project_document
from tfops.config.schema import EnvironmentFile, parse
from tfops.config.source import LocalSource, RemoteSource, SourceError, parse_source
from tfops.config.values import Reference, Secret, is_form, parse_form
from tfops.errors import ConfigError, Refused
from tfops.model import Complaint, EnvName
from tfops.system.trees import Tree

FOLDER = "environments"
_MAX_DEPTH = 10


@dataclass(frozen=True, slots=True)
class ModuleConfig:
    """One module of an environment; `inputs` hold literals, References and Secrets."""

    source: LocalSource | RemoteSource
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """What a developer wishes, inheritance done. `digest` is the sha256 of the merged values."""

    name: EnvName
    modules: Mapping[str, ModuleConfig]
    digest: str


def lock_file_path(env: EnvName) -> str:
    """Where an environment's provider lock is kept in the repository."""
    return f"{FOLDER}/{env}.lock.hcl"


def load_environment(tree: Tree, project: ProjectConfig, env: EnvName) -> EnvironmentConfig:
    """Read one environment's file and what it inherits.

    Raises:
        Refused: the project has no such environment (guard `unknown-environment`).
        ConfigError: with every mistake of every file involved.
    """
    if env not in project.environments:
        hint = names.did_you_mean(env, project.environments)
        raise Refused("unknown-environment", f"there is no environment {names.shown(env)}", hint=hint)
    return read_environment(tree, env)


def read_environment(tree: Tree, env: EnvName) -> EnvironmentConfig:
    """The same without asking whether tfops.yaml knows the environment."""
    path = f"{FOLDER}/{env}.yaml"
    if tree.read(path) is None:
        where = project_document(tree)
        hint = f"commit it, or take the environment out of {PROJECT_FILE}"
        raise ConfigError([where.complaint(("environments", env), f"`{path}` is missing", hint)])
    document = _merged(tree, path, ())
    complaints = list(document.complaints)
    if not complaints:
        file, complaints = parse(EnvironmentFile, document)
    modules: dict[str, ModuleConfig] = {}
    if not complaints and file is not None:
        modules, complaints = _build_modules(document, file, tree.names("modules"))
    if complaints:
        raise ConfigError(complaints)
    return EnvironmentConfig(env, modules, _digest(document.data))


def load_rules(tree: Tree) -> ProjectConfig:
    """`load_project`, but a broken tfops.yaml doesn't hide what is wrong with the environments."""
    try:
        return load_project(tree)
    except ConfigError as error:
        complaints = list(error.complaints)
        data = project_document(tree).data
        listed = data.get("environments") if isinstance(data, dict) else None
        for env in listed if isinstance(listed, dict) else []:
            if names.is_environment_name(env):
                complaints += _complaints_about(tree, EnvName(env))
        raise ConfigError(complaints) from error


def _complaints_about(tree: Tree, env: EnvName) -> tuple[Complaint, ...]:
    try:
        read_environment(tree, env)
    except ConfigError as error:
        return error.complaints
    return ()


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _merged(tree: Tree, path: str, below: tuple[str, ...]) -> Document:
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
    base = _merged(tree, parent_path, (*below, path))
    if not isinstance(base.data, dict):
        document.complaints += base.complaints or [base.complaint((), "the file is empty")]
        return document
    base.data = _lay_over(base, document, ())
    base.path = path
    base.lines |= document.lines
    base.complaints += document.complaints
    return base


def _parent_path(tree: Tree, parent: Any, chain: tuple[str, ...]) -> tuple[str, str]:
    """(complaint, path): one of the two is empty."""
    if not isinstance(parent, str) or not names.is_local_source(parent):
        return f"`extends` names a file in `{FOLDER}/`", ""
    path = posixpath.join(FOLDER, parent)
    if path in chain:
        return "the files extend each other: " + " -> ".join((*chain, path)), ""
    if len(chain) >= _MAX_DEPTH:
        return f"more than {_MAX_DEPTH} files extend each other", ""
    if tree.read(path) is None:
        known = [name for name in tree.names(FOLDER) if name.endswith((".yaml", ".yml"))]
        hint = names.did_you_mean(parent, known)
        return f"`{path}` does not exist" + (f" ({hint})" if hint else ""), ""
    return "", path


def _lay_over(base: Document, over: Document, path: Path) -> Any:
    """Mappings merge, everything else is replaced. Moves the marks of what `over` brings."""
    below, above = _at(base.data, path), _at(over.data, path)
    if not (isinstance(below, dict) and isinstance(above, dict)):
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


def _build_modules(
    document: Document, file: EnvironmentFile, local_modules: list[str]
) -> tuple[dict[str, ModuleConfig], list[Complaint]]:
    complaints: list[Complaint] = []
    modules: dict[str, ModuleConfig] = {}
    if not file.modules:
        complaints.append(document.complaint(("modules",), "at least one module"))
    for name, block in file.modules.items():
        where: Path = ("modules", name)
        if not names.is_module_name(name):
            complaints.append(document.complaint(where, f"{names.shown(name)} can't name a module", names.MODULE_RULE))
        try:
            source = parse_source(block.source, block.version, local_modules)
        except SourceError as error:
            complaints.append(document.complaint((*where, "source"), str(error), error.hint))
            continue
        inputs = {
            key: _parse_forms(document, (*where, "inputs", key), value, complaints)
            for key, value in block.inputs.items()
        }
        complaints += _check_input_names(document, (*where, "inputs"), inputs)
        modules[name] = ModuleConfig(source, inputs)
    complaints += _check_references(document, modules, known=file.modules.keys())
    return modules, complaints


# Words that Terraform reads as its own inside a `module` block.
_META_ARGUMENTS = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle"})


def _check_input_names(document: Document, where: Path, inputs: Mapping[str, Any]) -> Iterator[Complaint]:
    for key in inputs:
        if not names.is_module_name(key) or key in _META_ARGUMENTS:
            yield document.complaint((*where, key), f"{names.shown(key)} can't name an input")


def _parse_forms(document: Document, path: Path, value: Any, complaints: list[Complaint]) -> Any:
    try:
        parsed = parse_form(value)
    except ValueError as error:
        complaints.append(document.complaint(path, str(error)))
        return value
    if is_form(parsed):
        return parsed
    if isinstance(parsed, dict):
        return {key: _parse_forms(document, (*path, key), item, complaints) for key, item in parsed.items()}
    if isinstance(parsed, list):
        return [_parse_forms(document, (*path, index), item, complaints) for index, item in enumerate(parsed)]
    return parsed


def forms_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Reference | Secret]]:
    """Every reference and secret inside an input, with its path."""
    if isinstance(value, Reference | Secret):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from forms_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from forms_in(item, (*path, index))


def _check_references(document: Document, modules: Mapping[str, ModuleConfig], *, known: Any) -> Iterator[Complaint]:
    for name, module in modules.items():
        for path, form in forms_in(dict(module.inputs), ("modules", name, "inputs")):
            if isinstance(form, Reference) and form.module not in known:
                hint = names.did_you_mean(form.module, known)
                yield document.complaint(path, f"there is no module `{form.module}` in this environment", hint)
