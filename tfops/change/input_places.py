"""What the engine says of a value, said at the line of the environment's file that gives it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tfops.config.document import Document
from tfops.dataclass import dataclass
from tfops.records.engine_events import Diagnostic
from tfops.records.rendered import MAIN_FILE
from tfops.render.places import named_input, path_at

_PLACE = re.compile(rf"{re.escape(MAIN_FILE)}:(?P<line>\d+)")
# Of a sensitive variable engines give the declaration's place, and say the value's in their words.
_GIVEN = re.compile(rf" Invalid value defined at {re.escape(MAIN_FILE)}:(?P<line>\d+)[-,:\d]*\.?")


@dataclass(frozen=True, slots=True)
class InputPlaces:
    """Leads from lines of the root in `root` to the places that `document` gives; `commit` is where that file is, if
    not in the commit that a change is aimed at."""

    root: Path
    document: Callable[[], Document]
    commit: str = ""

    def __call__(self, said: Diagnostic) -> Diagnostic:
        """The same at the environment's file; unchanged where it isn't about what that file says."""
        path = self._path(said)
        if not path:
            return said
        mark = self.document().mark(path)
        where = f"{self.commit[:8]}:{mark}" if self.commit else str(mark)
        return replace(said, where=where, column=mark.column, detail=_GIVEN.sub("", said.detail))

    def _path(self, said: Diagnostic) -> tuple[str, ...]:
        if named := named_input(said.detail):
            return ("modules", named[0], "inputs", named[1])
        found = _GIVEN.search(said.detail) or _PLACE.match(said.where)
        return path_at(self._main(), int(found["line"])) if found else ()

    def _main(self) -> str:
        path = self.root / MAIN_FILE
        return path.read_text(encoding="utf-8") if path.is_file() else ""
