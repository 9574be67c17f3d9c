"""AWS' own protocol on loopback: one server for a worker's tests."""

from collections.abc import Iterator

import pytest

from tests.support.moto import Moto, serve_moto
from tests.support.providers import require_aws_provider, use_mirror


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with serve_moto() as server:
        yield server


@pytest.fixture(scope="session")
def aws_env(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine with the real provider, whose AWS is moto's."""
    mirror = require_aws_provider()
    return moto.env | use_mirror(tmp_path_factory.mktemp("mirror"), mirror) | {"TFOPS_PROVIDER_MIRROR": str(mirror)}
