"""What tfops costs beside the engine: its start, completion, and its own part of an apply."""

import tempfile
from pathlib import Path

from bench.measuring import HEAD, READ, TYPER, Report, Rounds, Scale, Took, interleaved, run
from tests.support.engines import available_engines, engine_program
from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_COUNTED = """\
#!/bin/bash
TIMEFORMAT='%U %S'
{{ time {engine} "$@" 2>&3; }} 3>&2 2>> "{file}"
"""
_TYPER = "`import typer`"
_HELP, _VERSION = "`--help`", "`--version`"
_ENVIRONMENTS, _VERSIONS = "completion of environments", "completion of versions"
_OWN = "`apply` without its engine"
_KEYS = {
    _HELP: "help",
    _VERSION: "version",
    _ENVIRONMENTS: "complete-environments",
    _VERSIONS: "complete-versions",
    _OWN: "own-cpu",
}


class OwnPart:
    """A project of five built-in resources and a remote; what the engine takes is put down by a script around it."""

    def __init__(self, folder: Path) -> None:
        self.counted = folder / "counted"
        self.shop = new_sandbox(folder / "shop", available_engines()[-1])
        script = folder / "engine"
        script.write_text(_COUNTED.format(engine=engine_program(self.shop.env["TFOPS_ENGINE"]), file=self.counted))
        script.chmod(0o755)
        self.shop.env["TFOPS_ENGINE"] = str(script)
        self.shop.commit("Start")
        with_remote(self.shop, folder / "remote.git")
        self.number = 0

    def apply(self) -> Took:
        """The apply without its engine: on the clock it is whole."""
        self.number += 1
        self.shop.wish(self.number, keys=["a", "b", "c", "d"])
        self.shop.git("push", "--quiet")
        self.counted.write_text("")
        whole = run(self.shop.command("apply", "dev", "--yes"), cwd=self.shop.path, env=self.shop.env)
        return Took(whole.wall, whole.cpu - sum(map(float, self.counted.read_text().split())))


def crowded(folder: Path, environments: int) -> Sandbox:
    """Environments in `tfops.yaml`, and twenty tags of one: what completion looks at."""
    listed = "".join(f"  e{number}: {{branch: main}}\n" for number in range(environments))
    shop = new_sandbox(folder / "crowd", "none", rules=f"version: 1\nproject: shop\nenvironments:\n{listed}")
    shop.commit("Start")
    for number in range(1, 21):
        shop.git("tag", f"tfops/e1/v{number}")
    return shop


def starts(shop: Sandbox, own: OwnPart, rounds: int) -> Rounds:
    """All of it in one go, beside `import typer`."""
    env = {name: value for name, value in shop.env.items() if name != "PYTHONWARNINGS"}

    def tfops(*args: str) -> Took:
        return run(shop.command(*args), cwd=shop.path, env=env)

    def completed(line: str) -> Took:
        place = str(len(line.split(" ")) - 1)
        asked = {"_TFOPS_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": place}
        return run(shop.command(), cwd=shop.path, env=env | asked)

    jobs = {
        _TYPER: lambda: run(TYPER, cwd=shop.path, env=env),
        _HELP: lambda: tfops("--help"),
        _VERSION: lambda: tfops("--version"),
        _ENVIRONMENTS: lambda: completed("tfops apply e"),
        _VERSIONS: lambda: completed("tfops rollback e1 v"),
        _OWN: own.apply,
    }
    return interleaved(rounds, jobs)


def report(scale: Scale) -> Report:
    environments = scale.size(1_000)
    with tempfile.TemporaryDirectory() as folder:
        took = starts(crowded(Path(folder), environments), OwnPart(Path(folder)), scale.rounds(11))
    lines = [
        f"What every command pays, against a Python that imports Typer. Completion in bash, {environments:,}",
        "environments. The apply has five built-in resources and a remote on the same disk; its processor time is that",
        "of tfops and Git, without the engine's.",
        READ,
        "",
        HEAD,
        *(took.row(job, _TYPER) for job in _KEYS),
    ]
    found = {key: took.ratio(job, _TYPER).wall for job, key in _KEYS.items()}
    return Report("\n".join(lines), found | {"own-cpu": took.ratio(_OWN, _TYPER).cpu})
