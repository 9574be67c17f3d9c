"""Two ways back from the same present: by hand (old content, `init`, `apply`), and with tfops.

Both start from the same state and the same world, each with a copy of its own, so that what they did
can be compared in the world itself.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.engines import engine_program
from tests.support.provider.demo import WORLD
from tests.support.provider.mirror import Mirror
from tests.support.sandbox import Ran, Sandbox, new_sandbox
from tfops.records.rendered import BACKEND_FILE, LOCK_FILE, MAIN_FILE, VALUES_FILE

RULES = (
    "version: 1\nproject: shop\nengine: {env: [DEMO_WORLD]}\nenvironments:\n  dev: {branch: main}\n"
    "no_downgrade: [demo_database.engine_version]\n"
)
# The same, with a root module that somebody wrote by hand.
OWN_ROOT = "live/dev"
OWN_RULES = RULES.replace("{branch: main}", f"{{branch: main, root: {OWN_ROOT}}}")
NEEDS_DEMO = 'terraform {\n  required_providers {\n    demo = { source = "tfops/demo", version = ">= 1.0" }\n  }\n}\n'

_PREFIX = "module.main."
_ROOT = (MAIN_FILE, BACKEND_FILE, VALUES_FILE, LOCK_FILE)

World = dict[str, dict[str, Any]]


def look(folder: Path) -> World:
    """Every real thing: `type/id` to what it is."""
    return {str(path.relative_to(folder)): json.loads(path.read_text()) for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the world. Errors are sorted: the engine walks its graph in parallel, they come in any order."""

    before: World
    after: World
    known: frozenset[str]
    errors: tuple[str, ...] = ()

    @property
    def destroyed(self) -> list[str]:
        return sorted(_name(key, thing) for key, thing in self.before.items() if key not in self.after)

    @property
    def created(self) -> list[str]:
        return sorted(_name(key, thing) for key, thing in self.after.items() if key not in self.before)

    @property
    def changed(self) -> list[str]:
        both = self.before.keys() & self.after.keys()
        return sorted(_name(key, self.before[key]) for key in both if self.before[key] != self.after[key])

    @property
    def orphaned(self) -> list[str]:
        """Real, and known to no state."""
        return sorted(_name(key, thing) for key, thing in self.after.items() if key not in self.known)

    @property
    def is_still(self) -> bool:
        return self.before == self.after

    def __str__(self) -> str:
        words = {"destroys": self.destroyed, "creates": self.created, "changes": self.changed}
        words["leaves behind"] = self.orphaned
        deeds = [f"{verb} {', '.join(names)}" for verb, names in words.items() if names]
        deeds += [f"fails: {' and '.join(f'“{error}”' for error in self.errors)}"] if self.errors else []
        return "; ".join(deeds) or "changes nothing"


def _name(key: str, thing: Mapping[str, Any]) -> str:
    kind = key.partition("/")[0]
    return f"{kind} `{thing.get('name') or thing['content']}`"


def known_to(state: Any) -> frozenset[str]:
    """`type/id` of all that a state holds; passwords have one id in common, they are known by what they are."""
    return frozenset(
        f"{resource['type'].removeprefix('demo_')}/{values.get('result') or values['id']}"
        for resource in state["resources"]
        if resource["mode"] == "managed"
        for values in (instance["attributes"] for instance in resource["instances"])
    )


@dataclass(frozen=True, slots=True)
class Rollback:
    """A `tfops rollback`: what it said, and what became of the world."""

    ran: Ran
    outcome: Outcome

    @property
    def refusal(self) -> str:
        """The name of the guard, or of the error, that stopped it; empty when it went well."""
        if self.ran.code == 0:
            return ""
        error = self.ran.error
        return str(error.get("guard") or error["name"])

    def __str__(self) -> str:
        if self.refusal:
            return f"refuses (`{self.refusal}`)" if self.outcome.is_still else f"stops part-way: {self.outcome}"
        return "; ".join(filter(None, (self.rare, str(self.outcome))))

    @property
    def rare(self) -> str:
        """`1 moved`, `1 imported`: what kept things alive."""
        actions = [change["action"] for change in self.ran.result["plan"]["changes"]]
        counts = [(actions.count("move"), "moved"), (actions.count("import"), "imported")]
        return ", ".join(f"{count} {word}" for count, word in counts if count)


