"""The thin root module: module calls, variables, providers, backend, an output per module."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from tfops import exact
from tfops.config.calls import FunctionCall
from tfops.config.environment import EnvironmentConfig, ModuleConfig, StackConfig
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.values import (
    EachValue,
    Form,
    LocalReference,
    Path,
    Reference,
    RunValue,
    Secret,
    StackOutput,
    StackReference,
    forms_in,
)
from tfops.dataclass import dataclass
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import (
    BACKEND_FILE,
    ENCRYPTION_FILE,
    LOCK_FILE,
    MAIN_FILE,
    RUN_VARIABLE,
    VALUES_FILE,
    RenderedRoot,
    inputs_variable,
)
from tfops.render.backend import backend_settings
from tfops.render.encryption import encryption_file
from tfops.render.escape import escape_literal, expression_text
from tfops.render.providers import provider_blocks, provider_secrets, run_value_names, secret_of_provider
from tfops.render.words import variable_name

# What stands for an unknown in a root that is planned only; `stack_` is how its names begin.
UNKNOWN_TYPE = "terraform_data"


@dataclass(frozen=True, slots=True)
class RootSpec:
    """All that a rendered root is made of.

    `public` are outputs of other stacks that are known not to be sensitive: only they may be shown, and only
    they can decide how many of something there are (`for_each`). `unknown` are those that can't be told before
    their stack is applied: such a root can be planned, to see what is coming, but must not be applied. `ephemeral`
    names the secrets' variables whose values no plan and no state may hold, `decoded` those that hold JSON. `lasting`
    are the other outputs of modules that have ephemeral ones; `const` the inputs, by module, that must stand in the
    call itself. Without `uses_aws` nothing in it is the AWS provider's, which an engine starts for its block alone.
    `run_values` are what the run knows, by name; a name that it lacks is left open. `sources` say of providers that are
    not HashiCorp's where they come from, by the names that modules call them.
    """

    project: ProjectConfig
    environment: EnvironmentConfig
    stack: StackName
    provider_lock: str | None = None
    public: frozenset[StackOutput] = frozenset()
    unknown: frozenset[StackOutput] = frozenset()
    ephemeral: frozenset[str] = frozenset()
    decoded: frozenset[str] = frozenset()
    const: Mapping[str, frozenset[str]] = field(default_factory=dict)
    lasting: Mapping[str, Iterable[str]] = field(default_factory=dict)
    uses_aws: bool = True
    run_values: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> StackConfig:
        return self.environment.stacks[self.stack]

    @property
    def modules(self) -> Mapping[str, ModuleConfig]:
        return self.config.modules


def render_root(spec: RootSpec) -> RenderedRoot:
    """The files of a stack's root module, and the sha256 over them."""
    modules = spec.modules
    main = {
        "terraform": _terraform_block(spec),
        "provider": _providers(spec),
        "variable": _variables(spec),
        "locals": {name: _expression(spec, "", value, (name,)) for name, value in spec.config.locals.items()},
        "resource": {UNKNOWN_TYPE: unknowns} if (unknowns := _unknowns(spec)) else {},
        "module": {name: _module_block(spec, name, module) for name, module in modules.items()},
        "import": [{"to": one.to, "id": escape_literal(one.id)} for one in spec.config.imports],
        "moved": [{"from": one.source, "to": one.to} for one in spec.config.moved],
        "output": {name: {"value": _outputs(spec, name), "sensitive": True} for name in modules},
    }
    files = {
        MAIN_FILE: _text({key: block for key, block in main.items() if block}),
        BACKEND_FILE: _text(_backend(spec.project, spec.environment.name, spec.stack)),
        VALUES_FILE: _text(
            {inputs_variable(name): literals for name in modules if (literals := _literals(spec, name))}
            | ({RUN_VARIABLE: known} if (known := _known_of_run(spec)) else {})
        ),
    }
    encryption = encryption_file(spec.project, spec.environment.name, spec.stack)
    if encryption is not None:
        files[ENCRYPTION_FILE] = encryption
    if spec.provider_lock is not None:
        files[LOCK_FILE] = spec.provider_lock
    return RenderedRoot(files, digest_of(files))


def _providers(spec: RootSpec) -> dict[str, list[dict[str, Any]]]:
    """What files say of a provider is always there."""
    written = {*spec.project.providers, *spec.config.providers}
    found: dict[str, list[dict[str, Any]]] = {}
    for name, block in provider_blocks(spec.project, spec.environment.name, spec.config).items():
        if spec.uses_aws or name in written:
            provider, _, alias = name.partition(".")
            settings = {key: _provider_expression(spec, name, value, (key,)) for key, value in block.items()}
            found.setdefault(provider, []).append(({"alias": alias} if alias else {}) | settings)
    return found


