"""`tfops validate` of many environments: cold (nothing remembered), warm, after one change; and how it grows."""

import itertools
import os
import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import TYPER, Report, Scale, Took, interleaved, run
from tests.support.sandbox import TFOPS

SIZES = (10, 100, 1000)
MODULES = 20
ROUNDS = 5

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


def write_project(folder: Path, environments: int, *, modules: int = MODULES) -> None:
    """Modules, and environments that use all of them with values of their own."""
    dice = random.Random(1)
    for number in range(modules):
        module = folder / f"modules/m{number}"
        module.mkdir(parents=True)
        more = "".join(f'variable "more_{n}" {{\n  type    = string\n  default = ""\n}}\n' for n in range(13))
        (module / "variables.tf").write_text(_VARIABLES + more)
        (module / "outputs.tf").write_text('output "id" {\n  value = var.cidr\n}\n')
    listed = "".join(f"  e{number}: {{branch: main}}\n" for number in range(environments))
    (folder / "tfops.yaml").write_text(f"version: 1\nproject: shop\nenvironments:\n{listed}")
    (folder / "environments").mkdir()
    for number in range(environments):
        (folder / f"environments/e{number}.yaml").write_text(_environment(dice, modules))


def _environment(dice: random.Random, modules: int) -> str:
    lines = ["modules:"]
    for number in range(modules):
        lines += [
            f"  m{number}:", f"    source: m{number}", "    inputs:", f"      cidr: 10.{dice.randrange(256)}.0.0/16",
            f"      zones: [a, b, {dice.choice('cdefgh')}]", f"      size: {{min: {dice.randrange(99)}}}",
            f"      count_of: {dice.randrange(9)}", "      tags: {team: one}",
        ]  # fmt: skip
        lines += [f"      vpc: ${{module.m{number - 1}.id}}"] if number else []
    return "\n".join(lines) + "\n"


def _env() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def _took(folder: Path, *flags: str) -> Took:
    return run((*TFOPS, "validate", *flags), cwd=folder, env=_env())


def _one_changed(folder: Path, number: int) -> Took:
    file = folder / "environments/e1.yaml"
    file.write_text(re.sub(r"team: \w+", f"team: t{number}", file.read_text()))
    return _took(folder)


@dataclass(frozen=True, slots=True)
class Validated:
    """`cold` and `deep` once; the others are medians. `ratio`: one changed against `import typer`, on the clock."""

    cold: Took
    warm: Took
    changed: Took
    deep: Took
    ratio: float


def measure(environments: int, rounds: int) -> Validated:
    """Cold, warm, after one environment changed, and with the engine as the judge."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, numbers = Path(scratch), itertools.count()
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        write_project(folder, environments)
        cold = _took(folder)
        jobs = {
            "typer": lambda: run(TYPER, cwd=folder, env=_env()),
            "warm": lambda: _took(folder),
            "changed": lambda: _one_changed(folder, next(numbers)),
        }
        took = interleaved(rounds, jobs)
        deep = _took(folder, "--deep")
    ratio = took.ratio("changed", "typer").wall
    return Validated(cold, took.median("warm"), took.median("changed"), deep, ratio)


def report(scale: Scale) -> Report:
    """The table, measured now."""
    lines = [
        f"`tfops validate`, whole processes: {MODULES} modules with 20 variables each; every environment uses all of",
        "them (180 lines of YAML). Cold: nothing remembered. Warm: the same again. Changed: one environment changed,",
        f"and that against `python -c 'import typer'`, {scale.rounds(ROUNDS)} rounds. `--deep`: warm, and Terraform",
        "judges every value.",
        "",
        "Seconds on the clock, and in brackets those of all processors together.",
        "",
        "| environments | cold | warm | one changed | against `import typer` | `--deep` |",
        "|---|---|---|---|---|---|",
    ]
    ratio = 0.0
    for size in map(scale.size, SIZES):
        took = measure(size, scale.rounds(ROUNDS))
        ratio = took.ratio
        lines.append(f"| {size:,} | {took.cold} | {took.warm} | {took.changed} | {ratio:.1f} | {took.deep} |")
    return Report("\n".join(lines), {"validate": ratio})  # of the last size
