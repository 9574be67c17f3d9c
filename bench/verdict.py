"""What `tfops history --verdict` costs: whole processes, in a scratch repository full of versions with cards."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.cards import make_card
from tests.support.sandbox import Sandbox, new_sandbox
from tfops.ledger.card import encode_card
from tfops.records.card import Card, StackRecord

SIZES = (20, 1_000, 20_000)
RESOURCES = 30
ROUNDS = 3
AWS = "registry.terraform.io/hashicorp/aws"


def _card(commit: str, number: int) -> Card:
    """One version of an environment in which something is added, moved or upgraded now and then."""
    addresses = [f'module.m{number // 500}.aws_vpc.main["{index}"]' for index in range(RESOURCES)]
    inventory = {address: f"vpc-{index:017x}" for index, address in enumerate(addresses)}
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


def _seconds(shop: Sandbox, *args: str) -> float:
    """The median of a few runs, the output thrown away; the first one warms up."""
    took = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        shop.cold(*args)
        took.append(time.perf_counter() - started)
    return statistics.median(took[1:])


def report() -> str:
    """The table, measured now."""
    lines = [
        f"Going back, judged: versions with cards of {RESOURCES} resources, whole processes, {ROUNDS} rounds after one",
        f"warm-up. Every verdict is computed anew, from Git alone, on one of {os.cpu_count()} cores.",
        "",
        "| versions | `tfops history`, median s | `tfops history --verdict`, median s | ms a verdict |",
        "|---|---|---|---|",
    ]
    for versions in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            shop = _scratch(Path(folder), versions)
            plain = _seconds(shop, "history", "dev", "--no-fetch")
            judged = _seconds(shop, "history", "dev", "--no-fetch", "--verdict")
        lines.append(f"| {versions:,} | {plain:.2f} | {judged:.2f} | {(judged - plain) / versions * 1000:.2f} |")
    return "\n".join(lines)
