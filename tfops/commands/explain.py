"""`explain` and `schema`: the modules as a developer and an editor need to know them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfops.change.modules import interfaces_of, own_interfaces
from tfops.change.project import Project
from tfops.commands.written_files import write_into
from tfops.config.defaults import default_inputs
from tfops.config.environment import listed_environments, read_environment
from tfops.config.example import example_yaml
from tfops.config.file_schema import environment_schema, project_schema
from tfops.config.modules.module import Interface, Output, Variable
from tfops.config.modules.terraform_type import type_text
from tfops.config.names import is_local_source, shown, why_and_hint
from tfops.config.own_roots import roots_of
from tfops.config.project_file import project_document
from tfops.config.source import LocalSource, RootSource
from tfops.errors import ConfigError, Refused
from tfops.records.names import EnvName
from tfops.system.trees import GitTree
from tfops.views.explain import ExplainResult, InputFact, ModuleFact, ModulesResult, OutputFact
from tfops.views.schema import SchemaResult


def explain(project: Project, module: str) -> ExplainResult:
    """One module of `modules/`, as it lies here. Raises Refused (guard `unknown-module`) with the nearest names."""
    tree = project.tree(worktree=True)
    interfaces, folder = interfaces_of(project, tree), tree.folders.modules
    known = interfaces.names()
    found = interfaces.local(module) if is_local_source(module) and interfaces.is_module(module) else None
    if found is None:
        why, hint = why_and_hint(module, known, see="tfops explain")
        raise Refused("unknown-module", f"there is no module {shown(module)} in `{folder}/`", why=why, hint=hint)
    return ExplainResult(
        module,
        tuple(map(_input, sorted(found.variables.values(), key=lambda variable: variable.has_default))),
        tuple(map(_output, found.outputs.values())),
        example_yaml(module, found),
    )


def _input(variable: Variable) -> InputFact:
    known = json.dumps(variable.default, ensure_ascii=False) if variable.has_default else ""
    return InputFact(
        name=variable.name,
        type=type_text(variable.type),
        is_required=not variable.has_default,
        default=variable.default_text or known,
        description=variable.description,
        is_sensitive=variable.sensitive or variable.ephemeral,
        rules=tuple(validation.message for validation in variable.validations),
    )


def _output(output: Output) -> OutputFact:
    return OutputFact(output.name, output.description, not output.is_public)


def list_modules(project: Project) -> ModulesResult:
    """Every module of `modules/`, and which environments use it."""
    tree = project.tree(worktree=True)
    interfaces = interfaces_of(project, tree)
    uses = dict(_uses(tree))
    facts = (_fact(name, interfaces.local(name) or Interface(), uses) for name in interfaces.names())
    return ModulesResult(tuple(facts))


def _fact(name: str, interface: Interface, uses: dict[EnvName, set[str]]) -> ModuleFact:
    required = tuple(variable.name for variable in interface.variables.values() if not variable.has_default)
    used_by = tuple(env for env, modules in uses.items() if name in modules)
    return ModuleFact(name, required, len(interface.variables) - len(required), len(interface.outputs), used_by)


def _uses(tree: GitTree) -> Iterator[tuple[EnvName, set[str]]]:
    for env, base in listed_environments(tree).items():
        try:
            sources = read_environment(tree, env, base=base).sources
        except ConfigError:  # what is wrong there is for `validate` to say
            continue
        yield (
            env,
            {
                source.path
                for source in sources
                if isinstance(source, LocalSource) and not isinstance(source, RootSource)
            },
        )


def _roots(project: Project, tree: GitTree) -> dict[str, Interface]:
    """The root modules that tfops.yaml names, by their paths as they stand there."""
    rules, found = project_document(tree), dict[str, Interface]()
    for env in listed_environments(tree):
        for root in roots_of(rules.data, env).values():
            interface = own_interfaces(project, tree, RootSource(path=root.path)).local(root.path)
            if interface is not None:
                found.setdefault(root.path, interface)
    return found


def schema(project: Project, start: Path, folder: str | None) -> SchemaResult:
    """JSON Schemas for tfops.yaml and for environments' files; written to `folder` when one is named."""
    tree = project.tree(worktree=True)
    interfaces, defaults = interfaces_of(project, tree), default_inputs(project_document(tree))
    used = {source for sources in dict(_uses(tree)).values() for source in sources if interfaces.is_module(source)}
    known = sorted({*interfaces.names(), *used})
    modules = {name: found for name in known if (found := interfaces.local(name)) is not None}
    schemas: dict[str, dict[str, Any]] = {
        "tfops.schema.json": project_schema(_roots(project, tree)),
        "environment.schema.json": environment_schema(modules, is_strict=True, defaults=defaults),
        "base.schema.json": environment_schema(modules, is_strict=False),
    }
    if folder is not None:
        files = {name: json.dumps(text, indent=2) + "\n" for name, text in schemas.items()}
        write_into(start, folder, files, "write the schemas")
    return SchemaResult(folder or "", schemas, tree.folders.environments)
