"""What runs and is verified in one environment becomes the next one's, and nothing else does."""

import json
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox
from tests.support.terminal import run_in_terminal

_MODULE = """\
variable "size" { type = number }
resource "terraform_data" "main" { input = var.size }
resource "terraform_data" "release" { input = "RELEASE" }
output "size" { value = terraform_data.main.output }
"""
_RULES = """\
version: 1
project: shop
environments:
  staging: {{branch: main, verify: [{{command: ["true"]}}]}}
  prod: {{branch: main, protected: true, verify: [{{command: ["true"]}}]{more}, promote: {{from: staging}}}}
"""


def _rules(shop: Sandbox, more: str = "") -> None:
    shop.write("tfops.yaml", _RULES.format(more=more))


def _release(shop: Sandbox, name: str) -> str:
    """A commit with another module, pushed."""
    shop.write("modules/app/main.tf", _MODULE.replace("RELEASE", name))
    return _commit(shop, f"release {name}")


def _commit(shop: Sandbox, message: str) -> str:
    commit = shop.commit(message)
    shop.git("push", "--quiet", "origin", "HEAD:main")
    return commit


@pytest.fixture
def two(shop: Sandbox, tmp_path: Path) -> Sandbox:
    """`staging` runs one, verified; `prod` runs nothing. With a bare remote."""
    remote = tmp_path / "remote.git"
    shop.git("init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    shop.git("remote", "add", "origin", str(remote))
    _rules(shop)
    for env, size in (("staging", 1), ("prod", 3)):
        module = {"source": "app", "inputs": {"size": size}}
        shop.write(f"environments/{env}.yaml", json.dumps({"modules": {"web": module}}))
    _release(shop, "one")
    shop.ok("apply", "staging", "--yes")
    return shop


def test_the_version_that_runs_is_promoted_and_newer_commits_are_left_behind(two: Sandbox) -> None:
    promoted = two.git("rev-parse", "HEAD")
    _release(two, "two")
    two.write("README.md", "words")
    _commit(two, "words")
    refused = two.run("apply", "prod", "--yes", "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "unpromoted")
    assert refused.error["hint"] == "tfops promote staging prod", "a protected one has no way around it"
    many = two.run("apply", "--all", "--yes", "-o", "json")
    assert json.loads(many.out)["result"]["left_out"] == {"prod": "waits for: tfops promote staging prod"}
    two.ok("rollback", "staging", "v1", "--yes", "--allow-stateless")
    taken_back = two.run("promote", "staging", "prod", "--yes", "-o", "json")
    assert (taken_back.code, taken_back.error["guard"]) == (11, "source-rolled-back")
    two.git("checkout", "--quiet", promoted)
    two.ok("apply", "staging", "--yes", "--lift-hold", "--allow-behind", "--allow-older", env={"TFOPS_BRANCH": "main"})
    two.git("checkout", "--quiet", "main")

    looked = two.ok("promote", "staging", "prod", "--plan", "-o", "json").result
    assert (looked["version"], looked["step"], len(looked["plan"]["plan"]["changes"])) == ("v4", "on-branch", 2)
    assert not [tag for tag in two.tags() if "/prod/" in tag], "nothing was recorded"
    done = two.ok("promote", "staging", "prod", "--yes")
    assert "prod is now v1" in done.out
    assert "promoted: staging v4" in done.out
    assert "left behind, because staging doesn't run it: 1 commit" in done.out, "words are no commit of the project"
    assert "release two" in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines()), done.out
    card = two.ok("show", "prod", "-o", "json").result["card"]
    assert (card["commit"], card["promoted_from"]) == (promoted, {"environment": "staging", "version": 4})
    assert card["outputs"] == {"web": {"size": 3}}, "prod's own inputs"
    assert "prod v1" in two.ok("show", "staging", "v4").out
    assert "of staging v4" in two.ok("history", "prod").out
    assert "now prod v1" in two.ok("history", "staging").out
    assert "staging v4 was promoted: it is prod v1 now" in two.ok("log", "staging").out
    assert "already at v1" in two.ok("promote", "staging", "prod", "--yes").out


def test_a_source_that_is_rolled_back_meanwhile_is_not_promoted(two: Sandbox, tmp_path: Path) -> None:
    """By somebody else, while the plan is looked at: a required check of prod stands for the time that takes."""
    _release(two, "two")
    two.ok("apply", "staging", "--yes")
    back = tmp_path / "back.sh"
    tfops = " ".join(f"'{word}'" for word in two.command("rollback", "staging", "v1", "--yes", "--allow-stateless"))
    given = "".join(f"export {name}='{value}'\n" for name, value in two.env.items())
    back.write_text(f"#!/bin/sh\n{given}cd '{two.path}' && exec {tfops} >'{tmp_path}/said' 2>&1\n")
    back.chmod(0o755)
    checks = f', required_checks: [{{command: ["{back}"], timeout: 60s}}]'
    _rules(two, checks)
    _commit(two, "prod is looked at first")
    ran = two.run("promote", "staging", "prod", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "source-moved"), (tmp_path / "said").read_text()
    assert "staging is v3 now, rolled back to v1: what was looked at was v2" in ran.error["what"]
    assert two.tags() == ["tfops/staging/v1", "tfops/staging/v2", "tfops/staging/v3"], "prod is as it was"
    assert not two.ok("status", "prod", "-o", "json").result["environments"][0]["trouble"]


def test_without_a_terminal_it_needs_a_yes_and_on_one_the_name_is_typed(two: Sandbox) -> None:
    unasked = two.run("promote", "staging", "prod", "-o", "json")
    assert (unasked.code, unasked.error["name"], unasked.error["state"]) == (13, "not-approved", "Nothing was changed.")
    wrong = two.run("promote", "prod", "staging")
    assert wrong.code == 11
    assert wrong.out == ""
    assert "refused (never-applied): prod doesn't run: nothing to promote" in wrong.err
    assert all(len(line) <= 80 for line in wrong.err.splitlines()), wrong.err
    seen = run_in_terminal(
        two.command("promote", "staging", "prod"), cwd=two.path, env=two.env, answers=[("Type prod to go on", "prod")]
    )
    assert (seen.code, "promoted: staging v1" in seen.text) == (0, True), seen.text
    assert all(len(line) <= 80 for line in seen.lines), seen.raw


def test_mistakes_of_one_that_is_promoted_to_stop_no_other(two: Sandbox) -> None:
    two.write("environments/prod.yaml", "modules: {web: {source: nowhere}}\n")
    _commit(two, "prod is broken")
    _release(two, "two")
    ended = two.run("apply", "--all", "--yes")
    assert ended.code != 0 and two.tags() == ["tfops/staging/v1", "tfops/staging/v2"], ended.out + ended.err
    assert "prod" in ended.out
