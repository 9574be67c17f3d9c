"""A project in a temporary folder, and `tfops` run in it as a whole process, as a user would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.checkout import Checkout
from tests.support.warm import run_warm

TFOPS = (sys.executable, "-m", "tfops")

_MODULE = """\
variable "value" { type = any }
variable "keys" {
  type    = set(string)
  default = []
}
resource "terraform_data" "main" { input = var.value }
resource "terraform_data" "each" {
  for_each = var.keys
  input    = each.key
}
output "value" { value = terraform_data.main.output }
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished `tfops`."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> Any:
        """The `result` of a JSON envelope that says it went well."""
        body = json.loads(self.out)
        assert body["ok"], body
        return body["result"]

    @property
    def error(self) -> Any:
        """The `error` of a JSON envelope that says it failed."""
        body = json.loads(self.out)
        assert not body["ok"], body
        return body["error"]


def clean_environment(home: Path, engine: str) -> dict[str, str]:
    """What the machine that runs the tests happens to set must not matter."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START")
        if name in os.environ
    }
    return kept | {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "TFOPS_ENGINE": engine,
        "NO_COLOR": "1",
        "PYTHONWARNINGS": "error",
    }


class Sandbox(Checkout):
    """One clone of a project. Sentences of a test become calls: write, commit, push, run."""

    def __init__(self, folder: Path, home: Path, engine: str) -> None:
        self.home = home
        self.env = clean_environment(home, engine)
        super().__init__(folder, self.env)
        home.mkdir(exist_ok=True)
        config = "[user]\n\tname = ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n"
        (home / "gitconfig").write_text(config + '[protocol "file"]\n\tallow = always\n')

    @property
    def workspace(self) -> Path:
        return self.path / ".git/tfops"

    @property
    def state_file(self) -> Path:
        return self.workspace / "state/dev/main.tfstate"

    def state(self) -> Any:
        return json.loads(self.state_file.read_text())

    def resources(self) -> int:
        """How many resources the state has; 0 while it is absent or being written."""
        try:
            return len(self.state()["resources"])
        except (OSError, ValueError):
            return 0

    def wish(self, value: Any, *, keys: Sequence[str] = (), module: str = "thing") -> str:
        """Write and commit the environment `dev` with one module. Returns the commit."""
        inputs = {"value": value, "keys": list(keys)} if keys else {"value": value}
        body = {"modules": {"main": {"source": module, "inputs": inputs}}}
        self.write("environments/dev.yaml", json.dumps(body))
        return self.commit(f"dev wants {value}")

    def tags(self) -> list[str]:
        return self.git("tag", "--list", "tfops/*", "--sort=version:refname").split()

    def command(self, *args: str) -> list[str]:
        return [*TFOPS, *args]

    def run(self, *args: str, env: Mapping[str, str] | None = None, timeout_s: float = 120) -> Ran:
        """Run `tfops ARGS` without a terminal."""
        code, out, err = run_warm(args, cwd=self.path, env=self.env | dict(env or {}), timeout_s=timeout_s)
        assert "Traceback" not in err, err
        return Ran(code, out, err)

    def ok(self, *args: str, env: Mapping[str, str] | None = None) -> Ran:
        """Run and expect exit code 0."""
        ran = self.run(*args, env=env)
        assert ran.code == 0, f"{args}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def cold(self, *args: str) -> None:
        """Run as a user's shell does, imports and all, for those who measure; fails unless it exits with 0."""
        subprocess.run(self.command(*args), cwd=self.path, env=self.env, capture_output=True, check=True)

    def start(self, *args: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[str]":
        """Start and return at once, to be interrupted."""
        return subprocess.Popen(
            self.command(*args),
            cwd=self.path,
            env=self.env | dict(env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_hear_interrupts,  # noqa: PLW1509 - the test has one thread
        )

    def clone(self, remote: str, folder: Path) -> "Sandbox":
        subprocess.run(["git", "clone", "--quiet", remote, str(folder)], env=self.env, check=True)
        return Sandbox(folder, self.home, self.env["TFOPS_ENGINE"])


def _hear_interrupts() -> None:
    """As in the foreground: a suite in the background has SIGINT ignored, and hands that down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def new_sandbox(folder: Path, engine: str, *, rules: str = "") -> Sandbox:
    """A repository on branch main with one module `thing`, bound to `dev`; nothing committed for dev yet."""
    folder.mkdir(parents=True, exist_ok=True)
    sandbox = Sandbox(folder, folder.parent / f"{folder.name}-home", engine)
    sandbox.git("init", "--quiet", "--initial-branch=main")
    sandbox.write("tfops.yaml", rules or "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n")
    sandbox.write("modules/thing/main.tf", _MODULE)
    return sandbox


def with_remote(sandbox: Sandbox, folder: Path) -> Path:
    """Give the sandbox a bare remote `origin` that has its branch."""
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], env=sandbox.env, check=True
    )
    sandbox.git("remote", "add", "origin", str(folder))
    sandbox.git("push", "--quiet", "--set-upstream", "origin", "main")
    return folder


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 30) -> None:
    """Poll; fails the test when the condition does not come true."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.02)


def interrupt(process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> None:
    process.send_signal(number)
