"""Shared with tests/change: see tests/support/recorded_fixtures.py. And a forge, which only commands know."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import served
from tests.support.recorded_fixtures import alone, beginnings, play, shared, shop
from tfops.forge import asking, gitea

__all__ = ["alone", "beginnings", "play", "shared", "shop"]


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[GiteaServer]:
    """This process runs in a job on it."""
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: None))
    monkeypatch.setattr(gitea, "TIMEOUT_S", 0.3)
    server = GiteaServer()
    with served(server):
        variables = {"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true", "GITHUB_REPOSITORY": "ops/live"}
        variables |= {"GITHUB_SERVER_URL": server.url, "TFOPS_FORGE_TOKEN": server.add_user("tfops-bot").token}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield server
