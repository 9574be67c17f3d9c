"""The provider blocks of a rendered root: what tfops.yaml and the environment's file say, and where in AWS it lives."""

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.config.environment import EnvironmentConfig, StackConfig
from tfops.config.project import ProjectConfig
from tfops.config.providers import merged, parsed_blocks
from tfops.config.values import Form, Path, RunValue, Secret, forms_in
from tfops.records.names import EnvName, StackName
from tfops.render.words import variable_name

Blocks = Mapping[str, Mapping[str, Any]]


def provider_settings(project: ProjectConfig, env: EnvName) -> dict[str, dict[str, Any]]:
    """What each provider is told by operations, as far as it needs no engine to say what that is; where an environment
    lives in AWS wins over what all share."""
    blocks = _placed(parsed_blocks(project.providers), project, env)
    return {
        name: {key: value for key, value in block.items() if not any(forms_in(value))} for name, block in blocks.items()
    }


def provider_blocks(project: ProjectConfig, env: EnvName, stack: StackConfig) -> dict[str, dict[str, Any]]:
    """By provider, or provider and alias (`aws.west`), the settings with Forms in them. A root that somebody wrote by
    hand has blocks of its own."""
    if stack.root:
        return {}
    blocks = parsed_blocks(project.providers)
    for name, own in stack.providers.items():
        blocks[name] = merged(own, blocks.get(name, {}))  # what operations say, stands
    return _placed(blocks, project, env)


def _placed(blocks: dict[str, dict[str, Any]], project: ProjectConfig, env: EnvName) -> dict[str, dict[str, Any]]:
    """An alias lives where the environment does, in the account and as the role, unless it takes a role of its own in
    tfops.yaml; which region it is for, it may say itself."""
    rule = project.environments.get(env)
    place: dict[str, Any] = {}
    if rule and rule.region:
        place["region"] = rule.region
    if rule and rule.role:
        place["assume_role"] = [{"role_arn": rule.role}]
    if rule and rule.account:
        place["allowed_account_ids"] = [rule.account]
    if place:
        blocks["aws"] = blocks.get("aws", {}) | place
        for name, block in blocks.items():
            is_elsewhere = "assume_role" in project.providers.get(name, {})
            if name.startswith("aws.") and not is_elsewhere:
                blocks[name] = {**block, **place, **({"region": block["region"]} if "region" in block else {})}
    return blocks


def provider_forms(project: ProjectConfig, env: EnvName, stack: StackConfig) -> Iterator[tuple[str, Path, Form]]:
    """Every reference, secret and value of a run in them: provider, place in its settings, and the form."""
    for name, block in provider_blocks(project, env, stack).items():
        yield from ((name, path, form) for path, form in forms_in(block))


def provider_secrets(project: ProjectConfig, env: EnvName, stack: StackConfig) -> dict[str, Secret]:
    """By variable of the rendered root: what the engine's process gets as `TF_VAR_<name>` for them."""
    forms = provider_forms(project, env, stack)
    return {secret_of_provider(name, path): form for name, path, form in forms if isinstance(form, Secret)}


def secret_of_provider(name: str, path: Path) -> str:
    """A variable's name; no module is called like that, so that the digest keeps it apart from theirs."""
    return variable_name("secret", [f"provider {name}", *(str(step) for step in path)])


def run_value_names(project: ProjectConfig, environment: EnvironmentConfig, stack: StackName) -> frozenset[str]:
    """What a stack's root takes of what only a run knows, in inputs and in provider blocks."""
    config = environment.stacks[stack]
    forms = provider_forms(project, environment.name, config)
    return config.run_values | {form.name for _, _, form in forms if isinstance(form, RunValue)}
