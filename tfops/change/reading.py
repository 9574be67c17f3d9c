"""Reading many environments: those that are known to be right are not read again, many others are read in parallel."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Generic, TypeVar

from tfops.change.modules import input_check, interfaces_of
from tfops.change.project import Project
from tfops.config.environment import EnvironmentConfig, listed_environments, load_environment, read_environment
from tfops.config.modules.module import is_tofu_file
from tfops.config.project import ProjectConfig, SecretRules
from tfops.config.rules import remembered_rules
from tfops.config.source import LocalSource, RootSource
from tfops.config.validation_cache import TracedTree, ValidationCache
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, ProjectError
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName
from tfops.system.parallel import in_processes
from tfops.system.trees import GitTree

# Another process pays from here on: it takes about half a second to get ready.
_MANY = 40


@dataclass(frozen=True, slots=True)
class Read:
    """One environment that was read: `asked` are the files that were read, none when downloads count too; `off` is
    what they switch off, each with its place."""

    env: EnvName
    sources: tuple[str, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()
    asked: dict[str, str] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()
    off: tuple[str, ...] = ()


def load_checked(
    project: Project, tree: GitTree, rules: ProjectConfig, env: EnvName, memory: ValidationCache | None = None
) -> EnvironmentConfig:
    """`load_environment`, held against the modules, unless just this content was found right before.

    Who asks for many environments brings the `memory` along.
    """
    memory = memory or ValidationCache(project.workspace.verdicts)
    if memory.sources(tree, env) is not None:
        return load_environment(tree, rules, env)
    watched = TracedTree(tree)
    found = load_environment(watched, rules, env, input_check(project, tree, env))
    if _rests_on_files(tree, found):
        sources = [source.text for source in found.sources]
        memory.remember(env, watched.asked, sources, [one.text for one in found.off])
        memory.save()
    return found


def _rests_on_files(tree: GitTree, environment: EnvironmentConfig) -> bool:
    """Whether nothing but the tree says that it is right: a downloaded module may be another one tomorrow, and which
    files of a module count is the engine's choice where some are OpenTofu's own."""
    return all(
        isinstance(source, LocalSource)
        and not isinstance(source, RootSource)
        and not any(map(is_tofu_file, tree.names(f"{tree.folders.modules}/{source.path}")))
        for source in environment.sources
    )


def read_all(project: Project, tree: GitTree, wanted: Sequence[EnvName]) -> list[Read]:
    """Every wanted environment, in that order."""
    memory = ValidationCache(project.workspace.verdicts)
    known = {env: sources for env in wanted if (sources := memory.sources(tree, env)) is not None}
    unknown = [env for env in wanted if env not in known]
    found = {read.env: read for read in _read_unknown(project, tree, unknown)}
    for read in found.values():
        if read.asked and not read.complaints:
            memory.remember(read.env, read.asked, list(read.sources), read.off)
    memory.save()
    return [found.get(env) or Read(env, tuple(known[env]), off=memory.off(env)) for env in wanted]


def _read_unknown(project: Project, tree: GitTree, unknown: Sequence[EnvName]) -> list[Read]:
    if len(unknown) < _MANY:
        return read_some(project, tree, unknown)
    interfaces = interfaces_of(project, tree)
    for name in interfaces.names():
        interfaces.local(name)  # parsed and remembered once, not by every process
    return in_processes(_InOtherProcess(project.repository.root, project.engine, tree.tree_id, read_some), unknown)


def read_configs(project: Project, tree: GitTree, wanted: Sequence[EnvName]) -> list[EnvironmentConfig]:
    """Environments that are known to be right, in any order."""
    if len(wanted) < _MANY:
        return _configs(project, tree, wanted)
    return in_processes(_InOtherProcess(project.repository.root, project.engine, tree.tree_id, _configs), wanted)


def _configs(project: Project, tree: GitTree, wanted: Sequence[EnvName]) -> list[EnvironmentConfig]:
    _, bases = _rules_of(project, tree)
    return [read_environment(tree, env, base=bases.get(env)) for env in wanted]


_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class _InOtherProcess(Generic[_Found]):
    """What another process needs to read environments, and how it reads them."""

    root: Path
    engine: str
    tree_id: str
    read: Callable[[Project, GitTree, Sequence[EnvName]], list[_Found]]

    def __call__(self, wanted: Sequence[EnvName]) -> list[_Found]:
        project = Project.open(self.root, self.engine)
        return self.read(project, GitTree(project.repository, self.tree_id), wanted)


def read_some(project: Project, tree: GitTree, wanted: Sequence[EnvName]) -> list[Read]:
    """Read in this process, one after the other."""
    if not wanted:
        return []
    check, (secrets, bases) = input_check(project, tree), _rules_of(project, tree)
    found: list[Read] = []
    for env in wanted:
        watched = TracedTree(tree)
        try:
            read = read_environment(watched, env, check, base=bases.get(env), secrets=secrets)
        except ConfigError as error:
            found.append(Read(env, complaints=error.complaints))
            continue
        sources = tuple(sorted(source.text for source in read.sources))
        off = tuple(one.text for one in read.off)
        found.append(Read(env, sources, asked=watched.asked if _rests_on_files(tree, read) else {}, off=off))
    unseen = {env: [(name, source) for seen, name, source in check.unseen if seen == env] for env in wanted}
    return [replace(one, unseen=tuple(unseen[one.env])) for one in found]


def _rules_of(project: Project, tree: GitTree) -> tuple[SecretRules | None, Mapping[EnvName, EnvName | None]]:
    """Those of secrets, and each environment with the one that it rehearses. Where tfops.yaml is wrong, others say so:
    then it is read for the second alone."""
    try:
        rules = remembered_rules(tree, project.workspace.rules)
    except (ConfigError, ProjectError):
        return None, listed_environments(tree)
    return rules.secrets, {env: rule.rehearses for env, rule in rules.environments.items()}
