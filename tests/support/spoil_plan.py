"""An engine that spoils what it plans: what tfops makes of saved plans as no engine of today writes them."""

import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.plan_writer import archive, message
from tfops.config.project import EngineChoice
from tfops.engine.locate import find_engine

_TOP = Path(__file__).parents[2]
_ENGINE = """\
#!/bin/sh
echo "$1" >> '{log}'
'{engine}' "$@"
code=$?
for word in "$@"; do
  case "$word" in -out=*) (cd '{top}' && '{python}' -m tests.support.spoil_plan '{how}' "${{word#-out=}}");; esac
done
exit $code
"""


@dataclass(frozen=True, slots=True)
class SpoilingEngine:
    """A program that stands for an engine, and what it was asked so far."""

    path: Path
    log: Path

    @property
    def asked(self) -> list[str]:
        return self.log.read_text().split()


def spoiling_engine(folder: Path, how: str, engine: str) -> SpoilingEngine:
    """One whose plans have a `field` that nobody knows, or another `version`, or are `cut`; `as it is`: none of it."""
    real = find_engine(EngineChoice(), engine).executable
    found = SpoilingEngine(folder / "terraform", folder / "asked")
    found.path.write_text(_ENGINE.format(log=found.log, engine=real, top=_TOP, python=sys.executable, how=how))
    found.path.chmod(0o755)
    return found


def _spoil(path: Path, how: str) -> None:
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-30])
        return
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    more = {"field": message((99, 1)), "version": message((1, 4))}.get(how, b"")
    path.write_bytes(archive(content | {"tfplan": content["tfplan"] + more}))


if __name__ == "__main__":
    _spoil(Path(sys.argv[2]), sys.argv[1])
