"""`environments/<env>.yaml`, or a folder of them: inheritance, modules, inputs, stacks."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from tfops import exact
from tfops.config import names
from tfops.config.defaults import lay_over_defaults
from tfops.config.document import Document
from tfops.config.inherit import laid_over, read_inherited
from tfops.config.inputs import InputCheck
from tfops.config.labels import differing_labels, without_labels
from tfops.config.limits import limit_complaints
from tfops.config.own_roots import RootConfig, has_roots, root_document
from tfops.config.parsing import parse
from tfops.config.project import ProjectConfig, SecretRules
from tfops.config.project_file import load_project, project_document
from tfops.config.providers import Blocks, parsed_blocks
from tfops.config.schema import EnvironmentFile
from tfops.config.secrets import secret_complaints
from tfops.config.source import LocalSource, RemoteSource, RootSource, SourceError, parse_source
from tfops.config.stack_file import stack_complaints
from tfops.config.stacks import reference_complaints, stack_files
from tfops.config.switched_off import without_switched_off
from tfops.config.values import (
    Form,
    RunValue,
    StackOutput,
    StackReference,
    forms_in,
    parsed_forms,
)
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, Refused
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import ROOT_MODULE
from tfops.records.switched_off import SwitchedOff
from tfops.system.trees import Tree, is_link

if TYPE_CHECKING:
    from tfops.config.state_blocks import Import, Moved


@dataclass(frozen=True, slots=True)
class ModuleConfig:
    """One module of a stack; `inputs`, `for_each` and `count` hold literals and Forms, `providers` say which of the
    stack's stand for its own."""

    source: LocalSource | RemoteSource
    inputs: Mapping[str, Any]
    providers: Mapping[str, str] = field(default_factory=dict)
    for_each: Any = None
    count: Any = None
    depends_on: tuple[str, ...] = ()

    @property
    def is_repeated(self) -> bool:
        """Whether it is made as often as it says, under keys."""
        return self.for_each is not None or self.count is not None

    @property
    def values(self) -> dict[str, Any]:
        """Everything in its call that Forms can stand in."""
        repeats = {"for_each": self.for_each, "count": self.count}
        return {**self.inputs, **{name: value for name, value in repeats.items() if value is not None}}


@dataclass(frozen=True, slots=True)
class StackConfig:
    """The part of an environment that has its own state: one file, inheritance done.

    Where its root is one that somebody wrote by hand, `modules` has that alone, by the name `root`. `providers` are
    what its file says of them, with Forms, and so are `locals`.
    """

    modules: Mapping[str, ModuleConfig]
    root: RootConfig | None = None
    providers: Blocks = field(default_factory=dict)
    locals: Mapping[str, Any] = field(default_factory=dict)
    imports: "tuple[Import, ...]" = ()
    moved: "tuple[Moved, ...]" = ()

    @property
    def references(self) -> frozenset[StackReference]:
        """What this stack takes from others."""
        return frozenset(form for form in self._forms if isinstance(form, StackReference))

    @property
    def run_values(self) -> frozenset[str]:
        """The names of what only a run knows of this stack's values."""
        return frozenset(form.name for form in self._forms if isinstance(form, RunValue))

    @property
    def _forms(self) -> Iterator[Form]:
        values = (*(module.values for module in self.modules.values()), *self.providers.values(), self.locals)
        return (form for one in values for _, form in forms_in(dict(one)))


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """What a developer wishes. `digest` is the sha256 of the merged values of all stacks, without the labels.

    What is `off` isn't among the stacks and their modules.
    """

    name: EnvName
    stacks: Mapping[StackName, StackConfig]
    digest: str
    off: tuple[SwitchedOff, ...] = ()

    @property
    def own_roots(self) -> tuple[RootConfig, ...]:
        """The roots that somebody wrote by hand, in their order."""
        return tuple(stack.root for stack in self.stacks.values() if stack.root)

    @property
    def sources(self) -> frozenset[LocalSource | RemoteSource]:
        """Where the modules of all stacks come from."""
        return frozenset(module.source for stack in self.stacks.values() for module in stack.modules.values())

    @property
    def needs(self) -> Mapping[StackName, frozenset[StackName]]:
        """Each stack with the stacks whose outputs it takes; of roots in a list, those before it."""
        if self.own_roots:
            order = tuple(self.stacks)
            return {name: frozenset(order[:index]) for index, name in enumerate(order)}
        return {
            name: frozenset(StackName(reference.stack) for reference in stack.references)
            for name, stack in self.stacks.items()
        }

    def without_imports(self) -> "EnvironmentConfig":
        """For what ran once: what is to be taken in now, others know."""
        return replace(self, stacks={name: replace(stack, imports=()) for name, stack in self.stacks.items()})

    def output(self, reference: StackReference) -> tuple[StackOutput, str]:
        """Which output a reference means, and what follows inside of it."""
        return reference.output(self.stacks[StackName(reference.stack)].modules)


