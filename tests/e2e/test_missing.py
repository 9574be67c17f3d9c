"""What the latest version has and the state lacks is never made a second time, nor left alone, without a word."""

import json

import pytest

from tests.support.sandbox import Sandbox
from tests.support.ways_back import Story

A = 'module.main.terraform_data.each["a"]'
MAIN = "module.main.terraform_data.main"


@pytest.fixture
def grown(shop: Sandbox) -> Sandbox:
    """Two versions: with the key `a`, and with `a` and `b`."""
    for keys in (["a"], ["a", "b"]):
        shop.wish("one", keys=keys)
        shop.ok("apply", "dev", "--yes")
    return shop


def id_of(shop: Sandbox, address: str) -> str:
    [stack] = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"].values()
    return str(stack["inventory"][address])


def forgotten(shop: Sandbox) -> dict[str, str]:
    [stack] = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"].values()
    return dict(stack.get("forgotten", {}))


def take_out(shop: Sandbox, name: str, key: str | None = None) -> None:
    """What `terraform state rm` does."""
    state = shop.state()
    for resource in state["resources"]:
        if resource["name"] == name:
            resource["instances"] = [one for one in resource["instances"] if one.get("index_key") != key]
    state["resources"] = [one for one in state["resources"] if one["instances"]]
    state["serial"] += 1
    shop.state_file.write_text(json.dumps(state))


def test_every_command_that_plans_refuses_and_names_it(grown: Sandbox) -> None:
    take_out(grown, "each", "a")
    commands = [["apply", "dev", "--yes"], ["plan", "dev"], ["rollback", "dev", "--yes"], ["destroy", "dev", "--yes"]]
    commands += [["rollback", "dev", "--plan"]]
    for command in commands:
        ran = grown.run(*command, "-o", "json")
        assert (ran.code, ran.error["guard"]) == (11, "state-lacks"), ran.out
        assert ran.error["what"] == f"the state of dev lacks what v2 has: {A}"
        assert "its serial is" in ran.error["why"] and "`state rm`" in ran.error["why"]
        assert ran.error["hint"].endswith(f"tfops {' '.join(command)} -o json --allow-missing '{A}'")
    looked = grown.run("drift", "dev", "-o", "json")
    assert looked.error["guard"] == "state-lacks"
    assert looked.error["hint"].endswith(f"tfops apply dev --allow-missing '{A}'")
    unattended = grown.run("apply", "dev", "--unattended", "-o", "json")
    assert unattended.error["guard"] == "state-lacks"
    assert grown.tags() == ["tfops/dev/v1", "tfops/dev/v2"]


def test_what_is_named_is_left_to_itself_and_stays_on_the_card(grown: Sandbox) -> None:
    was = id_of(grown, A)
    take_out(grown, "each", "a")
    planned = grown.ok("plan", "dev", "--allow-missing", A, "-o", "json").result["plan"]
    assert [(change["address"], change["action"]) for change in planned["changes"]] == [(A, "create")]
    ran = grown.ok("apply", "dev", "--yes", "--allow-missing", A)
    assert f"{A} (id {was}) is in no state any more" in ran.err
    assert id_of(grown, A) != was and forgotten(grown) == {A: was}
    assert "No changes" in grown.ok("plan", "dev").out


def test_nothing_to_change_is_a_version_when_something_was_let_go(grown: Sandbox) -> None:
    """Else the next command would ask for it again, for ever."""
    was = id_of(grown, MAIN)
    grown.write("modules/thing/main.tf", 'variable "value" { type = any }\nvariable "keys" { type = any }\n')
    grown.write(
        "environments/dev.yaml",
        json.dumps({"modules": {"main": {"source": "thing", "inputs": {"value": 1, "keys": []}}}}),
    )
    grown.commit("Nothing any more")
    for name, key in (("main", None), ("each", "a"), ("each", "b")):
        take_out(grown, name, key)
    named = [part for address in (MAIN, A, A.replace('"a"', '"b"')) for part in ("--allow-missing", address)]
    refused = grown.run("apply", "dev", "--yes", *named[2:], "-o", "json")
    assert refused.error["what"].endswith(f"lacks what v2 has: {MAIN}")
    assert "dev is now v3" in grown.ok("apply", "dev", "--yes", *named).out
    assert forgotten(grown)[MAIN] == was
    assert "already at v3" in grown.ok("apply", "dev", "--yes").out


def test_what_stands_at_another_address_by_hand_is_the_plans_to_show(grown: Sandbox) -> None:
    """What `terraform state mv` does."""
    state = grown.state()
    [each] = [one for one in state["resources"] if one["name"] == "each"]
    each["instances"][0]["index_key"] = "c"
    state["serial"] += 1
    grown.state_file.write_text(json.dumps(state))
    planned = grown.ok("plan", "dev", "-o", "json").result["plan"]
    assert {change["action"] for change in planned["changes"]} == {"create", "delete"}


def test_what_a_stopped_change_deleted_is_missing_with_reason_and_what_it_did_not_touch_is_not(shop: Sandbox) -> None:
    failing = 'resource "terraform_data" "fails" {\n  provisioner "local-exec" { command = "test -e ok" }\n}\n'
    shop.wish("one", keys=["a", "b"])
    shop.ok("apply", "dev", "--yes")
    shop.write("modules/thing/fails.tf", failing)
    shop.wish("one", keys=["b"])
    stopped = shop.run("apply", "dev", "--yes", "-o", "json")
    assert stopped.error["name"] == "stopped-part-way"
    assert 'terraform_data.each["a"]' not in json.dumps(shop.state())
    shop.ok("plan", "dev")
    take_out(shop, "main")
    refused = shop.run("resume", "dev", "--yes", "-o", "json")
    assert (refused.error["guard"], refused.error["what"]) == (
        "state-lacks", f"the state of dev lacks what v1 has: {MAIN}"
    )  # fmt: skip
    assert refused.error["hint"].endswith(f"tfops resume dev --yes -o json --allow-missing '{MAIN}'")


def test_what_is_gone_and_not_wanted_any_more_is_in_no_inventory(story: Story) -> None:
    """An engine was killed between the deletion and its state: nothing is left to do, and the state still has it."""
    both = 'resource "demo_thing" "a" { content = "a" }\nresource "demo_thing" "b" { content = "b" }\n'
    story.version(both)
    gone = [path for path in story.world.rglob("*") if path.is_file() and '"b"' in path.read_text()]
    for path in gone:
        path.unlink()
    story.version('resource "demo_thing" "a" { content = "a" }\n')
    inventory = story.shop.ok("inventory", "dev", "-o", "json").result["environments"]["dev"]
    assert gone and list(inventory) == ["module.main.demo_thing.a"]
    assert story.shop.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]
    story.version(both.replace('"b" { content', '"c" { content'))
    inventory = story.shop.ok("inventory", "dev", "-o", "json").result["environments"]["dev"]
    assert list(inventory) == ["module.main.demo_thing.a", "module.main.demo_thing.c"]
