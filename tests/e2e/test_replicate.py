"""`replicate`: a new environment from a version of another one, proven to be the same, and independent of it."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, with_remote
from tests.support.terminal import run_in_terminal
from tfops.exits import Exit

_RULES = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, deletes: 3}   # ours\n"
_NAME = "inputs.main.value=shop-prod-dr"


def _wish(shop: Sandbox, value: str, *keys: str) -> None:
    inputs = {"value": value, "keys": list(keys)}
    shop.write("environments/prod.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": inputs}}}))
    shop.commit(f"prod wants {value}")


def _state(shop: Sandbox, env: str) -> Path:
    return shop.workspace / f"state/{env}/main.tfstate"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def prod(tmp_path: Path, engine: str) -> Sandbox:
    """`prod` runs v1, and has a bare remote."""
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    _wish(shop, "shop-prod", "a", "b")
    with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "prod", "--yes")
    return shop


def test_a_copy_is_proven_the_same_and_lives_by_itself(prod: Sandbox) -> None:
    before, head = _digest(_state(prod, "prod")), prod.git("rev-parse", "HEAD")
    refused = prod.run("replicate", "prod", "prod-dr", "--yes", "-o", "json").error
    assert (refused["guard"], refused["hint"].split("   ")[0]) == ("must-differ", f"add --set {_NAME}")

    shown = prod.ok("replicate", "prod", "prod-dr", "--set", _NAME, "--dry-run")
    assert "+ environments/prod-dr.yaml" in shown.out and "extends: prod.yaml" in shown.out
    assert "prod-dr: {branch: main, deletes: 3}" in shown.out and "Nothing was written" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    assert (prod.git("rev-parse", "HEAD"), prod.git("status", "--porcelain")) == (head, "")
    asked = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "-o", "json")
    assert (asked.code, asked.error["name"]) == (Exit.NOT_PASSED, "not-approved"), "there is no terminal"

    made = prod.ok("replicate", "prod", "prod-dr", "--set", _NAME, "--yes", "-o", "json").result
    assert (made["version"], made["proof"]["resources"]) == ("v1", 3)
    [difference] = made["proof"]["differences"]
    assert (difference["name"], difference["after"], difference["is_meant"]) == ("main.value", "shop-prod-dr", True)
    assert prod.git("rev-parse", "origin/main") == prod.git("rev-parse", "HEAD") == made["commit"] != head
    assert prod.git("status", "--porcelain") == ""
    text = (prod.path / "tfops.yaml").read_text()
    assert text == _RULES + "  prod-dr: {branch: main, deletes: 3}\n", "not a byte else"
    assert prod.run("diff", "prod", "prod-dr").code == Exit.CHANGES, "same_but doesn't name the value yet"

    prod.ok("destroy", "prod-dr", "--yes")
    assert json.loads(_state(prod, "prod-dr").read_text())["resources"] == []
    assert _digest(_state(prod, "prod")) == before, "byte by byte"
    again = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "--yes", "-o", "json").error
    assert again["guard"] == "exists"


def test_nothing_is_written_over_what_is_there(prod: Sandbox) -> None:
    head = prod.git("rev-parse", "HEAD")
    for name in ("prod", "Prod-dr"):
        assert not json.loads(prod.run("replicate", "prod", name, "--yes", "-o", "json").out)["ok"]
    _state(prod, "prod-dr").parent.mkdir()
    _state(prod, "prod-dr").write_bytes(_state(prod, "prod").read_bytes())
    refused = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "--yes", "-o", "json").error
    assert refused["guard"] == "state-exists"
    _state(prod, "prod-dr").unlink()
    wrong = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "--set", "sync=often", "--yes", "-o", "json")
    assert wrong.code == Exit.BAD_PROJECT
    prod.write("environments/prod.yaml", "modules: {}\n")
    dirty = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "--yes", "-o", "json").error
    assert dirty["guard"] == "dirty"
    assert prod.git("rev-parse", "HEAD") == head and not (prod.path / "environments/prod-dr.yaml").exists()


def test_what_nobody_said_is_a_difference(prod: Sandbox) -> None:
    options = ("--set", _NAME, "--set", "inputs.keys=[a]", "--yes")
    unlike = prod.run("replicate", "prod", "prod-dr", *options)
    assert unlike.code == Exit.CHANGES, unlike.err
    assert "✗ prod-dr v1 is not what prod v1 is" in unlike.out
    assert '✗ resources: removed module.main.terraform_data.each["b"]' in unlike.out
    assert "~ inputs: main.keys" in unlike.out, "that was said"


def test_an_older_version_is_copied_where_its_modules_are(prod: Sandbox) -> None:
    v1 = prod.git("rev-parse", "HEAD")
    prod.write("modules/thing/more.tf", 'resource "terraform_data" "more" {}\n')
    _wish(prod, "shop-prod-2")
    prod.git("push", "--quiet")
    prod.ok("apply", "prod", "--yes")
    options = ("--version", "v1", "--set", _NAME, "--yes", "-o", "json")
    moved = prod.run("replicate", "prod", "prod-dr", *options).error
    assert moved["guard"] == "modules-moved-on" and f"git switch -c BRANCH {v1[:8]}" in moved["hint"]
    prod.git("switch", "--quiet", "-c", "dr", v1)
    made = prod.ok("replicate", "prod", "prod-dr", "--branch", "dr", *options).result
    assert (made["of"]["version"], made["branch"], made["proof"]["differences"][0]["before"]) == (
        "v1",
        "dr",
        "shop-prod",
    )
    assert prod.git("rev-parse", "origin/dr") == made["commit"]


def test_the_files_alone_are_for_a_merge_request(prod: Sandbox) -> None:
    prod.git("switch", "--quiet", "-c", "feature")
    made = prod.ok("replicate", "prod", "prod-dr", "--same", "inputs.value", "--no-apply", "-o", "json").result
    assert (made["version"], made["commit"]) == (None, prod.git("rev-parse", "HEAD"))
    assert prod.git("log", "-1", "--format=%s") == "Add prod-dr, a copy of prod v1"
    assert "nothing wrong" in prod.ok("validate").out
    for words in (["--yes"], ["--dry-run"]):
        wrong = prod.run("replicate", "prod", "prod-eu", "--same", "inputs.value", *words, "-o", "json").error
        assert wrong["guard"] == "wrong-branch"


def test_on_a_terminal_it_asks_and_takes_what_is_proposed(prod: Sandbox) -> None:
    head = prod.git("rev-parse", "HEAD")
    command = prod.command("replicate", "prod", "prod-dr")
    asked, yes_or_no = "[shop-prod-dr]:", "and apply it? [y/N]"
    no = run_in_terminal(command, cwd=prod.path, env=prod.env, answers=[(asked, ""), (yes_or_no, "n")])
    assert no.code == Exit.NOT_PASSED and "Nothing was changed" in no.text
    assert prod.git("rev-parse", "HEAD") == head and not _state(prod, "prod-dr").exists()
    yes = run_in_terminal(command, cwd=prod.path, env=prod.env, answers=[(asked, "shop-dr"), (yes_or_no, "y")])
    assert yes.code == 0, yes.text
    [approval] = prod.ok("show", "prod-dr", "-o", "json").result["card"]["approvals"]
    assert approval["how"] == "terminal"
    assert "prod-dr v1 is prod v1" in yes.text and "main.value: shop-prod → shop-dr" in yes.text


def test_a_copy_that_stops_half_way_says_what_is_there_and_is_finished_by_an_apply(prod: Sandbox) -> None:
    """The module can't be applied while there is a file; nobody knows before."""
    broken = prod.path / ".git/broken"
    prod.write(
        "modules/thing/more.tf",
        'resource "terraform_data" "last" {\n  depends_on = [terraform_data.main]\n'
        f'  provisioner "local-exec" {{ command = "test ! -e {broken}" }}\n}}\n',
    )
    prod.commit("More")
    prod.git("push", "--quiet")
    prod.ok("apply", "prod", "--yes")
    before = _digest(_state(prod, "prod"))
    broken.touch()
    stopped = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "--yes", "-o", "json")
    assert stopped.code == Exit.STOPPED_PART_WAY
    head = prod.git("rev-parse", "HEAD")
    assert f"prod-dr is committed on main ({head[:8]})" in stopped.error["state"]
    assert "then: tfops apply prod-dr, and tfops diff prod prod-dr" in stopped.error["hint"]
    broken.unlink()
    prod.ok("apply", "prod-dr", "--yes")
    compared = json.loads(prod.run("diff", "prod", "prod-dr", "-o", "json").out)["result"]["differences"]
    assert [one["name"] for one in compared] == ["main.value"]
    assert _digest(_state(prod, "prod")) == before


