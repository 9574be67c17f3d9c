"""Which code judged: what was remembered by another one doesn't count."""

import hashlib
from functools import cache
from pathlib import Path

from tfops import __version__


def code_files() -> list[Path]:
    """All that judges: this package, and what it knows of modules."""
    return sorted(Path(__file__).parent.rglob("*.py"))


@cache
def code_version() -> str:
    """Changes with the code that judges."""
    stats = [(str(file), stat.st_size, stat.st_mtime_ns) for file in code_files() for stat in [file.stat()]]
    return hashlib.sha256(repr((__version__, stats)).encode()).hexdigest()
