"""What a state says of real things: believed again, taken in by a file, made anew on request."""

import json
from typing import Any

from tests.support.sandbox import Sandbox
from tests.support.ways_back import NEEDS_DEMO, Story, look

_THING = 'resource "demo_thing" "orders" { content = "orders" }\n'
ORDERS = "module.main.demo_thing.orders"


def _card(shop: Sandbox) -> Any:
    return shop.ok("show", "dev", "-o", "json").result["card"]


def _actions(shop: Sandbox) -> list[str]:
    return [change["action"] for change in shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"]]


def test_a_refresh_believes_what_is_real_and_touches_nothing(story: Story) -> None:
    shop = story.shop
    story.version(_THING)
    [thing] = (story.world / "thing").iterdir()
    thing.write_text(json.dumps(json.loads(thing.read_text()) | {"content": "tampered"}))
    tampered = look(story.world)
    # The commit that is checked out isn't what runs, and isn't applied by it.
    story.write(_THING + 'resource "demo_thing" "more" { content = "more" }\n')
    refreshed = shop.ok("apply", "dev", "--refresh-only", "--yes")
    assert "the state knows now what is real: 1 difference" in refreshed.out
    assert look(story.world) == tampered and "tampered" in shop.ok("state", "pull", "dev").out
    card = _card(shop)
    assert (card["kind"], card["version"]) == ("surgery", 2)
    assert "refresh-only, 1 thing differs" in shop.ok("history", "dev").out
    assert sorted(_actions(shop)) == ["create", "update"]

    thing.unlink()
    shop.ok("apply", "dev", "--refresh-only", "--yes")
    assert ORDERS not in _card(shop)["stacks"]["main"]["inventory"]
    assert _actions(shop) == ["create", "create"]


def test_a_refresh_that_is_killed_is_recorded(story: Story) -> None:
    shop = story.shop
    story.version(_THING)
    [thing] = (story.world / "thing").iterdir()
    thing.write_text(json.dumps(json.loads(thing.read_text()) | {"content": "tampered"}))
    words = ("apply", "dev", "--refresh-only", "--yes")
    assert shop.run(*words, env={"TFOPS_FAILPOINT": "engine-ended:SIGKILL"}).code == -9
    shop.ok("recover", "dev")
    assert (_card(shop)["kind"], shop.tags()) == ("surgery", ["tfops/dev/v1", "tfops/dev/v2"])
    assert "tampered" in shop.ok("state", "pull", "dev").out


def test_a_file_takes_real_things_in_and_a_way_back_leaves_them_alone(story: Story) -> None:
    shop = story.shop
    story.version("")
    (story.world / "thing").mkdir(exist_ok=True)
    (story.world / "thing/t-1").write_text(json.dumps({"id": "t-1", "content": "orders"}))
    shop.write("modules/main/main.tf", NEEDS_DEMO + _THING)
    body = {"modules": {"main": {"source": "main"}}, "imports": [{"to": ORDERS, "id": "t-1"}]}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit("Take it in")
    assert _actions(shop) == ["import"]
    shop.ok("apply", "dev", "--yes")
    assert _card(shop)["stacks"]["main"]["imported"] == [ORDERS]
    assert list(look(story.world)) == ["thing/t-1"]
    # Once it is gone, the block can't do anything any more: a way back makes it anew.
    shop.ok("destroy", "dev", "--yes", "--allow-destroy", ORDERS)
    assert look(story.world) == {}
    shop.ok("rollback", "dev", "v2", "--yes")
    assert len(look(story.world)) == 1


_TWO = """\
variable "value" { type = any }
resource "terraform_data" "first" { input = var.value }
resource "terraform_data" "main" {
  input      = var.value
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "test ! -e FAILS" }
}
output "value" { value = var.value }
"""


def test_a_replacement_that_stopped_half_way_is_resumed_and_none_is_made_twice(shop: Sandbox) -> None:
    first, main = "module.main.terraform_data.first", "module.main.terraform_data.main"
    fails = shop.path.parent / "fails"
    shop.write("modules/thing/main.tf", _TWO.replace("FAILS", str(fails)))
    shop.wish("a")
    shop.ok("apply", "dev", "--yes")
    before = _card(shop)["stacks"]["main"]["inventory"]
    fails.touch()
    assert shop.run("apply", "dev", "--yes", "--replace", first, "--replace", main).code == 21
    made = _ids(shop)[first]
    assert made != before[first]
    fails.unlink()
    shop.ok("resume", "dev", "--yes")
    after = _card(shop)["stacks"]["main"]["inventory"]
    assert (after[first], after[main] != before[main]) == (made, True)
    assert _card(shop)["replace_requested"] == [main]


def _ids(shop: Sandbox) -> dict[str, str]:
    resources = json.loads(shop.ok("state", "pull", "dev").out)["resources"]
    return {f"module.main.terraform_data.{one['name']}": one["instances"][0]["attributes"]["id"] for one in resources}
