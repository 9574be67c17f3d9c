"""What an unfinished bisect was told, kept in the clone so that the same command goes on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.bisect import Answer, Step
from tfops.records.version import Version
from tfops.system.workspace import read_json, write_file
from tfops.views.words import plural

if TYPE_CHECKING:
    from pathlib import Path

    from tfops.change.project import Project
    from tfops.commands.drill_place import DrillPlace


@dataclass(frozen=True, slots=True)
class Memory:
    """A file for each environment. `key` is what an unfinished one must have been about, to go on with it."""

    path: Path
    key: Mapping[str, Any]
    again: str

    @classmethod
    def of(
        cls, project: Project, at: DrillPlace, good: Version, bad: Version, probe: tuple[str, ...], *, again: str
    ) -> Memory:
        key = {"good": str(good), "bad": str(bad), "place": str(at.place.env), "probe": list(probe)}
        return cls(project.workspace.bisect(at.home.env), key, again)

    def read(self) -> dict[Version, Step]:
        """In the order in which they were tried. Raises Refused (guard `bisect`) where it is about something else."""
        kept = read_json(self.path)
        if not isinstance(kept, dict):
            return {}
        if any(kept.get(name) != value for name, value in self.key.items()):
            answers = plural(len(kept.get("steps") or ()), "answer")
            before = f"{kept.get('good')} to {kept.get('bad')} in {kept.get('place')}, {answers}"
            raise Refused(
                "bisect",
                f"another bisect is not finished: {before}",
                why=f"its probe: {shlex.join(kept.get('probe') or ())}",
                hint=f"finish it, or forget it: {self.again.replace(' -- ', ' --anew -- ')}",
            )
        steps: Mapping[str, Any] = kept["steps"]
        return {
            Version.read(name): Step(Answer(step["answer"]), step["seconds"], step["why"])
            for name, step in steps.items()
        }

    def write(self, steps: Mapping[Version, Step]) -> None:
        kept = {
            str(version): {"answer": step.answer.value, "seconds": step.seconds, "why": step.why}
            for version, step in steps.items()
        }
        write_file(self.path, exact.dumps({**self.key, "steps": kept}))

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
