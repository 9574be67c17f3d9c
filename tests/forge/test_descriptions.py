"""What is sent to a forge, and what our local ones answer, held against what the forges publish about their APIs.

The files are large and not ours: none is kept here, a variable names each.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.forge.conftest import Pipeline
from tests.support.forges.server import HEAD, MERGED, NOTHING, NUMBER, Answer, Request, Trouble
from tfops.forge.base import Account, Status
from tfops.forge.comment import MARKER, keep_comment
from tfops.forge.statuses import keep_statuses
from tfops.records.names import CommitSha


class Published(NamedTuple):
    """Where a description is, and where it stops.

    `left_out` are calls that it may lack, `wrong` what the forge does and it doesn't say. `is_typed`: its types are
    those that the forge sends.
    """

    variable: str
    source: str
    roots: tuple[str, ...]
    left_out: re.Pattern[str] = re.compile(r"(?!)")
    wrong: re.Pattern[str] = re.compile(r"(?!)")
    is_typed: bool = True


_PUBLISHED = {
    # GraphQL has a description of its own; `statuses/{ref}` is of the time before the present path: GitHub says that it
    # stays, and PyGithub asks it.
    "github": Published(
        "TFOPS_GITHUB_OPENAPI",
        "generated/api.github.com.json of the npm package @octokit/openapi",
        ("/api/v3",),
        re.compile(r"POST /api/graphql|GET .*/repos/ops/live/statuses/\w+"),
    ),
    # Notes and users are described in words only (doc/api/notes.md, doc/api/users.md), so is since when somebody
    # approves. Lists and numbers are described as one, and as texts, here and there.
    "gitlab": Published(
        "TFOPS_GITLAB_OPENAPI",
        "doc/api/openapi/openapi_v2.yaml, or _v3, of GitLab's repository",
        ("", "/api", "/api/v4"),
        re.compile(r"\w+ /api/v4/(user|projects/4/merge_requests/12/notes(/\d+)?)"),
        re.compile(r".*/reviewers: \?per_page|.*: approved_at is not described|POST .*/statuses/\w+: 201 is not .*"),
        is_typed=False,
    ),
    "gitea": Published(
        "TFOPS_GITEA_OPENAPI",
        "templates/swagger/v1_json.tmpl of Gitea's or Forgejo's repository, or /swagger.v1.json of a server",
        ("/api/v1",),
        wrong=re.compile(r".*: username is not described|.*: flow is not described"),  # both were seen
    ),
}


# Read now: a test has none of the machine's variables.
_FILES = {one.variable: os.environ[one.variable] for one in _PUBLISHED.values() if os.environ.get(one.variable)}


@cache
def _described(path: str) -> Mapping[str, Any]:
    text = Path(path).read_text(encoding="utf-8")
    found: Mapping[str, Any] = YAML(typ="safe").load(text) if path.endswith((".yaml", ".yml")) else json.loads(text)
    return found


@pytest.fixture
def asked(pipeline: Pipeline) -> tuple[Pipeline, Mapping[str, Any]]:
    """Each call was made once. Without a description a skip that says where it is, in CI too: some have 13 MB."""
    variable, source = _PUBLISHED[pipeline.name][:2]
    if variable not in _FILES:
        pytest.skip(f"no description of {pipeline.name}'s API here: {variable} is to name its file, {source}")
    _ask_everything(pipeline)
    return pipeline, _described(_FILES[variable])


def test_every_request_is_one_that_the_forge_describes(asked: tuple[Pipeline, Mapping[str, Any]]) -> None:
    pipeline, description = asked
    sent = pipeline.server.requests
    assert {request.method for request in sent} >= {"GET", "POST", "DELETE"}
    wrong = {f"{_line(request)}: {why}" for request in sent for why in _wrong(request, description, pipeline.name)}
    assert _unknown(wrong, pipeline.name) == set()


def test_every_answer_of_our_server_is_one_that_the_forge_describes(asked: tuple[Pipeline, Mapping[str, Any]]) -> None:
    """Of what went well: that a call can fail most descriptions don't say."""
    pipeline, description = asked
    answers = [one for one in pipeline.server.answers if one[1].status < 300]
    compared = [(request, answer, _operation(request, description, pipeline.name)) for request, answer in answers]
    assert sum(operation is not None for *_, operation in compared) > 10
    wrong = {
        f"{_line(request)}: {why}"
        for request, answer, operation in compared
        if operation is not None
        for why in _unlike_described(answer, operation, description, is_typed=_PUBLISHED[pipeline.name].is_typed)
    }
    assert _unknown(wrong, pipeline.name) == set()


def _unknown(lines: Iterable[str], forge: str) -> set[str]:
    return {line for line in lines if not _PUBLISHED[forge].wrong.fullmatch(line)}


