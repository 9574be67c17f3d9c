"""`review`: what a merge request does to every environment that it touches, for people and for a forge."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import engine_program, starts_to_show
from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import HEAD, NUMBER, User, served
from tests.support.policy_tool import PolicyTool
from tests.support.sandbox import Sandbox, new_sandbox, with_remote
from tfops.forge.comment import MARKER

_RULES = """\
version: 1
project: shop
required_checks:
  - {use: max-deletes, most: 0}
environments:
  dev: {branch: main}
  prod: {branch: main}
  other: {branch: main}
"""


def _wants(value: str, *keys: str) -> str:
    return json.dumps({"modules": {"main": {"source": "thing", "inputs": {"value": value, "keys": list(keys)}}}})


@pytest.fixture
def shop(tmp_path: Path, engine: str) -> Sandbox:
    """dev and prod are applied on main; `topic` takes a key from prod and gives dev another value."""
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    for env in ("dev", "prod", "other"):
        shop.write(f"environments/{env}.yaml", _wants("one", "a", "b"))
    shop.commit("Begin")
    with_remote(shop, tmp_path / "remote")
    shop.ok("apply", "dev", "--yes")
    shop.ok("apply", "prod", "--yes")
    shop.git("switch", "--quiet", "-c", "topic")
    shop.write("environments/dev.yaml", _wants("two", "a", "b"))
    shop.write("environments/prod.yaml", _wants("one", "a"))
    shop.commit("What is under review")
    return shop


def test_a_commit_is_reviewed_before_it_is_pushed(shop: Sandbox) -> None:
    ran = shop.run("review", "--local", "--base", "main", "-o", "json")
    assert ran.code == 13, "prod would lose a resource"
    dev, prod = ran.result["reviews"]
    assert (dev["env"], dev["reasons"]) == ("dev", ["module main: input value"])
    assert [check["result"] for check in dev["checks"]] == ["passed"]
    assert [change["action"] for change in dev["plan"]["changes"]] == ["update"] * len(dev["plan"]["changes"])
    assert prod["checks"][0]["why"].startswith("1 deleted or replaced, 0 allowed")
    text = shop.run("review", "--local", "--base", "main").out
    assert "2 of 3 environments changed against main" in text and "✗ max-deletes" in text
    assert f"Digest: {dev['plan']['digest']}" in text
    assert shop.tags() == ["tfops/dev/v1", "tfops/prod/v1"], "nothing was applied"


def test_what_touches_nothing_is_fine_and_what_cannot_be_planned_is_said(shop: Sandbox) -> None:
    shop.git("switch", "--quiet", "main")
    shop.git("switch", "--quiet", "-c", "words")
    shop.write("modules/thing/README.md", "words")
    shop.commit("Words")
    ran = shop.ok("review", "--local", "--base", "main")
    assert "changes none of 3 environments" in ran.out
    shop.write("modules/thing/broken.tf", 'output "x" { value = nobody.knows }\n')
    shop.commit("Broken")
    found = shop.run("review", "--local", "--base", "main", "-o", "json")
    assert found.code == 13
    assert {one["env"] for one in found.result["reviews"] if one["is_broken"]} == {"dev", "prod", "other"}
    assert all(one["why_no_plan"] for one in found.result["reviews"])


@pytest.fixture
def forge() -> Iterator[GiteaServer]:
    server = GiteaServer()
    with served(server):
        yield server


def _in_pipeline(shop: Sandbox, forge: GiteaServer, bot: User, *, repository: int = 1) -> dict[str, str]:
    """The variables of a job of the merge request on the forge; its head is in the repository with that number."""
    event = shop.home / "event.json"
    head = {"sha": HEAD, "repo": {"id": repository, "full_name": "eve/live"}}
    pull = {"number": NUMBER, "head": head, "base": {"ref": "main", "repo": {"id": 1}}, "user": {"id": 7, "login": "e"}}
    event.write_text(json.dumps({"pull_request": pull}))
    return shop.env | {
        "GITHUB_ACTIONS": "true",
        "GITEA_ACTIONS": "true",
        "GITHUB_SERVER_URL": forge.url,
        "GITHUB_REPOSITORY": "ops/live",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(shop.home / "summary.md"),
        "TFOPS_FORGE_TOKEN": bot.token,
    }


def test_a_merge_request_has_one_comment_and_statuses(shop: Sandbox, forge: GiteaServer) -> None:
    env = _in_pipeline(shop, forge, forge.add_user("tfops-bot"))
    ran = shop.run("review", "--write", str(shop.home / "reports"), env=env)
    assert ran.code == 13
    assert "::group::dev: " in ran.out and ran.out.count("::endgroup::") == 2
    assert "max-deletes" in (shop.home / "reports/tfops-review.md").read_text()
    [comment] = forge.comments
    for words in ("prod", "dev", "**1 of 1 failed**", "max-deletes", "module main: input value"):
        assert words in comment["body"], words
    states = {one["context"]: one["state"] for one in forge.statuses}
    assert states == {"tfops/dev": "success", "tfops/prod": "failure", "tfops": "failure"}
    assert "max-deletes" in (shop.home / "summary.md").read_text()

    shop.write("environments/prod.yaml", _wants("one", "a", "b"))
    shop.commit("Keep it")
    shop.ok("review", env=env)
    assert len(forge.comments) == 1 and "max-deletes" not in forge.comments[0]["body"]


def test_what_a_policy_tool_finds_stands_in_the_comment_as_text(shop: Sandbox, forge: GiteaServer) -> None:
    conftest = PolicyTool(shop.home / "tools", "conftest", shop.env)
    failure = {"msg": "```\n</details> @team closes #1\x1b[31m", "metadata": {"address": "aws_x.y", "severity": "high"}}
    conftest.says([{"successes": 0, "failures": [failure] * 25}], code=1)
    shop.write("tfops.yaml", _RULES.replace("{use: max-deletes, most: 0}", "{use: conftest}"))
    shop.commit("Another check")
    env = _in_pipeline(shop, forge, forge.add_user("tfops-bot"))
    assert shop.run("review", env=env).code == 13
    [comment] = forge.comments
    lines = comment["body"].splitlines()
    start = lines.index("! check conftest failed: 25 findings (25 high)")
    assert lines[start + 1] == "!   high deny aws_x.y: ``` </details> @team closes #1 [31m"
    assert lines[start + 21] == "#   and 5 more of conftest"
    assert "````diff" in lines, "a fence that no finding ends"


def test_the_code_of_another_repository_is_not_run(shop: Sandbox, forge: GiteaServer) -> None:
    marker = shop.home / "ran"
    shop.write(
        "modules/thing/more.tf",
        f'resource "terraform_data" "x" {{\n  provisioner "local-exec" {{ command = "touch {marker}" }}\n}}\n',
    )
    shop.commit("From elsewhere")
    env = _in_pipeline(shop, forge, forge.add_user("tfops-bot"), repository=2)
    ran = shop.run("review", "-o", "json", env=env)
    assert [one["plan"] for one in ran.result["reviews"]] == [None, None, None]
    assert "it comes from another repository, eve/live" in forge.comments[0]["body"]


def test_a_forge_that_is_away_is_said_and_the_review_is_shown(shop: Sandbox, forge: GiteaServer) -> None:
    env = _in_pipeline(shop, forge, forge.add_user("tfops-bot")) | {"TFOPS_FORGE_TOKEN": "nobody"}
    ran = shop.run("review", "-o", "json", env=env)
    assert ran.code == 13
    assert ran.result["not_told"] and len(ran.result["reviews"]) == 2
    assert "nobody" not in ran.out + ran.err


_COUNTING = """\
#!/bin/sh
echo "{name} $*" >> '{log}'
exec {real} "$@"
"""


def test_twenty_environments_cost_a_plan_each_and_one_comment(tmp_path: Path, engine: str, forge: GiteaServer) -> None:
    names = [f"env-{number}" for number in range(20)]
    lines = "".join(f"  {name}: {{branch: main, review: {{required: true}}}}\n" for name in names)
    shop = new_sandbox(tmp_path / "shop", engine, rules=f"version: 1\nproject: shop\nenvironments:\n{lines}")
    for name in names:
        shop.write(f"environments/{name}.yaml", _wants("one"))
    shop.commit("Begin")
    with_remote(shop, tmp_path / "remote")
    shop.git("switch", "--quiet", "-c", "topic")
    for name in names:
        shop.write(f"environments/{name}.yaml", _wants("two", "a"))
    shop.commit("What is under review")
    log, tools = tmp_path / "log", tmp_path / "bin"
    tools.mkdir()
    programs = {"git": shutil.which("git"), "tf": engine_program(engine)}
    for name, real in programs.items():
        (tools / name).write_text(_COUNTING.format(name=name, log=log, real=real))
        (tools / name).chmod(0o755)
    bot = forge.add_user("tfops-bot")
    forge.comment(bot, f"{MARKER}\nof the commit before")
    env = _in_pipeline(shop, forge, bot)
    ran = shop.ok(
        "review", "--engine", str(tools / "tf"), "-o", "json", env=env | {"PATH": f"{tools}:{shop.env['PATH']}"}
    )
    assert [len(one["plan"]["changes"]) for one in ran.result["reviews"]] == [2] * 20
    said = log.read_text().splitlines()
    for step, most in (("tf plan", 20), ("tf init", 20), ("tf show", 20 * starts_to_show(engine))):
        assert sum(line.startswith(step) for line in said) <= most, step
    git = [line for line in said if line.startswith("git ")]
    trips = [line for line in git if {"fetch", "push"} & set(line.split())]
    assert len(git) <= 20 + 10 * 20, git
    assert len(trips) <= 3, "what is there, what is kept of reviews, and what is to be kept"
    comments = r"/comments"
    asked = {method: forge.count(method, comments) for method in ("GET", "POST", "PATCH", "DELETE")}
    assert asked == {"GET": 1, "POST": 0, "PATCH": 1, "DELETE": 0}
    assert forge.count("POST", "/statuses/") == 21
    assert len(forge.requests) <= 30
    assert all(f"`{name}`" in forge.comments[0]["body"] for name in names)
