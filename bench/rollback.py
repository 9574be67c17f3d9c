"""`tfops rollback` against what people type: a worktree of the tag, `init`, `plan`, `apply`; whole processes.

The script is right here: nothing moved, nothing is protected, no provider changed. What it doesn't do (lock, look at
cards, bridge, hold, record) is what the difference pays for.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from bench.measuring import Report, Scale
from tests.support.engines import available_engines, engine_program
from tests.support.sandbox import Sandbox, new_sandbox

ROUNDS = 15
_SIZES = (5, 200)
_ROOT = """\
variable "main" { type = any }
module "main" {
  source = "./modules/thing"
  value  = var.main.value
  keys   = var.main.keys
}
"""


class Bench:
    """One project, with the root module that someone without tfops would have committed beside it."""

    def __init__(self, folder: Path, engine: str, size: int) -> None:
        self.shop: Sandbox = new_sandbox(folder / "shop", engine)
        self.engine = engine_program(self.shop.env["TFOPS_ENGINE"])
        self.state = folder / "by-hand.tfstate"
        backend = f'terraform {{\n  backend "local" {{ path = "{self.state}" }}\n}}\n'
        self.shop.write("by-hand.tf", backend + _ROOT)
        keys = [f"k{number}" for number in range(size)]
        for value in ("one", "two"):
            self.shop.write(
                "dev.auto.tfvars.json", f'{{"main": {{"value": "{value}", "keys": {keys}}}}}'.replace("'", '"')
            )
            self.shop.wish(value, keys=keys)
            self.shop.ok("apply", "dev", "--yes")
            self.by_hand("HEAD")

    def tfops(self, version: str) -> None:
        self.shop.cold("rollback", "dev", version, "--yes")

    def by_hand(self, version: str) -> None:
        """What a careful script does with an old version."""
        tree = self.shop.path.with_name("tree")
        self.shop.git("worktree", "add", "--quiet", "--detach", str(tree), version)
        for step in (["init"], ["plan", "-out=plan.bin"], ["apply", "plan.bin"]):
            argv = [self.engine, step[0], "-input=false", *step[1:]]
            subprocess.run(argv, cwd=tree, env=self.shop.env, capture_output=True, check=True)
        shutil.rmtree(tree)
        self.shop.git("worktree", "prune")


def measure(engine: str, size: int, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds per rollback: tfops, by hand. The first of each (a cold start) isn't counted."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), engine, size)
        for number in range(rounds + 1):
            version = ("v1", "v2")[number % 2]
            for took, deed in ((ours, bench.tfops), (theirs, bench.by_hand)):
                wanted = version if took is ours else f"tfops/dev/{version}"
                started = time.perf_counter()
                deed(wanted)
                took.append(time.perf_counter() - started)
    return ours[1:], theirs[1:]


def report(scale: Scale) -> Report:
    """The table, measured now."""
    engine, rounds, ratio = available_engines()[-1], scale.rounds(ROUNDS), 0.0
    lines = [
        f"Rollback against a script (worktree of the tag, `init`, `plan`, `apply`), {rounds} interleaved rounds after",
        f"one warm-up, built-in resources, `{engine}`. The script takes no lock, looks at no card, records nothing.",
        "",
        "| resources | `tfops rollback`, median s | script, median s | ratio, median of pairs |",
        "|---|---|---|---|",
    ]
    for size in _SIZES:
        ours, theirs = measure(engine, size, rounds)
        ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
        lines.append(f"| {size} | {statistics.median(ours):.2f} | {statistics.median(theirs):.2f} | {ratio:.2f} |")
    return Report("\n".join(lines), {"rollback-200": ratio})  # of the last size
