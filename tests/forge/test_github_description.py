"""What is sent to GitHub, held against its published description (npm: `@octokit/openapi`, `api.github.com.json`)."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.forge.conftest import Pipeline
from tests.support.forges.server import HEAD, MERGED, NUMBER, Request, Trouble
from tfops.forge.base import Status
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.statuses import keep_statuses
from tfops.records.names import CommitSha

_VARIABLE = "TFOPS_GITHUB_OPENAPI"
# Of the time before the present path (`commits/{ref}/statuses`): GitHub says that it stays, and PyGithub asks it.
_LEGACY = re.compile(r"GET /repos/ops/live/statuses/\w+")


@pytest.fixture(scope="session")
def description() -> Mapping[str, Any]:
    """The file that the variable names. Without one a skip that says so, in CI too: it has 13 MB."""
    if not os.environ.get(_VARIABLE):
        pytest.skip(f"no description of GitHub's API here: {_VARIABLE} names the file")
    found: Mapping[str, Any] = json.loads(Path(os.environ[_VARIABLE]).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("pipeline", ["github"], indirect=True)
def test_every_request_is_one_that_github_describes(pipeline: Pipeline, description: Mapping[str, Any]) -> None:
    pipeline.server.review(pipeline.server.add_user("ann"), "approved")
    pipeline.server.comment(pipeline.bot, f"{MARKER}\ntwice")
    pipeline.server.comment(pipeline.bot, f"{MARKER}\ntwice")
    pipeline.server.troubles.append(Trouble(method="PATCH"))
    client, head = pipeline.client(), CommitSha(HEAD)
    keep_comment(client, NUMBER, f"{MARKER}\nfirst")
    pipeline.server.comments.clear()
    keep_comment(client, NUMBER, f"{MARKER}\nsecond")
    keep_statuses(
        client, head, [Status("tfops", "failure", "x", "https://ci.example"), Status("tfops/dev", "pending", "")]
    )
    assert client.merge_request(NUMBER).head == head
    assert len(client.reviews(NUMBER)) == 1
    assert client.merged_as(CommitSha(MERGED)) is not None
    sent = [request for request in pipeline.server.requests if request.path != "/api/graphql"]
    assert {request.method for request in sent} == {"GET", "POST", "PATCH", "DELETE"}
    for request in sent:
        _check(request, description)


def _check(request: Request, description: Mapping[str, Any]) -> None:
    path = request.path.removeprefix("/api/v3")
    if _LEGACY.fullmatch(f"{request.method} {path}"):
        return
    template = next(one for one in description["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), path))
    described = description["paths"][template].get(request.method.lower())
    assert described, f"{request.method} {template}"
    parameters = [_resolved(one, description) for one in described.get("parameters", ())]
    assert set(request.query) <= {one["name"] for one in parameters if one["in"] == "query"}, request
    body = described.get("requestBody")
    assert (request.body is None) == (body is None), request
    if body is not None:
        schema = {**body["content"]["application/json"]["schema"], "components": description["components"]}
        jsonschema.validate(request.body, schema)
        assert set(request.body) <= set(schema["properties"]), request


def _resolved(one: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in one:
        return one
    found: Any = description
    for part in one["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)
