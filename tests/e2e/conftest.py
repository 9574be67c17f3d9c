"""Real engine, real Git, whole processes."""

from pathlib import Path

import pytest

from tests.support.engines import require_engine
from tests.support.sandbox import Sandbox, new_sandbox


@pytest.fixture
def engine() -> str:
    return require_engine()


@pytest.fixture
def shop(tmp_path: Path, engine: str) -> Sandbox:
    """A project without a remote; `dev` is bound to main."""
    return new_sandbox(tmp_path / "shop", engine)
