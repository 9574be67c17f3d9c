"""What looking back over all versions costs: whole processes, in a scratch repository full of versions with cards."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import Report, Rounds, Scale, Took, interleaved, run
from tests.support.cards import make_card
from tests.support.sandbox import Sandbox, new_sandbox
from tfops.ledger.card import encode_card
from tfops.records.card import Card, StackRecord

SIZES = (20, 1_000, 20_000)
RESOURCES = 30
ROUNDS = 3
_REFS, _HISTORY, _JUDGED = "refs", "history", "verdicts"
_LIST = ("git", "for-each-ref", "--format=%(refname) %(*objectname) %(creator) %(contents)")
AWS = "registry.terraform.io/hashicorp/aws"


def _card(commit: str, number: int) -> Card:
    """One version of an environment in which something is added, moved or upgraded now and then."""
    inventory = {address: f"vpc-{index:017x}" for index, address in enumerate(_addresses(number))}
    if number % 7 == 0:
        inventory["module.db.aws_db_instance.main"] = "db-1"
    stack = StackRecord(
        backend="s3 shop",
        lineage="l-1",
        serial_before=number,
        serial_after=number + 1,
        state_sha256="0" * 64,
        providers={AWS: f"5.{number // 400}.0"},
        lock_committed=True,
        types={AWS: ("aws_vpc",)},
        schema_versions={"aws_vpc": 1 + number // 10_000},
        inventory=inventory,
    )
    return make_card(commit, version=number, run_id=f"r-{number}", stacks={"main": stack})


def _addresses(version: int) -> list[str]:
    return [f'module.m{version // 500}.aws_vpc.main["{index}"]' for index in range(RESOURCES)]


def _tags(commit: str, versions: int) -> Iterator[bytes]:
    """A stream for `git fast-import`: one annotated tag a version."""
    for number in range(1, versions + 1):
        message = encode_card(_card(commit, number), "1 created, 0 updated, 0 replaced, 0 deleted").encode()
        head = f"tag tfops/dev/v{number}\nfrom {commit}\ntagger ann <ann@example.com> {number} +0000\n"
        yield f"{head}data {len(message)}\n".encode() + message + b"\n"


def _scratch(folder: Path, versions: int) -> Sandbox:
    shop = new_sandbox(folder / "shop", "none")
    shop.write("environments/dev.yaml", "modules:\n  main: {source: thing, inputs: {value: 1}}\n")
    commit = shop.commit()
    stream = b"".join(_tags(commit, versions))
    subprocess.run(["git", "-C", str(shop.path), "fast-import", "--quiet"], input=stream, env=shop.env, check=True)
    shop.git("pack-refs", "--all")
    return shop


def measure(versions: int, rounds: int) -> Rounds:
    """`history` with and without verdicts, and the listing of the tags that can't be avoided."""
    with tempfile.TemporaryDirectory() as folder:
        shop = _scratch(Path(folder), versions)

        def tfops(*args: str) -> Took:
            return run(shop.command(*args, "--no-fetch"), cwd=shop.path, env=shop.env)

        jobs = {
            _REFS: lambda: run([*_LIST, "refs/tags/tfops/dev/"], cwd=shop.path, env=shop.env),
            _HISTORY: lambda: tfops("history", "dev"),
            _JUDGED: lambda: tfops("history", "dev", "--verdict"),
        }
        return interleaved(rounds, jobs)


def report(scale: Scale) -> Report:
    """The table, measured now."""
    rounds = scale.rounds(ROUNDS)
    lines = [
        f"Looking back: versions with cards of {RESOURCES} resources, medians of {rounds} rounds after one",
        f"warm-up. Every verdict is computed anew, from Git alone, on one of {os.cpu_count()} cores; in brackets",
        "against one `for-each-ref` of the tags with who, when and their whole message, on the clock.",
        "",
        "| versions | `history`, s | `history --verdict`, s | ms a verdict |",
        "|---|---|---|---|",
    ]
    ratio = 0.0
    for versions in map(scale.size, SIZES):
        took = measure(versions, rounds)
        plain, judged, ratio = took.median(_HISTORY).wall, took.median(_JUDGED).wall, took.ratio(_JUDGED, _REFS).wall
        cells = (f"{plain:.2f} ({took.ratio(_HISTORY, _REFS).wall:.1f})", f"{judged:.2f} ({ratio:.1f})")
        lines.append(f"| {versions:,} | {' | '.join(cells)} | {(judged - plain) / versions * 1000:.2f} |")
    return Report("\n".join(lines), {"verdicts": ratio})  # of the last size
