"""`tfops validate` of many environments: cold (nothing remembered), warm, after one change; and how it grows."""

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SIZES = (10, 100, 1000)
MODULES = 20
ROUNDS = 3

_VARIABLES = """\
variable "cidr" { type = string }
variable "zones" {
  type    = list(string)
  default = []
}
variable "size" {
  type    = object({ min = number, max = optional(number, 9), kinds = optional(map(string), {}) })
  default = { min = 1 }
}
variable "count_of" {
  type    = number
  default = 1
}
variable "is_public" {
  type    = bool
  default = false
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "vpc" {
  type    = string
  default = ""
}
"""


def write_project(folder: Path, environments: int) -> None:
    """Twenty modules, and environments that use all of them with values of their own."""
    dice = random.Random(1)
    for number in range(MODULES):
        module = folder / f"modules/m{number}"
        module.mkdir(parents=True)
        more = "".join(f'variable "more_{n}" {{\n  type    = string\n  default = ""\n}}\n' for n in range(13))
        (module / "variables.tf").write_text(_VARIABLES + more)
        (module / "outputs.tf").write_text('output "id" {\n  value = var.cidr\n}\n')
    listed = "".join(f"  e{number}: {{branch: main}}\n" for number in range(environments))
    (folder / "tfops.yaml").write_text(f"version: 1\nproject: shop\nenvironments:\n{listed}")
    (folder / "environments").mkdir()
    for number in range(environments):
        (folder / f"environments/e{number}.yaml").write_text(_environment(dice))


def _environment(dice: random.Random) -> str:
    lines = ["modules:"]
    for number in range(MODULES):
        lines += [
            f"  m{number}:", f"    source: m{number}", "    inputs:", f"      cidr: 10.{dice.randrange(256)}.0.0/16",
            f"      zones: [a, b, {dice.choice('cdefgh')}]", f"      size: {{min: {dice.randrange(99)}}}",
            f"      count_of: {dice.randrange(9)}", "      tags: {team: one}",
        ]  # fmt: skip
        lines += [f"      vpc: ${{module.m{number - 1}.id}}"] if number else []
    return "\n".join(lines) + "\n"


class Took(NamedTuple):
    """Seconds on the clock, and of all processors together: the second doesn't depend on what else runs."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} ({self.cpu:.1f})"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _took(folder: Path, *flags: str) -> Took:
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    started, before = time.perf_counter(), _cpu()
    command = [sys.executable, "-m", "tfops", "validate", *flags]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return Took(time.perf_counter() - started, _cpu() - before)


def measure(environments: int) -> tuple[Took, Took, Took, Took]:
    """Cold, warm (median), after one environment changed (median), and with the engine as the judge."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        write_project(folder, environments)
        cold = _took(folder)
        warm = statistics.median_low(_took(folder) for _ in range(ROUNDS))
        changed = []
        for number in range(ROUNDS):
            file = folder / f"environments/e{number}.yaml"
            file.write_text(file.read_text().replace("team: one", f"team: t{number}"))
            changed.append(_took(folder))
        deep = _took(folder, "--deep")
        shutil.rmtree(folder / ".git/tfops")
    return cold, warm, statistics.median_low(changed), deep


def report() -> str:
    """The table, measured now."""
    lines = [
        f"`tfops validate`, whole processes: {MODULES} modules with 20 variables each; every environment uses all of",
        "them (180 lines of YAML). Cold: nothing remembered. Warm: the same again. Changed: one environment changed.",
        "`--deep`: warm, and Terraform judges every value.",
        "",
        "Seconds on the clock, and in brackets those of all processors together.",
        "",
        "| environments | cold | warm | one changed | `--deep` |",
        "|---|---|---|---|---|",
    ]
    for size in SIZES:
        times = " | ".join(map(str, measure(size)))
        lines.append(f"| {size:,} | {times} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
