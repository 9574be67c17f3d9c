"""A program of the user's that says whether what runs is good: its exit codes are those of `git bisect run`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.engine.text import safe_lines
from tfops.errors import Refused
from tfops.records.bisect import Answer
from tfops.system import environ, process
from tfops.system.workspace import write_file

if TYPE_CHECKING:
    from tfops.commands.drill_place import DrillPlace

_SKIP = 125
_CANT_RUN = (126, 127)
_SHOWN_LINES = 5


@dataclass(frozen=True, slots=True)
class Probe:
    """`argv` is started in `folder`, where the command was typed."""

    argv: tuple[str, ...]
    folder: Path
    timeout_s: float

    def require_runnable(self) -> None:
        """Before anything is applied. Raises Refused (guard `probe`)."""
        name = self.argv[0]
        path = str(self.folder / name) if "/" in name else name
        if shutil.which(path) is None:
            raise self._refused(f"the probe can't run: there is no program `{name}`")

    def answer(self, facts: Mapping[str, str], outputs: Mapping[str, Any], at: DrillPlace) -> Answer:
        """0 is good, 125 can't say, any other up to 124 bad. Raises Refused (guard `probe`) for the rest."""
        with at.project.workspace.scratch() as scratch:
            given = scratch / "outputs.json"
            write_file(given, exact.dumps(outputs))
            env = {**environ.everything(), **facts, "TFOPS_OUTPUTS": str(given)}
            done = process.probe(self.argv, env=env, cwd=self.folder, timeout_s=self.timeout_s)
        if done.code != 0:
            for line in safe_lines(at.ui.mask(done.text)).splitlines()[-_SHOWN_LINES:]:
                at.ui.note(f"  {line}")
        if done.code == process.TOO_LATE:
            raise self._refused(f"the probe did not end within {self.timeout_s:g} s")
        if done.code in _CANT_RUN:
            raise self._refused(f"the probe can't run: exit code {done.code}")
        if not 0 <= done.code < 128:
            raise self._refused(f"the probe was stopped: exit code {done.code}")
        return {0: Answer.GOOD, _SKIP: Answer.SKIP}.get(done.code, Answer.BAD)

    def _refused(self, what: str) -> Refused:
        why = "0 is good, 125 can't say, any other up to 124 is bad"
        return Refused("probe", what, why=why, hint="correct it, then the same command goes on")
