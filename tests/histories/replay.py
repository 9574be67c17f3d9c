"""A history applied with tfops, and ways back in it, held against the model.

Who is still there must be the same real thing as before, at the version's address. What is lost was named.
What was let go is taken in again. In the end plain Terraform sees nothing to do for that version's
configuration.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.histories.model import NOTHING, Content
from tests.support.sandbox import Ran
from tests.support.ways_back import NEEDS_DEMO, Story, engine_program, new_story
from tfops.model import LOCK_FILE


@dataclass(slots=True)
class Replay:
    """A project that has a history behind it. `ids` says which real thing a key is, while it is alive."""

    story: Story
    history: Sequence[Content]
    locks: Mapping[str, str]
    now: Content = NOTHING
    ids: dict[int, str] = field(default_factory=dict)
    named: int = 0
    kept_providers: int = 0

    def build(self) -> None:
        """Apply every version."""
        for number, content in enumerate(self.history, 1):
            self._write(content)
            self._change("apply", "dev", "--yes", goal=content, needs_all=False)
            self._arrive(content, f"v{number}: {', '.join(content.deeds)}")

    def go_back(self, number: int) -> None:
        """Roll back to a version, right in the end."""
        goal = self.history[number - 1]
        argv = ["rollback", "dev", f"v{number}", "--yes"]
        if goal.provider == "1.0.0" and self._is_raised():
            self._must_refuse(*argv, *_naming(self._places(goal), self._lost(goal)))
            argv.append("--keep-providers")
            self.kept_providers += 1
        ran = self._change(*argv, goal=goal, needs_all=True)
        self._arrive(goal, f"back to v{number}: {ran.err}")

    def _change(self, *argv: str, goal: Content, needs_all: bool) -> Ran:
        """Refused until every protected loss is named; a rollback wants every loss named (`needs_all`)."""
        lost, where = self._lost(goal), self._places(goal)
        guarded = lost & (self.now.protected | goal.protected)
        if guarded:
            self._must_refuse(*argv, *_naming(where, lost - guarded))
            self.named += 1
        return self._must(*argv, *_naming(where, lost if needs_all else guarded))

    def _places(self, goal: Content) -> dict[int, str]:
        """What the plan of a goal calls the things that there are now."""
        return {key: f"module.main.{goal.at_last(self.now.address(key))}" for key in self.now.things}

    def _is_raised(self) -> bool:
        """Whether anything was written under a schema that only 2.0.0 knows."""
        resources = self.story.state()["resources"]
        return any(instance["schema_version"] > 0 for resource in resources for instance in resource["instances"])

    def _lost(self, content: Content) -> set[int]:
        return self.now.things.keys() - content.things.keys() - content.unmanaged

    def _arrive(self, content: Content, what: str) -> None:
        for key in self._lost(content):
            del self.ids[key]
        self.now = content
        self._settle(content, what)

    def _write(self, content: Content) -> None:
        shop = self.story.shop
        for path, text in content.files().items():
            shop.write(path, text)
        shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "main"}}}))
        if content.provider:
            shop.write("environments/dev.lock.hcl", self.locks[content.provider])
        shop.commit(", ".join(content.deeds) or "Begin")

    def _must(self, *argv: str) -> Ran:
        ran = self.story.shop.run(*argv, "-o", "json")
        assert ran.code == 0, f"{' '.join(argv)}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def _must_refuse(self, *argv: str) -> None:
        before = self._known()
        ran = self.story.shop.run(*argv, "-o", "json")
        assert ran.code in (11, 13, 20), f"{' '.join(argv)}: {ran.code}\n{ran.out}\n{ran.err}"
        assert self._known() == before, f"{' '.join(argv)} was refused, and yet something changed"

    def _known(self) -> dict[str, str]:
        state = self.story.state()
        return {
            ".".join(filter(None, (resource.get("module"), resource["type"], resource["name"]))): instance[
                "attributes"
            ]["id"]
            for resource in state["resources"]
            for instance in resource["instances"]
        }

    def _settle(self, content: Content, what: str) -> None:
        """Everything in its place, nothing twice, nothing astray, nothing left to do."""
        known, where = self._known(), content.addresses()
        assert set(known) == set(where.values()), (
            f"{what}: the state has {sorted(known)}, wanted {sorted(where.values())}"
        )
        for key, address in where.items():
            assert self.ids.setdefault(key, known[address]) == known[address], f"{what}: {address} is another thing"
        if content.provider:
            real = {path.name for path in (self.story.world / "thing").iterdir()}
            assert real == set(self.ids.values()), (
                f"{what}: in the world {sorted(real)}, known {sorted(self.ids.values())}"
            )
        argv = [
            engine_program(self.story.shop),
            "plan",
            "-input=false",
            "-no-color",
            "-lock=false",
            "-detailed-exitcode",
        ]
        env = self.story.shop.env
        done = subprocess.run(argv, cwd=self.story.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{what}: plain Terraform sees something to do\n{done.stdout}\n{done.stderr}"


def _naming(where: Mapping[int, str], keys: "frozenset[int] | set[int]") -> list[str]:
    return [word for key in sorted(keys) for word in ("--allow-destroy", where[key])]


def provider_locks(folder: Path, engine: str, door: Path) -> dict[str, str]:
    """What the engine locks with each version of the demo provider, each being the only one."""
    locks = {}
    for version in ("1.0.0", "2.0.0"):
        story = new_story(folder / version, engine, door, provider=version)
        story.root.mkdir(parents=True)
        (story.root / "main.tf").write_text(NEEDS_DEMO)
        argv = [engine_program(story.shop), "init", "-input=false"]
        subprocess.run(argv, cwd=story.root, env=story.shop.env, capture_output=True, check=True)
        locks[version] = (story.root / LOCK_FILE).read_text()
    return locks
