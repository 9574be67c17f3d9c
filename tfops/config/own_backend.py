"""The backend that a root module names itself, read from its files: where its state is when tfops.yaml doesn't say."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tfops.config.backend import Backend
from tfops.config.document import Document
from tfops.config.modules.hcl import Block, as_list, read_blocks
from tfops.config.modules.module import is_module_file, is_override, is_tofu_file, module_files
from tfops.config.own_roots import roots_of
from tfops.config.project import EnvironmentRule, ProjectConfig
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName, StackName
from tfops.system.trees import Tree

_LOCAL = Backend("local", is_own=True)
# What Terraform says of it: https://developer.hashicorp.com/terraform/cli/cloud/settings
_CLOUD = "HCP Terraform keeps state and locks, and makes the runs"
_NAME_IT = "name the backend in tfops.yaml: it then counts instead"


def with_own_backends(rules: ProjectConfig, tree: Tree) -> ProjectConfig:
    """The rules with what the roots of a commit say themselves, where tfops.yaml names no backend."""
    wanted = {env: rule for env, rule in rules.environments.items() if rule.roots}
    if rules.names_backend or not wanted:
        return rules
    found = {env: _with_own(rules.project, env, rule, tree) for env, rule in wanted.items()}
    return replace(rules, environments={**rules.environments, **found})


def _with_own(project: str, env: EnvName, rule: EnvironmentRule, tree: Tree) -> EnvironmentRule:
    found: dict[StackName, Backend] = {}
    for stack, path in rule.roots.items():
        words = {"{project}": project, "{env}": env, "{stack}": stack}
        more = _filled(dict(rule.backend_config.get(stack, {})), words)
        found[stack] = _completed(read_own_backend(root_texts(tree, path)), more)
    return replace(rule, own_backends=found)


def root_texts(tree: Tree, path: str) -> dict[str, str]:
    """The code in a root's folder, by the names of the files."""
    folder = "" if path == "." else path
    names = (name for name in tree.names(folder) if is_module_file(name) or is_tofu_file(name))
    texts = ((name, tree.read(f"{folder}/{name}" if folder else name)) for name in names)
    return {name: text for name, text in texts if text is not None}


def read_own_backend(texts: Mapping[str, str]) -> Backend:
    """What the last file says that says something: an override file comes after the others. `local` where none does.

    A local backend is kept in tfops' own folder: its path counts for `adopt` alone. What can't be used has a
    `problem`.
    """
    is_tofu = any(map(is_tofu_file, texts))
    found = _LOCAL
    for name in sorted(module_files(texts, is_tofu=is_tofu), key=lambda name: (is_override(name), name)):
        if "backend" not in texts[name] and "cloud" not in texts[name]:
            continue
        try:
            blocks = read_blocks(texts[name], is_json=name.endswith(".json"))
        except ValueError as error:
            return Backend("unknown", is_own=True, problem=f"`{name}` can't be read: {error}")
        for block in (one for one in blocks if one.kind == "terraform"):
            found = _in_block(block) or found
    return found


def _in_block(block: Block) -> Backend | None:
    if block.inner("cloud") or "cloud" in block.attributes:
        return Backend("cloud", is_own=True, problem=_CLOUD)
    for inner in block.blocks:
        if inner.kind == "backend" and len(inner.labels) == 1:
            return _read(inner.labels[0], lambda inner=inner: _settings(inner))
    written = block.attributes.get("backend")
    for one in as_list(written.literal()) if written else ():
        [(kind, settings)] = one.items()
        return _read(kind, lambda settings=settings: dict(next(iter(as_list(settings)), {})))
    return None


def _read(kind: str, settings: Any) -> Backend:
    try:
        return Backend(kind, settings(), is_own=True)
    except ValueError as error:
        return Backend(kind, is_own=True, problem=f"its settings can't be told from here: {error}")


def _settings(block: Block) -> dict[str, Any]:
    """In JSON's syntax. Raises ValueError for what only an engine could evaluate."""
    found: dict[str, Any] = {name: one.literal() for name, one in block.attributes.items()}
    for inner in block.blocks:
        found.setdefault(inner.kind, []).append(_settings(inner))
    return found


def _completed(own: Backend, more: Mapping[str, Any]) -> Backend:
    """As `-backend-config` completes a block: setting by setting."""
    if not more or own.problem:
        return own
    if own.kind == "local":
        return replace(own, problem="there is no backend in it that `backend_config` could complete")
    return replace(own, settings={**own.settings, **more})


def backend_complaints(tree: Tree, rules: Document, env: EnvName) -> Iterator[Complaint]:
    """A root whose state can't be kept as its code says: by HCP Terraform, or where nobody can read where."""
    is_named = isinstance(rules.data, dict) and "backend" in rules.data
    for root in roots_of(rules.data, env).values():
        own = read_own_backend(root_texts(tree, root.path))
        if own.kind == "cloud":
            hint = "move the state to a backend first, and take the block out"
            yield rules.complaint(root.spot, f"`{root.path}` has a `cloud` block: {own.problem}", hint)
        elif own.problem and not is_named:
            yield rules.complaint(root.spot, f"the backend `{own.kind}` of `{root.path}`: {own.problem}", _NAME_IT)


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, replacement in words.items():
            value = value.replace(word, replacement)
        return value
    if isinstance(value, dict):
        return {key: _filled(item, words) for key, item in value.items()}
    return [_filled(item, words) for item in value] if isinstance(value, list) else value
