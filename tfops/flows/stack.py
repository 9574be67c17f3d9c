"""From a target to an engine that stands in its rendered root."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfops.config.environment import EnvironmentConfig
from tfops.config.interface import Interfaces, require_inner_sources
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.engine.environment import engine_environment, missing_cli_config
from tfops.engine.locate import Engine, find_engine
from tfops.engine.mask import Masker
from tfops.engine.runner import Runner
from tfops.engine.stack import ERRORED_STATE, StackEngine
from tfops.errors import Refused
from tfops.flows.account import require_account
from tfops.flows.project import Project
from tfops.flows.ui import Ui
from tfops.model import LOCK_FILE, MAIN_STACK, RenderedRoot, StackName
from tfops.render.root import RootSpec, render_root, secret_variables
from tfops.system import environ
from tfops.system.aws import Caller
from tfops.system.export import export_id
from tfops.system.trees import GitTree
from tfops.system.workspace import lay_out


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to run the engine: which one was asked for, and how long to wait for the state's lock."""

    engine: str = ""
    lock_timeout_s: int = 20


@dataclass(frozen=True, slots=True)
class Content:
    """What a stack's root is made of: rules, the developer's file, modules, the provider lock.

    `overrides` are files laid over the exported modules, path below `modules/` to text.
    """

    rules: ProjectConfig
    environment: EnvironmentConfig
    tree: GitTree
    lock: str | None
    overrides: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenStack:
    """A stack that is rendered on disk, with its engine and what must be masked."""

    engine: StackEngine
    rendered: RenderedRoot
    modules: Interfaces
    mask: Masker
    caller: Caller | None = None


def render_stack(content: Content, stack: StackName = MAIN_STACK) -> RenderedRoot:
    """The rendered root of a stack. Pure but for reading the tree."""
    spec = RootSpec(
        project=content.rules,
        environment=content.environment,
        stack=stack,
        modules_tree=export_id(content.tree, content.overrides),
        provider_lock=content.lock,
    )
    return render_root(spec)


def locate(project: Project, rules: ProjectConfig, requested: str) -> Engine:
    """The engine for a project; its version is asked once per program."""
    wanted = requested or environ.variable("TFOPS_ENGINE")
    return find_engine(rules.engine, wanted, project.workspace.engine_cache)


def open_stack(project: Project, content: Content, *, folder: Path, options: EngineOptions, ui: Ui) -> OpenStack:
    """Render, write, and stand ready. Raises before any engine runs when something is missing."""
    rules, environment = content.rules, content.environment
    engine = locate(project, rules, options.engine)
    secrets = resolve_secrets(environment)
    if missing_cli_config():
        ui.warn(f"TF_CLI_CONFIG_FILE names a file that is not there ({missing_cli_config()}): ignored")
    _refuse_log_variables()
    caller = require_account(rules, environment.name)
    rendered = render_stack(content)
    modules = project.interfaces(content.tree, content.overrides)
    require_inner_sources(modules, local_sources(environment))
    root = project.workspace.root(environment.name, MAIN_STACK)
    project.workspace.state(environment.name)
    lay_out(root, rendered.files, keep=frozenset({".terraform", LOCK_FILE, ERRORED_STATE}))
    mask = Masker(secrets.values())
    env = engine_environment(more=rules.engine.env, secrets=secrets, plugin_cache=project.workspace.plugin_cache)
    runner = Runner(root, folder, env, mask, ui.engine_event, ui.engine_signal)
    return OpenStack(
        StackEngine(engine, runner, lock_timeout_s=options.lock_timeout_s, has_committed_lock=content.lock is not None),
        rendered,
        modules,
        mask,
        caller,
    )


def local_sources(environment: EnvironmentConfig) -> list[str]:
    """The folders below `modules/` that an environment uses."""
    return [module.source.path for module in environment.modules.values() if isinstance(module.source, LocalSource)]


def resolve_secrets(environment: EnvironmentConfig) -> Mapping[str, str]:
    """Variable name to value, in memory only. Raises Refused (guard `secret`) naming all that are missing."""
    wanted = secret_variables(environment)
    missing = sorted({secret.name for secret in wanted.values() if not environ.is_set(secret.name)})
    if missing:
        raise Refused(
            "secret",
            f"{environment.name} needs secrets that are not set: {', '.join(missing)}",
            hint=f"set them in the environment: export {missing[0]}=…",
        )
    return {variable: environ.variable(secret.name) for variable, secret in wanted.items()}


def _refuse_log_variables() -> None:
    """TF_LOG writes secrets in clear. tfops drops it; who set it should know that it has no effect."""
    if environ.variable("TF_LOG"):
        raise Refused("engine-log", "TF_LOG is set: the engine's log would hold secrets in clear", hint="unset TF_LOG")
