"""A history applied with tfops, and ways back in it, held against the model.

Who is still there must be the same real thing as before, at the version's address, and nobody else's. What is lost
or made a second time was named. What was let go is taken in again. The verdict, the plan and the model say the same.
In the end plain Terraform sees nothing to do for that version's configuration.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.histories.model import IDENTITIES, NOTHING, Content, Way, in_main
from tests.support.engines import engine_program
from tests.support.sandbox import Ran
from tests.support.ways_back import NEEDS_DEMO, Story, new_story
from tfops.records.rendered import LOCK_FILE

_STAYS_ELSEWHERE = ("move", "replace", "update")


@dataclass(slots=True)
class Replay:
    """A project that has a history behind it.

    `ids` says which real thing a key is in the state, `outside` which one was let go alive; `astray` are those that
    were let go, and that another one of the same key took the place of. `owners` knows every real thing that ever was.
    """

    story: Story
    history: Sequence[Content]
    locks: Mapping[str, str]
    now: Content = NOTHING
    ids: dict[int, str] = field(default_factory=dict)
    outside: dict[int, str] = field(default_factory=dict)
    astray: set[str] = field(default_factory=set)
    owners: dict[str, int] = field(default_factory=dict)
    named: int = 0
    kept_providers: int = 0
    twice: int = 0

    def build(self) -> None:
        """Apply every version."""
        for number, content in enumerate(self.history, 1):
            self._write(content)
            way = Way(self.now, content, frozenset(self.outside))
            guarded = way.lost & (self.now.protected | content.protected)
            argv = ["apply", "dev", "--yes"]
            if guarded:
                self._must_refuse(*argv)
            self._must(*argv, *_naming("--allow-destroy", self._places(way, guarded)))
            self._arrive(way, f"v{number}: {', '.join(content.deeds)}")

    def go_back(self, number: int, *, looks: bool = True) -> None:
        """Roll back to a version, right in the end; with `looks` it is planned first, and tried without what must be
        named."""
        goal = self.history[number - 1]
        way, verdict = Way(self.now, goal, frozenset(self.outside)), self._verdict(number)
        what = f"back to v{number} from {', '.join(self.now.deeds)}"
        argv = ["rollback", "dev", f"v{number}", "--yes"]
        words = [
            *_naming("--allow-destroy", self._places(way, way.lost)),
            *_naming("--allow-duplicate", self._places(way, way.made_twice)),
        ]
        if self._needs_todays_providers(goal, verdict):
            self._must_refuse(*argv, *words)
            argv.append("--keep-providers")
            self.kept_providers += 1
        if looks:
            planned = self._must(*(word for word in argv if word != "--yes"), "--plan").result
            _compare_verdict(_subjects(planned["judgement"]), planned["plan"]["changes"], what, is_planned=True)
        if looks and words:
            self._must_refuse(*argv)
            self.named += 1
        self.twice += len(way.made_twice)
        ran = self._must(*argv, *words)
        self._arrive(way, f"{what}: {ran.err}")
        changes = ran.result["plan"]["changes"] if ran.result["plan"] else []
        self._compare_plan(way, changes, what)
        _compare_verdict(verdict, changes, what)
        self._settle(what)

    def _verdict(self, number: int) -> dict[str, set[str]]:
        """What `history --verdict` says of a way back: reason to the addresses that it is about."""
        entries = self.story.shop.ok("history", "dev", "--verdict", "-o", "json").result["entries"]
        [entry] = [entry for entry in entries if entry["record"]["version"] == f"v{number}"]
        return _subjects(entry["verdict"])

    def _places(self, way: Way, keys: Iterable[int]) -> list[str]:
        """What the plan of a goal calls things: by their address there, or where its moves bring what it lacks."""
        now, goal = way.now.things, way.goal
        return [
            in_main(goal.things[key].address if key in goal.things else goal.at_last(now[key].address))
            for key in sorted(keys)
        ]

    def _needs_todays_providers(self, goal: Content, verdict: Mapping[str, set[str]]) -> bool:
        """What 2.0.0 wrote 1.0.0 may not read; and a type that the version didn't use may be unknown to it."""
        doubts = verdict.get("newer-schema", set()) | verdict.get("unknown-type", set())
        if goal.provider == "1.0.0" and self._is_raised():
            assert doubts, verdict
        return bool(doubts)

    def _is_raised(self) -> bool:
        """Whether anything was written under a schema that only 2.0.0 knows."""
        return any(instance["schema_version"] > 0 for _, _, instance in self._instances())

    def _arrive(self, way: Way, what: str) -> None:
        """Hold the state and the world against the model; nothing in its place, twice or astray."""
        for key in way.lost:
            del self.ids[key]
        for key in way.let_go:
            self.astray |= {self.outside[key]} if key in self.outside else set()
            self.outside[key] = self.ids.pop(key)
        for key in way.taken_in:
            self.ids[key] = self.outside.pop(key)
        self.now = way.goal
        known, where = self._known(), way.goal.addresses()
        assert set(known) == set(where.values()), (
            f"{what}: the state has {sorted(known)}, wanted {sorted(where.values())}"
        )
        for key, address in where.items():
            assert self.ids.setdefault(key, known[address]) == known[address], f"{what}: {address} is another thing"
            assert self.owners.setdefault(known[address], key) == key, f"{what}: {address} is another's"
        if way.goal.provider:
            real = {path.name for path in self.story.world.rglob("*") if path.is_file()}
            built_in = {key for key, owner in self.owners.items() if key not in real}
            wanted = {*self.ids.values(), *self.outside.values(), *self.astray}
            assert real == wanted - built_in, f"{what}: in the world {sorted(real)}, known {sorted(wanted)}"

    def _compare_plan(self, way: Way, changes: Sequence[Mapping[str, Any]], what: str) -> None:
        """The plan did what the model says, and nothing else."""
        expected = {
            "delete": way.destroyed,
            "replace": way.replaced,
            "forget": way.let_go,
        }
        for action, keys in expected.items():
            assert _acted(changes, action) == set(self._places(way, keys)), f"{what}: {action}: {changes}"
        assert _taken_in(changes) == set(self._places(way, way.taken_in)), f"{what}: taken in: {changes}"
        twice = {change["address"] for change in changes if change["is_duplicate"]}
        assert twice == set(self._places(way, way.made_twice)), f"{what}: made twice: {changes}"
        assert _moved(changes) == set(self._places(way, way.moved)), f"{what}: moved: {changes}"

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
        """Address to what tells its real thing from all others."""
        return {address: instance["attributes"][IDENTITIES[kind]] for address, kind, instance in self._instances()}

    def _instances(self) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Address, type and instance of all that the state holds."""
        state = self.story.state() if self.story.shop.state_file.exists() else {"resources": []}
        for resource in state["resources"]:
            address = ".".join(filter(None, (resource.get("module"), resource["type"], resource["name"])))
            for instance in resource["instances"]:
                key = f'["{instance["index_key"]}"]' if "index_key" in instance else ""
                yield address + key, resource["type"], instance

    def _settle(self, what: str) -> None:
        """For plain Terraform nothing is left to do."""
        argv = [
            engine_program(self.story.shop.env["TFOPS_ENGINE"]),
            "plan",
            "-input=false",
            "-no-color",
            "-lock=false",
            "-detailed-exitcode",
        ]
        env = self.story.shop.env
        done = subprocess.run(argv, cwd=self.story.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{what}: plain Terraform sees something to do\n{done.stdout}\n{done.stderr}"


def _subjects(judgement: Mapping[str, Any]) -> dict[str, set[str]]:
    return {reason["name"]: set(reason["subjects"]) for reason in judgement["reasons"]}


def _compare_verdict(
    verdict: Mapping[str, set[str]], changes: Sequence[Mapping[str, Any]], what: str, *, is_planned: bool = False
) -> None:
    """What was said is what the plan then shows; before anything is planned, imports are only tried."""
    tried = set() if is_planned else _named(verdict, "forgotten")
    said = {
        "destroys": _named(verdict, "destroys", "protected", "holds-data"),
        "moves": _named(verdict, "moved"),
        "takes in": _named(verdict, "forgotten") - tried,
        "makes twice": _named(verdict, "made-twice"),
        "tries to take in": tried,
    }
    deleted = (change for change in changes if change["action"] == "delete")
    taken_in, twice = _taken_in(changes), {change["address"] for change in changes if change["is_duplicate"]}
    shown = {
        "destroys": {change["previous_address"] or change["address"] for change in deleted},
        "moves": _moved(changes),
        "takes in": taken_in - tried,
        "makes twice": twice - tried,
        "tries to take in": (taken_in | twice) & tried,
    }
    assert said == shown, f"{what}: the verdict said {said}, the plan shows {shown}"


def _named(verdict: Mapping[str, set[str]], *names: str) -> set[str]:
    return {address for name in names for address in verdict.get(name, ())}


def _acted(changes: Iterable[Mapping[str, Any]], action: str) -> set[str]:
    return {change["address"] for change in changes if change["action"] == action}


def _taken_in(changes: Iterable[Mapping[str, Any]]) -> set[str]:
    """What has another value than then is imported and changed at once."""
    return {
        change["address"]
        for change in changes
        if change["action"] == "import" or change["reason"] == "imported by its id"
    }


def _moved(changes: Iterable[Mapping[str, Any]]) -> set[str]:
    return {
        change["address"]
        for change in changes
        if change["action"] in _STAYS_ELSEWHERE and change["previous_address"] not in ("", change["address"])
    }


def _naming(flag: str, addresses: Iterable[str]) -> list[str]:
    return [word for address in addresses for word in (flag, address)]


def provider_locks(folder: Path, engine: str, door: Path) -> dict[str, str]:
    """What the engine locks with each version of the demo provider, each being the only one."""
    locks = {}
    for version in ("1.0.0", "2.0.0"):
        story = new_story(folder / version, engine, door, provider=version)
        story.root.mkdir(parents=True)
        (story.root / "main.tf").write_text(NEEDS_DEMO)
        argv = [engine_program(story.shop.env["TFOPS_ENGINE"]), "init", "-input=false"]
        subprocess.run(argv, cwd=story.root, env=story.shop.env, capture_output=True, check=True)
        locks[version] = (story.root / LOCK_FILE).read_text()
    return locks
