"""Where something was measured: a line for reports."""

import os
import platform
import subprocess

from tfops import __version__


def machine(*more: str) -> str:
    """`tfops 0.1.0, Git 2.39.5, Python 3.11.7, Linux x86_64, 2 cores`; `more` stands after tfops (an engine)."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    system = f"{platform.system()} {platform.machine()}"
    parts = (f"tfops {__version__}", *more, f"Git {git}", f"Python {platform.python_version()}", system)
    return ", ".join((*parts, f"{os.cpu_count()} cores"))
