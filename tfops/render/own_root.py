"""What tfops writes beside the code of a root module that somebody wrote by hand: the backend, and the inputs.

The ledger keeps it by the names of `records/rendered.py`, and what tfops.yaml says of the root in `root.json`: secrets
as references. The engine's folder has it by other names, so that nothing of the root's own is replaced.
"""

import json
import os
from collections.abc import Mapping
from typing import Any

from tfops import exact
from tfops.config.environment import EnvironmentConfig, StackConfig
from tfops.config.own_roots import RootConfig
from tfops.config.project import ProjectConfig
from tfops.config.values import Form, RunValue, Secret, StackReference, forms_in
from tfops.records.names import EnvName, StackName
from tfops.records.rendered import (
    BACKEND_FILE,
    ENCRYPTION_FILE,
    LOCK_FILE,
    OWN_BACKEND_FILE,
    OWN_VALUES_FILE,
    ROOT_FILE,
    ROOT_MODULE,
    RUN_VARIABLE,
    VALUES_FILE,
    RenderedRoot,
    RootLayout,
)
from tfops.render.backend import backend_settings
from tfops.render.encryption import encryption_file
from tfops.render.root import digest_of


def render_own_root(
    project: ProjectConfig,
    environment: EnvironmentConfig,
    stack: StackName,
    lock: str | None,
    run_values: Mapping[str, str],
) -> RenderedRoot:
    """The files of a stack whose root is there already, and the sha256 over them. `run_values` as in `RootSpec`."""
    config = environment.stacks[stack]
    assert config.root is not None
    files = {
        ROOT_FILE: _text(
            _described(config, config.root, project.workspace_of(environment.name)) | _of_run(config, run_values)
        ),
        BACKEND_FILE: _text(_backend(project, environment.name, stack)),
    }
    values = literal_inputs(config)
    if values:
        files[VALUES_FILE] = _text(values)
    encryption = encryption_file(project, environment.name, stack)
    if encryption is not None:
        files[ENCRYPTION_FILE] = encryption
    if lock is not None:
        files[LOCK_FILE] = lock
    return RenderedRoot(files, digest_of(files))


def layout_of(root: RootConfig, code: str) -> RootLayout:
    """By which names the engine finds tfops' files in the root's folder; `code` is the id of what it can reach."""
    tfvars = tuple(os.path.relpath(path, root.path) for path in root.tfvars)
    return RootLayout(OWN_BACKEND_FILE, (*tfvars, OWN_VALUES_FILE), is_own=True, code=code)


def laid_files(rendered: RenderedRoot, root: RootConfig) -> dict[str, str]:
    """What lies in the root's folder, by the names that it has there."""
    files = {
        OWN_BACKEND_FILE: _deeper(rendered.files[BACKEND_FILE], root.path),
        OWN_VALUES_FILE: rendered.files.get(VALUES_FILE, "{}\n"),
    }
    return files | {name: rendered.files[name] for name in (ENCRYPTION_FILE,) if name in rendered.files}


def _deeper(backend_file: str, path: str) -> str:
    """The local state's path as it is from the root's folder, which lies below `modules/` of the stack's."""
    document = json.loads(backend_file)
    local = document["terraform"]["backend"].get("local", {})
    steps = "../" * (1 + (0 if path == "." else path.count("/") + 1))
    for name in ("path", "workspace_dir"):
        if name in local:
            local[name] = steps + local[name]
    return _text(document)


def _backend(project: ProjectConfig, env: EnvName, stack: StackName) -> dict[str, Any]:
    kind, settings = project.backend_of(env, stack).kind, backend_settings(project, env, stack)
    workspace = project.workspace_of(env)
    named = {"//": {"workspace": workspace}} if workspace else {}
    return {**named, "terraform": {"backend": {kind: settings}}}


def literal_inputs(stack: StackConfig) -> dict[str, Any]:
    """The inputs that are literal through and through: they travel as values in a file."""
    inputs = stack.modules[ROOT_MODULE].inputs
    return {name: value for name, value in inputs.items() if not any(forms_in(value))}


def open_inputs(stack: StackConfig) -> dict[str, Any]:
    """The others: they have a secret in them, or what another root gives."""
    literal = literal_inputs(stack)
    return {name: value for name, value in stack.modules[ROOT_MODULE].inputs.items() if name not in literal}


def _described(stack: StackConfig, root: RootConfig, workspace: str) -> dict[str, Any]:
    found: dict[str, Any] = {"root": root.path, "tfvars": list(root.tfvars)}
    found |= {"workspace": workspace} if workspace else {}
    return found | {"inputs": {name: _written(value) for name, value in open_inputs(stack).items()}}


def _of_run(stack: StackConfig, known: Mapping[str, str]) -> dict[str, Any]:
    found = {name: value for name, value in known.items() if name in stack.run_values}
    return {RUN_VARIABLE: found} if found else {}


def _written(value: Any) -> Any:
    """As tfops.yaml has it."""
    match value:
        case Secret():
            return {"from": value.text}
        case StackReference():
            return f"${{stack.{value.stack}.{value.path}}}"
        case RunValue():
            return f"${{{value.name}}}"
        case dict():
            return {key: _written(item) for key, item in value.items()}
        case list():
            return [_written(item) for item in value]
    return value


def filled_in(value: Any, known: Mapping[tuple[str | int, ...], Any], path: tuple[str | int, ...] = ()) -> Any:
    """A value with what its forms stand for, by their places in it."""
    if isinstance(value, Form):
        return known[path]
    if isinstance(value, dict):
        return {key: filled_in(item, known, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item, known, (*path, index)) for index, item in enumerate(value)]
    return value


def _text(block: Mapping[str, Any]) -> str:
    return exact.dumps(block, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
