"""What the engine says of a value, said at the line of the environment's file that gives it."""

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tfops.config.document import Document
from tfops.dataclass import dataclass
from tfops.records.engine_events import Diagnostic
from tfops.records.rendered import MAIN_FILE, OWN_VALUES_FILE, ROOT_MODULE
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


_VARIABLE = re.compile(r"\bvar\.(?P<name>[A-Za-z_][\w-]*)")


@dataclass(frozen=True, slots=True)
class OwnPlaces:
    """Leads from files as an engine names them, which stands in a root at `path`, to files of the repository; and from
    tfops' own file of values to what `document` says in tfops.yaml."""

    path: str
    document: Callable[[], Document]
    commit: str = ""

    def __call__(self, said: Diagnostic) -> Diagnostic:
        """The same at a file of the repository; unchanged where it names none, or what was downloaded."""
        file, _, line = said.where.rpartition(":")
        if file == OWN_VALUES_FILE:
            return self._in_tfops_yaml(said)
        if not file or file.startswith((".terraform/", "/", "<")):
            return said
        where = f"{posixpath.normpath(posixpath.join(self.path, file))}:{line}"
        return replace(said, where=f"{self.commit[:8]}:{where}" if self.commit else where)

    def _in_tfops_yaml(self, said: Diagnostic) -> Diagnostic:
        named = _VARIABLE.search(f"{said.summary} {said.detail}")
        mark = self.document().mark(("modules", ROOT_MODULE, "inputs", *([named["name"]] if named else [])))
        where = f"{self.commit[:8]}:{mark}" if self.commit else str(mark)
        return replace(said, where=where, column=mark.column)
