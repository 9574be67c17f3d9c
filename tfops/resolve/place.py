"""Where a state is kept, apart from how it is reached: what makes two backends the same place."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tfops.dataclass import dataclass

# The settings that say where; everything else (lock, profile, role, retries, …) says how.
# A backend that isn't listed is another place when any of its settings is another.
_WHERE = {
    "s3": ("bucket", "key", "endpoints", "endpoint"),
    "gcs": ("bucket", "prefix"),
    "azurerm": ("storage_account_name", "container_name", "key"),
    "http": ("address",),
    "pg": ("conn_str", "schema_name"),
    "consul": ("address", "path"),
    "kubernetes": ("namespace", "secret_suffix"),
    "remote": ("hostname", "organization", "workspaces"),
    "oss": ("bucket", "prefix", "key"),
    "cos": ("bucket", "prefix", "key"),
    "oci": ("namespace", "bucket", "key"),
}
# What a backend takes where nothing is said.
_DEFAULTS = {"pg": {"schema_name": "terraform_remote_state"}, "kubernetes": {"namespace": "default"}}
_SECRET = ("conn_str",)  # may hold a password


@dataclass(frozen=True, slots=True)
class StatePlace:
    """One of Terraform's backends with its settings filled in, and the workspace in it where one is named."""

    kind: str
    settings: Mapping[str, Any]
    workspace: str = ""

    @property
    def where(self) -> tuple[str, str]:
        """Equal for backends that keep the same state."""
        names = _WHERE.get(self.kind, tuple(self.settings))
        settings = {**_DEFAULTS.get(self.kind, {}), **{key: value for key, value in self.settings.items() if value}}
        found = {name: settings[name] for name in names if settings.get(name)}
        found |= {"workspace": self.workspace} if self.workspace else {}
        return self.kind, json.dumps(found, sort_keys=True)

    def __str__(self) -> str:
        """The place in words, without anything that may be secret."""
        if self.kind == "local":
            return f"local workspace {self.workspace}" if self.workspace else "local"
        shown = (name for name in _WHERE.get(self.kind, ()) if name not in _SECRET and not name.startswith("endpoint"))
        texts = (self.settings.get(name) for name in shown)
        workspace = [f"workspace {self.workspace}"] if self.workspace else []
        return " ".join(
            [self.kind, *(_without_user(text) for text in texts if isinstance(text, str) and text), *workspace]
        )


def told_apart(old: StatePlace, new: StatePlace) -> tuple[str, str]:
    """Both in words; where the words would be alike, with what is different between them."""
    if str(old) != str(new):
        return str(old), str(new)
    names = [
        name for name in sorted({*old.settings, *new.settings}) if old.settings.get(name) != new.settings.get(name)
    ]
    return _with(old, names, "another"), _with(new, names, "a new")


def _with(place: StatePlace, names: Iterable[str], which: str) -> str:
    texts = (f"{which} `{name}`" if name in _SECRET else f"{name} {_shown(place.settings.get(name))}" for name in names)
    return f"{place} ({', '.join(texts)})"


def _shown(value: Any) -> str:
    if value in (None, ""):
        return "not set"
    return _without_user(value) if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _without_user(text: str) -> str:
    return text.replace(f"{urlsplit(text).netloc.rpartition('@')[0]}@", "", 1) if "://" in text else text


def to_place(backend_file: str) -> StatePlace:
    """The place that a rendered root's `backend.tf.json` names."""
    document = json.loads(backend_file)
    [(kind, settings)] = document["terraform"]["backend"].items()
    return StatePlace(kind, settings, document.get("//", {}).get("workspace", ""))
