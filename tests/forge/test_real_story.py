"""The whole story of a merge request on a real Gitea or Forgejo: pushed, reviewed, approved, merged, applied, told."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import require_engine
from tests.support.forges.real_gitea import RealGitea, ask, real_program, running
from tests.support.sandbox import Sandbox, new_sandbox

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main, review: {required: true, approvals: 1, not_by: [author]}}
"""
_REPOSITORY = "/api/v1/repos/ann/live"


class _Story:
    """A project whose remote is a repository of `ann`'s on the forge; `bob` may approve, `bot` is the pipeline."""

    def __init__(self, real: RealGitea, folder: Path) -> None:
        self.real = real
        self.tokens = {login: real.add_user(login) for login in ("ann", "bob", "bot")}
        made = self.ask("POST", "/api/v1/user/repos", {"name": "live", "default_branch": "main"})
        assert made["full_name"] == "ann/live"
        for login in ("bob", "bot"):
            self.ask("PUT", f"{_REPOSITORY}/collaborators/{login}", {"permission": "write"})
        self.shop = new_sandbox(folder / "shop", require_engine(), rules=_RULES)
        self.shop.git("remote", "add", "origin", real.url.replace("://", f"://bot:{self.tokens['bot']}@") + "/ann/live")
        self.job = {
            "GITHUB_ACTIONS": "true",
            "GITEA_ACTIONS": "true",
            "GITHUB_SERVER_URL": real.url,
            "GITHUB_REPOSITORY": "ann/live",
            "TFOPS_FORGE_TOKEN": self.tokens["bot"],
        }

    def ask(self, method: str, path: str, body: Any = None, *, by: str = "ann") -> Any:
        status, found = ask(self.real.url, method, path, token=self.tokens[by], body=body)
        assert status < 300, (path, status, found)
        return found

    def of_merge_request(self, pull: Mapping[str, Any]) -> dict[str, str]:
        """What a job of the merge request has besides."""
        event = self.shop.home / "event.json"
        event.write_text(json.dumps({"pull_request": self.ask("GET", f"{_REPOSITORY}/pulls/{pull['number']}")}))
        return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event), "GITHUB_BASE_REF": "main"}

    def push(self, branch: str) -> str:
        """Until the forge knows of it, which is a moment after Git's end of a push. Returns the head."""
        self.shop.git("push", "--quiet", "--force", "--set-upstream", "origin", branch)
        head = self.shop.git("rev-parse", "HEAD")
        end = time.monotonic() + 60
        while True:
            path = f"{_REPOSITORY}/branches/{branch}"
            status, found = ask(self.real.url, "GET", path, token=self.tokens["ann"])
            if status == 200 and found["commit"]["id"] == head:
                return head
            assert time.monotonic() < end, (status, found)
            time.sleep(0.1)

    def squash(self, number: int) -> None:
        """Merge it so that no reviewed commit is on the base."""
        self.ask("POST", f"{_REPOSITORY}/pulls/{number}/merge", {"Do": "squash"})
        self.shop.git("switch", "--quiet", "main")
        self.shop.git("pull", "--quiet")

    def comments(self, number: int) -> list[str]:
        return [one["body"] for one in self.ask("GET", f"{_REPOSITORY}/issues/{number}/comments")]


@pytest.mark.forge
def test_what_was_approved_on_a_real_forge_is_what_runs(tmp_path: Path) -> None:
    if not real_program():
        pytest.skip("no Gitea or Forgejo here: put gitea or forgejo on PATH")
    with running(tmp_path) as real:
        _told(_Story(real, tmp_path))


def _told(story: _Story) -> None:
    shop: Sandbox = story.shop
    shop.wish("one")
    story.push("main")
    shop.git("switch", "--quiet", "-c", "topic")
    shop.wish("two")
    head = story.push("topic")
    pull = story.ask("POST", f"{_REPOSITORY}/pulls", {"base": "main", "head": "topic", "title": "Two"})
    number = pull["number"]

    # Reviewed twice: one comment, and one status for all.
    for _ in range(2):
        shop.ok("review", env=story.job | story.of_merge_request(pull))
    [comment] = story.comments(number)
    assert "0 of 1" in comment and "| dev |" in comment.replace("`", ""), comment
    told = story.ask("GET", f"{_REPOSITORY}/commits/{head}/status")["statuses"]
    assert {one["context"] for one in told} == {"tfops", "tfops/dev"}

    # Approved where it was reviewed, merged by a squash: exactly that is applied, and told.
    kept = shop.ok("show", "dev", "--review", "latest", "-o", "json").result["review"]
    assert (kept["merge_request"], kept["commits"][0]) == (number, head)
    story.ask("POST", f"{_REPOSITORY}/pulls/{number}/reviews", {"event": "APPROVED", "commit_id": head}, by="bob")
    story.squash(number)
    done = shop.ok("apply", "dev", "--reviewed", "-o", "json", env=story.job)
    assert done.result["version"] == "v1", done.err
    [comment] = story.comments(number)
    assert "applied as v1" in comment
    assert _approvals(shop) == ["approved by bob", f"Gitea, merge request {number}"]

    # Merged without: nobody can approve on the forge any more, but in Git.
    shop.git("switch", "--quiet", "-C", "topic")
    shop.wish("three")
    story.push("topic")
    pull = story.ask("POST", f"{_REPOSITORY}/pulls", {"base": "main", "head": "topic", "title": "Three"})
    shop.ok("review", env=story.job | story.of_merge_request(pull))
    story.squash(pull["number"])
    few = shop.run("apply", "dev", "--reviewed", "-o", "json", env=story.job)
    assert (few.code, few.error["guard"]) == (11, "needs-approval"), few.out + few.err
    late = f"{_REPOSITORY}/pulls/{pull['number']}/reviews"
    assert ask(story.real.url, "POST", late, token=story.tokens["bob"], body={"event": "APPROVED"})[0] == 422
    [comment] = story.comments(pull["number"])
    assert "needs-approval" in comment and "applied as" not in comment
    clone = shop.clone(shop.git("remote", "get-url", "origin"), shop.path.with_name("clone"))
    clone.git("config", "user.name", "bob")
    clone.git("config", "user.email", "bob@example.org")
    waits = clone.ok("show", "dev", "--review", "latest", "-o", "json").result["review"]["digest"]
    clone.ok("approve", "dev", "--plan-digest", waits, "--yes")
    assert shop.ok("apply", "dev", "--reviewed", "-o", "json", env=story.job).result["version"] == "v2"
    assert "applied as v2" in story.comments(pull["number"])[0]
    assert _approvals(shop)[-1] == "tfops approve"


def _approvals(shop: Sandbox) -> list[str]:
    return [one["how"] for one in shop.ok("show", "dev", "-o", "json").result["card"]["approvals"]]
