"""`apply` and `plan`: what becomes a version, what needs a yes, what a failure leaves behind."""

import json
import signal
from pathlib import Path

import pytest

from tests.support.engines import engine_program, starts_to_show
from tests.support.sandbox import Sandbox, new_sandbox, wait_until
from tests.support.terminal import run_in_terminal

_FAILING = """\
variable "value" { type = any }
resource "terraform_data" "fine" { input = var.value }
resource "terraform_data" "broken" {
  input      = var.value
  depends_on = [terraform_data.fine]
  provisioner "local-exec" { command = "test ${var.value} != bad" }
}
resource "terraform_data" "never" {
  input = terraform_data.broken.id
}
"""


def test_the_plan_that_was_looked_at_is_applied_or_nothing_is(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    shop.wish("two")
    planned = shop.ok("plan", "dev")
    digest = shop.ok("plan", "dev", "-o", "json").result["plan"]["digest"]
    assert f"Digest: {digest}" in planned.out

    refused = shop.run("apply", "dev", "--yes", "--plan-digest", "0" * 12, "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "not-as-reviewed")
    assert f"tfops apply dev --plan-digest {digest[:12]}" in refused.error["hint"]
    assert shop.run("apply", "dev", "--yes", "--plan-digest", "4c1a").code == 64, "too little to be told apart by"
    assert shop.run("apply", "dev", "--yes", "--plan-digest", "").code == 64, "a variable that nobody set"
    assert len(shop.tags()) == 1

    assert shop.ok("apply", "dev", "--yes", "--plan-digest", digest[:12], "-o", "json").result["version"] == "v2"
    gone = shop.run("apply", "dev", "--yes", "--plan-digest", digest, "-o", "json")
    assert (gone.code, gone.error["name"]) == (13, "not-as-reviewed"), "there is nothing left to do: another plan"


def test_the_same_commit_again_makes_no_new_version(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    again = shop.ok("apply", "dev", "--yes")
    assert again.out == "dev is already at v1: nothing to change\n"
    assert shop.tags() == ["tfops/dev/v1"]


def test_a_new_commit_without_changes_is_recorded_as_a_version(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    shop.write("README.md", "unrelated")
    commit = shop.commit("Only words")
    result = shop.ok("apply", "dev", "--yes", "--output", "json").result
    assert (result["version"], result["commit"]["sha"], result["plan"]["is_empty"]) == ("v2", commit, True)


def test_what_was_lost_from_the_state_is_made_again_on_the_same_commit(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    state = shop.state()
    state["resources"], state["serial"] = [], state["serial"] + 1
    shop.state_file.write_text(json.dumps(state))
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "state-lacks"), refused.out
    again = shop.ok("apply", "dev", "--yes", "--allow-missing", "module.main.terraform_data.main")
    assert "dev is now v2 · 1 created" in again.out


def test_apply_without_a_terminal_and_without_yes_is_refused(shop: Sandbox) -> None:
    shop.wish("one")
    ran = shop.run("apply", "dev")
    assert ran.code == 13
    assert "--yes" in ran.err
    assert "Nothing was changed." in ran.err
    assert (shop.tags(), shop.state_file.exists()) == ([], False)


def test_a_person_is_asked_and_no_means_no(shop: Sandbox) -> None:
    shop.wish("one")
    seen = run_in_terminal(shop.command("apply", "dev"), cwd=shop.path, env=shop.env, answers=[("Apply to dev?", "n")])
    assert seen.code == 13
    assert shop.tags() == []


def test_a_person_who_says_yes_gets_a_version_with_their_approval(shop: Sandbox) -> None:
    shop.wish("one")
    seen = run_in_terminal(shop.command("apply", "dev"), cwd=shop.path, env=shop.env, answers=[("Apply to dev?", "y")])
    assert seen.code == 0, seen.text
    [approval] = shop.ok("show", "dev", "--output", "json").result["card"]["approvals"]
    assert (approval["who"], approval["how"]) == ("ann <ann@example.com>", "terminal")


def test_plan_says_by_exit_code_whether_something_changes(shop: Sandbox) -> None:
    shop.wish("one")
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 2
    shop.ok("apply", "dev", "--yes")
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 0


def test_a_plan_neither_locks_nor_records(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("plan", "dev")
    assert shop.tags() == []
    assert not list(shop.workspace.glob("runs/*/*")), "a plan leaves its secrets behind"


def test_a_plan_of_the_work_tree_sees_uncommitted_files_and_touches_no_index(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    text = (shop.path / "environments/dev.yaml").read_text()
    (shop.path / "environments/dev.yaml").write_text(text.replace("one", "two"))
    shop.write("modules/thing/extra.tf", 'resource "terraform_data" "extra" {}\n')
    before = shop.git("status", "--porcelain")
    assert "Plan: 1 to create, 1 to update" in shop.ok("plan", "dev", "--worktree").out
    assert "No changes" in shop.ok("plan", "dev").out
    assert shop.git("status", "--porcelain") == before


def test_a_wrong_input_is_said_before_the_engine_starts(shop: Sandbox) -> None:
    shop.write("environments/dev.yaml", "modules: {main: {source: thing, inputs: {valeu: 1}}}\n")
    shop.commit()
    for command in (("apply", "dev", "--yes"), ("plan", "dev"), ("plan", "dev", "--worktree")):
        ran = shop.run(*command, "--output", "json")
        assert ran.code == 10
        assert [found["message"] for found in ran.error["complaints"]] == ["module `main` has no input `valeu`"]
    assert not list(shop.workspace.glob("roots/*/*/main.tf.json"))


def test_a_failing_plan_changes_nothing(shop: Sandbox) -> None:
    shop.write("modules/thing/main.tf", 'variable "value" {}\nresource "terraform_data" "x" { input = var.valeu }\n')
    shop.wish("one")
    ran = shop.run("apply", "dev", "--yes", "--output", "json")
    assert ran.code == 20
    assert "valeu" in ran.error["why"]
    assert ran.error["state"] == "Nothing was changed."


def test_a_failing_apply_names_what_was_done_and_the_next_one_finishes(shop: Sandbox) -> None:
    shop.write("modules/thing/main.tf", _FAILING)
    shop.wish("bad")
    ran = shop.run("apply", "dev", "--yes", "--output", "json")
    assert ran.code == 21
    assert ran.error["state"].startswith("Stopped part-way: 1 of 3 changes done.\n")
    assert ran.error["hint"] == "when the cause is gone: tfops resume dev; a fix in a commit: tfops apply dev"
    assert shop.tags() == []
    shop.wish("good")
    assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out


def test_literals_reach_the_module_as_they_were_written(shop: Sandbox) -> None:
    value = {
        "template": "${foo} %{if}",
        "part": "a ${module.main.value} b",
        "number": 1.5,
        "none": None,
        "list": [True, "x"],
    }
    shop.wish(value)
    result = shop.ok("apply", "dev", "--yes", "--output", "json").result
    assert result["outputs"]["main"]["value"] == value


@pytest.mark.parametrize("name", ["source", "version", "count", "for_each", "lifecycle", "depends_on", "locals"])
def test_a_module_may_have_any_name_that_terraform_uses_itself(shop: Sandbox, name: str) -> None:
    shop.write("environments/dev.yaml", json.dumps({"modules": {name: {"source": "thing", "inputs": {"value": 1}}}}))
    shop.commit()
    assert "Plan: 1 to create" in shop.ok("plan", "dev").out


def test_a_module_gets_another_modules_output(shop: Sandbox) -> None:
    body = {
        "modules": {
            "first": {"source": "thing", "inputs": {"value": "from the first"}},
            "second": {"source": "thing", "inputs": {"value": {"got": "${module.first.value}", "text": "${x} stays"}}},
        }
    }
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit()
    result = shop.ok("apply", "dev", "--yes", "--output", "json").result
    assert result["outputs"]["second"]["value"] == {"got": "from the first", "text": "${x} stays"}


def test_a_secret_is_found_nowhere_but_in_the_state(shop: Sandbox) -> None:
    canary = 'canary-4711-"quoted"-secret'
    body = {"modules": {"main": {"source": "thing", "inputs": {"value": {"password": {"from": "env:DB_PASSWORD"}}}}}}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit()
    missing = shop.run("apply", "dev", "--yes")
    assert (missing.code, "DB_PASSWORD" in missing.err) == (11, True)
    ran = shop.ok("apply", "dev", "--yes", "-v", env={"DB_PASSWORD": canary})
    assert canary not in ran.out + ran.err
    assert "(secret)" in ran.out
    assert "canary-4711" in shop.state_file.read_text(), "the value did not reach the module"
    holding = [path for path in shop.path.rglob("*") if path.is_file() and b"canary-4711" in path.read_bytes()]
    assert {path.name for path in holding} <= {"main.tfstate", "main.tfstate.backup"}
    for name in shop.tags():
        assert "canary-4711" not in shop.git("cat-file", "tag", name)


def test_everything_on_disk_is_private(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    assert oct(shop.workspace.stat().st_mode)[-3:] == "700"
    assert oct(shop.state_file.stat().st_mode)[-3:] == "600"
    assert shop.git("status", "--porcelain") == ""


def test_inherited_terraform_variables_do_not_steer_the_plan(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    steering = {
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_VAR_inputs_main": '{"value":"other"}',
        "TF_CLI_CONFIG_FILE": "/not/there",
    }
    ran = shop.run("plan", "dev", "--detailed-exitcode", env=steering)
    assert (ran.code, "No changes" in ran.out) == (0, True)
    assert ran.err.count("TF_CLI_CONFIG_FILE") == 1


def test_a_second_environment_has_its_own_state_and_versions(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  prod: {branch: production}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("environments/prod.yaml", "modules: {main: {source: thing, inputs: {value: p}}}\n")
    shop.wish("d")
    shop.ok("apply", "--yes")
    shop.git("switch", "--quiet", "--create", "production")
    assert "environment prod, from branch production" in shop.ok("apply", "--yes").err
    assert shop.tags() == ["tfops/dev/v1", "tfops/prod/v1"]
    rows = shop.ok("status", "--output", "json").result["environments"]
    assert [(row["env"], row["current"]["version"]) for row in rows] == [("dev", "v1"), ("prod", "v1")]


def test_init_is_skipped_when_nothing_that_it_depends_on_changed(shop: Sandbox, engine: str) -> None:
    shop.wish("one")
    first = shop.ok("apply", "dev", "--yes", "--output", "json").result
    shop.wish("two")
    second = shop.ok("apply", "dev", "--yes", "--output", "json").result
    shown = starts_to_show(engine)
    assert (first["engine_starts"], second["engine_starts"]) == (3 + shown, 2 + shown)


_REPLACED = """\
variable "value" { type = any }
resource "terraform_data" "main" {
  triggers_replace = var.value
  provisioner "local-exec" { command = "test ${var.value} != bad" }
}
"""


def test_a_half_done_replacement_is_not_counted_as_done(shop: Sandbox) -> None:
    shop.write("modules/thing/main.tf", _REPLACED)
    shop.wish("good")
    shop.ok("apply", "dev", "--yes")
    shop.wish("bad")
    error = shop.run("apply", "dev", "--yes", "-o", "json").error
    assert error["state"] == "Stopped part-way: 0 of 1 changes done.\n  failed: module.main.terraform_data.main"
    assert error["hint"].endswith("tfops rollback dev v1")


def test_a_version_that_can_not_be_written_down_is_not_called_unchanged(shop: Sandbox) -> None:
    shop.wish("one")
    (shop.workspace / "pending/dev.json").mkdir(parents=True)
    ran = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["state"]) == (22, "The infrastructure is as planned.")
    (shop.workspace / "pending/dev.json").rmdir()
    assert "already at v1" in shop.ok("apply", "dev", "--yes").out, "the next command did not finish the story"
    assert shop.tags() == ["tfops/dev/v1"]


def test_an_interrupt_that_the_engine_slept_through_still_ends_the_command(shop: Sandbox, tmp_path: Path) -> None:
    shop.wish("one")
    deaf = tmp_path / "deaf"
    real = engine_program(shop.env["TFOPS_ENGINE"])
    deaf.write_text(
        f'#!/bin/sh\ncase "$1" in init) trap \'\' INT; touch {tmp_path}/begun; sleep 1;; esac\nexec {real} "$@"\n'
    )
    deaf.chmod(0o755)
    process = shop.start("apply", "dev", "--yes", "--engine", str(deaf))
    wait_until((tmp_path / "begun").exists)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert (process.returncode, shop.tags(), shop.resources()) == (130, [], 0)
