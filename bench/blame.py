"""What `tfops blame` of a resource costs over thousands of versions, each with its events in the ledger."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.measuring import HEAD, READ, Report, Rounds, Scale, Took, interleaved, peak_mb, run
from tests.support.cards import make_card
from tests.support.sandbox import Sandbox, new_sandbox
from tfops.ledger import codec
from tfops.ledger.card import encode_card
from tfops.records.card import Card, ModuleUsed

VERSIONS, RESOURCES, ROUNDS = 20_000, 30, 5
_LATELY, _NEVER = "module.app.aws_instance.main[0]", "module.net.aws_vpc.main"
# What a resource was made of is in its versions' tags: Git can't be asked for less.
_TAGS = ("git", "for-each-ref", "--format=%(refname) %(objectname) %(contents)", "refs/tags/tfops/", "refs/tfops/")
_BLAME, _LONG = "`blame`, inputs changed lately", "`blame`, inputs never changed"
_READ = "`for-each-ref` of what the tags hold"
_FACTS = "Tfops-Run: r\nTfops-By: ann\nTfops-At: 2026-11-01T12:00:00+00:00\n"


def _card(commit: str, number: int) -> Card:
    """Something comes and goes beside a network that is there from the first version on."""
    inventory = {_NEVER: "vpc-1"} | {f"module.app.aws_instance.main[{n}]": f"i-{n:017x}" for n in range(RESOURCES)}
    if number % 7 == 0:
        inventory["module.app.aws_db_instance.main"] = "db-1"
    modules = {"app": ModuleUsed("app", f"{number // 50:040x}"), "net": ModuleUsed("net", "1" * 40)}
    card = make_card(commit, version=number, run_id=f"r-{number}", modules=modules)
    return replace(card, stacks={"main": replace(card.stacks["main"], inventory=inventory)})


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _stream(commit: str, versions: int) -> Iterator[str]:
    """For `git fast-import`. The app's inputs change now and then, the network's never."""
    for number in range(1, versions + 1):
        card, person = _card(commit, number), f"ann <ann@example.com> {number} +0000"
        tag = encode_card(card, "1 created, 0 updated, 0 replaced, 0 deleted")
        yield f"tag tfops/dev/v{number}\nfrom {commit}\ntagger {person}\n{_data(tag)}"
        values = json.dumps({"inputs_app": {"n": number // 7}, "inputs_net": {"cidr": 1}})
        begun = f"dev: apply\n\nTfops-Event: begun\n{_FACTS}"
        recorded = f"dev v{number}: apply, 1 created\n\nTfops-Event: recorded\n{_FACTS}"
        yield f"commit refs/tfops/envs/dev\ncommitter {person}\n{_data(begun)}"
        yield f"M 100644 inline root/terraform.tfvars.json\n{_data(values)}"
        yield f"M 100644 inline root/main.tf.json\n{_data(_MAIN)}M 100644 inline lock.json\n{_data(str(number))}"
        yield f"commit refs/tfops/envs/dev\ncommitter {person}\n{_data(recorded)}"
        yield f"D lock.json\nM 100644 inline card.json\n{_data(codec.encode(card))}"


_MAIN = '{"module": {"app": {"source": "app", "n": "${var.inputs_app.n}"}, "net": {"source": "net"}}}\n'


def _scratch(folder: Path, versions: int) -> Sandbox:
    shop = new_sandbox(folder / "shop", "none")
    shop.write("environments/dev.yaml", "modules:\n  net: {source: thing, inputs: {value: 1}}\n")
    file = folder / "stream"
    with file.open("w") as stream:
        stream.writelines(_stream(shop.commit(), versions))
    with file.open() as stream:
        subprocess.run(["git", "-C", str(shop.path), "fast-import", "--quiet"], stdin=stream, env=shop.env, check=True)
    shop.git("pack-refs", "--all")
    return shop


def blames(shop: Sandbox, rounds: int) -> Rounds:
    def read() -> Took:
        return run(_TAGS, cwd=shop.path, env=shop.env)

    def blame(address: str) -> Took:
        return run(shop.command("blame", "dev", address, "--no-fetch"), cwd=shop.path, env=shop.env)

    return interleaved(rounds, {_READ: read, _BLAME: lambda: blame(_LATELY), _LONG: lambda: blame(_NEVER)})


def report(scale: Scale) -> Report:
    """The table, measured now."""
    versions = scale.size(VERSIONS)
    with tempfile.TemporaryDirectory() as folder:
        shop = _scratch(Path(folder), versions)
        took = blames(shop, scale.rounds(ROUNDS))
        peak = peak_mb(["blame", "dev", _NEVER, "--no-fetch"], cwd=shop.path, env=shop.env)
    lines = [
        f"A resource of {RESOURCES} that is there since the first of {versions:,} versions: every tag is read. Of the",
        f"{2 * versions:,} events in the ledger those since its module's inputs changed, or all. The most memory of",
        f"`blame`: {peak:.0f} MB.",
        READ,
        "",
        HEAD,
        *(took.row(job, _READ) for job in (_BLAME, _LONG)),
    ]
    return Report("\n".join(lines), {"blame": took.ratio(_BLAME, _READ).wall})
