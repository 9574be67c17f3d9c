"""Where each millisecond of one apply goes: the moments at which it starts other processes."""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measuring import Report, Scale, run
from tests.support.engines import described
from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_TOLD = """\
import atexit, sys, time
moments = [(time.time(), "begun")]
def hear(event, about):
    if event == "subprocess.Popen":
        moments.append((time.time(), " ".join(map(str, about[1]))))
def tell(file=sys.argv.pop(1)):
    with open(file, "w") as out:
        out.writelines(f"{when} {what}\\n" for when, what in [*moments, (time.time(), "ended")])
sys.addaudithook(hear)
atexit.register(tell)
from tfops.cli import main
main()
"""
# What is done until a process with this word in its command line starts.
_PARTS = (
    ("Python starts", "begun"),
    ("imports, command line", "rev-parse"),
    ("Git says where and who", " fetch "),
    ("fetch", "for-each-ref"),
    ("refs, card and files read, rendered; engine found", " plan "),
    ("engine plans, the push is judged beside it; plan read, guards", " push "),
    ("lock and intent pushed", " apply "),
    ("engine applies; state read back, card", " push "),
    ("version pushed", "ended"),
)


def _apply(shop: Sandbox) -> Iterator[float]:
    """Milliseconds of each part, and of the end of Python."""
    file = shop.path / ".git/bench-moments"
    argv = [sys.executable, "-c", _TOLD, str(file), "apply", "dev", "--yes"]
    started = time.time()
    whole = run(argv, cwd=shop.path, env=shop.env).wall
    moments = [line.split(" ", 1) for line in file.read_text().splitlines()]
    before = started
    for _, word in _PARTS:
        while word not in f"{moments[0][1]} ":
            moments.pop(0)
        when = float(moments.pop(0)[0])
        yield (when - before) * 1000
        before = when
    yield (started + whole - before) * 1000


def report(scale: Scale) -> Report:
    if not shutil.which("terraform"):
        return Report(
            "Not measured: no `terraform` on PATH (the embedded engine plans and applies in one process).", {}
        )
    rounds, engine = scale.rounds(9), "terraform"
    with tempfile.TemporaryDirectory() as folder:
        shop = new_sandbox(Path(folder) / "shop", engine)
        shop.commit("Start")
        with_remote(shop, Path(folder) / "remote.git")
        found = []
        for number in range(rounds + 1):
            shop.wish(number, keys=["a", "b", "c", "d"])
            shop.git("push", "--quiet")
            found.append(list(_apply(shop)))
    medians = [statistics.median(part) for part in zip(*found[1:], strict=True)]
    names = [name for name, _ in _PARTS] + ["Python ends"]
    lines = [
        f"One apply of five built-in resources, {described(engine)}, a remote on the same disk, one input changed:",
        f"milliseconds on the clock, medians of {rounds} rounds after one warm-up. {sum(medians):.0f} ms together.",
        "",
        "| part | ms |",
        "|---|---|",
        *(f"| {name} | {took:.0f} |" for name, took in zip(names, medians, strict=True)),
    ]
    return Report("\n".join(lines), {})
