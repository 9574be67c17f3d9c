"""`make bench-aws`: apply, a plan without changes and rollback with the real AWS provider, against steps typed by hand.

Both work in moto's server, with the reference modules network, service and storage, state and lock in S3, one
provider cache. `--if-changed` is held against tfops' own plan without changes. By hand means
`init`, `plan -out`, `apply` in a root module of one's own; the usual script has
`show -json` before the apply; a rollback by hand is a worktree of the old commit and the same three. Each engine
process is timed by a script that stands for the engine, but for the embedded one, which goes on from plan to apply.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.results import write_measured
from tests.support.engines import all_engines, described
from tests.support.machine import machine
from tests.support.moto import ACCOUNT, REGION, Moto, serve_moto
from tests.support.providers import MIRROR, use_mirror
from tests.support.sandbox import TFOPS, Sandbox, new_sandbox
from tfops.config.project import EngineChoice
from tfops.engine.locate import find_engine

RESULTS = Path(__file__).with_name("aws-results.md")
_TOP = Path(__file__).parents[1]
_ENGINE = """\
#!/bin/sh
began=$(date +%s.%N)
{engine} "$@"
code=$?
echo "$1 $began $(date +%s.%N)" >> "{times}"
exit $code
"""
_STEPS = ("version", "init", "get", "state", "plan", "show", "apply")
_HEAD = """\
# What `make bench-aws` measured

{machine}; moto's server beside it.
{rounds} interleaved rounds after one warm-up. `network`, `service` and `storage`: {resources} resources, state and
lock in S3. The usual script has `show -json` of the plan before the apply.
"""


@dataclass(slots=True)
class Took:
    """The seconds of each round of one way to do one job, and those of the engine's processes in it, by step."""

    whole: list[float] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)

    def step(self, name: str) -> float:
        return statistics.median(steps.get(name, 0.0) for steps in self.steps)

    @property
    def rest(self) -> float:
        """What isn't the engine: tfops itself and Git."""
        pairs = zip(self.whole, self.steps, strict=True)
        return statistics.median(whole - sum(steps.values()) for whole, steps in pairs)


