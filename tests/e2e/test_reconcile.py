"""One turn without a person: what changed is applied, what didn't is left alone, and every "no" has a name."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote
from tfops.change.project import Project
from tfops.cli.terminal import Terminal
from tfops.commands.reconcile_facts import decide_all

_RULES = """\
version: 1
project: shop
environments:
  blue: {branch: main}
  green: {branch: main}
"""


def wish(shop: Sandbox, env: str, value: Any, *, keys: tuple[str, ...] = (), **rest: Any) -> None:
    inputs = {"value": value, "keys": list(keys)} if keys else {"value": value}
    body = {"modules": {"main": {"source": "thing", "inputs": inputs}}, **rest}
    shop.write(f"environments/{env}.yaml", json.dumps(body))


@pytest.fixture
def shop(tmp_path: Path, engine: str) -> Sandbox:
    """Two environments on one branch, and a remote."""
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    wish(shop, "blue", "one")
    wish(shop, "green", "one")
    shop.commit("Start")
    with_remote(shop, tmp_path / "remote.git")
    return shop


def push(shop: Sandbox, message: str) -> str:
    commit = shop.commit(message)
    shop.git("push", "--quiet", "origin", "HEAD")
    return commit


def turn(shop: Sandbox, *args: str) -> dict[str, tuple[str, int | None]]:
    """Environment to why, and the exit code of what was done about it."""
    return outcome(shop.run("reconcile", *args, "--output", "json"))


def outcome(ran: Ran) -> dict[str, tuple[str, int | None]]:
    result = ran.result
    codes = {act["env"]: act["code"] for act in result["acts"]}
    return {
        found["env"]: (found["detail"] or found["reason"], codes.get(found["env"])) for found in result["decisions"]
    }


def decided(shop: Sandbox, *envs: str) -> dict[str, str]:
    """Environment to why, without a process for it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shop.env.items():
            patch.setenv(name, value)
        _, found = decide_all(Project.open(shop.path), envs, Terminal(quiet=True))
    return {decision.env: decision.word for decision in found}


def ledger(shop: Sandbox, env: str) -> str:
    return shop.git("rev-parse", f"refs/tfops/envs/{env}")


def test_what_a_commit_touches_is_applied_and_nothing_else(shop: Sandbox) -> None:
    assert turn(shop, "--dry-run") == {"blue": ("never-applied", None), "green": ("never-applied", None)}
    assert turn(shop) == {"blue": ("never-applied", 0), "green": ("never-applied", 0)}
    green = ledger(shop, "green")

    wish(shop, "blue", "two")
    push(shop, "blue wants two")
    assert shop.run("reconcile", "--dry-run", "--detailed-exitcode").code == 2
    assert turn(shop) == {"blue": ("changed", 0), "green": ("unchanged", None)}

    # A file that no environment is made of, and a module that none of them uses.
    shop.write("README.md", "hello")
    shop.write("modules/other/main.tf", "")
    push(shop, "nothing for anyone")
    quiet = shop.ok("reconcile", "--detailed-exitcode")
    assert quiet.out.count("unchanged") == 2
    assert ledger(shop, "green") == green, "green was never planned again"

    # One breaks, the other goes on.
    shop.write("environments/blue.yaml", "modules: {main: {source: nowhere}}\n")
    wish(shop, "green", "three")
    push(shop, "blue is broken, green is not")
    ran = shop.run("reconcile", "--detailed-exitcode")
    assert ran.code == 2
    assert "bad-configuration" in ran.out and "environments/blue.yaml:1:" in ran.out
    assert shop.tags() == ["tfops/blue/v1", "tfops/blue/v2", "tfops/green/v1", "tfops/green/v2"]


