"""`tfops apply` against the same steps typed by hand, as whole processes, interleaved.

By hand means `terraform init`, `terraform plan -out`, `terraform apply` in a rendered root, with the
same engine and the same modules. Each round changes an input in both, so that both really apply.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.measuring import Report, Scale

ROUNDS = 15


_HEAD = """\
One input changed in a project of five built-in resources, {rounds} interleaved rounds after one warm-up: what is
left is tfops' own cost, the same for any project.

| engine | `tfops apply`, median s | `init`, `plan -out`, `apply` by hand, median s | ratio, median of pairs |
|---|---|---|---|"""


class Bench:
    """A scratch project and a scratch root beside it."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.engine = engine
        self.shop = folder / "shop"
        self.root = folder / "by-hand"
        self.env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
            "GIT_AUTHOR_NAME": "ann",
            "GIT_AUTHOR_EMAIL": "ann@example.com",
            "GIT_COMMITTER_NAME": "ann",
            "GIT_COMMITTER_EMAIL": "ann@example.com",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "CHECKPOINT_DISABLE": "1",
        }
        self._run(self._tfops("-C", str(folder), "init", "shop"), folder)
        self.dev = self.shop / "environments/dev.yaml"
        self.template = self.dev.read_text()

    def _tfops(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "tfops", *argv]

    def _run(self, argv: list[str], cwd: Path) -> None:
        subprocess.run(argv, cwd=cwd, env=self.env, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def tfops_round(self, number: int) -> float:
        self.dev.write_text(self.template.replace("1.4.2", f"2.{number}"))
        self._run(["git", "commit", "--quiet", "-am", f"round {number}"], self.shop)
        started = time.perf_counter()
        self._run(self._tfops("apply", "dev", "--yes", "--engine", self.engine), self.shop)
        return time.perf_counter() - started

    def by_hand_round(self, number: int) -> float:
        if not self.root.exists():
            self._copy_root()
        values = self.root / "terraform.tfvars.json"
        content = json.loads(values.read_text())
        content["inputs_service"]["image"] = f"shop:2.{number}"
        values.write_text(json.dumps(content))
        steps = [
            ["init", "-input=false"],
            ["plan", "-input=false", "-out=plan.bin"],
            ["apply", "-input=false", "plan.bin"],
        ]
        started = time.perf_counter()
        for step in steps:
            self._run([self.engine, *step], self.root)
        return time.perf_counter() - started

    def _copy_root(self) -> None:
        """The same root module, with a state of its own and the modules beside it."""
        rendered = self.shop / ".git/tfops/roots/dev/main"
        self.root.mkdir()
        for name in ("main.tf.json", "terraform.tfvars.json"):
            shutil.copy(rendered / name, self.root / name)
        shutil.copytree(rendered / "modules", self.root / "modules")


def measure(engine: str, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds per round: tfops, by hand. The first round of each (a cold start) isn't counted."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), engine)
        pairs = [(bench.tfops_round(number), bench.by_hand_round(number)) for number in range(rounds + 1)]
    ours, theirs = zip(*pairs[1:], strict=True)
    return list(ours), list(theirs)


def report(scale: Scale) -> Report:
    """The table, measured now."""
    rounds, found = scale.rounds(ROUNDS), dict[str, float]()
    os.environ["PATH"] = _path()
    lines = [_HEAD.format(rounds=rounds)]
    for engine in (name for name in ("terraform", "tfops-terraform") if shutil.which(name)):
        ours, theirs = measure(engine, rounds)
        ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
        found.setdefault("apply-5", ratio)  # Terraform on PATH where there is one
        version = subprocess.run([engine, "version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
        lines.append(
            f"| {version}{' (embedded)' if engine != 'terraform' else ''} "
            f"| {statistics.median(ours):.2f} | {statistics.median(theirs):.2f} | {ratio:.2f} |"
        )
    return Report("\n".join(lines), found)


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
