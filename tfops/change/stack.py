"""From an environment's content to engines that stand in the rendered roots of its stacks."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from typing import Protocol

from tfops.change.account import require_account
from tfops.change.encryption import inherited_texts, require_encryption, wanted_keys
from tfops.change.home import require_known_engine
from tfops.change.input_places import InputPlaces
from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.change.provider_locks import locks_of_what_ran
from tfops.change.run import Run
from tfops.change.secrets import SecretSource, reviewed_rules
from tfops.change.tofu_only import require_tofu_where_needed
from tfops.change.ui import Ui
from tfops.config.document import Document
from tfops.config.environment import EnvironmentConfig, StackConfig, read_provider_lock, stack_document
from tfops.config.modules.interface import (
    Interfaces,
    const_inputs,
    lasting_outputs,
    public_stack_outputs,
    require_inner_sources,
)
from tfops.config.modules.module import Variable
from tfops.config.modules.protection import Protected, protected_addresses
from tfops.config.modules.terraform_type import type_at
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.values import Secret, StackOutput
from tfops.dataclass import dataclass
from tfops.engine.environment import engine_environment, missing_cli_config
from tfops.engine.locate import Engine, find_engine
from tfops.engine.mask import Masker
from tfops.engine.rootfiles import steers_engine
from tfops.engine.runner import Runner
from tfops.engine.stack import StackEngine
from tfops.errors import Refused
from tfops.records.addresses import code_of, qualified
from tfops.records.card import AwsCaller
from tfops.records.engine_events import Diagnostic, Event
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import LOCK_FILE, RenderedRoot
from tfops.render.root import RootSpec, SecretUse, render_root, secret_uses
from tfops.render.supply import SUPPLY_FILE, Supply, supply_file
from tfops.system import environ
from tfops.system.export import export_id, lay_out_modules
from tfops.system.trees import GitTree
from tfops.system.workspace import lay_out, part_of_run, write_file

# What `init` leaves in a root; of the committed lock it gets the part that the root needs.
_OF_INIT = (".terraform", LOCK_FILE)


@dataclass(frozen=True, slots=True)
class Content:
    """What an environment's roots are made of: rules, the developer's files, modules, the provider lock.

    `overrides` are files laid over the exported modules, path below `modules/` to text. `commit` is set where
    it isn't the one that a change is aimed at. `base` is whose files the environment's own are laid over.
    """

    rules: ProjectConfig
    environment: EnvironmentConfig
    tree: GitTree
    lock: str | None
    overrides: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    base: EnvName | None = None

    @classmethod
    def of(
        cls, tree: GitTree, rules: ProjectConfig, environment: EnvironmentConfig, *, rehearses: EnvName | None = None
    ) -> "Content":
        """All of it from one tree; in a drill the provider lock is that of the environment that it `rehearses`."""
        base = rehearses or rules.base_of(environment.name)
        return cls(rules, environment, tree, read_provider_lock(tree, base or environment.name), base=base)

    def document(self, stack: StackName) -> Document:
        """A stack's file as it was read, with the place of every value."""
        return stack_document(self.tree, self.environment.name, stack, self.base)


class Hide(Protocol):
    """Masks texts from now on; those that nobody declared as secrets, in what is shown alone."""

    def __call__(self, texts: Iterable[str], *, is_declared: bool = True) -> None: ...


@dataclass(frozen=True, slots=True)
class OpenStack:
    """A stack that is rendered on disk, with its engine and what must be masked in the whole environment."""

    name: StackName
    content: Content
    engine: StackEngine
    rendered: RenderedRoot
    modules: Interfaces
    mask: Masker
    secrets: SecretSource
    hide: "Hide"
    keep: Callable[[Iterable[str]], None]
    shown: Masker
    named: Mapping[str, str] = field(default_factory=dict, repr=False)
    ephemeral: Mapping[str, Secret] = field(default_factory=dict)
    caller: AwsCaller | None = None

    @property
    def config(self) -> StackConfig:
        return self.content.environment.stacks[self.name]

    def protections(self) -> Protected:
        """What its modules flag, those from elsewhere too: known when `init` has put them there."""
        folders = {module.path: module.folder for module in self.engine.modules()}
        inputs = {name: module.inputs for name, module in self.config.modules.items()}
        return protected_addresses(folders, is_tofu=self.engine.engine.is_tofu, inputs=inputs)

    def hide_found(self, texts: Iterable[str], addresses: Iterable[str]) -> None:
        """Mask what a state or a plan marks as sensitive, but for words that the configuration itself shows.

        What `addresses` are made of is code: it is shown whatever secrets look like.
        """
        addresses = tuple(addresses)
        self.keep(part for address in addresses for part in code_of(address))
        self.hide(set(texts) - self.words(addresses), is_declared=False)

    def words(self, addresses: Iterable[str]) -> frozenset[str]:
        """What everybody may read: names, sources and inputs of the files, types and names of resources."""
        environment, modules = self.content.environment, self.config.modules
        names = {self.content.rules.project, environment.name, *environment.stacks, *modules}
        names |= {name for module in modules.values() for name in (module.source.text, *module.inputs)}
        names |= {part for address in addresses for part in code_of(address)}
        return frozenset(names | {word for name in names for word in re.split(r"[^A-Za-z0-9]+|_", name)})

    def lay_out(
        self, unknown: frozenset[StackOutput] = frozenset(), public: frozenset[StackOutput] = frozenset()
    ) -> None:
        """Write the rendered root; with `unknown`, the one that can only be planned. `public` may be shown as well."""
        files = self.rendered.files
        if unknown:
            files = render_stack(self.content, self.name, self.modules, unknown, public).files
        files = {name: text for name, text in files.items() if name not in _OF_INIT}
        lay_out(self.engine.root, files, removes=lambda name: steers_engine(name) and name not in _OF_INIT)

    def supply(self, given: Mapping[str, Supply], missing: Iterable[str] = ()) -> None:
        """Give the engine what other stacks have for this one's variables; null for those that are `missing`."""
        if given:
            write_file(self.engine.root / SUPPLY_FILE, supply_file(given))
        else:
            (self.engine.root / SUPPLY_FILE).unlink(missing_ok=True)
        texts = {name: supply.text for name, supply in given.items()}
        self.engine.set_variables({**texts, **dict.fromkeys(missing, "null")})