@dataclass(slots=True)
class Story:
    """A project whose module is HCL that a test writes, with the demo provider at hand.

    `own` is the folder of a root module that has the HCL instead; without one it is a module of a generated root.
    """

    shop: Sandbox
    mirror: Mirror
    world: Path
    own: str = ""
    roots: dict[str, dict[str, str]] = field(default_factory=dict)
    read_state: Callable[[], Any] | None = None

    @property
    def root(self) -> Path:
        return self.shop.workspace / self.root_path

    @property
    def root_path(self) -> str:
        """Where the engine stands, below tfops' folder."""
        return f"roots/dev/main/modules/{self.own}" if self.own else "roots/dev/main"

    @property
    def lock_path(self) -> str:
        """Where the provider lock is committed."""
        return f"{self.own}/{LOCK_FILE}" if self.own else "environments/dev.lock.hcl"

    def at(self, address: str) -> str:
        """An address of the module `main` as it is here: a root module of somebody's own has it without."""
        return address.replace(_PREFIX, "") if self.own else address

    def write(self, hcl: str, **others: str) -> None:
        """Commit the code, and other files of the repository."""
        if self.own:
            self.shop.write(f"{self.own}/main.tf", NEEDS_DEMO + hcl)
        else:
            self.shop.write("modules/main/main.tf", NEEDS_DEMO + hcl)
            self.shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "main"}}}))
        for path, text in others.items():
            self.shop.write(path, text)
        self.shop.commit("Change the module")

    def contents(self) -> list[str]:
        """What each real thing is, sorted."""
        return sorted(thing["content"] for thing in look(self.world).values() if "content" in thing)

    def version(self, hcl: str, *args: str) -> str:
        """Commit and apply a module. Returns the version's name."""
        self.write(hcl)
        return self.apply(*args)

    def apply(self, *args: str) -> str:
        """The next version, and a copy of its rendered root for those who go back by hand."""
        name: str = self.shop.ok("apply", "dev", "--yes", "-o", "json", *map(self.at, args)).result["version"]
        made = self.root.glob("*") if self.own else map(self.root.joinpath, _ROOT)
        files = [*made, *self.root.glob("modules/**/*")]
        self.roots[name] = {str(path.relative_to(self.root)): path.read_text() for path in files if path.is_file()}
        return name

    def lock_providers(self) -> None:
        """As the documentation says: plan once, commit the lock that the engine wrote."""
        lock = self.shop.path / self.lock_path
        if lock.exists():
            lock.unlink()
            self.shop.commit("Unlock the providers")
        (self.root / LOCK_FILE).unlink(missing_ok=True)
        self.shop.ok("plan", "dev")
        self.shop.write(self.lock_path, (self.root / LOCK_FILE).read_text())
        self.shop.commit("Lock the providers")

    def state(self) -> Any:
        return self.read_state() if self.read_state else self.shop.state()

    def by_hand(self, folder: Path) -> "ByHand":
        """A copy of the present, for plain Terraform."""
        shutil.copytree(self.world, folder / "world")
        shutil.copytree(self.shop.workspace, folder / "tfops")
        return ByHand(folder, self)

    def verdict(self, version: str, *, engine: str = "") -> str:
        """What `history --verdict` says of a way back, from the cards (and where `engine` is the one at hand)."""
        env = {"TFOPS_ENGINE": engine} if engine else {}
        listed = self.shop.ok("history", "dev", "--verdict", "-o", "json", env=env).result["entries"]
        [entry] = [entry for entry in listed if entry["record"]["version"] == version]
        return str(entry["verdict"]["verdict"])

    def roll_back(self, *args: str) -> Rollback:
        before = look(self.world)
        ran = self.shop.run("rollback", "dev", "-o", "json", *map(self.at, args))
        return Rollback(ran, Outcome(before, look(self.world), known_to(self.state())))


@dataclass(frozen=True, slots=True)
class ByHand:
    """Who has no tool: checks an old root out over today's state, and applies it."""

    folder: Path
    story: Story

    @property
    def root(self) -> Path:
        return self.folder / "tfops" / self.story.root_path

    def apply(self, version: str, *, init: Sequence[str] = (), state: Callable[[], Any] | None = None) -> Outcome:
        """`init` and `apply` of a version's content. Ends at the first that fails, as a script would."""
        shutil.rmtree(self.root)
        self.root.mkdir()
        for name, text in self.story.roots[version].items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        before, errors = look(self.folder / "world"), self._run("init", *init)
        errors = errors or self._run("apply", "-auto-approve", "-json")
        known = known_to(state() if state else json.loads((self.folder / "tfops/state/dev/main.tfstate").read_text()))
        return Outcome(before, look(self.folder / "world"), known, tuple(sorted(set(errors))))

    def _run(self, command: str, *flags: str) -> list[str]:
        env = self.story.shop.env | {WORLD: str(self.folder / "world")}
        argv = [engine_program(self.story.shop.env["TFOPS_ENGINE"]), command, "-input=false", "-no-color", *flags]
        done = subprocess.run(argv, cwd=self.root, env=env, capture_output=True, text=True, check=False)
        return _errors(done.stdout + done.stderr) if done.returncode else []


def _errors(output: str) -> list[str]:
    """Summaries of the engine's errors, from its JSON events or from its text."""
    found = []
    for line in output.splitlines():
        if line.startswith("{"):
            event = json.loads(line)
            found += [event["diagnostic"]["summary"]] if event.get("@level") == "error" else []
        elif "Error: " in line:
            found.append(line.partition("Error: ")[2])
    return found


def new_story(
    folder: Path,
    engine: str,
    door: Path,
    *,
    rules: str = RULES,
    provider: str = "1.0.0",
    is_own: bool = False,
) -> Story:
    """A project with one version of the provider in the mirror, and an empty world; `is_own`: with a root module that
    somebody wrote by hand."""
    if is_own and rules == RULES:
        rules = OWN_RULES
    shop = new_sandbox(folder / "shop", engine, rules=rules)
    mirror, world = Mirror(folder / "mirror", door), folder / "world"
    world.mkdir()
    mirror.add(provider)
    shop.env["TF_CLI_CONFIG_FILE"] = str(mirror.cli_config())
    shop.env[WORLD] = str(world)
    return Story(shop, mirror, world, OWN_ROOT if is_own else "")
