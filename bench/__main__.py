"""`make bench`: measure, and write bench/results.md, which the README quotes."""

from pathlib import Path

from bench import agent, apply, ledger, rollback, validate, verdict
from tests.support.machine import machine

RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    head = f"# What `make bench` measured\n\n{machine()}.\n"
    sections = [head, *(section.report() for section in (apply, ledger, rollback, validate, verdict, agent))]
    RESULTS.write_text("\n\n".join(map(str.strip, sections)) + "\n")
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
