"""A pipeline of a merge request on each forge: its variables, its token, and the API on loopback.

Projects with a recorded engine: see tests/support/recorded_fixtures.py.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from tests.support.forges.gitea import GiteaServer
from tests.support.forges.github import GithubServer
from tests.support.forges.gitlab import GitlabServer
from tests.support.forges.server import HEAD, NUMBER, LocalForge, User, served
from tests.support.recorded_fixtures import alone, beginnings, play, shared, shop
from tfops.forge import asking, gitea, github, gitlab
from tfops.forge.base import Client
from tfops.forge.known import forge_here

__all__ = ["alone", "beginnings", "play", "shared", "shop"]

TIMEOUT_S = 1


@dataclass(slots=True)
class Pipeline:
    """What a job of a merge request sees. `bot` is who the token belongs to, `pauses` what was waited, in seconds."""

    name: str
    server: LocalForge
    bot: User
    pauses: list[float]
    monkeypatch: pytest.MonkeyPatch

    def client(self, user: User | None = None) -> Client:
        """A client as a job of `user` has it; the bot's by default."""
        self.monkeypatch.setenv("TFOPS_FORGE_TOKEN", (user or self.bot).token)
        forge = forge_here()
        assert forge is not None
        return forge.connect()


def _variables(name: str, url: str) -> dict[str, str]:
    if name == "gitlab":
        number = {"CI_MERGE_REQUEST_IID": str(NUMBER), "CI_MERGE_REQUEST_PROJECT_ID": "4", "CI_PROJECT_ID": "4"}
        return {"GITLAB_CI": "true", "CI_API_V4_URL": f"{url}/api/v4", "CI_COMMIT_SHA": HEAD, **number}
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": url, "GITHUB_REPOSITORY": "ops/live"}
    return variables | ({"GITEA_ACTIONS": "true"} if name == "gitea" else {"GITHUB_API_URL": f"{url}/api/v3"})


@pytest.fixture
def open_pipeline(monkeypatch: pytest.MonkeyPatch) -> Callable[[LocalForge], Pipeline]:
    """Puts this process into a job of the forge that is given."""
    for name in list(os.environ):
        if name.startswith(("CI_", "GITHUB_", "GITLAB_", "GITEA_", "FORGEJO_", "TFOPS_FORGE")):
            monkeypatch.delenv(name)
    pauses: list[float] = []
    monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pauses.append))
    for module in (gitea, github, gitlab):
        monkeypatch.setattr(module, "TIMEOUT_S", TIMEOUT_S)

    def opens(server: LocalForge) -> Pipeline:
        name = {GiteaServer: "gitea", GithubServer: "github", GitlabServer: "gitlab"}[type(server)]
        for variable, value in _variables(name, server.url).items():
            monkeypatch.setenv(variable, value)
        return Pipeline(name, server, server.add_user("tfops-bot"), pauses, monkeypatch)

    return opens


@pytest.fixture(params=["github", "gitlab", "gitea"])
def pipeline(request: pytest.FixtureRequest, open_pipeline: Callable[[LocalForge], Pipeline]) -> Iterator[Pipeline]:
    """On all forges, or on those that a test names by `pytest.mark.parametrize(…, indirect=True)`."""
    servers: dict[str, type[LocalForge]] = {"github": GithubServer, "gitlab": GitlabServer, "gitea": GiteaServer}
    server = servers[request.param]()
    with served(server):
        yield open_pipeline(server)