def _provider_expression(spec: RootSpec, name: str, value: Any, path: Path) -> Any:
    """As `_expression`, for a setting of a provider."""
    if isinstance(value, Secret):
        return f"${{var.{secret_of_provider(name, path)}}}"
    if isinstance(value, dict):
        pairs = ((key, _provider_expression(spec, name, item, (*path, key))) for key, item in value.items())
        return {escape_literal(key): item for key, item in pairs}
    if isinstance(value, list):
        return [_provider_expression(spec, name, item, (*path, index)) for index, item in enumerate(value)]
    return _expression(spec, "", value, path)


def _outputs(spec: RootSpec, module: str) -> Any:
    """All outputs of a module; a root must not have what is ephemeral. Of one that is made several times each output is
    a mapping of the keys, or a list."""
    if module not in spec.lasting:
        return f"${{module.{module}}}"
    config = spec.modules[module]
    if config.for_each is not None:
        return {name: f"${{{{for key, one in module.{module} : key => one.{name}}}}}" for name in spec.lasting[module]}
    every = "[*]" if config.count is not None else ""
    return {name: f"${{module.{module}{every}.{name}}}" for name in spec.lasting[module]}


def joined_files(roots: Mapping[StackName, RenderedRoot]) -> dict[str, str]:
    """The files of all roots; those of an environment of several stacks lie in folders with their names."""
    return {
        name if stack == MAIN_STACK else f"{stack}/{name}": text
        for stack, root in roots.items()
        for name, text in root.files.items()
    }


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret and the module's input that it is for, or is a part of; `inside` leads to the part."""

    secret: Secret
    module: str
    input: str
    inside: Path = ()


def secret_uses(stack: StackConfig) -> dict[str, SecretUse]:
    """By variable of the rendered root: what the engine's process gets as `TF_VAR_<name>`."""
    return {
        _secret_variable(name, path): SecretUse(form, name, str(path[0]), path[1:])
        for name, module in stack.modules.items()
        for path, form in forms_in(dict(module.inputs))
        if isinstance(form, Secret)
    }


def stack_variables(environment: EnvironmentConfig, stack: StackName) -> dict[str, StackOutput]:
    """Variable name to what it needs of another stack: the engine's process gets it as `TF_VAR_<name>`.

    The variable is of type `any`, so its text is an expression: `escape.expression_text` writes it.
    """
    outputs = {environment.output(reference)[0] for reference in environment.stacks[stack].references}
    return {_stack_variable(output): output for output in outputs}