def test_a_branch_that_takes_no_push_leaves_everything_as_it_was(prod: Sandbox, tmp_path: Path) -> None:
    hook = tmp_path / "remote.git/hooks/update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "by merge request only"; exit 1; }\n')
    hook.chmod(0o755)
    head = prod.git("rev-parse", "HEAD")
    refused = prod.run("replicate", "prod", "prod-dr", "--set", _NAME, "--yes", "-o", "json").error
    assert "by merge request only" in refused["why"] and "--no-apply" in refused["hint"]
    assert (prod.git("rev-parse", "HEAD"), prod.git("status", "--porcelain")) == (head, "")
    assert not _state(prod, "prod-dr").exists() and prod.tags() == ["tfops/prod/v1"]


def test_several_stacks_are_copied_each_to_its_own_file(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    net = {"modules": {"net": {"source": "thing", "inputs": {"value": "10.0.0.0/16"}}}}
    web = {"modules": {"web": {"source": "thing", "inputs": {"value": "${stack.net.net.value}"}}}}
    for name, body in (("net", net), ("web", web)):
        shop.write(f"environments/prod/{name}.yaml", json.dumps(body))
    shop.commit("Two stacks")
    shop.ok("apply", "prod", "--yes")
    states = [shop.workspace / f"state/prod/{name}.tfstate" for name in ("net", "web")]
    before = [_digest(state) for state in states]
    option = "inputs.net/net.value=10.1.0.0/16"
    made = shop.ok("replicate", "prod", "dr", "--set", option, "--yes", "-o", "json").result
    assert sorted(made["files"]) == ["environments/dr/net.yaml", "environments/dr/web.yaml", "tfops.yaml"]
    assert "extends: prod/web.yaml" in made["files"]["environments/dr/web.yaml"]
    assert all(one["is_meant"] for one in made["proof"]["differences"]), made["proof"]
    shop.ok("destroy", "dr", "--yes")
    assert [_digest(state) for state in states] == before


def test_a_copy_of_what_was_promoted_begins_with_it_and_waits_for_what_is_new(tmp_path: Path, engine: str) -> None:
    line = "{branch: main, promote: {from: staging, needs: applied}, protected: true, labels: {tier: prod}}"
    rules = f"version: 1\nproject: shop\nenvironments:\n  staging: {{branch: main}}\n  prod: {line}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    for env in ("staging", "prod"):
        body = {"modules": {"main": {"source": "thing", "inputs": {"value": f"v-{env}"}}}}
        shop.write(f"environments/{env}.yaml", json.dumps(body))
    shop.commit("Two environments")
    shop.ok("apply", "staging", "--yes")
    shop.ok("promote", "staging", "prod", "--yes")
    made = shop.ok("replicate", "prod", "dr", "--set", "inputs.value=v-dr", "--yes", "-o", "json").result
    assert (made["version"], [one["name"] for one in made["proof"]["differences"]]) == ("v1", ["main.value"])
    assert f"dr: {line}" in (shop.path / "tfops.yaml").read_text()
    shop.write("modules/thing/more.tf", 'resource "terraform_data" "more" {}\n')
    shop.commit("Nobody tried that yet")
    assert shop.run("apply", "dr", "--yes", "-o", "json").error["guard"] == "unpromoted"
    body = {"modules": {"main": {"source": "thing", "inputs": {"value": 1}}}}
    shop.write("environments/new.yaml", json.dumps(body))
    shop.write("tfops.yaml", f"{rules}  new: {line}\n")
    shop.commit("One that never ran, with a module that was not promoted")
    assert shop.run("apply", "new", "--yes", "-o", "json").error["guard"] == "unpromoted"
