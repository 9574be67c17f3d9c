"""Who is who on the way back, with types whose ids or imports say nothing: as real providers have them."""

import json
from pathlib import Path

from tests.support.forms import both_forms
from tests.support.outcomes import record
from tests.support.ways_back import Story, look

USERS = 'resource "demo_password" "user" {{\n  for_each = toset({users})\n  content  = each.key\n}}\n'
LET_GO = "removed {{\n  from = demo_{kind}.{name}\n  lifecycle {{ destroy = false }}\n}}\n"

pytestmark = both_forms


def _users(*names: str) -> str:
    return USERS.format(users=json.dumps(names))


def _let_go(kind: str, name: str) -> str:
    return LET_GO.format(kind=kind, name=name)


def _passwords(story: Story) -> dict[str, str]:
    """By user: the password that the state holds."""
    [found] = [item for item in story.state()["resources"] if item["type"] == "demo_password"]
    return {one["index_key"]: one["attributes"]["result"] for one in found["instances"]}


def _reasons(story: Story, version: str) -> list[dict[str, str]]:
    """Of the verdict on a way back, but for the lock that no test here commits."""
    entries = story.shop.ok("history", "dev", "--verdict", "-o", "json").result["entries"]
    [entry] = [entry for entry in entries if entry["record"]["version"] == version]
    return [reason for reason in entry["verdict"]["reasons"] if reason["name"] != "no-lock"]


def test_nobody_gets_anothers_password(story: Story, tmp_path: Path) -> None:
    story.version(_users("ann"))
    story.version(_users("eve"))
    eves = _passwords(story)["eve"]
    verdict = story.verdict("v1")
    assert "moved" not in {reason["name"] for reason in _reasons(story, "v1")}
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("not-approved", True)
    back = story.roll_back("v1", "--yes", "--allow-destroy", 'module.main.demo_password.user["eve"]')
    assert (back.ran.code, back.outcome.destroyed) == (0, ["password `eve`"])
    assert _passwords(story)["ann"] != eves
    record(
        story,
        "a user who left, another who came: a password each, and all ids alike",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with the address named: {back}; neither has the other's",
    )


def test_a_move_is_undone_because_it_was_recorded_even_where_ids_say_nothing(story: Story) -> None:
    story.version('resource "demo_password" "old" { content = "x" }\n')
    moved = "moved {\n  from = demo_password.old\n  to   = demo_password.new\n}\n"
    story.version('resource "demo_password" "new" { content = "x" }\n' + moved)
    story.version('resource "demo_password" "new" { content = "x" }\nresource "demo_thing" "t" { content = "t" }\n')
    assert story.verdict("v1") == "bridged"
    back = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.t")
    assert (back.ran.code, back.outcome.destroyed, back.outcome.created) == (0, ["thing `t`"], [])
    assert back.rare == "1 moved"


def test_a_password_is_never_imported_as_its_id(story: Story, tmp_path: Path) -> None:
    """And what has no import doesn't stand in the way of what has one."""
    both = 'resource "demo_thing" "t" { content = "t" }\nresource "demo_pet" "p" { content = "p" }\n'
    story.version(both + 'resource "demo_password" "w" { content = "w" }\n')
    story.version(_let_go("thing", "t") + _let_go("pet", "p") + _let_go("password", "w"))
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("not-approved", True)
    assert story.at("module.main.demo_password.w") in refused.ran.error["what"]
    assert story.at("module.main.demo_pet.p") in refused.ran.error["what"]
    assert story.at("module.main.demo_thing.t") not in refused.ran.error["what"]
    named = [f"module.main.demo_{name}" for name in ("password.w", "pet.p")]
    back = story.roll_back("v1", "--yes", *(word for name in named for word in ("--allow-duplicate", name)))
    assert (back.ran.code, back.rare) == (0, "1 imported")
    assert (back.outcome.created, back.outcome.destroyed) == (["password `w`", "pet `p`"], [])
    assert not any(thing.get("result") == "none" for thing in look(story.world).values())
    record(
        story,
        "`removed { destroy = false }`, of types without an import by id",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with both named: {back}",
    )


def test_what_was_replaced_before_it_was_let_go_is_taken_in_at_its_address(story: Story, tmp_path: Path) -> None:
    story.version('resource "demo_volume" "v" { content = "one" }\n')
    story.version('resource "demo_volume" "v" {\n  content = "one"\n  size    = "L"\n}\n')
    story.version(_let_go("volume", "v"))
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    back = story.roll_back("v1", "--yes")
    assert (back.ran.code, back.rare, back.outcome.created, back.outcome.orphaned) == (0, "1 imported", [], [])
    record(
        story,
        "a replacement, then `removed { destroy = false }`",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=str(back),
    )


def test_an_import_that_would_be_replaced_at_once_is_no_bridge(story: Story, tmp_path: Path) -> None:
    """The import of a volume doesn't read its size, and a size is a replacement: what was let go alive would go."""
    story.version('resource "demo_volume" "v" {\n  content = "one"\n  size    = "L"\n}\n')
    story.version(_let_go("volume", "v"))
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("not-approved", True)
    assert "replaced at once" in refused.ran.err
    plan = story.shop.ok("rollback", "dev", "v1", "--plan").out
    assert "Kept alive" not in plan
    assert "a second one" in plan
    back = story.roll_back("v1", "--yes", "--allow-duplicate", "module.main.demo_volume.v")
    assert (back.ran.code, back.outcome.destroyed, back.outcome.created) == (0, [], ["volume `one`"])
    record(
        story,
        "`removed { destroy = false }`, of what an import would replace at once",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with the second one named: {back}",
    )


def test_a_password_that_moved_before_it_was_let_go_is_not_made_a_second_time_unnamed(
    story: Story, tmp_path: Path
) -> None:
    """Its id says nothing, and it stood at another address when it was let go: the versions recorded both."""
    story.version('resource "demo_password" "old" { content = "x" }\n')
    moved = "moved {\n  from = demo_password.old\n  to   = demo_password.new\n}\n"
    story.version('resource "demo_password" "new" { content = "x" }\n' + moved)
    story.version(moved + _let_go("password", "new"))
    [reason] = _reasons(story, "v1")
    assert (reason["name"], reason["cure"]) == (
        "made-twice",
        story.at("--allow-duplicate 'module.main.demo_password.old'"),
    )
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("not-approved", True)
    back = story.roll_back("v1", "--yes", "--allow-duplicate", "module.main.demo_password.old")
    assert (back.ran.code, back.outcome.created) == (0, ["password `x`"])
    record(
        story,
        "a `moved` block, then `removed { destroy = false }`, where ids say nothing",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with the second one named: {back}",
    )
    # And on to what runs with the second one: its code moves it, and lets it go.
    assert [reason["name"] for reason in _reasons(story, "v2")] == ["moved"]
    assert [reason["name"] for reason in _reasons(story, "v3")] == ["left-alive"]
    assert story.roll_back("v2", "--yes").rare == "1 moved"
    assert (story.roll_back("v3", "--yes").ran.code, len(look(story.world))) == (0, 2)


def test_the_verdict_of_a_rollback_is_made_from_its_plan(story: Story) -> None:
    """That nothing of a type can be imported only the engine finds out."""
    story.version('resource "demo_tag" "t" { content = "t" }\n')
    story.version(_let_go("tag", "t"))
    assert story.verdict("v1") == "bridged"
    found = story.shop.ok("rollback", "dev", "v1", "--plan", "-o", "json").result
    assert found["judgement"]["verdict"] == "data-loss"
    assert "made-twice" in {reason["name"] for reason in found["judgement"]["reasons"]}