def lock_file_path(tree: Tree, env: EnvName) -> str:
    """Where an environment's provider lock is kept in the repository."""
    return f"{tree.folders.environments}/{env}.lock.hcl"


def read_provider_lock(tree: Tree, env: EnvName) -> str | None:
    """The provider lock that the files of an environment have, None without one.

    Raises Refused (guard `lock-file`) for a link: nobody may believe that the providers are locked.
    """
    path = lock_file_path(tree, env)
    if is_link(tree, path):
        raise Refused("lock-file", f"`{path}` is a link, and links aren't followed", hint="put the file itself there")
    return tree.read(path)


def read_root_lock(tree: Tree, path: str) -> str | None:
    """The provider lock in the folder of a root that somebody wrote by hand. Raises as `read_provider_lock`."""
    name = ".terraform.lock.hcl" if path == "." else f"{path}/.terraform.lock.hcl"
    if is_link(tree, name):
        raise Refused("lock-file", f"`{name}` is a link, and links aren't followed", hint="put the file itself there")
    return tree.read(name)


def load_environment(
    tree: Tree,
    project: ProjectConfig,
    env: EnvName,
    check: InputCheck | None = None,
    *,
    rehearses: EnvName | None = None,
) -> EnvironmentConfig:
    """Read one environment's file and what it inherits; with `check`, hold its inputs against the modules.

    An environment that `rehearses` another one has the other's files, with its own, where there are any, laid over.

    Raises:
        Refused: the project has no such environment (guard `unknown-environment`).
        ConfigError: with every mistake of every file involved.
    """
    if env not in project.environments:
        why, hint = names.why_and_hint(env, project.environments, see="tfops status")
        raise Refused("unknown-environment", f"there is no environment {names.shown(env)}", why=why, hint=hint)
    return read_environment(tree, env, check, base=rehearses or project.base_of(env), secrets=project.secrets)


def read_environment(
    tree: Tree,
    env: EnvName,
    check: InputCheck | None = None,
    *,
    base: EnvName | None = None,
    secrets: SecretRules | None = None,
) -> EnvironmentConfig:
    """The same without asking whether tfops.yaml knows the environment; its files are laid over those of `base`."""
    paths, complaints = stack_files(tree, base or env)
    if complaints:
        raise ConfigError(complaints)
    local_modules = tree.names(tree.folders.modules)
    rules = project_document(tree)
    if has_roots(rules.data, base or env):
        return _read_roots(tree, env, base or env, check, secrets)
    own = _own_files(tree, env, base)
    written = {stack: _document(tree, path, rules, own.get(stack)) for stack, path in paths.items()}
    remaining = without_switched_off(written, env)
    documents = remaining.documents
    stacks: dict[StackName, StackConfig] = {}
    for stack, document in documents.items():
        found, said = _read_stack(document, local_modules, rules, base or env)
        complaints += said
        if not document.complaints:
            complaints += secret_complaints(document, tree, secrets, base or env)
        if not document.complaints and check is not None:
            complaints += check.complaints(document, (env, stack), _sources(document, local_modules))
            complaints += limit_complaints(document, rules)
        if found is not None:
            stacks[stack] = found
    if not any(document.complaints for document in documents.values()):
        complaints += _between_stacks(documents, env, local_modules, check)
        complaints += differing_labels(written.values())
    complaints = [*remaining.without_doubles(complaints), *remaining.complaints]
    if complaints:
        raise ConfigError(sorted(complaints, key=place_of))
    whole = {stack: without_labels(document.data) for stack, document in documents.items()}
    digest = _digest(whole[MAIN_STACK] if set(whole) == {MAIN_STACK} else whole)
    return EnvironmentConfig(env, stacks, digest, remaining.off)


def _read_roots(
    tree: Tree, env: EnvName, base: EnvName, check: InputCheck | None, secrets: SecretRules | None
) -> EnvironmentConfig:
    """An environment of root modules that somebody wrote by hand: those of `base`."""
    from tfops.config.root_environment import read_roots  # noqa: PLC0415 - most environments have no such root

    found = read_roots(tree, env, base, check, secrets)
    if found.complaints:
        raise ConfigError(sorted(found.complaints, key=place_of))
    stacks = {stack: _root_stack(document, found.roots[stack]) for stack, document in found.documents.items()}
    whole = {stack: [root.path, root.tfvars, found.documents[stack].data] for stack, root in found.roots.items()}
    return EnvironmentConfig(env, stacks, _digest(whole))


def _root_stack(document: Document, root: RootConfig) -> StackConfig:
    inputs = document.data["modules"][ROOT_MODULE]["inputs"]
    module = ModuleConfig(RootSource(path=root.path), {key: parsed_forms(value) for key, value in inputs.items()})
    return StackConfig({ROOT_MODULE: module}, root)


