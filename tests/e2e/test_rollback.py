"""`rollback`: forward to old content, with consent by name, and a hold afterwards."""

import json

import pytest

from tests.support.engines import available_engines
from tests.support.sandbox import Sandbox
from tests.support.terminal import run_in_terminal

_LOST = 'module.main.terraform_data.each["b"]'


@pytest.fixture
def grown(shop: Sandbox) -> Sandbox:
    """v1 has one key, v2 has two: going back deletes a resource."""
    shop.wish("one", keys=["a"])
    shop.ok("apply", "dev", "--yes")
    shop.wish("two", keys=["a", "b"])
    shop.ok("apply", "dev", "--yes")
    return shop


def test_yes_does_not_cover_what_a_rollback_deletes(grown: Sandbox) -> None:
    ran = grown.run("rollback", "dev", "--yes", "--output", "json")
    assert ran.code == 13
    assert _LOST in ran.error["what"]
    assert f"--allow-destroy '{_LOST}'" in ran.error["hint"]
    assert grown.tags() == ["tfops/dev/v1", "tfops/dev/v2"]


def test_naming_the_address_is_consent(grown: Sandbox) -> None:
    result = grown.ok("rollback", "dev", "v1", "--yes", "--allow-destroy", _LOST, "--output", "json").result
    assert (result["version"], result["restores"], result["outputs"]["main"]["value"]) == ("v3", "v1", "one")


def test_on_a_terminal_the_environments_name_is_typed(grown: Sandbox) -> None:
    argv = grown.command("rollback", "dev", "tfops/dev/v1")
    wrong = run_in_terminal(argv, cwd=grown.path, env=grown.env, answers=[("Type dev to go on", "yes")])
    assert wrong.code == 13
    right = run_in_terminal(argv, cwd=grown.path, env=grown.env, answers=[("Type dev to go on", "dev")])
    assert (right.code, "dev is now v3 (content of v1)" in right.text) == (0, True)


def test_after_a_rollback_the_branch_is_held_until_the_hold_is_lifted(grown: Sandbox) -> None:
    grown.ok("rollback", "dev", "--allow-destroy", _LOST, "--yes")
    held = grown.run("apply", "dev", "--yes", "--output", "json")
    assert (held.code, held.error["guard"]) == (11, "held")
    assert "held: rolled back to v1" in grown.ok("status").out
    assert "dev is now v4" in grown.ok("apply", "dev", "--yes", "--lift-hold").out
    assert "in sync" in grown.ok("status").out


def test_rolling_back_twice_goes_further_back_never_forward(grown: Sandbox) -> None:
    grown.wish("three", keys=["a", "b"])
    grown.ok("apply", "dev", "--yes")
    assert grown.ok("rollback", "dev", "--yes", "-o", "json").result["restores"] == "v2"
    back = grown.ok("rollback", "dev", "--yes", "--allow-destroy", _LOST, "-o", "json").result
    assert (back["version"], back["restores"]) == ("v5", "v1")


def test_a_rollback_to_a_rollback_means_the_content_that_it_restored(grown: Sandbox) -> None:
    grown.ok("rollback", "dev", "v1", "--yes", "--allow-destroy", _LOST)
    grown.ok("apply", "dev", "--yes", "--lift-hold")
    back = grown.ok("rollback", "dev", "v3", "--yes", "--allow-destroy", _LOST, "-o", "json").result
    assert back["restores"] == "v1"


def test_modules_of_the_version_are_used_not_todays(grown: Sandbox) -> None:
    text = (grown.path / "modules/thing/main.tf").read_text()
    grown.write("modules/thing/main.tf", text.replace("input    = each.key", 'input    = "new ${each.key}"'))
    grown.commit("Module changed")
    grown.ok("apply", "dev", "--yes")
    plan = grown.ok("rollback", "dev", "v2", "--yes", "-o", "json").result["plan"]
    assert {change["address"] for change in plan["changes"]} == {
        'module.main.terraform_data.each["a"]', 'module.main.terraform_data.each["b"]'
    }  # fmt: skip


def test_a_rollback_comes_back_after_a_destroy(grown: Sandbox) -> None:
    grown.ok("destroy", "dev", "--yes")
    assert "dev is now v4 (content of v2)" in grown.ok("rollback", "dev", "v2", "--yes").out
    grown.ok("destroy", "dev", "--yes")
    assert grown.ok("rollback", "dev", "--yes", "-o", "json").result["restores"] == "v2"
    refused = grown.run("rollback", "dev", "v3", "--yes", "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "destroyed-version")


def test_another_state_than_the_versions_is_refused(grown: Sandbox) -> None:
    state = grown.state()
    state["lineage"] = "00000000-0000-0000-0000-000000000000"
    grown.state_file.write_text(json.dumps(state))
    for command in (["rollback", "dev", "--yes"], ["apply", "dev", "--yes"], ["plan", "dev"]):
        ran = grown.run(*command, "-o", "json")
        assert (ran.code, ran.error["guard"]) == (11, "state-lineage")


def test_an_older_state_than_the_versions_is_refused(grown: Sandbox) -> None:
    state = grown.state()
    state["serial"] -= 1
    grown.state_file.write_text(json.dumps(state))
    ran = grown.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "state-older")


@pytest.mark.skipif(
    len(available_engines()) < 2, reason="needs two engines: terraform on PATH beside the extra `terraform`"
)
def test_a_state_written_by_the_embedded_engine_is_refused_to_an_older_terraform(grown: Sandbox) -> None:
    ran = grown.run("apply", "dev", "--yes", "--engine", "terraform", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "older-engine")


def test_an_environment_without_an_earlier_version_says_so(shop: Sandbox) -> None:
    shop.wish("one")
    never = shop.run("rollback", "dev", "-o", "json")
    assert (never.code, never.error["guard"]) == (11, "no-previous")
    shop.ok("apply", "dev", "--yes")
    assert shop.run("rollback", "dev", "-o", "json").error["guard"] == "no-previous"
    unknown = shop.run("rollback", "dev", "v9", "-o", "json")
    assert (unknown.code, unknown.error["guard"]) == (11, "unknown-version")
    assert shop.run("rollback", "dev", "yesterday").code == 64
