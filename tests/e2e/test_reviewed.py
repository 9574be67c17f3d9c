"""The merge request's whole way: reviewed, approved, the world changes by hand, refused with the difference, reviewed
again, applied; told to the merge request, on the card, and seen from another clone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import NUMBER, Answer, Trouble, User, served
from tests.support.sandbox import Sandbox, with_remote
from tests.support.ways_back import RULES, new_story

_REVIEWED = RULES.replace("{branch: main}", "{branch: main, review: {required: true, approvals: 1}}")
_DATABASE = 'resource "demo_database" "main" {\n  name           = "main"\n  engine_version = "1.0"\n}\n'
_THING = 'resource "demo_thing" "orders" { content = "orders" }\n'
_MAIN = "module.main.demo_database.main"


@pytest.fixture
def forge() -> Iterator[GiteaServer]:
    server = GiteaServer()
    with served(server):
        yield server


def _job(forge: GiteaServer, bot: User) -> dict[str, str]:
    """What every job has."""
    job = {"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true", "GITHUB_REPOSITORY": "ops/live"}
    return job | {"GITHUB_SERVER_URL": forge.url, "TFOPS_FORGE_TOKEN": bot.token}


def _of_merge_request(shop: Sandbox, forge: GiteaServer) -> dict[str, str]:
    """What a job of the merge request has besides."""
    event = shop.home / "event.json"
    repository = {"id": 1, "full_name": "ops/live"}
    pull = {"number": NUMBER, "head": {"sha": forge.head, "repo": repository}, "user": {"id": 90, "login": "author"}}
    event.write_text(json.dumps({"pull_request": pull | {"base": {"ref": "main", "repo": repository}}}))
    return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event), "GITHUB_BASE_REF": "main"}


def test_what_was_reviewed_is_what_runs(tmp_path: Path, engine: str, provider_door: Path, forge: GiteaServer) -> None:
    story = new_story(tmp_path / "story", engine, provider_door)
    shop = story.shop
    story.write(_DATABASE)
    remote = with_remote(shop, tmp_path / "remote")
    story.apply()
    shop.write("tfops.yaml", _REVIEWED)
    shop.commit("From now on it is reviewed")
    shop.git("push", "--quiet", "origin", "main")
    job = _job(forge, forge.add_user("tfops-bot"))
    ann, bob = forge.add_user("ann2"), forge.add_user("bob")

    # Opened, and reviewed.
    shop.git("switch", "--quiet", "-c", "topic")
    story.write(_DATABASE + _THING)
    shop.git("push", "--quiet", "origin", "topic")
    forge.head = shop.git("rev-parse", "HEAD")
    shop.ok("review", env=job | _of_merge_request(shop, forge))
    [comment] = forge.comments
    assert "0 of 1" in comment["body"]
    kept = shop.ok("show", "dev", "--review", "latest", "-o", "json").result["review"]
    assert (kept["merge_request"], kept["commits"][0]) == (NUMBER, forge.head)

    # Merged by a squash: no reviewed commit is on the base. The only approval is one of an older head.
    forge.review(ann, "approved", "b" * 40)
    shop.git("switch", "--quiet", "main")
    shop.git("merge", "--quiet", "--squash", "topic")
    shop.commit("A thing (#12)")
    shop.git("push", "--quiet", "origin", "main")
    forge.merged = shop.git("rev-parse", "HEAD")
    few = shop.run("apply", "dev", "--reviewed", "-o", "json", env=job)
    assert (few.code, few.error["guard"]) == (11, "needs-approval")
    assert "approved bbbbbbbb, which isn't what is under review" in few.error["why"]
    assert len(forge.comments) == 1 and "needs-approval" in comment["body"]

    # Approved on the forge; but somebody changes the world by hand.
    forge.review(bob, "approved", forge.head)
    database = story.world / "database/main"
    database.write_text(json.dumps(json.loads(database.read_text()) | {"name": "by-hand"}))
    other = shop.run("apply", "dev", "--reviewed", "-o", "json", env=job)
    assert (other.code, other.error["name"]) == (13, "not-as-reviewed")
    [since] = other.error["since"]
    assert (since["address"], since["was"], since["now"]) == (_MAIN, "", "replace")
    assert shop.tags() == ["tfops/dev/v1"]
    assert f"since the review: {_MAIN} would now be replaced" in comment["body"]

    # Reviewed again, from another clone: what was refused is kept, and bob agrees to it there.
    clone = shop.clone(str(remote), tmp_path / "clone")
    clone.git("config", "user.name", "bob")
    clone.git("config", "user.email", "bob@example.com")
    assert clone.run("approve", "dev").code == 13, "nobody was asked"
    seen = clone.ok("approve", "dev", "--plan-digest", other.error["digest"], "--yes")
    assert _MAIN in seen.out + seen.err

    # A forge that says no stops nothing that was approved in Git.
    forge.troubles.append(Trouble(Answer(401), times=100))
    done = shop.ok("apply", "dev", "--reviewed", "-o", "json", env=job)
    assert done.result["version"] == "v2" and "the merge request could not be told" in done.err
    card = shop.ok("show", "dev", "-o", "json")
    [own, yes] = card.result["card"]["approvals"]
    assert own["how"] == "approved by bob <bob@example.com>"
    assert (yes["who"], yes["how"], yes["digest"]) == ("bob <bob@example.com>", "tfops approve", other.error["digest"])

    # The usual way: approved on the forge at what was reviewed, applied, and told.
    forge.troubles.clear()
    story.write(_DATABASE)
    shop.git("push", "--quiet", "origin", "main")
    forge.head = forge.merged = shop.git("rev-parse", "HEAD")
    shop.ok("plan", "dev", "--keep")
    forge.reviews.clear()
    forge.review(bob, "approved", forge.head)
    assert shop.ok("apply", "dev", "--reviewed", "-o", "json", env=job).result["version"] == "v3"
    assert "applied as v3" in comment["body"] and "not applied" not in comment["body"]
    assert forge.statuses[-1]["context"] == "tfops/dev" and forge.statuses[-1]["state"] == "success"
    how = [one["how"] for one in shop.ok("show", "dev", "-o", "json").result["card"]["approvals"]]
    assert how == ["approved by bob", "Gitea, merge request 12"]
    clone.git("pull", "--quiet")
    assert "Gitea, merge request 12" in clone.ok("log", "dev").out + clone.ok("show", "dev").out