def _own_files(tree: Tree, env: EnvName, base: EnvName | None) -> dict[StackName, str]:
    """What an environment lays over the files of its base."""
    return stack_files(tree, env)[0] if base else {}


def _document(tree: Tree, path: str, rules: Document, own: str | None) -> Document:
    """A file laid over what it extends, and that over the project's defaults; over it all, its `own` file."""
    document = read_inherited(tree, path)
    if not document.complaints:
        lay_over_defaults(document, rules)
    return document if own is None else laid_over(document, read_inherited(tree, own))


def _read_stack(
    document: Document, local_modules: list[str], rules: Document, env: EnvName
) -> tuple[StackConfig | None, list[Complaint]]:
    """A file by itself: its modules, or everything that is wrong with it."""
    if document.complaints:
        return None, document.complaints
    file, complaints = parse(EnvironmentFile, document)
    complaints += stack_complaints(document, local_modules, rules, env)
    if complaints or file is None:
        return None, complaints
    values = {name: parsed_forms(value) for name, value in file.locals.items()}
    config = StackConfig(_modules(file, local_modules), providers=parsed_blocks(file.providers), locals=values)
    if file.imports or file.moved:
        from tfops.config.state_blocks import imports_of, moves_of  # noqa: PLC0415 - few files have any

        config = replace(config, imports=imports_of(file), moved=moves_of(file))
    return config, []


def _between_stacks(
    documents: Mapping[StackName, Document], env: EnvName, local_modules: list[str], check: InputCheck | None
) -> Iterator[Complaint]:
    sources = {stack: _sources(document, local_modules) for stack, document in documents.items()}

    def outputs_of(stack: StackName, module: str) -> frozenset[str] | None:
        source = sources[stack].get(module)
        return check.outputs(env, stack, module, source) if check and source else None

    return reference_complaints(documents, outputs_of)


def stack_document(tree: Tree, env: EnvName, stack: StackName, base: EnvName | None = None) -> Document:
    """A stack's file laid over what it extends, with the place of every value; `base` as in `read_environment`."""
    if has_roots(project_document(tree).data, base or env):
        return root_document(project_document(tree), base or env, stack, env)
    paths, own = stack_files(tree, base or env)[0], _own_files(tree, env, base)
    return _document(tree, paths[stack], project_document(tree), own.get(stack))


def place_of(complaint: Complaint) -> tuple[str, int, int]:
    """To sort by: complaints are read like their files, from top to bottom."""
    return complaint.mark.path, complaint.mark.line, complaint.mark.column


def load_rules(tree: Tree) -> ProjectConfig:
    """`load_project`, but a broken tfops.yaml doesn't hide what is wrong with the environments."""
    try:
        return load_project(tree)
    except ConfigError as error:
        complaints = list(error.complaints)
        for env, base in listed_environments(tree).items():
            complaints += _complaints_about(tree, env, base)
        raise ConfigError(complaints) from error


def listed_environments(tree: Tree) -> dict[EnvName, EnvName | None]:
    """The environments that tfops.yaml lists, each with the one that it rehearses; also when it is wrong otherwise."""
    listed = _entry(project_document(tree).data, "environments")
    found = listed.items() if isinstance(listed, dict) else ()
    return {EnvName(env): _base_in(block, listed) for env, block in found if names.is_environment_name(env)}


def _base_in(block: Any, listed: Mapping[str, Any]) -> EnvName | None:
    base = _entry(block, "rehearses")
    return EnvName(base) if isinstance(base, str) and base in listed else None


def _complaints_about(tree: Tree, env: EnvName, base: EnvName | None) -> tuple[Complaint, ...]:
    try:
        read_environment(tree, env, base=base)
    except ConfigError as error:
        return error.complaints
    return ()


def _digest(data: Any) -> str:
    return hashlib.sha256(exact.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _sources(document: Document, local_modules: list[str]) -> dict[str, LocalSource | RemoteSource]:
    """The modules whose source can be told; the others are complained about already."""
    found: dict[str, LocalSource | RemoteSource] = {}
    modules = _entry(document.data, "modules")
    for name, block in modules.items() if isinstance(modules, dict) else ():
        source, version = _entry(block, "source"), _entry(block, "version")
        if isinstance(source, str):
            with contextlib.suppress(SourceError):
                found[name] = parse_source(source, version if isinstance(version, str) else None, local_modules)
    return found


def _entry(block: Any, key: str) -> Any:
    return block.get(key) if isinstance(block, dict) else None


def _modules(file: EnvironmentFile, local_modules: list[str]) -> dict[str, ModuleConfig]:
    return {
        name: ModuleConfig(
            parse_source(block.source, block.version, local_modules),
            {key: parsed_forms(value) for key, value in block.inputs.items()},
            dict(block.providers),
            parsed_forms(block.for_each),
            parsed_forms(block.count),
            tuple(block.depends_on),
        )
        for name, block in file.modules.items()
    }
