"""A commit that renders what already runs: `apply --if-changed` against a plan without changes; no provider."""

import tempfile
from pathlib import Path

from bench.measuring import HEAD, READ, Report, Rounds, Scale, Took, interleaved, run
from tests.support.engines import available_engines, described
from tests.support.sandbox import Sandbox, new_sandbox

_IF_CHANGED, _PLAN = "`apply --if-changed`", "`plan`"


def measure(shop: Sandbox, rounds: int) -> Rounds:
    shop.wish("one", keys=["a", "b", "c", "d"])
    shop.ok("apply", "dev", "--yes")
    shop.write("modules/thing/README.md", "What no engine reads.\n")
    shop.commit("Words")

    def tfops(*args: str) -> Took:
        return run(shop.command(*args), cwd=shop.path, env=shop.env)

    jobs = {_IF_CHANGED: lambda: tfops("apply", "dev", "--yes", "--if-changed"), _PLAN: lambda: tfops("plan", "dev")}
    return interleaved(rounds, jobs)


def report(scale: Scale) -> Report:
    """The table, measured now. The target is one for a real provider: `make bench-aws` measures it."""
    engine = available_engines()[-1]
    with tempfile.TemporaryDirectory() as folder:
        took = measure(new_sandbox(Path(folder) / "shop", engine), scale.rounds(7))
    lines = [
        "A commit that touches what no engine reads, five built-in resources,",
        f"{described(engine)}.",
        READ,
        "",
        HEAD,
        took.row(_IF_CHANGED, _PLAN),
    ]
    return Report("\n".join(lines), {})
