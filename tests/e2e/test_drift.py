"""What someone changed by hand: seen, told attribute by attribute, remembered, and healed without losing anything."""

import json
from pathlib import Path

from tests.support.ways_back import RULES, new_story

_THINGS = """\
resource "demo_thing" "orders" { content = "orders" }
resource "demo_database" "main" {
  name           = "main"
  engine_version = "1.0"
}
"""


def test_drift_is_seen_remembered_and_healed_but_never_by_losing_something(
    tmp_path: Path, engine: str, provider_door: Path
) -> None:
    rules = RULES.replace("{branch: main}", "{branch: main, drift: heal}")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules)
    shop = story.shop
    story.version(_THINGS)
    assert "dev is what v1 says" in shop.ok("drift", "dev", "--detailed-exitcode").out

    [thing] = (story.world / "thing").iterdir()
    thing.write_text(json.dumps(json.loads(thing.read_text()) | {"content": "tampered"}))
    seen = shop.run("drift", "dev", "--detailed-exitcode", "-o", "json")
    assert seen.code == 2
    [found] = seen.result["environments"]
    [change] = found["changes"]
    assert (change["address"], change["action"]) == ("module.main.demo_thing.orders", "update")
    [attribute] = change["attributes"]
    assert (attribute["path"], attribute["before"], attribute["after"]) == ("content", '"orders"', '"tampered"')
    assert found["heal"] == "1 to update"
    assert found["right_at"] <= found["since"]
    assert "drifted: module.main.demo_thing.orders" in shop.ok("status").out

    healed = shop.ok("reconcile", "-o", "json").result
    assert [(act["env"], act["version"]) for act in healed["acts"]] == [("dev", "v2")]
    assert json.loads(thing.read_text())["content"] == "orders"
    assert "in sync" in shop.ok("status").out

    # The database's name can't be changed in place: healing would replace it.
    database = story.world / "database/main"
    database.write_text(json.dumps(json.loads(database.read_text()) | {"name": "other"}))
    assert shop.run("drift", "dev", "--detailed-exitcode").code == 2
    assert shop.run("reconcile").code == 11
    assert json.loads(database.read_text())["name"] == "other"
    assert "delete-limit" in shop.ok("reconcile", "--dry-run").out
    kinds = [event["kind"] for event in shop.ok("log", "dev", "-o", "json").result["events"]]
    assert kinds[:2] == ["declined", "drifted"]


def test_a_keyed_thing_that_is_gone_is_drift_although_something_refers_to_it(
    tmp_path: Path, engine: str, provider_door: Path
) -> None:
    """A refresh-only plan says "Invalid index" there, and nothing else."""
    story = new_story(tmp_path / "story", engine, provider_door)
    story.version(
        'resource "demo_thing" "t" {\n  for_each = toset(["a"])\n  content  = each.key\n}\n'
        'resource "terraform_data" "user" { input = demo_thing.t["a"].id }\n'
    )
    [thing] = (story.world / "thing").iterdir()
    thing.unlink()
    [found] = story.shop.ok("drift", "dev", "-o", "json").result["environments"]
    assert [(one["address"], one["action"]) for one in found["changes"]] == [
        ('module.main.demo_thing.t["a"]', "delete")
    ]
