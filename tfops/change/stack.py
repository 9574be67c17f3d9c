"""From an environment's content to engines that stand in the rendered roots of its stacks."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tfops.change.content import Content, decoded_secrets, ephemeral_secrets, local_sources, open_inputs, render_stack
from tfops.change.encryption import inherited_texts, require_encryption, wanted_keys
from tfops.change.home import require_known_engine
from tfops.change.input_places import InputPlaces, OwnPlaces
from tfops.change.kept_aliases import with_kept_aliases
from tfops.change.modules import interfaces_of
from tfops.change.own_reach import engine_folder
from tfops.change.project import Project
from tfops.change.provider_locks import locks_of_what_ran
from tfops.change.run import Run
from tfops.change.run_values import asked_values
from tfops.change.secrets import SecretSource, reviewed_rules
from tfops.change.snapshot import Snapshot
from tfops.change.tofu_only import require_tofu_where_needed
from tfops.change.ui import Ui
from tfops.config.environment import EnvironmentConfig, StackConfig
from tfops.config.modules.interface import (
    Interfaces,
    exported_folders,
    require_inner_sources,
)
from tfops.config.modules.moves import declared_moves
from tfops.config.modules.protection import Protected, known_inputs, protected_addresses
from tfops.config.modules.requirements import import_requirements
from tfops.config.own_roots import RootConfig
from tfops.config.project import ProjectConfig
from tfops.config.values import Secret, StackOutput
from tfops.dataclass import dataclass
from tfops.engine.environment import WORKSPACE, engine_environment, missing_cli_config
from tfops.engine.locate import Engine, find_engine
from tfops.engine.mask import Masker
from tfops.engine.rootfiles import steers_engine
from tfops.engine.runner import Retry, Runner
from tfops.engine.stack import ERRORED_STATE, StackEngine
from tfops.errors import Refused
from tfops.records.addresses import code_of, qualified
from tfops.records.card import AwsCaller
from tfops.records.engine_events import Diagnostic, Event
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.rendered import IMPORT_REQUIREMENTS_FILE, LOCK_FILE, RenderedRoot, RootLayout
from tfops.render.providers import provider_secrets
from tfops.render.root import digest_of, secret_uses, stack_variables
from tfops.render.supply import SUPPLY_FILE, Supply, supply_file
from tfops.system import environ
from tfops.system.export import OwnFolder, export_id, lay_out_modules, lay_out_repository
from tfops.system.workspace import lay_out, part_of_run, write_file

if TYPE_CHECKING:
    from tfops.change.own_root import OwnVariables

# What `init` leaves in a root; of the committed lock it gets the part that the root needs.
_OF_INIT = (".terraform", LOCK_FILE)


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
    keeps_aws: bool = False
    own: "OwnVariables | None" = None
    kept: Mapping[str, str] = field(default_factory=dict)
    laid: Content | None = None

    @property
    def config(self) -> StackConfig:
        return self.content.environment.stacks[self.name]

    def protections(self) -> Protected:
        """What its modules flag, those from elsewhere too: known when `init` has put them there."""
        return protected_addresses(self.folders, is_tofu=self.engine.engine.is_tofu, inputs=known_inputs(self.config))

    @property
    def folders(self) -> dict[str, Path]:
        """Where the files of each module are, by its path in dots; of a root of its own, by an empty one."""
        own = {"": self.engine.root} if self.config.root else {}
        return own | {module.path: module.folder for module in self.engine.modules()}

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

    def declared_moves(self) -> dict[str, str]:
        """New address to old one, as the modules' `moved` blocks and the environment's own say."""
        own = {one.to: one.source for one in self.config.moved}
        return own | declared_moves(self.folders, is_tofu=self.engine.engine.is_tofu)

    def lay_out(
        self, unknown: frozenset[StackOutput] = frozenset(), public: frozenset[StackOutput] = frozenset()
    ) -> None:
        """Write the rendered root; with `unknown`, the one that can only be planned. `public` may be shown as well.

        What is in the state and no longer in the modules is taken down by its provider, which has to be told where.
        """
        if self.config.root:
            self._lay_out_own(self.config.root)
            return
        files = self.rendered.files
        if unknown or self.keeps_aws or self.laid:
            content, kept = self.laid or self.content, self.keeps_aws
            files = render_stack(content, self.name, self.modules, unknown, public, keeps_aws=kept).files
        files = {name: text for name, text in files.items() if name not in _OF_INIT} | self._import_requirements()
        lay_out(self.engine.root, files, removes=lambda name: steers_engine(name) and name not in _OF_INIT)

    def _import_requirements(self) -> dict[str, str]:
        """What OpenTofu must be told before `init`; of modules from elsewhere nothing is known by then."""
        addresses = [one.to for one in self.config.imports]
        if not (addresses and self.engine.engine.is_tofu):
            return {}
        text = import_requirements(addresses, exported_folders(self.modules, self.config.modules))
        return {IMPORT_REQUIREMENTS_FILE: text} if text else {}

    def _lay_out_own(self, root: RootConfig) -> None:
        from tfops.change.own_root import require_free_names  # noqa: PLC0415 - most environments have no such root
        from tfops.render.own_root import laid_files  # noqa: PLC0415

        files = laid_files(self.rendered, root) | dict(self.kept)
        require_free_names(self.content.tree, root, files)
        lay_out_repository(
            self.content.tree,
            self.top,
            OwnFolder(root.path, frozenset((*files, *_OF_INIT, ERRORED_STATE)), lambda name: not steers_engine(name)),
            self.content.overrides,
            rendered=self.rendered.digest,
        )
        for name, text in files.items():
            write_file(self.engine.root / name, text)

    @property
    def top(self) -> Path:
        """The stack's own folder."""
        steps = _depth(self.config.root.path) + 1 if self.config.root else 0
        return self.engine.root if not steps else self.engine.root.parents[steps - 1]

    def give_secrets(self, values: Mapping[str, str]) -> None:
        """Give the engine's next processes other values of secrets, by the names that `secret_uses` has."""
        if self.own is None:
            self.engine.set_variables(values)
            return
        self.own.secrets.update(values)
        self.engine.set_variables(self.own.texts())

    def supply(self, given: Mapping[str, Supply], missing: Iterable[str] = ()) -> None:
        """Give the engine what other stacks have for this one's variables; null for those that are `missing`."""
        if self.own is not None:
            self._supply_own(self.own, given, missing)
            return
        if given:
            write_file(self.engine.root / SUPPLY_FILE, supply_file(given))
        else:
            (self.engine.root / SUPPLY_FILE).unlink(missing_ok=True)
        texts = {name: supply.text for name, supply in given.items()}
        self.engine.set_variables({**texts, **dict.fromkeys(missing, "null")})

    def _supply_own(self, own: "OwnVariables", given: Mapping[str, Supply], missing: Iterable[str]) -> None:
        takes = stack_variables(self.content.environment, self.name)
        own.supplies.update({takes[name]: supply.value for name, supply in given.items()})
        own.supplies.update({takes[name]: None for name in missing})
        blocks = own.hidden(given, takes)
        if blocks:
            write_file(self.engine.root / SUPPLY_FILE, json.dumps(blocks, indent=2) + "\n")
        else:
            (self.engine.root / SUPPLY_FILE).unlink(missing_ok=True)
        self.engine.set_variables(own.texts())


