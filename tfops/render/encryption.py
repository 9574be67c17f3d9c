"""The `encryption` block of a rendered root: OpenTofu heeds it in the root module only."""

from typing import Any

from tfops import exact
from tfops.config.encryption import REFERENCE
from tfops.config.project import ProjectConfig
from tfops.config.values import Path, Secret
from tfops.records.names import EnvName, StackName
from tfops.render.escape import escape_literal
from tfops.render.words import filled, variable_name


def encryption_file(project: ProjectConfig, env: EnvName, stack: StackName) -> str | None:
    """The file with the block of tfops.yaml, None without one.

    Secrets come in by ephemeral variables, which no plan holds: their values are in the engine's process alone.
    """
    if not project.encryption.block:
        return None
    block = _rendered(filled(dict(project.encryption.block), project, env, stack), ())
    variables = {name: _VARIABLE for name in encryption_secrets(project)}
    body = {"terraform": {"encryption": block}} | ({"variable": variables} if variables else {})
    return exact.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


_VARIABLE = {"type": "string", "sensitive": True, "ephemeral": True}


def encryption_secrets(project: ProjectConfig) -> dict[str, Secret]:
    """By variable: what the engine's process gets as `TF_VAR_<name>` to read and write states."""
    return {_name(path): secret for path, secret in project.encryption.secrets()}


def _name(path: Path) -> str:
    return variable_name("encryption", [str(step) for step in path])


def _rendered(value: Any, path: Path) -> Any:
    """JSON syntax wants a method as a bare reference and keys as an expression (OpenTofu 1.12)."""
    if isinstance(value, Secret):
        return f"${{var.{_name(path)}}}"
    if isinstance(value, dict):
        return {key: _rendered(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_rendered(item, (*path, index)) for index, item in enumerate(value)]
    found = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if found:
        return f"${{{value}}}" if found["kind"] == "key_provider" else value
    return {} if value is None else escape_literal(value)
