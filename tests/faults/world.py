"""An environment with a witness: every real thing writes down that it was made or taken away.

State, tags and ledger can then be compared with the world itself: nothing made twice, nothing
orphaned, nothing forgotten; and what nobody can know was named as in doubt.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.faults.backends import Backend
from tests.support.rival import be_faster_once
from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote
from tests.support.warm import run_warm

# A null that has a type makes the import of `terraform_data` an update with another id (Terraform 1.11 and 1.15).
MODULE = """\
variable "things" { type = any }
variable "witness" { type = string }
variable "seconds" { type = number }
variable "waits" { type = bool }
resource "terraform_data" "thing" {
  for_each         = var.things
  input            = { key = each.key, witness = var.witness }
  triggers_replace = each.value
  provisioner "local-exec" {
    # The first is ready at once: there's always a moment when one is made and others are still being made.
    command = <<-EOT
      echo made ${each.key} ${self.id} >> ${var.witness}
      sleep ${each.key == keys(var.things)[0] ? 0 : var.seconds}
      ${each.key != keys(var.things)[0] && var.waits ? "until [ -e ${var.witness}.go ]; do sleep 0.1; done" : ""}
    EOT
  }
  provisioner "local-exec" {
    when    = destroy
    # As above: the first is gone at once, and there's always a moment when others are still going.
    command = "echo gone ${self.input.key} ${self.id} >> ${self.input.witness}; [ ${self.input.key} = a ] || sleep 0.3"
  }
}
"""

_KEYS = tuple("abcdefgh")
_IS_WANTED, _IS_REPLACED = 0.6, 0.3
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class World:
    """A clone with a bare remote, a backend, and the witness."""

    shop: Sandbox
    backend: Backend
    random: random.Random
    sabotage: str = ""
    seconds: float = 0.1
    waits: bool = False  # what is made takes until `let_go`, however slow the machine is
    said: str = ""
    commit: str = ""
    things: dict[str, int | None] = field(default_factory=dict)
    written_off: set[str] = field(default_factory=set)

    @property
    def witness(self) -> Path:
        return self.shop.home / "witness"

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.things)

    def address_of(self, key: str) -> str:
        return address_of(key)

    def let_go(self) -> None:
        self.witness.with_name(f"{self.witness.name}.go").touch()

    def wish(self) -> None:
        """Want other things than before, as a new commit on the remote's branch."""
        before = self.things
        while self.things == before:
            self.things = {key: self._turn(key, before) for key in _KEYS if self.random.random() < _IS_WANTED}
        self._write_wish()
        self.commit = self.shop.commit(f"want {''.join(self.keys) or 'nothing'}")
        self.shop.git("push", "--quiet")

    def _write_wish(self) -> None:
        body = {"modules": {"main": {"source": "witnessed", "inputs": self._inputs()}}}
        self.shop.write("environments/dev.yaml", json.dumps(body))

    def _inputs(self) -> dict[str, Any]:
        return {"things": self.things, "witness": str(self.witness), "seconds": self.seconds, "waits": self.waits}

    def _turn(self, key: str, before: Mapping[str, int | None]) -> int | None:
        """Another number is another thing in the same place. Without one, a thing that was lost can be imported."""
        turn = before.get(key)
        return (turn or 0) + 1 if key in before and self.random.random() < _IS_REPLACED else turn

    def finish(self) -> Ran:
        """Apply what is wished for, whatever was named as lost by the run before."""
        words = [word for key in _KEYS for word in ("--allow-duplicate", self.address_of(key))]
        return self.run("apply", "dev", "--yes", *words)

    def lose_a_race(self) -> None:
        """The next push to the ledger comes too late."""
        be_faster_once(self.shop, Path(self.shop.git("remote", "get-url", "origin")))

    def argv(self, *args: str) -> list[str]:
        if not self.sabotage:
            return self.shop.command(*args)
        return [sys.executable, "-m", "tests.faults.sabotage", self.sabotage, *args]

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        return self.shop.env | self.backend.env | {"PYTHONPATH": str(Path(__file__).parents[2])} | dict(more)

    def start(self, *args: str, env: Mapping[str, str] = _NOTHING) -> "subprocess.Popen[str]":
        """Start tfops as the leader of a process group, to do something to it."""
        return subprocess.Popen(
            self.argv(*args), cwd=self.shop.path, env=self._env(env), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0,
        )  # fmt: skip

    def run(self, *args: str, failpoint: str = "", env: Mapping[str, str] = _NOTHING) -> Ran:
        """Run tfops to its end, whatever that is."""
        more = dict(env) | ({"TFOPS_FAILPOINT": failpoint} if failpoint else {})
        _, _, module, *words = self.argv(*args)
        ran = Ran(*run_warm(words, module=module, cwd=self.shop.path, env=self._env(more), timeout_s=180))
        self.said += ran.out + ran.err
        return ran

    def run_and_signal(
        self, *args: str, after_s: float, number: int, times: int, engine_too: bool, is_group: bool
    ) -> int:
        """Run tfops and send it a signal at some moment, once or more; with `engine_too` its engine is killed too,
        with `is_group` the signal goes to its whole process group."""
        with self.start(*args) as process:
            time.sleep(after_s)
            if engine_too:
                kill_engines(self.shop.workspace)
            for _ in range(times):
                if process.poll() is None:
                    send = os.killpg if is_group else os.kill
                    send(process.pid, number)
                    time.sleep(0.05)
            out, _ = process.communicate(timeout=180)
        self.said += out
        return process.returncode

    def check(self) -> None:
        """State, tags, ledger and world agree, and the environment is what the last commit says."""
        status = self.run("status", "-o", "json").result["environments"][0]
        assert status["lock"] is None and status["trouble"] == "" and not status["unrecorded"], status
        assert status["current"]["commit"] == self.commit, status
        verified = self.run("verify", "dev")
        assert verified.code == 0, verified.out
        numbers = [int(tag.rpartition("v")[2]) for tag in self.shop.tags()]
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        inventory = self.run("inventory", "dev", "-o", "json").result["environments"]["dev"]
        known = {re.findall(r'\["(.)"\]', address)[0]: value for address, value in inventory.items()}
        assert tuple(sorted(known)) == self.keys, (known, self.keys)
        self._compare_with_the_world(known)
        drift = self.run("plan", "dev", "--detailed-exitcode")
        assert drift.code == 0, drift.out + drift.err

    def _compare_with_the_world(self, known: dict[str, str]) -> None:
        alive: dict[str, str] = {}
        for line in self.witness.read_text().splitlines() if self.witness.exists() else []:
            what, key, thing = line.split()
            if what == "made":
                alive[thing] = key
            else:
                alive.pop(thing, None)
        forgotten = {thing: key for thing, key in alive.items() if known.get(key) != thing}
        forgotten = {thing: key for thing, key in forgotten.items() if thing not in self.written_off}
        unnamed = {key for key in forgotten.values() if not self._was_named(key)}
        assert not unnamed, f"made, not in the state, and never named: {unnamed}\n{self._talk()}"
        self.written_off |= forgotten.keys()
        # The engine saves what it created before its provisioner runs: killed between the two, the world never sees it.
        ghosts = {thing: key for key, thing in known.items() if thing not in alive and thing not in self.written_off}
        unnamed = {key for key in ghosts.values() if not self._was_named(key)}
        assert not unnamed, f"in the state, not in the world, and never named: {unnamed}\n{self._talk()}"
        self.written_off |= ghosts.keys()

    def _talk(self) -> str:
        """What was said, without JSON."""
        return "\n".join(line for line in self.said.splitlines() if line[:1] not in ("{", "}") and '": ' not in line)

    def _was_named(self, key: str) -> bool:
        """In doubt; lost; or failed, so that the engine replaced it later (then it runs no destroy provisioner)."""
        words, address = ("n doubt", "failed after", "can't be imported"), self.address_of(key)
        return any(address in line and any(word in line for word in words) for line in self.said.splitlines())


def address_of(key: str) -> str:
    return f'module.main.terraform_data.thing["{key}"]'


def new_world(folder: Path, backend: Backend, engine: str, *, seed: int, sabotage: str = "") -> World:
    rules = f"version: 1\nproject: shop\n{backend.rules}environments:\n  dev: {{branch: main}}\n"
    shop = new_sandbox(folder / "shop", engine, rules=rules)
    shop.write("modules/witnessed/main.tf", MODULE)
    shop.commit("Start")
    with_remote(shop, folder / "remote.git")
    return World(shop, backend, random.Random(seed), sabotage)


def kill_engines(workspace: Path) -> None:
    """SIGKILL every process that works in a root of this workspace now (engines have sessions of their own)."""
    for process in list(Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(OSError):  # it ended meanwhile
            if str((process / "cwd").readlink()).startswith(f"{workspace}/roots/"):
                os.kill(int(process.name), signal.SIGKILL)