def _depth(path: str) -> int:
    return 0 if path == "." else path.count("/") + 1


def locate(project: Project, rules: ProjectConfig, requested: str, *, prefer: str = "") -> Engine:
    """The engine for a project; its version is asked once per program. `prefer` is the product that ran last."""
    wanted = requested or environ.variable("TFOPS_ENGINE")
    if not wanted:
        require_known_engine(project, rules)
    return find_engine(rules.engine, wanted, project.workspace.engine_cache, top=project.repository.root, prefer=prefer)


def open_stack(
    run: Run, content: Content, name: StackName = MAIN_STACK, *, prefer: str = "", writes: bool = True
) -> OpenStack:
    """Render, write, and stand ready. Raises before any engine runs when something is missing.

    `prefer` is the engine's product that the environment ran with last. Without `writes` the root stays as whoever
    works in it has it.
    """
    rules, environment, project = content.rules, content.environment, run.project
    config = require_stack(environment, name)
    engine = locate(project, rules, run.request.engine, prefer=prefer)
    require_encryption(engine, rules)
    require_tofu_where_needed(engine, content.tree, config, lambda: content.document(name))
    modules = interfaces_of(project, content.tree, content.overrides, is_tofu=engine.is_tofu)
    laid = with_kept_aliases(run.facts, content, name)
    of_providers = provider_secrets(rules, environment.name, (laid or content).environment.stacks[name])
    wanted = {name: use.secret for name, use in secret_uses(config).items()} | wanted_keys(rules) | of_providers
    reviewed = reviewed_rules(run.facts, rules) if wanted else None
    secrets = SecretSource(rules, environment.name, content.tree, reviewed, decoded_secrets(config, modules))
    values = secrets.read(wanted)
    content, caller = asked_values(run, content, name)
    laid = laid and asked_values(run, laid, name)[0]
    own = _own_variables(content, name, modules, secrets.decoded) if config.root else None
    texts = values
    if own is not None:
        own.secrets.update({name: values[name] for name in secret_uses(config)})
        texts = {name: values[name] for name in wanted_keys(rules)} | own.texts()
    hide, keep = _hider(run), _keeper(run)
    hide((*secrets.texts_in(values), *inherited_texts()))
    if missing_cli_config():
        run.ui.warn(f"TF_CLI_CONFIG_FILE names a file that is not there ({missing_cli_config()}): ignored")
    _refuse_log_variables()
    rendered = render_stack(content, name, modules)
    kept = _kept_providers(run, content, name, engine) if config.root else {}
    require_inner_sources(modules, local_sources(config))
    for warning in open_inputs(config, modules):
        run.ui.warn(warning)
    opened = OpenStack(
        name,
        content,
        StackEngine(
            engine,
            _runner(run, content, name, texts),
            flags=run.request.flags.of_stack(name),
            lock=content.lock_of(name),
            lent=lambda: locks_of_what_ran(run.facts, name),
            layout=_layout(content, name, kept),
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
        _may_hold_aws(run.facts, name),
        own,
        kept,
        laid,
    )
    if not writes:
        return opened
    opened.lay_out()
    if config.root:
        return opened
    lay_out_modules(
        content.tree,
        opened.engine.root,
        content.overrides,
        rendered=rendered.digest,
        keeps=lambda name: not steers_engine(name),
    )
    return opened


def _kept_providers(run: Run, content: Content, name: StackName, engine: Engine) -> dict[str, str]:
    from tfops.change.own_providers import kept_providers  # noqa: PLC0415 - most environments have no such root

    return kept_providers(run.facts, content, name, is_tofu=engine.is_tofu)


def _layout(content: Content, name: StackName, kept: Mapping[str, str]) -> RootLayout:
    config = content.environment.stacks[name]
    code, commit = export_id(content.tree, content.overrides), content.run_values(name).get("git.commit", "")
    if not config.root:
        return RootLayout(code=code, commit=commit)
    from tfops.render.own_root import layout_of  # noqa: PLC0415 - as above

    return replace(layout_of(config.root, f"{code} {digest_of(kept)}" if kept else code), commit=commit)


def _own_variables(content: Content, name: StackName, modules: Interfaces, decoded: frozenset[str]) -> "OwnVariables":
    config = content.environment.stacks[name]
    assert config.root is not None
    interface = modules.local(config.root.path)
    from tfops.change.own_root import OwnVariables  # noqa: PLC0415 - as above

    return OwnVariables(content.environment, config, interface, decoded=decoded, run_values=content.run_values(name))


def _may_hold_aws(facts: Snapshot, stack: StackName) -> bool:
    """Whether something of AWS may be in a stack's state: after a change that stopped nobody knows."""
    card = facts.current_card
    part = card.stacks.get(stack) if card else None
    is_known = facts.present.trouble is None and facts.present.intent is None
    return not is_known or any(provider.endswith("/hashicorp/aws") for provider in (part.types if part else ()))


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
    config = content.environment.stacks[name]
    root, part = engine_folder(workspace, env, name, config), part_of_run(run.folder, name)
    workspace.state(env)
    variables = engine_environment(
        more=content.rules.engine.env, secrets=dict(secrets), plugin_cache=workspace.plugin_cache
    )
    if workspace_name := content.rules.workspace_of(env):
        variables[WORKSPACE] = workspace_name
    part.mkdir(exist_ok=True, mode=0o700)
    own = config.root
    places: Callable[[Diagnostic], Diagnostic] = (
        OwnPlaces(own.path, lambda: content.document(name), content.commit)
        if own
        else InputPlaces(root, lambda: content.document(name), content.commit)
    )
    retry = Retry(content.rules.retry, name, run.failed_try)
    runner = Runner(root, part, variables, run.shown, _observer(name, run.ui), run.ui.engine_signal, places, retry)
    run.ending.callback(runner.dismiss)
    return runner


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


def renew_ephemeral(stack: OpenStack) -> None:
    """Look the ephemeral secrets up again, for the apply: since the plan a token may have expired."""
    if stack.ephemeral:
        values = stack.secrets.read(stack.ephemeral)
        stack.hide(stack.secrets.texts_in(values))
        stack.give_secrets(values)


def _refuse_log_variables() -> None:
    """TF_LOG writes secrets in clear. tfops drops it; who set it should know that it has no effect."""
    if environ.variable("TF_LOG"):
        raise Refused("engine-log", "TF_LOG is set: the engine's log would hold secrets in clear", hint="unset TF_LOG")
