"""The rules of a commit, remembered: a tfops.yaml that was found right once isn't read and checked again.

Reading thousands of lines of YAML costs more than everything else that `status` does, and whoever only looks at
versions shouldn't load what reads it. Rules with mistakes are never remembered.

The file is a pickle in tfops' private folder, and only classes of tfops' configuration are made from it.
"""

import contextlib
import hashlib
import io
import json
import pickle
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tfops.config.project import PROJECT_FILE, ProjectConfig
from tfops.config.validation_cache import code_version
from tfops.dataclass import made_again
from tfops.errors import Refused
from tfops.system.trees import Tree
from tfops.system.workspace import write_bytes

_MOST_REMEMBERED = 20
_PARTS = ("tfops.config.", "tfops.model", "tfops.contacts")


def remembered_rules(tree: Tree, folder: Path) -> ProjectConfig:
    """The rules in a tree. Raises ProjectError and ConfigError as `config.environment.load_rules`."""
    text = tree.read(PROJECT_FILE)
    if text is None:
        return _read(tree)
    path = folder / _key(text, tree.names("modules"))
    known = _remembered(path)
    if known is not None:
        return known
    rules = _read(tree)
    _remember(path, rules)
    return rules


def _read(tree: Tree) -> ProjectConfig:
    from tfops.config import environment  # noqa: PLC0415 - YAML, schemas, modules: only for what isn't remembered

    return environment.load_rules(tree)


def _key(text: str, modules: list[str]) -> str:
    whole = json.dumps([code_version(), text, modules])
    return hashlib.sha256(whole.encode()).hexdigest()[:40]


def _remembered(path: Path) -> ProjectConfig | None:
    """None where there is nothing, or nothing that can be used: a damaged file, a time zone that is gone."""
    try:
        found: Any = _Unpickler(io.BytesIO(path.read_bytes())).load()
    except Exception:  # noqa: BLE001 - whatever stands there, it is read anew
        return None
    return found if isinstance(found, ProjectConfig) else None


def _remember(path: Path, rules: ProjectConfig) -> None:
    content = io.BytesIO()
    _Pickler(content).dump(rules)
    with contextlib.suppress(Refused, OSError):  # no room, or two at once: then it is read again
        write_bytes(path, content.getvalue())
        for old in sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns)[:-_MOST_REMEMBERED]:
            old.unlink()


class _Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> str | None:
        """A time zone by its name: the machine knows the rest."""
        return value.key if isinstance(value, ZoneInfo) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> ZoneInfo:
        return ZoneInfo(name)

    def find_class(self, module: str, name: str) -> Any:
        """Only what rules are made of. Raises UnpicklingError for anything else."""
        found = super().find_class(module, name) if module.startswith(_PARTS) and "." not in name else None
        if (module, name) == ("decimal", "Decimal"):
            found = Decimal
        if (module, name) == (made_again.__module__, made_again.__name__):
            return made_again
        if not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of rules")
        return found
