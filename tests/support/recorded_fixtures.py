"""Fixtures of tests/change and tests/commands: an environment of their own, and projects with a recorded engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.engine_cases import MODULES
from tests.support.recorded_project import RULES, Shop, new_shop, only_this
from tests.support.stand_in import RECORDINGS, StandIn

VERSIONS = tuple(sorted(path.name for path in RECORDINGS.iterdir()))
NEWEST = VERSIONS[-1]


class Open(Protocol):
    """Makes a project whose engine plays a case."""

    def __call__(self, case: str, *, rules: str = RULES, version: str = NEWEST) -> Shop: ...


@pytest.fixture(autouse=True)
def alone(tmp_path: Path) -> Iterator[None]:
    """The machine's environment and Git configuration stay out."""
    with only_this(tmp_path / "home"):
        yield


@pytest.fixture(scope="session")
def beginnings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beginnings")


@pytest.fixture
def play(tmp_path: Path, beginnings: Path) -> Open:
    def make(case: str, *, rules: str = RULES, version: str = NEWEST) -> Shop:
        engine = StandIn(tmp_path / "bin", RECORDINGS / version / case)
        return new_shop(tmp_path / "shop", engine, rules=rules, modules=MODULES, beginnings=beginnings)

    return make


@pytest.fixture
def shop(play: Open) -> Shop:
    """Nothing applied yet, no remote; the engine knows the case `life`."""
    return play("life")


@pytest.fixture
def shared(shop: Shop) -> Shop:
    """The same with a bare remote."""
    shop.commit("Begin")
    shop.with_remote()
    return shop