def _ask_everything(pipeline: Pipeline) -> None:
    """Each call of a client, also those that are made again after trouble."""
    server = pipeline.server
    ann = server.add_user("ann")
    server.review(ann, "approved")
    server.teams = {"ops/team": {"ann"}, "projects/4": {"ann"}}
    for _ in range(2):
        server.comment(pipeline.bot, f"{MARKER}\ntwice")
    server.troubles.append(Trouble(method="PATCH"))
    client, head = pipeline.client(), CommitSha(HEAD)
    keep_comment(client, NUMBER, f"{MARKER}\nfirst")
    server.comments.clear()
    keep_comment(client, NUMBER, f"{MARKER}\nsecond")
    keep_statuses(
        client, head, [Status("tfops", "failure", "x", "https://ci.example"), Status("tfops/dev", "pending", "")]
    )
    assert client.merge_request(NUMBER).head == head
    assert len(client.reviews(NUMBER)) == 1
    assert client.merged_as(CommitSha(MERGED)) is not None
    for account in (Account(ann.id, "ann"), Account(pipeline.bot.id, "bot")):
        assert client.is_member("ops/team", account) == (account.name == "ann")
    client.is_member("@maintainer", Account(ann.id, "ann")) if pipeline.name == "gitlab" else None


def _line(request: Request) -> str:
    return f"{request.method} {request.path}"


def _wrong(request: Request, description: Mapping[str, Any], forge: str) -> Iterable[str]:
    described, published = _operation(request, description, forge), _PUBLISHED[forge]
    if described is None:
        yield from () if published.left_out.fullmatch(_line(request)) else ["not described"]
        return
    parameters = [_resolved(one, description) for one in described.get("parameters", ())]
    queries = {one["name"]: one for one in parameters if one["in"] == "query"}
    unknown = request.query.keys() - queries.keys()
    yield from (f"?{name}" for name in unknown)
    yield from (
        f"?{name} is needed" for name, one in queries.items() if one.get("required") and name not in request.query
    )
    schema = _body_schema(described, parameters, description)
    if (request.body is None) != (schema is None):
        yield f"a body: {request.body}"
    elif schema is not None:
        yield from (error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(request.body))
        yield from (
            f"{name} in the body" for name in request.body.keys() - _resolved(schema, schema)["properties"].keys()
        )


def _operation(request: Request, description: Mapping[str, Any], forge: str) -> Mapping[str, Any] | None:
    """Of several templates that fit, the one with the fewest parameters is meant."""
    paths = [request.path.removeprefix(root) for root in _PUBLISHED[forge].roots if request.path.startswith(root)]
    for template in sorted(description["paths"], key=lambda one: one.count("{")):
        pattern = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", template)
        )
        if any(re.fullmatch(pattern, path) for path in paths):
            found = description["paths"][template].get(request.method.lower())
            if found is not None:
                return dict(found)
    return None


def _body_schema(
    described: Mapping[str, Any], parameters: list[Mapping[str, Any]], description: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """As OpenAPI 3 and Swagger 2 write it; fields of a form as the object that JSON makes of them."""
    shared = {key: description[key] for key in ("components", "definitions") if key in description}
    if "requestBody" in described:
        content = _resolved(described["requestBody"], description)["content"]
        return {**next(iter(content.values()))["schema"], **shared}
    if body := next((one for one in parameters if one["in"] == "body"), None):
        return {**body["schema"], **shared}
    fields = {one["name"]: {"type": one["type"]} for one in parameters if one["in"] == "formData"}
    needed = [one["name"] for one in parameters if one["in"] == "formData" and one.get("required")]
    return {"type": "object", "properties": fields, "required": needed} if fields else None


def _resolved(one: Mapping[str, Any], description: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in one:
        return one
    found: Any = description
    for part in one["$ref"].removeprefix("#/").split("/"):
        found = found[unquote(part)]
    return dict(found)


def _unlike_described(
    answer: Answer, operation: Mapping[str, Any], description: Mapping[str, Any], *, is_typed: bool
) -> Iterable[str]:
    responses = {code: _resolved(one, description) for code, one in operation["responses"].items()}
    if str(answer.status) not in responses:
        yield f"{answer.status} is not among {', '.join(responses)}"
        return
    response = responses[str(answer.status)]
    content = response.get("content", {}).get("application/json", {})
    schema = content.get("schema") or response.get("schema")
    if answer.content is not NOTHING and schema is not None:
        yield from _unlike(answer.content, schema, description, is_typed=is_typed)


def _unlike(value: Any, schema: Mapping[str, Any], description: Mapping[str, Any], *, is_typed: bool) -> Iterator[str]:
    """What of a value isn't described. That fields are missing is no matter: our servers have what we read."""
    schema = _resolved(schema, description)
    if either := schema.get("anyOf") or schema.get("oneOf"):
        found = [list(_unlike(value, one, description, is_typed=is_typed)) for one in either]
        yield from min(found, key=len)
    elif isinstance(value, list):
        if is_typed and "items" not in schema:
            yield f"a list, not {schema.get('type')}"
        for one in value:
            yield from _unlike(one, schema.get("items", schema), description, is_typed=is_typed)
    elif isinstance(value, dict):
        fields = _fields(schema, description)
        for name, one in value.items():
            if name in fields:
                yield from (f"{name}: {why}" for why in _unlike(one, fields[name], description, is_typed=is_typed))
            elif fields or not schema.get("additionalProperties"):
                yield f"{name} is not described"
    elif value is not None and is_typed:  # what may be null is not said everywhere
        expected = {key: schema[key] for key in ("type", "enum") if key in schema}
        yield from (error.message for error in jsonschema.Draft202012Validator(expected).iter_errors(value))


def _fields(schema: Mapping[str, Any], description: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        fields |= _fields(_resolved(part, description), description)
    return fields
