"""Real engine, real Git, whole processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import require_engine
from tests.support.provider.host import provider_host
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.ways_back import Story, new_story


@pytest.fixture
def engine() -> str:
    return require_engine()


@pytest.fixture
def shop(tmp_path: Path, engine: str) -> Sandbox:
    """A project without a remote; `dev` is bound to main."""
    return new_sandbox(tmp_path / "shop", engine)


@pytest.fixture(scope="session")
def provider_door() -> Iterator[Path]:
    """Where the demo provider is started."""
    with provider_host() as door:
        yield door


@pytest.fixture
def story(request: pytest.FixtureRequest, tmp_path: Path, engine: str, provider_door: Path) -> Story:
    """A project with the demo provider, nothing applied yet; with the parameter `own`, of `both_forms`, with a root
    module that somebody wrote by hand."""
    is_own = getattr(request, "param", "") == "own"
    return new_story(tmp_path / "story", engine, provider_door, is_own=is_own)
