"""Which environment a branch or a name belongs to."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfops.config.names import BRANCH_RULE, is_branch_name, is_environment_name, shown, why_and_hint
from tfops.errors import Refused
from tfops.records.names import EnvName

if TYPE_CHECKING:
    from tfops.config.project import EnvironmentRule, ProjectConfig


def matches(pattern: str, branch: str) -> bool:
    """`*` stands for a part of one path element, `**` for anything; case counts."""
    parts = re.split(r"(\*\*|\*)", pattern)
    words = {"*": "[^/]*", "**": ".*"}
    return re.fullmatch("".join(words.get(part, re.escape(part)) for part in parts), branch) is not None


def environment_of(branch: str, environments: "Mapping[EnvName, EnvironmentRule]") -> EnvName:
    """The one environment whose pattern matches.

    Raises Refused (guard `branch-name`, `no-environment` or `ambiguous-branch`) with the mapping.
    """
    require_branch_name(branch)
    found = [env for env, rule in environments.items() if matches(rule.branch, branch)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(
            "no-environment",
            f"no environment is bound to branch `{branch}`",
            why=f"tfops.yaml maps {describe_mapping(environments)}",
            hint="name the environment, switch to its branch, or bind this branch in tfops.yaml",
        )
    raise Refused(
        "ambiguous-branch",
        f"branch `{branch}` matches {len(found)} environments: {', '.join(found)}",
        why=f"tfops.yaml maps {describe_mapping(environments)}",
        hint="name the environment, or make the patterns in tfops.yaml exclude each other",
    )


def require_branch_name(branch: str) -> None:
    """Raises Refused (guard `branch-name`) for a name that could act as an option or a path."""
    if not is_branch_name(branch):
        raise Refused("branch-name", f"the branch name {shown(branch)} is not allowed", why=BRANCH_RULE)


def describe_mapping(environments: "Mapping[EnvName, EnvironmentRule]") -> str:
    return ", ".join(f"{rule.branch} -> {env}" for env, rule in environments.items() if rule.branch)


def require_environment(asked: str, rules: "ProjectConfig") -> EnvName:
    """Raises Refused (guard `unknown-environment`) with the nearest names."""
    if is_environment_name(asked) and asked in rules.environments:
        return EnvName(asked)
    why, hint = why_and_hint(asked, rules.environments, see="tfops status")
    what = f"there is no environment {shown(asked)} in tfops.yaml"
    raise Refused("unknown-environment", what, why=why, hint=hint)