def render_stack(
    content: Content,
    stack: StackName,
    interfaces: Interfaces,
    unknown: frozenset[StackOutput] = frozenset(),
    public: frozenset[StackOutput] = frozenset(),
) -> RenderedRoot:
    """The rendered root of a stack. `interfaces` are those of the content's modules; `public` are outputs that may be
    shown besides those that the content says it of."""
    spec = RootSpec(
        project=content.rules,
        environment=content.environment,
        stack=stack,
        provider_lock=content.lock,
        public=public_stack_outputs(interfaces, content.environment) | public,
        unknown=unknown,
        ephemeral=frozenset(ephemeral_secrets(content.environment.stacks[stack], interfaces)),
        decoded=decoded_secrets(content.environment.stacks[stack], interfaces),
        const=const_inputs(interfaces, content.environment.stacks[stack].modules),
        lasting=lasting_outputs(interfaces, content.environment.stacks[stack].modules),
    )
    return render_root(spec)


def locate(project: Project, rules: ProjectConfig, requested: str, *, prefer: str = "") -> Engine:
    """The engine for a project; its version is asked once per program. `prefer` is the product that ran last."""
    wanted = requested or environ.variable("TFOPS_ENGINE")
    if not wanted:
        require_known_engine(project, rules)
    return find_engine(rules.engine, wanted, project.workspace.engine_cache, top=project.repository.root, prefer=prefer)


def open_stack(run: Run, content: Content, name: StackName = MAIN_STACK, *, prefer: str = "") -> OpenStack:
    """Render, write, and stand ready. Raises before any engine runs when something is missing.

    `prefer` is the engine's product that the environment ran with last.
    """
    rules, environment, project = content.rules, content.environment, run.project
    config = require_stack(environment, name)
    engine = locate(project, rules, run.request.engine, prefer=prefer)
    require_encryption(engine, rules)
    require_tofu_where_needed(engine, content.tree, config, lambda: content.document(name))
    modules = interfaces_of(project, content.tree, content.overrides, is_tofu=engine.is_tofu)
    wanted = {name: use.secret for name, use in secret_uses(config).items()} | wanted_keys(rules)
    reviewed = reviewed_rules(run.facts, rules) if wanted else None
    secrets = SecretSource(rules, environment.name, content.tree, reviewed, decoded_secrets(config, modules))
    values = secrets.read(wanted)
    hide, keep = _hider(run), _keeper(run)
    hide((*secrets.texts_in(values), *inherited_texts()))
    if missing_cli_config():
        run.ui.warn(f"TF_CLI_CONFIG_FILE names a file that is not there ({missing_cli_config()}): ignored")
    _refuse_log_variables()
    caller = require_account(rules, environment.name)
    rendered = render_stack(content, name, modules)
    require_inner_sources(modules, local_sources(config))
    _warn_of_open_inputs(config, modules, run.ui)
    opened = OpenStack(
        name,
        content,
        StackEngine(
            engine,
            _runner(run, content, name, values),
            flags=run.request.flags,
            lock=content.lock,
            lent=lambda: locks_of_what_ran(run.facts, name),
            modules=export_id(content.tree, content.overrides),
        ),
        rendered,
        modules,
        run.mask,
        secrets,
        hide,
        keep,
        run.shown,
        {use.secret.text: values[name] for name, use in secret_uses(config).items()},
        ephemeral_secrets(config, modules),
        caller,
    )
    opened.lay_out()
    lay_out_modules(
        content.tree,
        opened.engine.root,
        content.overrides,
        rendered=rendered.digest,
        keeps=lambda name: not steers_engine(name),
    )
    return opened


