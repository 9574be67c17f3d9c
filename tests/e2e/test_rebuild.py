"""`restore --rebuild` with things that are really there: the state is gone, what it knew is not."""

from tests.support.ways_back import Story, known_to, look
from tfops.exits import Exit

ORDERS = 'resource "demo_thing" "orders" { content = "orders" }\n'
SALES = 'resource "demo_thing" "sales" { content = "sales" }\n'
DATABASE = 'resource "demo_database" "main" {\n  name = "main"\n  engine_version = "15"\n}\n'
# Nothing of this type can be imported.
PET = 'resource "demo_pet" "name" { content = "rex" }\n'


def test_what_still_exists_is_taken_in_and_the_rest_made_anew_when_it_is_named(story: Story) -> None:
    story.version(ORDERS + DATABASE)
    story.version(ORDERS + DATABASE + SALES + PET)
    [sales] = [story.world / key for key, thing in look(story.world).items() if thing.get("content") == "sales"]
    story.shop.state_file.unlink()
    sales.unlink()
    before = look(story.world)
    refused = story.shop.run("restore", "dev", "--rebuild", "--yes", "-o", "json").error
    for address in ("module.main.demo_thing.sales", "module.main.demo_pet.name"):
        assert f"--allow-duplicate '{address}'" in refused["hint"]
    assert refused["state"] == "The state of dev is an empty one for now. What runs was not touched."
    told = story.shop.run("restore", "dev")
    assert told.code == Exit.NOT_PASSED
    assert "lacks what v2 has" in told.out and "tfops restore dev --rebuild" in told.out
    assert story.shop.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "state-lacks", "nothing twice"
    assert look(story.world) == before

    named = ("--allow-duplicate", "module.main.demo_thing.sales", "--allow-duplicate", "module.main.demo_pet.name")
    rebuilt = story.shop.ok("restore", "dev", "--rebuild", "--yes", "-o", "json", *named).result
    assert rebuilt["version"] == "v3"
    after, known = look(story.world), known_to(story.state())
    made = sorted(thing["content"] for key, thing in after.items() if key not in before)
    assert (made, before.items() <= after.items()) == (["rex", "sales"], True)
    assert {key for key in after if key.startswith(("thing/", "database/"))} <= known
    assert story.shop.ok("restore", "dev", "-o", "json").result["environments"][0]["state"] == "here"
    assert "No changes" in story.shop.ok("plan", "dev").out
    assert "2 to delete" in story.shop.ok("rollback", "dev", "v1", "--plan").out
    again = story.shop.run("restore", "dev", "--rebuild", "--yes", "-o", "json").error
    assert again["guard"] == "state-exists"
