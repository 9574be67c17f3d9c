"""`tfops.yaml`: the branch mapping, the backend, the engine, the providers."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfops.config import names
from tfops.config.constraint import Constraint
from tfops.config.document import Document, read_document
from tfops.config.schema import ProjectFile, parse
from tfops.config.values import walk
from tfops.errors import ConfigError, ProjectError
from tfops.model import Complaint, EnvName
from tfops.system.trees import Tree

PROJECT_FILE = "tfops.yaml"

_ENGINES = ("auto", "terraform", "tofu", "embedded")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_VARIABLE_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """`use` is a word of tfops.yaml or a path; `env` names more variables that the engine may see."""

    use: str = "auto"
    version: Constraint = field(default_factory=Constraint)
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backend:
    """Where state is kept: one of Terraform's backends and its settings, placeholders not filled."""

    kind: str = "local"
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """Which branches an environment is bound to, and whether its guards can be overridden."""

    branch: str
    protected: bool = False


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What operations decided for the whole project."""

    project: str
    engine: EngineChoice
    backend: Backend
    providers: Mapping[str, Mapping[str, Any]]
    environments: Mapping[EnvName, EnvironmentRule]
    ledger_ref: str = "refs/tfops/envs/{env}"
    requires_signatures: bool = False


def load_project(tree: Tree) -> ProjectConfig:
    """Read `tfops.yaml`. Raises ProjectError when there is none, ConfigError with all its mistakes."""
    text = tree.read(PROJECT_FILE)
    if text is None:
        raise ProjectError(
            f"there is no `{PROJECT_FILE}` in the commit",
            hint="make one with: tfops init   (then commit it)",
        )
    document = read_document(PROJECT_FILE, text)
    complaints = list(document.complaints)
    if not complaints:
        file, complaints = parse(ProjectFile, document)
        complaints += _check(document)
    if complaints:
        raise ConfigError(complaints)
    assert file is not None
    return _to_config(file)


def project_document(tree: Tree) -> Document:
    """`tfops.yaml` with its marks, for complaints about what it promises."""
    return read_document(PROJECT_FILE, tree.read(PROJECT_FILE) or "")


def _to_config(file: ProjectFile) -> ProjectConfig:
    [(kind, settings)] = file.backend.items()
    engine = EngineChoice(file.engine.use, Constraint(file.engine.version), tuple(file.engine.env))
    return ProjectConfig(
        project=file.project,
        engine=engine,
        backend=Backend(kind, settings or {}),
        ledger_ref=file.ledger.ref,
        requires_signatures=file.require.signed,
        providers={name: block or {} for name, block in file.providers.items()},
        environments={
            EnvName(name): EnvironmentRule(block.branch, block.protected) for name, block in file.environments.items()
        },
    )


def _check(document: Document) -> list[Complaint]:
    """What a schema can't say. Looks at plain data, so that it also runs when the schema complains."""
    checks: list[Callable[[Document, dict[str, Any]], Iterator[Complaint]]] = [
        _check_words,
        _check_engine,
        _check_backend,
        _check_environments,
        _check_ledger,
    ]
    if not isinstance(document.data, dict):
        return []
    return [complaint for check in checks for complaint in check(document, document.data)]


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _check_words(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    project = data.get("project")
    if isinstance(project, str) and not names.is_environment_name(project):
        yield document.complaint(("project",), f"the project's name must be {names.ENVIRONMENT_RULE}")
    for provider in _mapping(data, "providers"):
        if not _WORD.fullmatch(provider):
            yield document.complaint(("providers", provider), f"{names.shown(provider)} is not a provider's name")


def _check_engine(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    engine = _mapping(data, "engine")
    use, version = engine.get("use", "auto"), engine.get("version", "")
    if isinstance(use, str) and use not in _ENGINES and "/" not in use:
        hint = names.did_you_mean(use, _ENGINES)
        yield document.complaint(("engine", "use"), f"unknown engine {names.shown(use)}", f"{hint} (or a path)")
    if isinstance(version, str):
        try:
            Constraint(version)
        except ValueError as error:
            yield document.complaint(("engine", "version"), str(error))
    patterns = engine.get("env")
    for index, name in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(name, str) or not _may_be_passed_on(name):
            hint = "NAME or PREFIX_*, and nothing that begins with TF_ or GIT_"
            yield document.complaint(("engine", "env", index), "not a variable that may be passed on", hint)


def _may_be_passed_on(pattern: str) -> bool:
    """Whether a name or `PREFIX_*` is well-formed and lets no variable of Terraform or Git through."""
    prefix = pattern.rstrip("*")
    reaches = (prefix.startswith(own) or (prefix != pattern and own.startswith(prefix)) for own in ("TF_", "GIT_"))
    return _VARIABLE_PATTERN.fullmatch(pattern) is not None and not any(reaches)


def _check_backend(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    if not isinstance(data.get("backend"), dict):
        return
    backend: dict[str, Any] = data["backend"]
    if len(backend) != 1:
        yield document.complaint(("backend",), f"exactly one backend, not {len(backend)}")
    for kind, settings in backend.items():
        if not _WORD.fullmatch(kind):
            yield document.complaint(("backend", kind), f"{names.shown(kind)} is not a backend's name")
        elif kind == "local" and settings:
            hint = "leave it empty: tfops keeps local state in .git/tfops/state"
            yield document.complaint(("backend", kind), "the local backend takes no settings", hint)
        elif kind != "local" and isinstance(settings, dict):
            yield from _check_settings(document, kind, settings)


def _check_settings(document: Document, kind: str, settings: dict[str, Any]) -> Iterator[Complaint]:
    found: set[str] = set()
    for path, value in walk(settings):
        for word in _PLACEHOLDER.findall(value) if isinstance(value, str) else []:
            found.add(word)
            if word not in ("project", "env", "stack"):
                where = ("backend", kind, *path)
                yield document.complaint(where, f"unknown placeholder `{{{word}}}`", "known: {project}, {env}, {stack}")
    if "env" not in found:
        message = "no value contains `{env}`: all environments would share one state"
        yield document.complaint(("backend", kind), message, 'for instance: key: "{project}/{env}/{stack}.tfstate"')
    if kind == "s3" and not (settings.get("use_lockfile") or settings.get("dynamodb_table")):
        message = "an S3 backend without a lock loses state when two people apply"
        yield document.complaint(("backend", kind), message, "add: use_lockfile: true   (Terraform 1.11 or newer)")


def _check_environments(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    environments = _mapping(data, "environments")
    if "environments" in data and not environments:
        yield document.complaint(("environments",), "at least one environment", "for instance: dev: {branch: main}")
    for name, block in environments.items():
        where = ("environments", name)
        if not names.is_environment_name(name):
            yield document.complaint(where, f"{names.shown(name)} can't name an environment", names.ENVIRONMENT_RULE)
        branch = block.get("branch") if isinstance(block, dict) else None
        if isinstance(branch, str) and not names.is_branch_pattern(branch):
            hint = f"{names.BRANCH_RULE}; `*` and `**` as wildcards"
            yield document.complaint((*where, "branch"), f"{names.shown(branch)} can't be a branch pattern", hint)


_LEDGER_REF = re.compile(r"refs/(heads|tfops)/([A-Za-z0-9_][A-Za-z0-9_-]*/)*\{env\}")


def _check_ledger(document: Document, data: dict[str, Any]) -> Iterator[Complaint]:
    ref = _mapping(data, "ledger").get("ref")
    if isinstance(ref, str) and not _LEDGER_REF.fullmatch(ref):
        hint = "refs/tfops/envs/{env}, or where a host refuses that: refs/heads/tfops/{env}"
        yield document.complaint(("ledger", "ref"), "a ledger's ref must end with /{env}", hint)
