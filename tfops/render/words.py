"""Names of variables, and texts with the names of project, environment and stack in them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tfops.config.project import ProjectConfig
from tfops.records.names import EnvName, StackName


def variable_name(kind: str, words: list[str]) -> str:
    """The name of a variable of the rendered root; a digest keeps odd words apart and legal."""
    plain = "_".join("".join(c if c.isascii() and c.isalnum() else "_" for c in word) for word in words)
    suffix = hashlib.sha256(json.dumps(words).encode()).hexdigest()[:8]
    return f"{kind}_{plain}_{suffix}"


def filled(value: Any, project: ProjectConfig, env: EnvName, stack: StackName) -> Any:
    """`value` with `{project}`, `{env}` and `{stack}` replaced in its texts."""
    return _fill(value, {"{project}": project.project, "{env}": env, "{stack}": stack})


def _fill(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, replacement in words.items():
            value = value.replace(word, replacement)
        return value
    if isinstance(value, dict):
        return {key: _fill(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, words) for item in value]
    return value
