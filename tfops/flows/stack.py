"""From a target to an engine that stands in its rendered root."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfops.config.environment import EnvironmentConfig, StackConfig
from tfops.config.modules.interface import Interfaces, lasting_outputs, require_inner_sources
from tfops.config.modules.module import Variable
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.values import Secret
from tfops.engine.environment import engine_environment, missing_cli_config
from tfops.engine.locate import Engine, find_engine
from tfops.engine.mask import Masker
from tfops.engine.runner import Runner
from tfops.engine.stack import ERRORED_STATE, StackEngine
from tfops.errors import Refused
from tfops.flows.account import require_account
from tfops.flows.project import Project
from tfops.flows.secrets import SecretSource
from tfops.flows.ui import Ui
from tfops.model import LOCK_FILE, MAIN_STACK, RenderedRoot, StackName
from tfops.render.root import RootSpec, SecretUse, render_root, secret_uses
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
    secrets: SecretSource
    hide: Callable[[Iterable[str]], None]
    ephemeral: Mapping[str, Secret] = field(default_factory=dict)
    caller: Caller | None = None


def render_stack(content: Content, stack: StackName, interfaces: Interfaces) -> RenderedRoot:
    """The rendered root of a stack. `interfaces` are those of the content's modules."""
    spec = RootSpec(
        project=content.rules,
        environment=content.environment,
        stack=stack,
        modules_tree=export_id(content.tree, content.overrides),
        provider_lock=content.lock,
        ephemeral=frozenset(ephemeral_secrets(content.environment.stacks[stack], interfaces)),
        lasting=lasting_outputs(interfaces, content.environment.stacks[stack].modules),
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
    secrets = SecretSource(rules, environment.name, content.tree)
    values = secrets.read({name: use.secret for name, use in secret_uses(environment).items()})
    mask = Masker()

    def hide(texts: Iterable[str]) -> None:
        mask.add(texts)
        ui.hide(texts)

    hide(values.values())
    if missing_cli_config():
        ui.warn(f"TF_CLI_CONFIG_FILE names a file that is not there ({missing_cli_config()}): ignored")
    _refuse_log_variables()
    caller = require_account(rules, environment.name)
    modules = project.interfaces(content.tree, content.overrides)
    rendered = render_stack(content, MAIN_STACK, modules)
    require_inner_sources(modules, local_sources(environment))
    _warn_of_open_inputs(environment, modules, ui)
    root = project.workspace.root(environment.name, MAIN_STACK)
    project.workspace.state(environment.name)
    lay_out(root, rendered.files, keep=frozenset({".terraform", LOCK_FILE, ERRORED_STATE}))
    env = engine_environment(more=rules.engine.env, secrets=values, plugin_cache=project.workspace.plugin_cache)
    runner = Runner(root, folder, env, mask, ui.engine_event, ui.engine_signal)
    return OpenStack(
        StackEngine(engine, runner, lock_timeout_s=options.lock_timeout_s, has_committed_lock=content.lock is not None),
        rendered,
        modules,
        mask,
        secrets,
        hide,
        ephemeral_secrets(environment, modules),
        caller,
    )


def local_sources(environment: EnvironmentConfig) -> list[str]:
    """The folders below `modules/` that an environment uses."""
    return [module.source.path for module in environment.modules.values() if isinstance(module.source, LocalSource)]


def ephemeral_secrets(stack: EnvironmentConfig | StackConfig, interfaces: Interfaces) -> dict[str, Secret]:
    """By variable: the secrets for inputs that a module in `modules/` declares ephemeral."""
    found = {name: (use, _variable(use, stack, interfaces)) for name, use in secret_uses(stack).items()}
    return {name: use.secret for name, (use, variable) in found.items() if variable and variable.ephemeral}


def _variable(use: SecretUse, stack: EnvironmentConfig | StackConfig, interfaces: Interfaces) -> Variable | None:
    """The module's variable that a secret is for; None for modules from elsewhere."""
    source = stack.modules[use.module].source
    interface = interfaces.local(source.path) if isinstance(source, LocalSource) else None
    return interface.variables.get(use.input) if interface else None


def _warn_of_open_inputs(environment: EnvironmentConfig, interfaces: Interfaces, ui: Ui) -> None:
    """A module may show what its variable doesn't hide."""
    for use in dict.fromkeys(secret_uses(environment).values()):
        variable = _variable(use, environment, interfaces)
        if variable and not (variable.sensitive or variable.ephemeral):
            ui.warn(
                f"{use.secret.text} goes into `{use.input}` of module {use.module}, "
                "which is neither sensitive nor ephemeral: declare it `sensitive = true`"
            )


def renew_ephemeral(stack: OpenStack) -> None:
    """Look the ephemeral secrets up again, for the apply: since the plan a token may have expired."""
    if stack.ephemeral:
        values = stack.secrets.read(stack.ephemeral)
        stack.hide(values.values())
        stack.engine.set_variables(values)


def _refuse_log_variables() -> None:
    """TF_LOG writes secrets in clear. tfops drops it; who set it should know that it has no effect."""
    if environ.variable("TF_LOG"):
        raise Refused("engine-log", "TF_LOG is set: the engine's log would hold secrets in clear", hint="unset TF_LOG")
