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
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tfops.config.code_version import code_version
from tfops.config.names import PROJECT_FILE
from tfops.dataclass import made_again
from tfops.errors import Refused
from tfops.system.trees import Tree
from tfops.system.workspace import write_bytes

if TYPE_CHECKING:
    from tfops.config.project import ProjectConfig

_MOST_REMEMBERED = 20
_PARTS = ("tfops.config.", "tfops.records.", "tfops.contacts")


def remembered_rules(tree: Tree, folder: Path) -> "ProjectConfig":
    """The rules in a tree. Raises ProjectError and ConfigError as `config.environment.load_rules`."""
    path = _file_of(tree, folder)
    rules: ProjectConfig | None = _remembered(path, whole=True)
    if rules is None:
        rules = _read(tree)
        _remember(path, rules)
    return rules


def remembered_ledger_ref(tree: Tree, folder: Path) -> str:
    """`ledger_ref` of the rules in a tree, all that who only looks at versions needs of them. Raises the same."""
    ref: str | None = _remembered(_file_of(tree, folder), whole=False)
    return remembered_rules(tree, folder).ledger_ref if ref is None else ref


def _read(tree: Tree) -> "ProjectConfig":
    from tfops.config import environment  # noqa: PLC0415 - YAML, schemas, modules: only for what isn't remembered

    return environment.load_rules(tree)


def _file_of(tree: Tree, folder: Path) -> Path:
    """By all that decides whether the rules are right, and what they are."""
    judged = [code_version(), tree.read(PROJECT_FILE), tree.names(tree.folders.modules)]
    return folder / hashlib.sha256(json.dumps(judged).encode()).hexdigest()[:40]


def _remembered(path: Path, *, whole: bool) -> Any:
    """The ledger's ref, or the rules. None where there is nothing, or nothing that can be used: a damaged file, a
    time zone that is gone."""
    try:
        with path.open("rb") as file:
            found = _Unpickler(file).load()
            return _Unpickler(file).load() if whole else found
    except Exception:  # noqa: BLE001 - whatever stands there, it is read anew
        return None


def _remember(path: Path, rules: "ProjectConfig") -> None:
    content = io.BytesIO()
    for part in (rules.ledger_ref, rules):
        _Pickler(content).dump(part)
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
