"""`make bench-aws`, many at once: `plan --all` with the AWS provider against `xargs -P` of `init` and `plan` by hand.

New environments of the reference modules, so that everything is to be created; Terraform on PATH, one provider cache,
states in moto's S3.
"""

import argparse
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from bench.many import PLAN
from bench.measuring import HEAD, READ, Rounds, Took, interleaved, run
from bench.results import write_measured
from tests.support.machine import machine
from tests.support.moto import ACCOUNT, REGION, Moto, serve_moto
from tests.support.providers import MIRROR, use_mirror
from tests.support.sandbox import new_sandbox

RESULTS = Path(__file__).with_name("aws-many-results.md")
_TOP = Path(__file__).parents[1]
_PLAN, _HAND = "plan --all", "by hand"


class ManyAws:
    """Environments as in this repository's own `environments/`, and beside them a root module for each."""

    def __init__(self, folder: Path, moto: Moto, mirror: Path, count: int) -> None:
        moto.make_bucket("bench")
        self.names = [f"e{number}" for number in range(count)]
        backend = {"bucket": "bench", "region": REGION, "lock": "native"}
        one = {"branch": "main", "account": ACCOUNT, "region": REGION}
        rules = {"version": 1, "project": "shop", "backend": {"s3": backend}}
        rules["environments"] = dict.fromkeys(self.names, one)
        self.shop = new_sandbox(folder / "shop", "terraform", rules=json.dumps(rules))
        self.shop.env |= moto.env | use_mirror(folder, mirror) | {MIRROR: str(mirror), "CHECKPOINT_DISABLE": "1"}
        self.shop.env.pop("PYTHONWARNINGS")
        shutil.copytree(_TOP / "modules", self.shop.path / "modules", dirs_exist_ok=True)
        self.shop.write("environments/base.yaml", (_TOP / "environments/base.yaml").read_text())
        for env in self.names:
            self.shop.write(f"environments/{env}.yaml", (_TOP / "environments/dev.yaml").read_text())
        self.shop.commit("Environments")
        for env in self.names:
            self.shop.ok("providers", "lock", env)
        self.shop.commit("Lock the providers")
        self.tfops(1)
        self.hand = folder / "by-hand"
        for env in self.names:
            self._root(env, self.hand / env)

    def _root(self, env: str, folder: Path) -> None:
        """The same root with a state of its own."""
        folder.mkdir(parents=True)
        shutil.copytree(_TOP / "modules", folder / "modules")
        rendered = self.shop.workspace / f"roots/{env}/main"
        for name in ("main.tf.json", "backend.tf.json", "terraform.tfvars.json", ".terraform.lock.hcl"):
            (folder / name).write_text((rendered / name).read_text().replace(f"shop/{env}", f"by-hand/{env}"))
        main = json.loads((folder / "main.tf.json").read_text())
        for block in main["module"].values():
            block["source"] = f"./modules/{block['source'].rpartition('/')[2]}"
        (folder / "main.tf.json").write_text(json.dumps(main, indent=2))

    def tfops(self, parallel: int) -> Took:
        argv = self.shop.command("plan", "--all", "--parallel", str(parallel))
        return run(argv, cwd=self.shop.path, env=self.shop.env)

    def by_hand(self, parallel: int) -> Took:
        script = f"ls | xargs -P{parallel} -I% sh -c 'cd % && {PLAN}'"
        return run(["sh", "-c", script], cwd=self.hand, env=self.shop.env)


def measure(many: ManyAws, rounds: int, parallel: int) -> Rounds:
    return interleaved(rounds, {_PLAN: lambda: many.tfops(parallel), _HAND: lambda: many.by_hand(parallel)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--environments", type=int, default=8)
    asked = parser.parse_args()
    mirror = os.environ.get(MIRROR, "")
    if not mirror or not shutil.which("terraform"):
        parser.error(f"put terraform on PATH, and name a filesystem mirror that has hashicorp/aws: {MIRROR}=…")
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, serve_moto() as moto:
        many = ManyAws(Path(folder), moto, Path(mirror), asked.environments)
        found = measure(many, asked.rounds, cores)
        lock = (many.hand / "e0/.terraform.lock.hcl").read_text()
    provider = re.findall(r'^\s*version\s*=\s*"(.+)"', lock, re.M)[0]
    what = f"`plan --all --parallel {cores}`, {asked.environments} new environments with the AWS provider"
    lines = [
        "# What `make bench-aws` measured of many environments at once\n",
        f"{machine(f'AWS provider {provider}')};",
        f"moto's server beside it. {asked.rounds} interleaved rounds after one warm-up.",
        "`network`, `service` and `storage` in each, everything to be created; Terraform on PATH.",
        READ,
        "",
        HEAD,
        found.row(_PLAN, _HAND, what),
    ]
    RESULTS.write_text("\n".join(lines) + "\n")
    write_measured({"aws-plan-all": found.ratio(_PLAN, _HAND).wall})
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