class Bench:
    """A tfops project, and beside it a repository with a root module as someone without tfops would have it."""

    def __init__(self, folder: Path, moto: Moto, mirror: Path, engine: str) -> None:
        self.times = folder / "times"
        self.engine = folder / "engine"
        program = find_engine(EngineChoice(), engine).executable
        self.engine.write_text(_ENGINE.replace("{engine}", program).replace("{times}", str(self.times)))
        self.engine.chmod(0o755)
        moto.make_bucket("bench")
        backend = {"bucket": "bench", "region": REGION, "lock": "native"}
        dev = {"branch": "main", "account": ACCOUNT, "region": REGION}
        rules = {"version": 1, "project": "shop", "backend": {"s3": backend}, "environments": {"dev": dev}}
        own = program if engine == "embedded" else str(self.engine)
        self.shop = new_sandbox(folder / "shop", own, rules=json.dumps(rules))
        self.shop.env |= moto.env | use_mirror(folder, mirror) | {MIRROR: str(mirror)}
        self.shop.env.pop("PYTHONWARNINGS")
        shutil.copytree(_TOP / "modules", self.shop.path / "modules", dirs_exist_ok=True)
        self.want("1")
        self.shop.ok("providers", "lock", "dev")
        self.shop.commit("Lock the providers")
        self.tfops("apply", "dev", "--yes")
        self.hand = self._by_hand(folder / "by-hand")

    def want(self, image: str) -> None:
        """Another image: one parameter and the launch template change."""
        base = (_TOP / "environments/base.yaml").read_text().replace("1.4.2", image)
        self.shop.write("environments/base.yaml", base)
        self.shop.write("environments/dev.yaml", (_TOP / "environments/dev.yaml").read_text())
        self.shop.commit(f"image {image}")

    def _by_hand(self, folder: Path) -> Sandbox:
        """The same root with other names and a state of its own, in a repository; versions are commits there."""
        folder.mkdir()
        hand = Sandbox(folder, self.shop.home, str(self.engine))
        hand.env = self.shop.env
        hand.git("init", "--quiet", "--initial-branch=main")
        shutil.copytree(_TOP / "modules", folder / "modules")
        root = self.shop.workspace / "roots/dev/main"
        for name in ("main.tf.json", "backend.tf.json", "terraform.tfvars.json", ".terraform.lock.hcl"):
            hand.write(name, (root / name).read_text().replace("shop-dev", "by-hand").replace("shop/dev", "by-hand"))
        main = json.loads((folder / "main.tf.json").read_text())
        for block in main["module"].values():
            block["source"] = f"./modules/{block['source'].rpartition('/')[2]}"
        hand.write("main.tf.json", json.dumps(main, indent=2))
        hand.write(".gitignore", ".terraform/\nplan.bin\n")
        hand.commit("1")
        return hand

    def tfops(self, *args: str) -> None:
        """A whole process, as a user starts it."""
        argv = [*TFOPS, *args]
        subprocess.run(argv, cwd=self.shop.path, env=self.shop.env, capture_output=True, check=True)

    def by_hand_want(self, image: str) -> None:
        values = json.loads((self.hand.path / "terraform.tfvars.json").read_text())
        values["inputs_service"]["image"] = image
        self.hand.write("terraform.tfvars.json", json.dumps(values))
        self.hand.commit(image)

    def by_hand(self, *steps: Sequence[str], folder: Path | None = None) -> None:
        for command, *rest in steps:
            asks = [] if command == "show" else ["-input=false"]
            argv = [str(self.engine), command, *asks, *rest]
            subprocess.run(argv, cwd=folder or self.hand.path, env=self.hand.env, capture_output=True, check=True)

    def by_hand_rollback(self) -> None:
        tree = self.hand.path.with_name("tree")
        self.hand.git("worktree", "add", "--quiet", "--detach", str(tree), "HEAD~1")
        self.by_hand(["init"], ["plan", "-out=plan.bin"], ["apply", "plan.bin"], folder=tree)
        self.hand.git("worktree", "remove", "--force", str(tree))

    def timed(self, took: Took, deed: Callable[[], None]) -> None:
        """Do it, and put down how long the whole and each engine process took."""
        self.times.write_text("")
        started = time.perf_counter()
        deed()
        took.whole.append(time.perf_counter() - started)
        steps: dict[str, float] = {}
        for step, began, ended in map(str.split, self.times.read_text().splitlines()):
            steps[step] = steps.get(step, 0.0) + float(ended) - float(began)
        took.steps.append(steps)
        print(f"{took.whole[-1]:6.2f} s", file=sys.stderr, flush=True)


_IF_CHANGED = "apply --if-changed, against plan, no changes"
# The rows of the table of targets, by engine.
_KEYS = {
    "terraform": {
        "apply": "aws-apply",
        "apply, against the usual script": "aws-apply-script",
        "plan, no changes": "aws-plan",
        "rollback": "aws-rollback",
        _IF_CHANGED: "aws-if-changed",
    },
    "embedded": {"apply": "aws-apply-embedded"},
}
_PLAN = (("init",), ("plan", "-out=plan.bin"))
_APPLY = (*_PLAN, ("apply", "plan.bin"))
_SCRIPT = (*_PLAN, ("show", "-json", "plan.bin"), ("apply", "plan.bin"))


