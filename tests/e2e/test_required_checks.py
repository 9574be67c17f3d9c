"""`required_checks:`: what a plan must pass before anyone is asked, and what the checks may see."""

import json
from pathlib import Path

from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_RULES = """\
version: 1
project: shop
agent: {backoff: 1h}
required_checks:
  - {name: policy, command: [sh, policy.sh]}
environments:
  dev: {branch: main, sync: auto}
  free: {branch: main, sync: manual, required_checks: []}
"""

# Says what it was given, and refuses the value `bad`.
_POLICY = """\
for plan in "$TFOPS_PLANS"/*.json; do
    modes=$(stat -c %a "$plan" "$TFOPS_PLANS" | xargs)
    echo "$TFOPS_ENV $TFOPS_VERSION $TFOPS_COMMIT $HIDDEN $(basename "$plan") $modes"
done >> "$HOME/told"
cat "$TFOPS_PLANS"/*.json
! grep -q '"bad"' "$TFOPS_PLANS"/*.json
"""


def _shop(folder: Path, engine: str) -> Sandbox:
    shop = new_sandbox(folder / "shop", engine, rules=_RULES)
    shop.write("policy.sh", _POLICY)
    shop.write("environments/free.yaml", "modules: {main: {source: thing, inputs: {value: bad}}}\n")
    shop.env["HIDDEN"] = "not for checks"
    return shop


def _told(shop: Sandbox) -> list[str]:
    return (shop.home / "told").read_text().splitlines()


def test_a_plan_that_does_not_pass_is_not_applied(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine)
    shop.wish("good")
    applied = shop.ok("apply", "dev", "--yes")
    assert "checked: policy" in applied.err
    commit = shop.git("rev-parse", "HEAD")
    assert _told(shop) == [f"dev v1 {commit}  main.json 600 700"], "one plan, private, and no other variable"
    assert shop.ok("show", "dev", "-o", "json").result["card"]["checks"][0]["name"] == "policy"
    assert "checked" in shop.ok("show", "dev").out
    shop.ok("apply", "dev", "--yes")
    assert len(_told(shop)) == 1, "nothing to change, nothing to check"

    shop.wish("bad")
    asked = shop.run("plan", "dev", "--checks", "-o", "json")
    assert (asked.code, [check["result"] for check in asked.result["checks"]]) == (13, ["failed"])
    assert shop.ok("plan", "dev", "-o", "json").result["checks"] == []
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "check-failed")
    assert refused.error["why"] == "policy: exit code 1"
    assert "check failed: policy" in refused.err and "Plan: 0 to create" in refused.err
    assert shop.tags() == ["tfops/dev/v1"]
    assert not list(shop.workspace.rglob("plans")), "the plans are gone"
    shop.ok("apply", "free", "--yes")

    shop.wish("better")
    shop.ok("apply", "dev", "--yes")
    checked = len(_told(shop))
    shop.ok("rollback", "dev", "--yes")
    shop.ok("destroy", "dev", "--yes")
    assert len(_told(shop)) == checked, "what was applied once stays reachable"


def test_a_run_without_a_person_tries_again_later(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine)
    shop.wish("bad")
    with_remote(shop, tmp_path / "remote.git")
    turn = shop.run("reconcile", "dev", "-o", "json")
    assert turn.code == 13
    [again] = shop.ok("reconcile", "dev", "-o", "json").result["decisions"]
    assert again["reason"] == "waits-to-retry" and "did not pass: policy" in again["text"]
    assert len(_told(shop)) == 1
    shop.wish("good")
    shop.git("push", "--quiet")
    [act] = shop.ok("reconcile", "dev", "-o", "json").result["acts"]
    assert act["version"] == "v1"


def test_a_stack_that_waits_is_checked_when_it_is_planned(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine)
    value = {"value": "fine"}
    thing = {"main": {"source": "thing", "inputs": value}}
    after = {"main": {"source": "thing", "inputs": {"value": "${stack.first.main.value}"}}}
    shop.write("environments/dev/first.yaml", json.dumps({"modules": thing}))
    shop.write("environments/dev/second.yaml", json.dumps({"modules": after}))
    shop.commit("two stacks")
    shop.ok("apply", "dev", "--yes")
    assert [line.split()[-3] for line in _told(shop)] == ["first.json", "second.json"]

    value["value"] = "other"
    shop.write("environments/dev/first.yaml", json.dumps({"modules": thing}))
    shop.write("policy.sh", 'test -e "$TFOPS_PLANS/first.json"\n')
    shop.commit("the second is refused when it comes alone")
    stopped = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (stopped.code, stopped.error["why"]) == (21, "policy: exit code 1"), stopped.out
    assert "first/module.main" in stopped.error["state"]
    shop.write("policy.sh", "exit 0\n")
    shop.commit("it isn't any more")
    shop.ok("apply", "dev", "--yes")


def test_what_a_check_says_is_masked(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine)
    shop.env["PASSWORD"] = "hunter22-and-more"
    inputs = {"value": {"from": "env:PASSWORD"}}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": inputs}}}))
    shop.write("policy.sh", 'echo "found: $(grep -o hunter22-and-more "$TFOPS_PLANS"/main.json | head -1)"; exit 1\n')
    shop.commit("a secret")
    ran = shop.run("apply", "dev", "--yes")
    assert ran.code == 13
    assert "found: " in ran.err and "hunter22" not in ran.out + ran.err


def test_a_rule_needs_no_tool_and_is_on_the_card(tmp_path: Path, engine: str) -> None:
    rules = _RULES.replace("{name: policy, command: [sh, policy.sh]}", "{use: max-deletes, most: 0}")
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.wish("good", keys=["a", "b"])
    shop.ok("apply", "dev", "--yes")
    [check] = shop.ok("show", "dev", "-o", "json").result["card"]["checks"]
    assert (check["name"], check["result"]) == ("max-deletes", "passed")
    shop.wish("good", keys=["a"])
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "check-failed")
    assert refused.error["why"].startswith("max-deletes: 1 deleted or replaced, 0 allowed: module.main.")
