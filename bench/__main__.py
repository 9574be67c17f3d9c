"""`make bench`: measure, and write bench/results.md, which the README quotes."""

import sys
from pathlib import Path

from bench import agent, apply, ledger, rollback, validate, verdict
from tests.support.machine import machine

SECTIONS = {
    "Apply": apply,
    "Rollback": rollback,
    "Verdicts": verdict,
    "Lock and record": ledger,
    "Validate": validate,
    "Agent": agent,
}
RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    head = f"# What `make bench` measured\n\n{machine()}.\n"
    sections = [head]
    for title, section in SECTIONS.items():
        print(title, file=sys.stderr, flush=True)
        sections += [f"## {title}", section.report()]
    RESULTS.write_text("\n\n".join(map(str.strip, sections)) + "\n")
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
