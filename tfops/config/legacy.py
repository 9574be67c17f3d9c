"""A Terraform root module of its own becomes a module: without backend, providers that tfops.yaml has, and values."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfops import exact
from tfops.config.document import Document
from tfops.config.lines import config_lines
from tfops.config.modules.hcl import Block, Node, as_list, parse_hcl, read_blocks
from tfops.config.modules.module import is_module_file, read_interface
from tfops.errors import Refused

_VALUES = re.compile(r"terraform\.tfvars(\.json)?|.*\.auto\.tfvars(\.json)?")
_ANY_VALUES = re.compile(r".*\.tfvars(\.json)?")


@dataclass(frozen=True, slots=True)
class OldBackend:
    """Where the folder keeps its state: the kind of backend, and the block to reach it with."""

    kind: str = "local"
    text: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the folder becomes: the module's files, what tfops.yaml says of providers, the inputs."""

    files: Mapping[str, str]
    backend: OldBackend
    providers: Mapping[str, Mapping[str, Any]]
    kept_providers: tuple[str, ...]
    inputs: Mapping[str, Any]
    secrets: tuple[str, ...]


def draft_of(files: Mapping[str, str], *, known: Mapping[str, Mapping[str, Any]]) -> Draft:
    """The draft of a folder's files, by path. `known` are the providers that tfops.yaml has.

    A provider block goes to tfops.yaml where it says plain values and nothing there contradicts; every
    other one stays in the module. Raises Refused (guard `adopt`) for what can't be read.
    """
    top = {name: text for name, text in files.items() if "/" not in name and is_module_file(name)}
    found = {name: _blocks(name, text) for name, text in top.items()}
    every = [block for blocks in found.values() for block in blocks]
    providers, kept = _providers(every, known=known)
    drop = set(providers)
    texts = {name: _without(text, name, drop) if _matters(found[name]) else text for name, text in top.items()}
    rest = {name: text for name, text in files.items() if name not in top and not _ANY_VALUES.fullmatch(name)}
    inputs, secrets = _inputs(files, top)
    return Draft(rest | texts, _backend(every), providers, kept, inputs, secrets)


def _blocks(name: str, text: str) -> list[Block]:
    try:
        return read_blocks(text, is_json=name.endswith(".json"))
    except ValueError as error:
        raise Refused(
            "adopt", f"`{name}` can't be read: {error}", hint="terraform validate   in that folder"
        ) from error


def _matters(blocks: list[Block]) -> bool:
    return any(block.kind in ("terraform", "provider") for block in blocks)


def _providers(
    blocks: list[Block], *, known: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Mapping[str, Any]], tuple[str, ...]]:
    ours = [block for block in blocks if block.kind == "provider" and block.labels]
    names = [block.labels[0] for block in ours]
    lifted: dict[str, Mapping[str, Any]] = {}
    for block in ours:
        name = block.labels[0]
        settings = _plain(block)
        fits = settings is not None and known.get(name, settings) == settings
        if settings is not None and fits and names.count(name) == 1:
            lifted[name] = settings
    return lifted, tuple(sorted({name for name in names if name not in lifted}))


def _plain(block: Block) -> dict[str, Any] | None:
    """A provider's settings when all of them are plain values."""
    if block.blocks or "alias" in block.attributes:
        return None
    try:
        return {name: expression.literal() for name, expression in block.attributes.items()}
    except ValueError:
        return None


def _backend(blocks: list[Block]) -> OldBackend:
    for block in blocks:
        if block.kind != "terraform":
            continue
        for inner in block.blocks:
            if inner.kind in ("backend", "cloud"):
                kind = inner.labels[0] if inner.labels else "cloud"
                return OldBackend(kind, f"terraform {{\n{inner.text}\n}}\n", _plain(inner) or {})
        for found in as_list(_json_value(block, "backend")):
            [(kind, settings)] = found.items()
            text = json.dumps({"terraform": {"backend": {kind: settings}}})
            return OldBackend(kind, text, as_list(settings)[0] if settings else {})
    return OldBackend()


