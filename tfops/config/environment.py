"""`environments/<env>.yaml`, or a folder of them: inheritance, modules, inputs, stacks."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.config import names
from tfops.config.defaults import lay_over_defaults
from tfops.config.document import Document, Path
from tfops.config.inherit import FOLDER, laid_over, read_inherited
from tfops.config.inputs import InputCheck
from tfops.config.limits import limit_complaints
from tfops.config.project import ProjectConfig, SecretRules
from tfops.config.project_file import load_project, project_document
from tfops.config.schema import EnvironmentFile, parse
from tfops.config.secrets import secret_complaints
from tfops.config.source import LocalSource, RemoteSource, SourceError, parse_source
from tfops.config.stacks import reference_complaints, stack_files
from tfops.config.values import (
    Form,
    FormError,
    Reference,
    StackOutput,
    StackReference,
    is_form,
    is_literal,
    meant,
    parse_form,
    walk,
)
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, Refused
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.system.trees import Tree, is_link


@dataclass(frozen=True, slots=True)
class ModuleConfig:
    """One module of a stack; `inputs` hold literals and Forms."""

    source: LocalSource | RemoteSource
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackConfig:
    """The part of an environment that has its own state: one file, inheritance done."""

    modules: Mapping[str, ModuleConfig]

    @property
    def references(self) -> frozenset[StackReference]:
        """What this stack takes from others."""
        inputs = (module.inputs for module in self.modules.values())
        forms = (form for values in inputs for _, form in forms_in(dict(values)))
        return frozenset(form for form in forms if isinstance(form, StackReference))


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """What a developer wishes. `digest` is the sha256 of the merged values of all stacks."""

    name: EnvName
    stacks: Mapping[StackName, StackConfig]
    digest: str

    @property
    def sources(self) -> frozenset[LocalSource | RemoteSource]:
        """Where the modules of all stacks come from."""
        return frozenset(module.source for stack in self.stacks.values() for module in stack.modules.values())

    @property
    def needs(self) -> Mapping[StackName, frozenset[StackName]]:
        """Each stack with the stacks whose outputs it takes."""
        return {
            name: frozenset(StackName(reference.stack) for reference in stack.references)
            for name, stack in self.stacks.items()
        }

    def output(self, reference: StackReference) -> tuple[StackOutput, str]:
        """Which output a reference means, and what follows inside of it."""
        return reference.output(self.stacks[StackName(reference.stack)].modules)


def lock_file_path(env: EnvName) -> str:
    """Where an environment's provider lock is kept in the repository."""
    return f"{FOLDER}/{env}.lock.hcl"


def read_provider_lock(tree: Tree, env: EnvName) -> str | None:
    """The provider lock that the files of an environment have, None without one.

    Raises Refused (guard `lock-file`) for a link: nobody may believe that the providers are locked.
    """
    path = lock_file_path(env)
    if is_link(tree, path):
        raise Refused("lock-file", f"`{path}` is a link, and links aren't followed", hint="put the file itself there")
    return tree.read(path)


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
    local_modules = tree.names("modules")
    rules = project_document(tree)
    own = _own_files(tree, env, base)
    documents = {stack: _document(tree, path, rules, own.get(stack)) for stack, path in paths.items()}
    stacks: dict[StackName, StackConfig] = {}
    for stack, document in documents.items():
        found, said = _read_stack(document, local_modules)
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
    if complaints:
        raise ConfigError(sorted(complaints, key=place_of))
    whole = {stack: document.data for stack, document in documents.items()}
    return EnvironmentConfig(env, stacks, _digest(whole[MAIN_STACK] if set(whole) == {MAIN_STACK} else whole))


def _own_files(tree: Tree, env: EnvName, base: EnvName | None) -> dict[StackName, str]:
    """What an environment lays over the files of its base."""
    return stack_files(tree, env)[0] if base else {}


def _document(tree: Tree, path: str, rules: Document, own: str | None) -> Document:
    """A file laid over what it extends, and that over the project's defaults; over it all, its `own` file."""
    document = read_inherited(tree, path)
    if not document.complaints:
        lay_over_defaults(document, rules)
    return document if own is None else laid_over(document, read_inherited(tree, own))


def _read_stack(document: Document, local_modules: list[str]) -> tuple[StackConfig | None, list[Complaint]]:
    """A file by itself: its modules, or everything that is wrong with it."""
    if document.complaints:
        return None, document.complaints
    file, complaints = parse(EnvironmentFile, document)
    complaints += _complaints(document, local_modules)
    if complaints or file is None:
        return None, complaints
    return StackConfig(_modules(file, local_modules)), []


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


def _complaints(document: Document, local_modules: list[str]) -> list[Complaint]:
    """What a schema can't say. Looks at plain data, so that it also runs when the schema complains."""
    modules = document.data.get("modules") if isinstance(document.data, dict) else None
    if not isinstance(modules, dict):
        return []
    if not modules:
        return [document.complaint(("modules",), "at least one module")]
    return [
        complaint
        for name, block in modules.items()
        for complaint in _module_complaints(document, name, block, local_modules, known=list(modules))
    ]


def _module_complaints(
    document: Document, name: str, block: Any, local_modules: list[str], *, known: list[str]
) -> Iterator[Complaint]:
    where: Path = ("modules", name)
    if not names.is_module_name(name):
        yield document.complaint(where, f"{names.shown(name)} can't name a module", names.MODULE_RULE)
    source, version, inputs = (_entry(block, key) for key in ("source", "version", "inputs"))
    if isinstance(source, str):
        try:
            parse_source(source, version if isinstance(version, str) else None, local_modules)
        except SourceError as error:
            yield document.complaint((*where, "source"), str(error), error.hint)
    if isinstance(inputs, dict):
        yield from _input_complaints(document, (*where, "inputs"), inputs, known=known)


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


# Words that Terraform reads as its own inside a `module` block.
_META_ARGUMENTS = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle"})


def _input_complaints(
    document: Document, where: Path, inputs: Mapping[str, Any], *, known: list[str]
) -> Iterator[Complaint]:
    for key in inputs:
        if not names.is_input_name(key) or key in _META_ARGUMENTS:
            yield document.complaint((*where, key), f"{names.shown(key)} can't name an input")
        for path, value in walk(inputs[key], (*where, key)):
            yield from _form_complaints(document, path, value, known=known)


def _form_complaints(document: Document, path: Path, value: Any, *, known: list[str]) -> Iterator[Complaint]:
    try:
        form = parse_form(value)
    except FormError as error:
        yield document.complaint(path, str(error), error.hint)
        return
    if isinstance(form, Reference) and form.module not in known:
        hint = names.did_you_mean(form.module, known)
        yield document.complaint(path, f"there is no module `{form.module}` in this environment", hint)


def _modules(file: EnvironmentFile, local_modules: list[str]) -> dict[str, ModuleConfig]:
    return {
        name: ModuleConfig(
            parse_source(block.source, block.version, local_modules),
            {key: _parse_forms(value) for key, value in block.inputs.items()},
        )
        for name, block in file.modules.items()
    }


def _parse_forms(value: Any) -> Any:
    form = parse_form(value)
    if is_form(form):
        return form
    if isinstance(value, str) or is_literal(value):
        return meant(value)
    if isinstance(form, dict):
        return {key: _parse_forms(item) for key, item in form.items()}
    return [_parse_forms(item) for item in form] if isinstance(form, list) else form


def forms_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Form]]:
    """Every reference and secret inside an input, with its path."""
    if isinstance(value, Form):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from forms_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from forms_in(item, (*path, index))
