"""`make bench`: measure, and write bench/results.md, which the README quotes.

python -m bench [SECTION]...   measures only these anew, the others stay as they are
python -m bench --small        each scenario once, over few things, to see that it works; nothing is written
"""

import argparse
import sys
import time

from bench import (
    agent,
    apply,
    blame,
    ledger,
    looking,
    many,
    memory,
    profile,
    rollback,
    start,
    targets,
    unchanged,
    validate,
    verdict,
)
from bench.measuring import Scale
from bench.results import RESULTS, results, write_results
from tests.support.engines import all_engines, described
from tests.support.machine import machine

SECTIONS = {
    "Apply": apply,
    "Rollback": rollback,
    "Profile": profile,
    "Unchanged": unchanged,
    "Start": start,
    "Status": looking,
    "Many": many,
    "Memory": memory,
    "Verdicts": verdict,
    "Blame": blame,
    "Lock and record": ledger,
    "Validate": validate,
    "Agent": agent,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"one of {', '.join(SECTIONS)}")
    parser.add_argument("--small", action="store_true", help="once, over few things; printed, not written")
    options = parser.parse_args()
    scale, texts, found = Scale(options.small), results(), dict[str, float]()
    for title in options.sections or SECTIONS:
        started = time.monotonic()
        texts[title], measured = SECTIONS[title].report(scale)
        found |= measured
        print(f"{title}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        if options.small:
            print(f"## {title}\n\n{texts[title]}\n")
    about = f"# What `make bench` measured\n\n{machine(*map(described, all_engines()))}."
    first = {"": about, targets.TITLE: targets.table(found, texts.get(targets.TITLE, ""))}
    if options.small:
        print(first[targets.TITLE])
        return
    write_results(first | {title: texts[title].strip() for title in SECTIONS if title in texts})
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