def _json_value(block: Block, name: str) -> Any:
    try:
        return block.attributes[name].literal() if name in block.attributes else None
    except ValueError:
        return None


def _without(text: str, name: str, providers: set[str]) -> str:
    """The file without its backend, and without the providers that tfops.yaml has now."""
    if name.endswith(".json"):
        return _json_without(text, providers)
    body = parse_hcl(text)
    cuts = sorted(_cuts(body, providers), reverse=True)
    for start, end in cuts:
        text = text[:start].rstrip(" \t") + text[end:].removeprefix("\n")
    return text


def _cuts(body: Node, providers: set[str]) -> Iterator[tuple[int, int]]:
    for child in body.children():
        words = [part.text.strip('"') for part in child.children()] if child.kind == "block" else [""]
        if words[0] == "provider" and words[1] in providers:
            yield _span(child)
        elif words[0] == "terraform":
            for inner in child.children()[-1].children():
                if inner.kind == "block" and inner.children()[0].text in ("backend", "cloud"):
                    yield _span(inner)


def _span(node: Node) -> tuple[int, int]:
    return node.tree.meta.start_pos, node.tree.meta.end_pos


def _json_without(text: str, providers: set[str]) -> str:
    whole = exact.loads(text)
    for name in providers:
        for block in as_list(whole.get("provider")):
            block.pop(name, None)
    for block in as_list(whole.get("terraform")):
        for key in ("backend", "cloud"):
            block.pop(key, None)
    return exact.dumps(whole, indent=2) + "\n"


def _inputs(files: Mapping[str, str], top: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of the folder's variables, in the engine's order of precedence; secrets as references."""
    variables = read_interface(top).variables
    values: dict[str, Any] = {}
    names = sorted((name for name in files if _VALUES.fullmatch(name)), key=lambda name: (".auto." in name, name))
    for name in names:
        values |= _values(name, files[name])
    values = {name: value for name, value in values.items() if name in variables}
    secrets = [name for name in values if variables[name].sensitive or variables[name].ephemeral]
    missing = [name for name, variable in variables.items() if not variable.has_default and name not in values]
    if missing:
        raise Refused(
            "adopt",
            f"no file says what these variables are: {', '.join(missing)}",
            why="they come from -var, -var-file or TF_VAR_… where the folder is applied today",
            hint="write them into terraform.tfvars in that folder; a secret as any text: its value isn't taken over",
        )
    return values | {name: {"from": f"env:{name.upper()}"} for name in secrets}, tuple(secrets)


def _values(name: str, text: str) -> dict[str, Any]:
    try:
        if name.endswith(".json"):
            found: dict[str, Any] = exact.loads(text)
            return found
        attributes = (node.children() for node in parse_hcl(text).children() if node.kind == "attribute")
        return {key.text: value.literal() for key, value in attributes}
    except ValueError as error:
        raise Refused(
            "adopt", f"`{name}` can't be read: {error}", hint="only plain values can be taken over"
        ) from error


def environment_text(env: str, module: str, inputs: Mapping[str, Any]) -> str:
    """The file of an environment that is one module."""
    document = Document("")
    document.data = {"modules": {module: {"source": module} | ({"inputs": dict(inputs)} if inputs else {})}}
    lines = "\n".join(line.text for line in config_lines(document))
    return f"# What `{env}` is made of: taken over from a Terraform folder.\n{lines}\n"


def moved_sources(state: Mapping[str, Any]) -> list[str]:
    """What has to move below the module: the state's own resources, and its modules as a whole."""
    found: set[str] = set()
    for resource in state.get("resources") or []:
        module = str(resource.get("module") or "")
        if module:
            found.add(re.match(r"module\.[^.\[]+", module)[0])  # type: ignore[index]
        elif resource.get("mode") == "managed":
            found.add(f"{resource['type']}.{resource['name']}")
    return sorted(found)
