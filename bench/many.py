"""Many environments at once: `reconcile`, `apply --all`, `plan --all` against `xargs` over the same by hand."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.measuring import HEAD, READ, Report, Rounds, Scale, Took, interleaved, peak_mb, run
from tests.support.sandbox import Sandbox, with_remote

_MODULE = 'variable "value" { type = string }\n' + "".join(
    f'resource "terraform_data" "r{number}" {{ input = "${{var.value}}-{number}" }}\n' for number in range(5)
)
ROOT = """\
variable "value" { type = string }
module "app" {
  source = "./modules/five"
  value  = var.value
}
"""
_RECONCILE, _APPLY, _PLAN, _HAND = "reconcile", "apply --all", "plan --all", "by hand"
_INIT = "terraform init -input=false >&2"
APPLY = f"{_INIT} && terraform plan -input=false -out=plan.bin >&2 && terraform apply -input=false plan.bin >&2"
PLAN = f"{_INIT} && terraform plan -input=false >&2"


class Many:
    """Environments of five built-in resources, and beside them a root module for each, as others would have them."""

    def __init__(self, folder: Path, environments: int) -> None:
        self.shop = Sandbox(folder / "shop", folder / "home", "terraform")
        self.shop.env["CHECKPOINT_DISABLE"] = "1"
        self.names = [f"e{number}" for number in range(environments)]
        self.hand, self.value = folder / "by-hand", 0
        self.shop.path.mkdir()
        self.shop.git("init", "--quiet", "--initial-branch=main")
        listed = "".join(f"  {env}: {{branch: main}}\n" for env in self.names)
        self.shop.write("tfops.yaml", f"version: 1\nproject: shop\nenvironments:\n{listed}")
        self.shop.write("modules/five/main.tf", _MODULE)
        for env in self.names:
            (self.hand / env / "modules/five").mkdir(parents=True)
            (self.hand / env / "modules/five/main.tf").write_text(_MODULE)
            (self.hand / env / "main.tf").write_text(ROOT)
        self.want()
        with_remote(self.shop, folder / "remote.git")

    def want(self) -> None:
        self.value += 1
        for env in self.names:
            body = f"modules: {{app: {{source: five, inputs: {{value: v{self.value}}}}}}}\n"
            self.shop.write(f"environments/{env}.yaml", body)
            (self.hand / env / "terraform.tfvars").write_text(f'value = "v{self.value}"\n')
        self.shop.commit(f"v{self.value}")

    def changed(self) -> None:
        """One input in each environment, for both."""
        self.want()
        self.shop.git("push", "--quiet")

    def tfops(self, *args: str) -> Took:
        return run(self.shop.command(*args), cwd=self.shop.path, env=self.shop.env)

    def by_hand(self, steps: str, parallel: int) -> Took:
        script = f"ls | xargs -P{parallel} -I% sh -c 'cd % && {steps}'"
        return run(["sh", "-c", script], cwd=self.hand, env=self.shop.env)


def reconciled(many: Many, rounds: int) -> Rounds:
    """One input changed in each environment, before each of the two ways."""
    many.tfops("reconcile", "--parallel", "2", "--quiet")
    many.by_hand(APPLY, 2)

    def after_change(deed: Callable[[], Took]) -> Callable[[], Took]:
        def changed() -> Took:
            many.changed()
            return deed()

        return changed

    jobs = {
        _RECONCILE: lambda: many.tfops("reconcile", "--parallel", "2", "--quiet"),
        _HAND: lambda: many.by_hand(APPLY, 2),
        _APPLY: lambda: many.tfops("apply", "--all", "--parallel", "2", "--yes"),
    }
    return interleaved(rounds, {name: after_change(deed) for name, deed in jobs.items()}, warm_up=False)


def all_planned(many: Many, rounds: int, cores: int) -> Rounds:
    """Plans of environments that nothing was ever made in: everything is to be created."""
    jobs = {
        _PLAN: lambda: many.tfops("plan", "--all", "--parallel", str(cores)),
        _HAND: lambda: many.by_hand(PLAN, cores),
    }
    return interleaved(rounds, jobs, warm_up=rounds > 1)


def report(scale: Scale) -> Report:
    if not shutil.which("terraform"):
        return Report("Not measured: no `terraform` on PATH for what is typed by hand.", {})
    applied, planned, cores = (2, 3, 2) if scale.is_small else (20, 100, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        applies = reconciled(Many(Path(folder), applied), scale.rounds(5))
    with tempfile.TemporaryDirectory() as folder:
        many = Many(Path(folder), planned)
        plans = all_planned(many, scale.rounds(2), cores)
        peak = peak_mb(["plan", "--all", "--parallel", str(cores)], cwd=many.shop.path, env=many.shop.env)
    lines = [
        "Environments of five built-in resources, Terraform on PATH, against `init`, `plan` (and `apply`) of a root of",
        f"each under `xargs -P`. The most memory of the process that plans all {planned}: {peak:.0f} MB; those that it",
        "starts for each are as large as any `plan`.",
        READ,
        "",
        HEAD,
        applies.row(_RECONCILE, _HAND, f"`reconcile --parallel 2`, {applied} environments, one input changed"),
        applies.row(_APPLY, _HAND, f"`apply --all --parallel 2`, {applied} environments, one input changed"),
        plans.row(_PLAN, _HAND, f"`plan --all --parallel {cores}`, {planned} new environments"),
    ]
    found = {
        "reconcile-20": applies.ratio(_RECONCILE, _HAND).wall,
        "apply-all": applies.ratio(_APPLY, _HAND).wall,
        "plan-all": plans.ratio(_PLAN, _HAND).wall,
        "plan-all-memory": peak,
    }
    return Report("\n".join(lines), found)
