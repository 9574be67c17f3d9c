"""The local backend's state, read as the file that it is: two starts of the engine less in every apply."""

import json
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.engine.locate import Engine
from tfops.records.rendered import BACKEND_FILE

_FORMAT = 4


def read_local_state(root: Path, engine: Engine, backend_file: str = BACKEND_FILE) -> str | None:
    """What `state pull` would say in a root, empty for no state; None where only the engine can say it.

    That is where the backend is another, or the file isn't whole (an engine truncates it and writes it anew), or is
    encrypted, or is another version's: the engine may refuse it, and reads an older one in its own way.
    """
    path = _path(root / backend_file)
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):
        return None
    return text if writer_of(text) == engine.version else None


def _path(backend_file: Path) -> Path | None:
    """None for a workspace of its own, too: its state lies elsewhere."""
    [(kind, settings)] = json.loads(backend_file.read_text(encoding="utf-8"))["terraform"]["backend"].items()
    is_here = kind == "local" and "path" in settings and "workspace_dir" not in settings
    return backend_file.parent / settings["path"] if is_here else None


def writer_of(text: str) -> str:
    """The engine's version that wrote the state; empty for what is no state, none in clear, or of another format."""
    try:
        document: Any = exact.loads(text)
    except ValueError:
        return ""
    is_known = isinstance(document, dict) and document.get("version") == _FORMAT
    return str(document.get("terraform_version", "")) if is_known else ""
