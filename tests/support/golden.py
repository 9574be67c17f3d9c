"""Golden files: what a text must be, to the byte. `UPDATE_GOLDEN=1 pytest …` writes them anew."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "unit" / "golden"


def assert_golden(name: str, text: str) -> None:
    """Fails unless the golden file `name` holds exactly `text`."""
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert path.is_file(), f"{path} is missing: look at the text, then run with UPDATE_GOLDEN=1"
    assert text == path.read_bytes().decode()