def _hider(run: Run) -> Hide:
    def hide(texts: Iterable[str], *, is_declared: bool = True) -> None:
        known = tuple(texts)
        if is_declared:
            run.mask.add(known)
        run.shown.add(known)
        run.ui.hide(known)

    return hide


def _keeper(run: Run) -> Callable[[Iterable[str]], None]:
    def keep(texts: Iterable[str]) -> None:
        kept = tuple(texts)
        for one in (run.mask, run.shown, run.ui):
            one.keep(kept)

    return keep


def _runner(run: Run, content: Content, name: StackName, secrets: Mapping[str, str]) -> Runner:
    """What starts the engine in the stack's root, with a part of the run's folder for what it writes."""
    workspace, env = run.project.workspace, content.environment.name
    root, part = workspace.root(env, name), part_of_run(run.folder, name)
    workspace.state(env)
    variables = engine_environment(
        more=content.rules.engine.env, secrets=dict(secrets), plugin_cache=workspace.plugin_cache
    )
    part.mkdir(exist_ok=True, mode=0o700)
    places = InputPlaces(root, lambda: content.document(name), content.commit)
    return Runner(root, part, variables, run.shown, _observer(name, run.ui), run.ui.engine_signal, places)


def require_stack(environment: EnvironmentConfig, name: StackName) -> StackConfig:
    """Raises Refused (guard `several-stacks`) where one stack has to be named, and none or a wrong one is."""
    if name not in environment.stacks:
        raise Refused(
            "several-stacks",
            f"{environment.name} has no stack {name}: its stacks are {', '.join(environment.stacks)}",
            hint="name one with --stack, where the command takes it",
        )
    return environment.stacks[name]


def _observer(stack: StackName, ui: Ui) -> Callable[[Event], None]:
    """What the engine says, with addresses as they are told apart in the whole environment."""
    if stack == MAIN_STACK:
        return ui.engine_event

    def observe(event: Event) -> None:
        address = qualified(stack, event.address)
        ui.engine_event(replace(event, address=address or str(stack) if isinstance(event, Diagnostic) else address))

    return observe


def local_sources(stack: StackConfig) -> list[str]:
    """The folders below `modules/` that a stack uses."""
    return [module.source.path for module in stack.modules.values() if isinstance(module.source, LocalSource)]


def ephemeral_secrets(stack: StackConfig, interfaces: Interfaces) -> dict[str, Secret]:
    """By variable: the secrets for inputs that a module in `modules/` declares ephemeral."""
    found = {name: (use, _variable(use, stack, interfaces)) for name, use in secret_uses(stack).items()}
    return {name: use.secret for name, (use, variable) in found.items() if variable and variable.ephemeral}


def decoded_secrets(stack: StackConfig, interfaces: Interfaces) -> frozenset[str]:
    """The variables of secrets that hold JSON: a module of `modules/` takes a list, a map or an object there."""
    found = ((name, use, _variable(use, stack, interfaces)) for name, use in secret_uses(stack).items())
    return frozenset(
        name for name, use, variable in found if variable and type_at(variable.type, use.inside).is_compound
    )


def _variable(use: SecretUse, stack: StackConfig, interfaces: Interfaces) -> Variable | None:
    """The module's variable that a secret is for; None for modules from elsewhere."""
    source = stack.modules[use.module].source
    interface = interfaces.local(source.path) if isinstance(source, LocalSource) else None
    return interface.variables.get(use.input) if interface else None


def _warn_of_open_inputs(stack: StackConfig, interfaces: Interfaces, ui: Ui) -> None:
    """A module may show what its variable doesn't hide."""
    for use in dict.fromkeys(replace(use, inside=()) for use in secret_uses(stack).values()):
        variable = _variable(use, stack, interfaces)
        if variable and not (variable.sensitive or variable.ephemeral):
            ui.warn(
                f"{use.secret.text} goes into `{use.input}` of module {use.module}, "
                "which is neither sensitive nor ephemeral: declare it `sensitive = true`"
            )


def renew_ephemeral(stack: OpenStack) -> None:
    """Look the ephemeral secrets up again, for the apply: since the plan a token may have expired."""
    if stack.ephemeral:
        values = stack.secrets.read(stack.ephemeral)
        stack.hide(stack.secrets.texts_in(values))
        stack.engine.set_variables(values)


def _refuse_log_variables() -> None:
    """TF_LOG writes secrets in clear. tfops drops it; who set it should know that it has no effect."""
    if environ.variable("TF_LOG"):
        raise Refused("engine-log", "TF_LOG is set: the engine's log would hold secrets in clear", hint="unset TF_LOG")
