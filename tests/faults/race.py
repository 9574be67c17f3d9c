"""Many processes in several clones that all change the same environment, at once."""

import json
import re
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote
from tests.support.state_server import StateServer

_WAIT = "20m"


@dataclass(slots=True)
class Racer:
    """One work tree of one clone, with a file of its own in the module: merges never conflict."""

    sandbox: Sandbox
    turns: int
    ends: list[Ran] = field(default_factory=list)

    def _git(self, *argv: str) -> bool:
        argv = ("git", "-C", str(self.sandbox.path), *argv)
        return subprocess.run(argv, env=self.sandbox.env, capture_output=True, check=False).returncode == 0

    def run(self) -> None:
        name = self.sandbox.path.name
        for turn in range(self.turns):
            text = f'resource "terraform_data" "{name}" {{ input = "turn {turn}" }}\n'
            self.sandbox.write(f"modules/thing/{name}.tf", text)
            self.sandbox.commit(f"{name} wants turn {turn}")
            while not self._git("push", "--quiet", "origin", "HEAD:main"):
                self._git("fetch", "--quiet", "origin", "main")
                self._git("rebase", "--quiet", "FETCH_HEAD")
            allow = ("--allow-behind", "--allow-older")
            self.ends.append(self.sandbox.run("apply", "dev", "--yes", "--wait", _WAIT, *allow, timeout_s=1500))


@dataclass(frozen=True, slots=True)
class Race:
    """`turns` changes by each of `racers`, and a clone that only looks."""

    watcher: Sandbox
    racers: list[Racer]

    def run(self) -> None:
        threads = [threading.Thread(target=racer.run) for racer in self.racers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def check(self) -> None:
        """Nobody failed; versions without gap or double, each told to one process; no two held at once."""
        ends = [end for racer in self.racers for end in racer.ends]
        failed = [f"{end.code}: {end.err[-700:]}" for end in ends if end.code]
        assert not failed, "\n".join(failed)
        said = sorted(int(found) for end in ends for found in re.findall(r"dev is now v(\d+)", end.out))
        tags = self.watcher.git("ls-remote", "--tags", "origin", "refs/tags/tfops/dev/v*")
        numbers = sorted(int(found) for found in re.findall(r"/v(\d+)$", tags, re.MULTILINE))
        assert numbers == list(range(1, len(numbers) + 1))
        assert said == numbers, "every version was told to exactly one process"
        events = self.watcher.ok("log", "dev", "-o", "json").result["events"]
        recorded = [re.findall(r"v(\d+)", event["text"])[0] for event in events if event["kind"] == "recorded"]
        assert [int(number) for number in reversed(recorded)] == numbers, "the chain has the versions in their order"
        self._check_one_at_a_time()
        assert "is whole" in self.watcher.ok("verify", "dev").out
        status = self.watcher.ok("status", "-o", "json").result["environments"][0]
        assert (status["lock"], status["trouble"]) == (None, "")

    def _check_one_at_a_time(self) -> None:
        """Along the chain, a lock is only ever taken where there is none."""
        holder = ""
        for commit in self.watcher.git("rev-list", "--reverse", "refs/tfops/envs/dev").split():
            names = self.watcher.git("ls-tree", "--name-only", commit).split()
            lock = json.loads(self.watcher.git("show", f"{commit}:lock.json")) if "lock.json" in names else {}
            now = lock.get("run_id", "")
            assert not holder or now in ("", holder), f"{commit}: {now} took the lock of {holder}"
            holder = now


def new_race(folder: Path, engine: str, states: StateServer, *, clones: int, places: int, turns: int) -> Race:
    """`clones` clones with `places` work trees each, one state on a server, one bare remote."""
    rules = f"version: 1\nproject: shop\n{states.backend()}environments:\n  dev: {{branch: main}}\n"
    start = new_sandbox(folder / "start", engine, rules=rules)
    start.wish("start")
    remote = with_remote(start, folder / "remote.git")
    racers = []
    for number in range(clones):
        clone = start.clone(str(remote), folder / f"clone{number}")
        for place in range(places):
            path = folder / f"clone{number}-{place}"
            clone.git("worktree", "add", "--quiet", "--detach", str(path))
            racers.append(Racer(Sandbox(path, start.home, engine), turns))
    return Race(start, racers)