def test_every_reason_not_to_act_is_kept_and_seen_by_all(tmp_path: Path, engine: str) -> None:
    rules = (
        "version: 1\nproject: shop\nagent: {tries: 2, backoff: 40s}\nenvironments:\n"
        "  dev: {branch: main, deletes: 0}\n  prod: {branch: live, sync: manual}\n  qa: {branch: main, sync: plan}\n"
    )
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    for env in ("dev", "prod", "qa"):
        wish(shop, env, "one", keys=("a", "b"))
    shop.commit("Start")
    with_remote(shop, tmp_path / "remote.git")
    assert turn(shop) == {"dev": ("never-applied", 0), "prod": ("no-branch", None), "qa": ("never-applied", 11)}
    assert "needs-approval" in shop.ok("status").out
    assert decided(shop, "qa") == {"qa": "needs-approval"}
    assert "the next turn applies it" in shop.ok("approve", "qa", "--yes").out
    assert shop.run("approve", "qa", "-o", "json").error["guard"] == "already-approved"
    assert turn(shop, "qa") == {"qa": ("never-applied", 0)}
    [approval] = shop.ok("show", "qa", "-o", "json").result["card"]["approvals"]
    assert approval["how"] == "approved by ann <ann@example.com>"
    assert shop.run("approve", "qa", "-o", "json").error["guard"] == "nothing-to-approve"

    # More would be lost than the rules allow: noted once, for every clone; a person may.
    wish(shop, "dev", "one", keys=("a",))
    push(shop, "dev needs one less")
    assert turn(shop, "dev") == {"dev": ("changed", 11)}
    other = shop.clone(str(tmp_path / "remote.git"), tmp_path / "other")
    assert decided(other, "dev") == {"dev": "delete-limit"}
    assert "the limit is 0: module.main.terraform_data.each" in other.ok("log", "dev").out
    shop.ok("apply", "dev", "--yes")
    assert decided(shop, "dev") == {"dev": "synced"}

    # The engine fails: tried again after a pause, then given up until a newer commit.
    shop.write("modules/thing/fails.tf", 'resource "terraform_data" "bad" { input = file("/nowhere") }\n')
    push(shop, "dev can't be planned")
    [failed] = shop.run("reconcile", "dev", "--output", "json").result["acts"]
    assert (failed["code"], failed["text"].startswith("the plan failed: Invalid function argument")) == (20, True), (
        failed
    )
    assert 'no file exists at "/nowhere"' in " ".join(failed["why"].split()), failed
    for looked in (other.ok("status"), other.ok("log", "dev")):
        assert "the plan failed: Invalid function argument" in " ".join(looked.out.split()), looked.out
    assert decided(shop, "dev") == {"dev": "waits-to-retry"}
    shop.env["TFOPS_CLOCK_SHIFT_S"] = "60"  # the pause is over
    assert turn(shop, "dev") == {"dev": ("changed", 20)}
    del shop.env["TFOPS_CLOCK_SHIFT_S"]
    assert decided(shop, "dev") == {"dev": "engine-failed"}
    (shop.path / "modules/thing/fails.tf").unlink()
    push(shop, "dev can be planned again")
    assert decided(shop, "dev") == {"dev": "unchanged"}

    # A hold by hand; then a rewritten branch.
    shop.ok("hold", "dev", "--reason", "the fair")
    wish(shop, "dev", "two", keys=("a",))
    wanted = push(shop, "dev wants two")
    assert turn(shop, "--dry-run")["dev"] == ("held", None)
    assert "is left as it is" not in shop.ok("log", "dev").out, "a dry run writes nothing"
    assert turn(shop, "dev") == {"dev": ("held", None)}
    noted = ledger(shop, "dev")
    assert turn(shop, "dev") == {"dev": ("held", None)}
    assert ledger(shop, "dev") == noted, "said once for this commit"
    newest = other.ok("log", "dev", "-o", "json").result["events"][0]
    assert newest["kind"] == "waiting"
    assert newest["text"].startswith("dev is left as it is (held): held at v"), newest
    assert json.loads(shop.git("show", f"{noted}:waiting.json"))["commit"] == wanted
    assert "held: the fair" in shop.ok("status").out
    assert "not held any more" in shop.ok("resume", "dev").out
    assert turn(shop, "dev") == {"dev": ("changed", 0)}
    assert "waiting.json" not in shop.git("ls-tree", "--name-only", ledger(shop, "dev"))
    shop.git("reset", "--quiet", "--hard", "HEAD~1")
    shop.git("push", "--quiet", "--force", "origin", "HEAD")
    assert decided(shop, "dev") == {"dev": "rewritten-branch"}

    # An environment that tfops.yaml doesn't have any more.
    shop.write("tfops.yaml", rules.replace("  qa: {branch: main, sync: plan}\n", ""))
    push(shop, "no qa any more")
    assert decided(shop)["qa"] == "orphan"


def test_an_approval_may_let_differ_what_is_new_at_each_planning(tmp_path: Path, engine: str) -> None:
    """`docs/how-to/agent.md`: a timestamp makes each plan another one."""
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.write("tfops.yaml", "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, sync: plan}\n")
    shop.write("modules/thing/built.tf", 'resource "terraform_data" "built" { input = plantimestamp() }\n')
    shop.wish(1)

    def turn() -> Any:
        ran = shop.run("apply", "--unattended", "-o", "json")
        return ran.error if ran.code else ran.result["version"]

    assert "not what was approved" not in turn()["what"]
    shop.ok("approve", "dev", "--yes")
    time.sleep(1.1)  # a plan of the same second is the same plan
    again = turn()
    built = "module.main.terraform_data.built"
    assert (again["guard"], again["what"].partition("; ")[2]) == (
        "needs-approval", f"not what was approved: other values for {built}",
    )  # fmt: skip
    assert again["hint"] == f"if they are new at each planning: tfops approve dev --varying '{built}'"
    assert "other values for" in shop.ok("status").out
    wrong = shop.run("approve", "dev", "--varying", built[:-1], "-o", "json").error
    assert (wrong["guard"], built in wrong["hint"]) == ("not-planned", True)
    shop.ok("approve", "dev", "--varying", built, "--yes")
    assert turn() == "v1"
