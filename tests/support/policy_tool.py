"""A stand-in for a policy tool: a program in a folder on PATH that says what a real one said, and ends as it did."""

import importlib.util
import json
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

import pytest

_PROGRAM = """\
#!{python} -IS
import json, os, sys, time
here = {here!r}
told = json.load(open(here + "/{name}.json"))
with open(here + "/{name}.asked", "w") as file:
    json.dump({{"argv": sys.argv[1:], "env": dict(os.environ)}}, file)
time.sleep(told["sleep_s"])
sys.stdout.write(told["stdout"])
sys.stderr.write(told["stderr"])
sys.exit(told["code"])
"""


def require_regopy() -> None:
    """The extra `policy`; without it a failure in CI, a skip that says what to do on a laptop."""
    if importlib.util.find_spec("regopy") is not None:
        return
    message = "the extra `policy` is not installed: pip install regopy"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


class PolicyTool:
    """One program, in a folder that comes first on a PATH: this process's, or that of `env`."""

    def __init__(self, folder: Path, name: str, env: MutableMapping[str, str] = os.environ) -> None:
        folder.mkdir(exist_ok=True)
        self._answer, self._asked = folder / f"{name}.json", folder / f"{name}.asked"
        program = folder / name
        program.write_text(_PROGRAM.format(python=sys.executable, here=str(folder), name=name))
        program.chmod(0o755)
        env["PATH"] = f"{folder}:{env['PATH']}"
        self.says("")

    def says(self, stdout: object, *, code: int = 0, stderr: str = "", sleep_s: float = 0.0) -> None:
        """From now on. What isn't a text is said as JSON."""
        text = stdout if isinstance(stdout, str) else json.dumps(stdout)
        answer = {"stdout": text, "stderr": stderr, "code": code, "sleep_s": sleep_s}
        self._answer.write_text(json.dumps(answer))

    @property
    def argv(self) -> list[str]:
        """Of its latest run."""
        return list(json.loads(self._asked.read_text())["argv"])

    @property
    def env(self) -> dict[str, str]:
        return dict(json.loads(self._asked.read_text())["env"])
