"""`make bench`: measure, and write bench/results.md, which the README quotes."""

import os
import platform
import subprocess
from pathlib import Path

from bench import agent, apply, ledger, rollback, validate, verdict
from tfops import __version__

RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    where = f"Python {platform.python_version()}, Git {git}, {platform.system()} {platform.machine()}"
    head = f"# What `make bench` measured\n\ntfops {__version__}, {where}, {os.cpu_count()} cores.\n"
    sections = [head, *(section.report() for section in (apply, ledger, rollback, validate, verdict, agent))]
    RESULTS.write_text("\n\n".join(map(str.strip, sections)) + "\n")
    print(RESULTS.read_text())


if __name__ == "__main__":
    main()
