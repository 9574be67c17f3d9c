"""AWS' own protocol on loopback: one server for a worker's tests."""

from collections.abc import Iterator

import pytest

from tests.support.moto import Moto, serve_moto


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with serve_moto() as server:
        yield server
