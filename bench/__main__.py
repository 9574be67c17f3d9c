"""`make bench`: measure, and write bench/results.md, which the README quotes.

python -m bench [SECTION]...   measures only these anew, the others stay as they are
"""

import argparse
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


def results() -> dict[str, str]:
    """Title to text, as they were measured last; what stands above the first is under the empty title."""
    about, *sections = RESULTS.read_text().split("\n## ") if RESULTS.is_file() else [""]
    return {"": about.strip()} | {title: body.strip() for title, _, body in (one.partition("\n") for one in sections)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"one of {', '.join(SECTIONS)}")
    wanted = parser.parse_args().sections or list(SECTIONS)
    texts = results() | {"": f"# What `make bench` measured\n\n{machine()}."}
    for title in wanted:
        print(title, file=sys.stderr, flush=True)
        texts[title] = SECTIONS[title].report().strip()
    body = "\n\n".join(f"## {title}\n\n{texts[title]}" for title in SECTIONS if title in texts)
    RESULTS.write_text(f"{texts['']}\n\n{body}\n")
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
