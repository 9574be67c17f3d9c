"""The local backend's state, read as the file that it is: two starts of the engine less in every apply."""

import json
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.engine.locate import Engine
from tfops.records.rendered import BACKEND_FILE

_FORMAT = 4


def read_local_state(root: Path, engine: Engine) -> str | None:
    """What `state pull` would say in a root, empty for no state; None where only the engine can say it.

    That is where the backend is another, or the file isn't whole (an engine truncates it and writes it anew), or is
    encrypted, or is another version's: the engine may refuse it, and reads an older one in its own way.
    """
    path = _path(root)
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        return None
    return text if _writer(text) == engine.version else None


def _path(root: Path) -> Path | None:
    [(kind, settings)] = json.loads((root / BACKEND_FILE).read_text(encoding="utf-8"))["terraform"]["backend"].items()
    return root / settings["path"] if kind == "local" and "path" in settings else None


def _writer(text: str) -> str:
    """The engine's version that wrote the state; empty for what is no state, none in clear, or of another format."""
    try:
        document: Any = exact.loads(text)
    except ValueError:
        return ""
    is_known = isinstance(document, dict) and document.get("version") == _FORMAT
    return str(document.get("terraform_version", "")) if is_known else ""
