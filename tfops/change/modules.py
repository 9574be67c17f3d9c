"""The modules of a commit as a project sees them, and which engine decides what counts of their files.

A module of its own: what only looks at versions and events never opens a module.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tfops.change.project import Project
from tfops.config.constraint import Constraint
from tfops.config.inputs import InputCheck
from tfops.config.modules.flow import Needs
from tfops.config.modules.interface import Interfaces
from tfops.config.modules.module import Interface
from tfops.config.project import EngineChoice
from tfops.config.rules import remembered_rules
from tfops.config.source import LocalSource, RemoteSource, RootSource
from tfops.engine.locate import find_engine
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.ledger.versions import read_card, versions_of
from tfops.records.names import EnvName, StackName
from tfops.system import environ
from tfops.system.export import export_modules
from tfops.system.trees import GitTree


def interfaces_of(
    project: Project,
    tree: GitTree,
    overrides: Mapping[str, str] | None = None,
    *,
    env: EnvName | None = None,
    is_tofu: bool | None = None,
) -> Interfaces:
    """What the modules of a commit take and give. Exports them, because links count as the engine sees them.

    `is_tofu` where the engine is known; else it is asked for, as of `env`, when there are files of OpenTofu's own.
    """
    workspace = project.workspace
    exported = export_modules(tree, workspace.sources, overrides or {})
    return Interfaces(
        exported, workspace.interfaces, lambda: runs_tofu(project, tree, env) if is_tofu is None else is_tofu
    )


def own_interfaces(project: Project, tree: GitTree, root: RootSource, *, env: EnvName | None = None) -> Interfaces:
    """The same for what a root can reach that somebody wrote by hand."""
    from tfops.config.modules.reach import reached  # noqa: PLC0415 - most environments have none
    from tfops.system.root_tree import RootTree  # noqa: PLC0415

    own = tree if isinstance(tree, RootTree) else RootTree(tree, reached(tree, root.path))
    return interfaces_of(project, own, env=env)


def runs_tofu(project: Project, tree: GitTree, env: EnvName | None = None) -> bool:
    """Whether OpenTofu is the engine that `--engine`, TFOPS_ENGINE, tfops.yaml, and PATH lead to; not where there
    is none. Where nobody chose, what `env` ran with last comes first.

    A tree may be a stranger's: a program that only its tfops.yaml names by a path isn't run to be asked.
    """
    try:
        choice = replace(remembered_rules(tree, project.workspace.rules).engine, version=Constraint())
    except (ConfigError, ProjectError):
        choice = EngineChoice()
    requested = project.engine or environ.variable("TFOPS_ENGINE")
    if not requested and "/" in choice.use:
        return "tofu" in Path(choice.use).name
    try:
        prefer = _product_of(project, env) if env else ""
        return find_engine(choice, requested, project.workspace.engine_cache, prefer=prefer).is_tofu
    except ProjectError:
        return False


def _product_of(project: Project, env: EnvName) -> str:
    """The engine's product that the running version was applied with; empty where there is none."""
    try:
        latest = versions_of(project.repository, env).latest
        return read_card(project.repository, latest).engine.name if latest else ""
    except Refused:
        return ""


def input_check(project: Project, tree: GitTree, env: EnvName | None = None) -> InputCheck:
    """Holds inputs against the variables of a commit's modules, and of those that `init` put into the roots."""
    interfaces, roots = interfaces_of(project, tree, env=env), project.workspace.top / "roots"

    def find(env: EnvName, stack: StackName, name: str, source: LocalSource | RemoteSource) -> Interface | None:
        if isinstance(source, RootSource):
            return own_interfaces(project, tree, source, env=env).local(source.path)
        return interfaces.of(name, source, roots / env / stack)

    def needs(env: EnvName, stack: StackName, name: str, source: LocalSource | RemoteSource) -> Needs:
        return interfaces.needs(name, source, roots / env / stack)

    return InputCheck(find, needs)
