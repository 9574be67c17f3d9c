"""Which providers modules ask for, and the override files that let old modules run with today's providers.

An override file's `required_providers` replaces entry by entry
(https://developer.hashicorp.com/terraform/language/files/override#merging-terraform-blocks).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tfops.config.modules.hcl import as_list, parse_file

OVERRIDE_FILE = "tfops_keep_providers_override.tf.json"
_DEFAULT_HOST = "registry.terraform.io"


def keeping_overrides(files: Iterable[tuple[str, str]], locked: Mapping[str, str]) -> dict[str, str]:
    """Override files that pin every provider that a module asks for to the locked version.

    `files` are (path below `modules/`, text); `locked` is provider address to version. Returns path to text;
    a module whose providers are not locked, or whose files can't be parsed, gets none.
    """
    wanted: dict[str, dict[str, Any]] = {}
    for path, text in files:
        if "required_providers" not in text:
            continue
        folder = path.rpartition("/")[0]
        for name, entry in _requirements(text, is_json=path.endswith(".json")):
            version = locked.get(provider_address(name, entry))
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
    return "/".join([_DEFAULT_HOST, *parts] if len(parts) == 2 else parts)


def _requirements(text: str, *, is_json: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        document = parse_file(text, is_json=is_json)
    except ValueError:  # the engine reads the same file next and says what is wrong with it
        return
    for terraform in as_list(document.get("terraform")):
        for block in as_list(terraform.get("required_providers")):
            for name, entry in block.items():
                if not name.startswith("__"):
                    yield name, _entry(entry)


def _entry(entry: Any) -> dict[str, Any]:
    """As an object (a bare string is an old form of a version), references as JSON syntax wants them."""
    if not isinstance(entry, dict):
        return {"version": str(entry)}
    plain = {key: value for key, value in entry.items() if not key.startswith("__")}
    if "configuration_aliases" in plain:
        aliases = as_list(plain["configuration_aliases"])
        plain["configuration_aliases"] = [str(alias).removeprefix("${").removesuffix("}") for alias in aliases]
    return plain
