"""The mark on a state that was moved elsewhere: its content stays, and no engine goes on with it.

The mark is a resource of a built-in provider that no engine has. It is a part of the state, so every backend
can carry it, and every engine's `init`, `plan` and `apply` ends with an error that names it, without a network.
`state rm tfops_state.moved` takes it away.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from tfops import exact
from tfops.errors import Refused
from tfops.records.engine_events import Diagnostic

_TYPE, _NAME = "tfops_state", "moved"
_PROVIDER = "terraform.io/builtin/state-was-moved"


def marked(document: Mapping[str, Any], *, to: str) -> dict[str, Any]:
    """The same state under the next serial, with the mark that says where it went."""
    mark = {
        "mode": "managed",
        "type": _TYPE,
        "name": _NAME,
        "provider": f'provider["{_PROVIDER}"]',
        "instances": [{"schema_version": 0, "attributes": {"id": to}}],
    }
    resources = [*(document.get("resources") or []), mark]
    return {**document, "serial": document["serial"] + 1, "resources": resources}


def moved_to(document: Mapping[str, Any]) -> str:
    """Where the mark says that the state went; empty without one."""
    for resource in document.get("resources") or []:
        if (resource.get("type"), resource.get("name")) == (_TYPE, _NAME):
            return str(resource["instances"][0]["attributes"]["id"])
    return ""


def require_not_moved(document: Mapping[str, Any]) -> None:
    """Raises Refused (guard `state-moved`): what lies here is an old copy."""
    place = moved_to(document)
    if place:
        raise Refused(
            "state-moved",
            f"this state was moved to {place}",
            why="what lies here is the old copy: a plan on it would undo what was made since",
            hint="take in the tfops.yaml that names the new place: git pull",
        )


def names_the_mark(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether the engine stumbled over the mark."""
    return any(_PROVIDER in diagnostic.text for diagnostic in diagnostics)


def content_digest(document: Mapping[str, Any]) -> str:
    """The sha256 of what the state says, whichever state it is and whoever wrote it."""
    identity = ("lineage", "serial", "terraform_version")
    content = {key: value for key, value in document.items() if key not in identity}
    return hashlib.sha256(exact.dumps(content, sort_keys=True).encode()).hexdigest()