def _text(block: Mapping[str, Any]) -> str:
    return exact.dumps(block, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def digest_of(files: Mapping[str, str]) -> str:
    """The sha256 over names and texts."""
    whole = json.dumps(files, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()


def _terraform_block(spec: RootSpec) -> dict[str, Any]:
    constraint = spec.project.engine.version.text
    blocks = provider_blocks(spec.project, spec.environment.name, spec.config)
    named = {name.partition(".")[0] for name in blocks}
    needed = {name: {"source": source} for name, source in spec.sources.items() if name in named}
    version = {"required_version": constraint} if constraint else {}
    return version | ({"required_providers": needed} if needed else {})


def _known_of_run(spec: RootSpec) -> dict[str, str]:
    wanted = run_value_names(spec.project, spec.environment, spec.stack)
    return {name: value for name, value in spec.run_values.items() if name in wanted}


def _literals(spec: RootSpec, name: str) -> dict[str, Any]:
    """Inputs of a module that are literal through and through: they travel as values, never as expressions."""
    const = spec.const.get(name, frozenset())
    inputs = spec.modules[name].values.items()
    return {key: value for key, value in inputs if key not in const and not any(forms_in(value))}


def _variables(spec: RootSpec) -> dict[str, Any]:
    stacks: dict[str, Any] = {
        name: {"type": "any", "sensitive": output not in spec.public}
        for name, output in stack_variables(spec.environment, spec.stack).items()
        if output not in spec.unknown
    }
    inputs = {inputs_variable(name): {"type": "any"} for name in spec.modules if _literals(spec, name)}
    secrets = {
        name: {"type": "string", "sensitive": True} | ({"ephemeral": True} if name in spec.ephemeral else {})
        for name in secret_uses(spec.environment.stacks[spec.stack])
    }
    for name in provider_secrets(spec.project, spec.environment.name, spec.config):
        secrets[name] = {"type": "string", "sensitive": True}
    run = {RUN_VARIABLE: {"type": "any"}} if run_value_names(spec.project, spec.environment, spec.stack) else {}
    return stacks | inputs | secrets | run


def _secret_variable(module: str, path: tuple[str | int, ...]) -> str:
    """A variable's name from where the secret stands; a digest keeps odd keys apart and legal."""
    return variable_name("secret", [module, *(str(step) for step in path)])


def _stack_variable(output: StackOutput) -> str:
    return variable_name("stack", [output.stack, *filter(None, [output.module]), output.name])


def _module_block(spec: RootSpec, name: str, module: ModuleConfig) -> dict[str, Any]:
    literals = _literals(spec, name)
    block: dict[str, Any] = {key: f"${{var.{inputs_variable(name)}[{json.dumps(key)}]}}" for key in literals}
    for key, value in module.values.items():
        if key not in literals:
            block[key] = _expression(spec, name, value, (key,))
    if isinstance(module.for_each, list):  # the engine wants a set
        block["for_each"] = _as_set(block["for_each"])
    if module.depends_on:
        block["depends_on"] = [f"module.{needed}" for needed in module.depends_on]
    if module.providers:
        block["providers"] = dict(module.providers)
    if isinstance(module.source, LocalSource):
        # The same at every commit and in every clone: `path.module` is made of it, and stands in resources.
        return block | {"source": f"./modules/{module.source.path}"}
    version = {"version": module.source.version} if module.source.version else {}
    return block | {"source": module.source.address} | version


def _as_set(value: Any) -> str:
    """A list that is literal stands in a variable; of one with references in it each is an expression."""
    if isinstance(value, str):
        return f"${{toset({value.removeprefix('${').removesuffix('}')})}}"
    items = ", ".join(item[2:-1] if item.startswith("${") else json.dumps(item, ensure_ascii=False) for item in value)
    return f"${{toset([{items}])}}"


def _expression(spec: RootSpec, module: str, value: Any, path: tuple[str | int, ...]) -> Any:
    """A value with forms inside: forms become expressions, everything else is escaped."""
    if isinstance(value, Form):
        return f"${{{_form_expression(spec, module, value, path)}}}"
    if isinstance(value, dict):
        pairs = ((key, _expression(spec, module, item, (*path, key))) for key, item in value.items())
        return {escape_literal(key): item for key, item in pairs}
    if isinstance(value, list):
        return [_expression(spec, module, item, (*path, index)) for index, item in enumerate(value)]
    return escape_literal(value)


def _form_expression(spec: RootSpec, module: str, form: Form, path: tuple[str | int, ...]) -> str:
    match form:
        case Reference() | EachValue():
            return form.expression
        case StackReference():
            output, inside = spec.environment.output(form)
            return f"{_stack_value(spec, output)}{inside}"
        case Secret():
            name = _secret_variable(module, path)
            return f"jsondecode(var.{name})" if name in spec.decoded else f"var.{name}"
        case LocalReference():
            return f"local.{form.name}{form.inside}"
        case FunctionCall():
            given = ", ".join(_given(spec, module, one, path) for one in form.given)
            return f"{form.name}({given}{'...' if form.expands else ''})"
        case RunValue():
            return f"var.{RUN_VARIABLE}[{json.dumps(form.name)}]"


def _given(spec: RootSpec, module: str, value: Any, path: tuple[str | int, ...]) -> str:
    """What a function is given, as an expression."""
    if isinstance(value, Form):
        return _form_expression(spec, module, value, path)
    if isinstance(value, dict):
        pairs = (f"{expression_text(key)} = {_given(spec, module, item, path)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_given(spec, module, item, path) for item in value)}]"
    return expression_text(value)


def _unknowns(spec: RootSpec) -> dict[str, Any]:
    """Resources of the engine's own that exist for their ids alone, which nothing knows before an apply."""
    outputs = stack_variables(spec.environment, spec.stack).items()
    return {name: {} for name, output in outputs if output in spec.unknown}


def _stack_value(spec: RootSpec, output: StackOutput) -> str:
    """The expression for an output of another stack. Decoding what is unknown gives an unknown of any type."""
    name = _stack_variable(output)
    if output not in spec.unknown:
        return f"var.{name}"
    unknown = f"jsondecode({UNKNOWN_TYPE}.{name}.id)"
    return unknown if output in spec.public else f"sensitive({unknown})"


def _backend(project: ProjectConfig, env: EnvName, stack: StackName) -> dict[str, Any]:
    return {"terraform": {"backend": {project.backend_of(env).kind: backend_settings(project, env, stack)}}}
