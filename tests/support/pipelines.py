"""The files that `init --ci` writes, and their commands, run by hand in their order."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.sandbox import Ran, Sandbox


def steps_of(shop: Sandbox, forge: str, kind: str) -> tuple[list[str], list[str]]:
    """The lines of a job of this kind that run tfops, and its environments."""
    if forge == "gitlab":
        job = _read(shop.path / ".gitlab/tfops.yml")[f"tfops-{kind}"]
        matrix, lines = job.get("parallel", {}).get("matrix", [{"ENV": []}])[0]["ENV"], job["script"]
    else:
        (job,) = _read(shop.path / f".{forge}/workflows/tfops-{kind}.yml")["jobs"].values()
        matrix = job.get("strategy", {"matrix": {"env": []}})["matrix"]["env"]
        lines = [step.get("run", "") for step in job["steps"]]
    return [line for line in lines if line.startswith("tfops ")], matrix


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def type_line(shop: Sandbox, line: str, *more: str, env: Mapping[str, str] | None = None) -> Ran:
    """Run a line of a file, with the variables that the job gives it."""
    given = env or {}
    words = [given.get(word[1:], word) if word.startswith("$") else word for word in shlex.split(line)[1:]]
    return shop.ok(*words, *more)