def measure(bench: Bench, rounds: int) -> dict[str, tuple[Took, Took]]:
    """Each round: another image is applied, planned again without a change, and rolled back; both ways in turn.

    The same apply by tfops is held against the steps by hand and against the usual script.
    """
    found: dict[str, tuple[Took, Took]] = {}
    bench.by_hand(*_APPLY)
    for number in range(rounds + 1):
        if number <= 1:  # the first round is the warm-up
            ours, plans = Took(), Took()
            found = {
                "apply": (ours, Took()),
                "apply, against the usual script": (ours, Took()),
                "plan, no changes": (plans, Took()),
                _IF_CHANGED: (Took(), plans),
                "rollback": (Took(), Took()),
            }
        lift = ("--lift-hold",) if number else ()
        bench.want(f"2.{number}")
        bench.by_hand_want(f"2.{number}")
        bench.timed(found["apply"][0], lambda lift=lift: bench.tfops("apply", "dev", "--yes", *lift))  # type: ignore[misc]
        bench.timed(found["apply"][1], lambda: bench.by_hand(*_APPLY))
        bench.by_hand_want(f"3.{number}")
        bench.timed(found["apply, against the usual script"][1], lambda: bench.by_hand(*_SCRIPT))
        bench.timed(found["plan, no changes"][0], lambda: bench.tfops("plan", "dev"))
        bench.timed(found["plan, no changes"][1], lambda: bench.by_hand(*_PLAN))
        bench.shop.write("modules/network/CHANGELOG.md", f"{number}\n")
        bench.shop.commit("What no engine reads")
        bench.timed(found[_IF_CHANGED][0], lambda: bench.tfops("apply", "dev", "--yes", "--if-changed"))
        assert "plan" not in found[_IF_CHANGED][0].steps[-1], "it planned, and may have made a version to roll back"
        bench.timed(found["rollback"][0], lambda: bench.tfops("rollback", "dev", "--yes"))
        bench.timed(found["rollback"][1], bench.by_hand_rollback)
    return found


def ratio_of(ours: Took, theirs: Took) -> float:
    """The median of pairs."""
    return statistics.median(one / other for one, other in zip(ours.whole, theirs.whole, strict=True))


def table(found: dict[str, tuple[Took, Took]], *, has_steps: bool) -> Iterator[str]:
    yield "| | tfops, median s | by hand, median s | ratio, median of pairs |"
    yield "|---|---|---|---|"
    for job, (ours, theirs) in found.items():
        ratio = ratio_of(ours, theirs)
        medians = (statistics.median(ours.whole), statistics.median(theirs.whole))
        yield f"| {job} | {medians[0]:.2f} | {medians[1]:.2f} | {ratio:.2f} |"
    if not has_steps:
        return
    yield "\nWhere the time goes, median s, tfops / by hand. `state`: read and compared; the rest: tfops and Git.\n"
    yield "| | " + " | ".join((*_STEPS[1:], "rest")) + " |"
    yield "|---" * (len(_STEPS) + 1) + "|"
    for job, (ours, theirs) in found.items():
        cells = [f"{ours.step(step):.2f} / {theirs.step(step):.2f}" for step in _STEPS[1:]]
        yield f"| {job} | " + " | ".join([*cells, f"{ours.rest:.2f} / {theirs.rest:.2f}"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    mirror = os.environ.get(MIRROR, "")
    if not mirror:
        parser.error(f"name a filesystem mirror that has hashicorp/aws: {MIRROR}=…")
    sections, measured = list[str](), dict[str, float]()
    for engine in all_engines():
        with tempfile.TemporaryDirectory() as folder, serve_moto() as moto:
            bench = Bench(Path(folder), moto, Path(mirror), engine)
            found = measure(bench, rounds)
            card = bench.shop.ok("show", "dev", "-o", "json").result["card"]
        measured |= {key: ratio_of(*found[job]) for job, key in _KEYS[engine].items()}
        provider, resources = next(iter(card["providers"].values())), len(card["stacks"]["main"]["inventory"])
        sections += [f"\n## {described(engine)}\n", *table(found, has_steps=engine != "embedded")]
    head = _HEAD.format(machine=machine(f"AWS provider {provider}"), rounds=rounds, resources=resources)
    RESULTS.write_text("\n".join([head.rstrip(), *sections]) + "\n")
    write_measured(measured)
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
