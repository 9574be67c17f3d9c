"""Which providers modules ask for, and the override files that let old modules run with today's providers.

An override file's `required_providers` replaces entry by entry
(https://developer.hashicorp.com/terraform/language/files/override#merging-terraform-blocks).
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tfops.config.modules.hcl import Expression, JsonExpression, Node, pairs, read_blocks
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import module_files
from tfops.records.addresses import provider_of, without_keys

OVERRIDE_FILE = "tfops_keep_providers_override.tf.json"
_DEFAULT_HOST = "registry.terraform.io"


def keeping_overrides(files: Iterable[tuple[str, str]], locked: Mapping[str, str]) -> dict[str, str]:
    """Override files that pin every provider that a module asks for to the locked version.

    `files` are (path below `modules/`, text); `locked` is provider address to version. Returns path to text;
    a module whose providers are not locked, or whose files can't be parsed, gets none.
    """
    versions = {provider_of(address): version for address, version in locked.items()}
    wanted: dict[str, dict[str, Any]] = {}
    for path, text in files:
        if "required_providers" not in text:
            continue
        folder = path.rpartition("/")[0]
        for name, entry in _requirements(text, is_json=path.endswith(".json")):
            version = versions.get(provider_address(name, entry))
            if version is not None:
                wanted.setdefault(folder, {})[name] = entry | {"version": f"= {version}"}
    return {
        f"{folder}/{OVERRIDE_FILE}": json.dumps(
            {"terraform": {"required_providers": entries}}, indent=2, sort_keys=True
        )
        for folder, entries in wanted.items()
    }


def provider_address(name: str, entry: Mapping[str, Any]) -> str:
    """The full address of a provider that a module calls `name`; a bare name is HashiCorp's."""
    parts = str(entry.get("source") or f"hashicorp/{name}").lower().split("/")
    return provider_of("/".join([_DEFAULT_HOST, *parts] if len(parts) == 2 else parts))


def import_requirements(addresses: Iterable[str], folders: Mapping[str, Path], root: Path | None = None) -> str:
    """The text of an override file with what a root module must require besides, for `import` blocks with these
    addresses; empty where that is nothing.

    OpenTofu takes the first word of a resource's type for the name of a provider of the root, HashiCorp's where the
    root says nothing else; the module's own words decide. `folders` maps a module's path in dots to its files; what
    the files in `root` require themselves isn't said again.
    """
    said = _required_in(module_texts(root)) if root is not None else {}
    needed = {name: {"source": it} for name, it in _import_sources(addresses, folders).items() if name not in said}
    return json.dumps({"terraform": {"required_providers": needed}}, indent=2) + "\n" if needed else ""


def _import_sources(addresses: Iterable[str], folders: Mapping[str, Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    for address in addresses:
        *steps, kind, name = without_keys(address).split(".")
        folder = folders.get(".".join(steps[1::2]))
        if folder is not None and folder.is_dir():
            local = kind.partition("_")[0]
            source = _source_of(kind, name, module_texts(folder)).removeprefix(f"{_DEFAULT_HOST}/")
            if source != f"hashicorp/{local}":
                found.setdefault(local, source)
    return found


def _source_of(kind: str, name: str, texts: Mapping[str, str]) -> str:
    """The address of the provider of a module's resource."""
    requirements, local = _required_in(texts), kind.partition("_")[0]
    for file in module_files(texts, is_tofu=True):
        local = _chosen_provider(kind, name, texts[file], is_json=file.endswith(".json")) or local
    return provider_address(local, requirements.get(local, {}))


def _required_in(texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a folder's files require, as OpenTofu reads them, by the name that they give it."""
    found: dict[str, dict[str, Any]] = {}
    for file in module_files(texts, is_tofu=True):
        found |= dict(_requirements(texts[file], is_json=file.endswith(".json")))
    return found


def _chosen_provider(kind: str, name: str, text: str, *, is_json: bool) -> str:
    """The name before the dot of a resource's `provider = demo.west`; empty without one."""
    if kind not in text or "provider" not in text:
        return ""
    try:
        blocks = read_blocks(text, is_json=is_json)
    except ValueError:
        return ""
    chosen = (block.attributes.get("provider") for block in blocks if block.labels == (kind, name))
    texts = (expression.text.strip().strip('"') for expression in chosen if expression is not None)
    return next((re.split(r"[.\[]", text)[0] for text in texts), "")


def _requirements(text: str, *, is_json: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        blocks = read_blocks(text, is_json=is_json)
    except ValueError:  # the engine reads the same file next and says what is wrong with it
        return
    for terraform in blocks:
        for block in terraform.inner("required_providers") if terraform.kind == "terraform" else ():
            for name, expression in block.attributes.items():
                with contextlib.suppress(ValueError):
                    yield name, _entry(expression)


def _entry(expression: Expression) -> dict[str, Any]:
    """As an object (a bare text is an old form of a version), references as JSON syntax wants them."""
    if isinstance(expression, JsonExpression):
        value = expression.literal()
        return dict(value) if isinstance(value, dict) else {"version": str(value)}
    inner = expression.node().inner()
    if inner.kind != "object":
        return {"version": str(inner.literal())}
    return {key: _aliases(value) if key == "configuration_aliases" else value.literal() for key, value in pairs(inner)}


def _aliases(node: Node) -> list[str]:
    return [item.text for item in node.inner().children()]
