"""Makes an engine's program out of `recorded_engine.py`: a stand-in that replays, or one that records a real engine."""

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parents[1] / "data/engine"

# Imported, so that it is compiled once.
_PROGRAM = """\
#!{python} -IS
import sys
sys.path.append({here!r})
import recorded_engine
sys.exit(recorded_engine.main([{folder!r}, *sys.argv[1:]]))
"""


class StandIn:
    """An engine in a folder of its own. `path` is what `--engine` takes."""

    def __init__(self, folder: Path, recordings: Path, *, real: str = "") -> None:
        self.path = folder / "engine"
        self._settings = folder / "settings.json"
        self._known: dict[str, Any] = {"recordings": str(recordings)} | ({"real": real} if real else {})
        folder.mkdir(parents=True)
        here = str(Path(__file__).parent)
        self.path.write_text(_PROGRAM.format(python=sys.executable, here=here, folder=str(folder)))
        self.path.chmod(0o755)
        self._write()

    def _write(self, **more: Any) -> None:
        self._settings.write_text(json.dumps(self._known | more))

    @property
    def name(self) -> str:
        """Of the recordings: `1.15.5-life`."""
        return "-".join(Path(self._known["recordings"]).parts[-2:])

    @contextlib.contextmanager
    def otherwise(self, command: str, **how: Any) -> Iterator[None]:
        """For a while one command goes otherwise than recorded.

        `is_silent`: it says nothing, does nothing, and ends with 0. `after`: so many lines are said, then: `until`, it
        waits until that file is there (and makes `<until>.reached`); `dies`, it gets SIGKILL, and `saves` the state
        before or not. `cannot_save`: the state goes to `errored.tfstate`, and it ends with 1. `fails`: the first so
        many tries end with 1, with `out` and `err` for words; the file `counted` has how many there were.
        """
        self._write(twists={command: how})
        try:
            yield
        finally:
            self._write()

    def play(self, case: str, version: str) -> None:
        """From now on answer with another case's recordings."""
        self._known["recordings"] = str(RECORDINGS / version / case)
        self._write()
        self.path.touch()  # another program: whoever remembers its version asks again
