"""What an environment's roots are made of, and the roots that come of it."""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from tfops.change.own_reach import tree_for
from tfops.config.document import Document
from tfops.config.environment import (
    EnvironmentConfig,
    StackConfig,
    read_provider_lock,
    read_root_lock,
    stack_document,
)
from tfops.config.modules.interface import (
    Interfaces,
    const_inputs,
    lasting_outputs,
    may_use_aws,
    provider_sources,
    public_stack_outputs,
)
from tfops.config.modules.module import Variable
from tfops.config.modules.terraform_type import type_at
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.values import Secret, StackOutput
from tfops.dataclass import dataclass
from tfops.records.names import EnvName, StackName
from tfops.records.rendered import RenderedRoot
from tfops.render.providers import run_value_names
from tfops.render.root import RootSpec, SecretUse, digest_of, joined_files, render_root, secret_uses
from tfops.system.trees import GitTree


@dataclass(frozen=True, slots=True)
class Content:
    """What an environment's roots are made of: rules, the developer's files, modules, the provider lock.

    `overrides` are files laid over the exported modules, path below `modules/` to text. `commit` is set where
    it isn't the one that a change is aimed at. `base` is whose files the environment's own are laid over. Roots that
    somebody wrote by hand have `locks` of their own. `known` is what the run knows by itself (`${git.commit}`);
    `recorded` by stack what a card has of it, which counts instead. `sources` are those of providers that no
    module of it speaks of.
    """

    rules: ProjectConfig
    environment: EnvironmentConfig
    tree: GitTree
    lock: str | None
    overrides: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    base: EnvName | None = None
    locks: Mapping[StackName, str | None] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[StackName, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, tree: GitTree, rules: ProjectConfig, environment: EnvironmentConfig, *, rehearses: EnvName | None = None
    ) -> "Content":
        """All of it from one tree; in a drill the provider lock is that of the environment that it `rehearses`."""
        base = rehearses or rules.base_of(environment.name)
        if environment.own_roots:
            roots = {name: stack.root for name, stack in environment.stacks.items()}
            locks = {name: read_root_lock(tree, root.path) for name, root in roots.items() if root}
            return cls(rules, environment, tree_for(tree, environment), None, base=base, locks=locks)
        return cls(rules, environment, tree, read_provider_lock(tree, base or environment.name), base=base)

    def lock_of(self, stack: StackName) -> str | None:
        """The committed provider lock: the environment's, or that of the stack's own root."""
        return self.locks.get(stack, self.lock)

    def run_names(self, stack: StackName) -> frozenset[str]:
        """What a stack's root takes of what only a run knows."""
        return run_value_names(self.rules, self.environment, stack)

    def run_values(self, stack: StackName) -> dict[str, str]:
        """What a stack's root is given of what only a run knows; a name that isn't known is left out."""
        values = {**self.known, **self.recorded.get(stack, {})}
        return {name: values[name] for name in sorted(self.run_names(stack)) if name in values}

    def document(self, stack: StackName) -> Document:
        """A stack's file as it was read, with the place of every value."""
        return stack_document(self.tree, self.environment.name, stack, self.base)


def render_stack(
    content: Content,
    stack: StackName,
    interfaces: Interfaces,
    unknown: frozenset[StackOutput] = frozenset(),
    public: frozenset[StackOutput] = frozenset(),
    *,
    keeps_aws: bool = False,
) -> RenderedRoot:
    """The rendered root of a stack. `interfaces` are those of the content's modules; `public` are outputs that may be
    shown besides those that the content says it of. With `keeps_aws` the AWS provider is told where it is to work also
    where no module uses it."""
    if content.environment.stacks[stack].root:
        from tfops.render.own_root import render_own_root  # noqa: PLC0415 - most stacks have no such root

        return render_own_root(
            content.rules, content.environment, stack, content.lock_of(stack), content.run_values(stack)
        )
    spec = RootSpec(
        project=content.rules,
        environment=content.environment,
        stack=stack,
        provider_lock=content.lock_of(stack),
        public=public_stack_outputs(interfaces, content.environment) | public,
        unknown=unknown,
        ephemeral=frozenset(ephemeral_secrets(content.environment.stacks[stack], interfaces)),
        decoded=decoded_secrets(content.environment.stacks[stack], interfaces),
        const=const_inputs(interfaces, content.environment.stacks[stack].modules),
        lasting=lasting_outputs(interfaces, content.environment.stacks[stack].modules),
        uses_aws=keeps_aws or may_use_aws(interfaces, content.environment.stacks[stack].modules),
        run_values=content.run_values(stack),
        sources={**content.sources, **provider_sources(interfaces, content.environment.stacks[stack].modules)},
    )
    return render_root(spec)


def rendered(content: Content, interfaces: Interfaces) -> tuple[str, Mapping[str, str]]:
    """Digest and files of the rendered root; those of several stacks lie in folders with their names."""
    roots = {stack: render_stack(content, stack, interfaces) for stack in content.environment.stacks}
    files = joined_files(roots)
    return digest_of(files), files


def local_sources(stack: StackConfig) -> list[str]:
    """The folders below `modules/` that a stack uses."""
    return [module.source.path for module in stack.modules.values() if isinstance(module.source, LocalSource)]


def ephemeral_secrets(stack: StackConfig, interfaces: Interfaces) -> dict[str, Secret]:
    """By variable: the secrets for inputs that a module in `modules/` declares ephemeral."""
    found = {name: (use, variable_of(use, stack, interfaces)) for name, use in secret_uses(stack).items()}
    return {name: use.secret for name, (use, variable) in found.items() if variable and variable.ephemeral}


def decoded_secrets(stack: StackConfig, interfaces: Interfaces) -> frozenset[str]:
    """The variables of secrets that hold JSON: a module of `modules/` takes a list, a map or an object there."""
    found = ((name, use, variable_of(use, stack, interfaces)) for name, use in secret_uses(stack).items())
    return frozenset(
        name for name, use, variable in found if variable and type_at(variable.type, use.inside).is_compound
    )


def open_inputs(stack: StackConfig, interfaces: Interfaces) -> Iterator[str]:
    """A sentence for each secret that a module may show: its variable doesn't hide it."""
    for use in dict.fromkeys(replace(use, inside=()) for use in secret_uses(stack).values()):
        variable = variable_of(use, stack, interfaces)
        if variable and not (variable.sensitive or variable.ephemeral):
            yield (
                f"{use.secret.text} goes into `{use.input}` of module {use.module}, "
                "which is neither sensitive nor ephemeral: declare it `sensitive = true`"
            )


def variable_of(use: SecretUse, stack: StackConfig, interfaces: Interfaces) -> Variable | None:
    """The module's variable that a secret is for; None for modules from elsewhere."""
    source = stack.modules[use.module].source
    interface = interfaces.local(source.path) if isinstance(source, LocalSource) else None
    return interface.variables.get(use.input) if interface else None
