"""Going back across what happened to resources: by hand, and with tfops. The page quotes what is found here."""

import json
from pathlib import Path

from tests.support.forms import both_forms
from tests.support.outcomes import record
from tests.support.ways_back import Story, look

ORDERS = 'resource "demo_thing" "orders" { content = "orders" }\n'
SALES = 'resource "demo_thing" "sales" { content = "sales" }\n'
DATABASE = """\
resource "demo_database" "main" {{
  name           = "main"
  engine_version = "{version}"
  lifecycle {{ prevent_destroy = true }}
}}
"""
MAIN = "module.main.demo_database.main"

pytestmark = both_forms


def test_a_database_that_was_protected_later(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.version(ORDERS + DATABASE.format(version="15"))
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert by_hand.destroyed == ["database `main`"]
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.destroyed) == ("not-approved", [])
    assert story.at(MAIN) in refused.ran.error["what"]
    named = story.roll_back("v1", "--yes", "--allow-destroy", MAIN)
    assert named.outcome.destroyed == ["database `main`"]
    record(
        story,
        "a resource that was added later with `prevent_destroy`",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; only when `{story.at(MAIN)}` is named: {named}",
    )


def test_what_the_past_protects_can_be_replaced_when_it_is_named(story: Story, tmp_path: Path) -> None:
    """The old module forbids it, and nobody can change the old module: named, the protection is lifted for this run."""
    other = DATABASE.format(version="15").replace('"main"\n', '"other"\n').replace("prevent_destroy = true", "")
    story.version(DATABASE.format(version="15"))
    story.version(other, "--allow-destroy", MAIN)
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("engine-failed", True)
    assert "on a way back: tfops rollback dev" in refused.ran.error["hint"]
    named = story.roll_back("v1", "--yes", "--allow-destroy", MAIN)
    assert (named.ran.code, named.outcome.destroyed, named.outcome.created) == (
        0,
        ["database `other`"],
        ["database `main`"],
    )
    record(
        story,
        "a `prevent_destroy` that only the past has, on what must be replaced",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with the address named: {named}",
    )


def test_what_holds_nothing_is_let_go_by_one_flag(story: Story) -> None:
    many = 'resource "demo_thing" "t" {\n  count   = 4\n  content = "t${count.index}"\n}\n'
    story.version(ORDERS)
    story.version(ORDERS + many)
    refused = story.roll_back("v1", "--yes")
    assert refused.ran.error["hint"].endswith("--allow-stateless")
    assert len(story.roll_back("v1", "--yes", "--allow-stateless").outcome.destroyed) == 4


def test_a_thing_that_moved_to_another_address(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    renamed = ORDERS.replace('"orders" {', '"sales" {')
    story.version(renamed + "moved {\n  from = demo_thing.orders\n  to   = demo_thing.sales\n}\n")
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert (by_hand.destroyed, by_hand.created) == (["thing `orders`"], ["thing `orders`"])
    back = story.roll_back("v1", "--yes")
    assert back.outcome.before == back.outcome.after
    record(story, "a `moved` block", verdict=verdict, by_hand=by_hand, with_tfops=str(back))


def test_a_thing_that_was_let_out_of_the_state(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.version("removed {\n  from = demo_thing.orders\n  lifecycle { destroy = false }\n}\n")
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert (by_hand.created, by_hand.orphaned) == (["thing `orders`"], ["thing `orders`"])
    back = story.roll_back("v1", "--yes")
    assert (back.outcome.created, back.outcome.orphaned) == ([], [])
    record(story, "`removed { destroy = false }`", verdict=verdict, by_hand=by_hand, with_tfops=str(back))


def test_an_engine_version_that_only_goes_up(story: Story, tmp_path: Path) -> None:
    story.version(DATABASE.format(version="14"))
    story.version(DATABASE.format(version="15") + ORDERS)
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert (by_hand.destroyed, len(by_hand.errors)) == (["thing `orders`"], 1)
    back = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.orders")
    assert (back.refusal, back.outcome.is_still) == ("blocked", True)
    record(story, "an engine version that can't be turned back", verdict=verdict, by_hand=by_hand, with_tfops=str(back))


def test_what_someone_changed_by_hand_is_told_apart_and_first(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.version(ORDERS + SALES)
    [orders] = [story.world / key for key, thing in look(story.world).items() if thing["content"] == "orders"]
    orders.write_text(json.dumps(json.loads(orders.read_text()) | {"content": "hotfix"}))
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert by_hand.changed == ["thing `hotfix`"]
    plan = story.shop.ok("rollback", "dev", "v1", "--plan").out
    told = ["Changed outside of tfops since the last apply:", 'content  "orders" -> "hotfix"', "- delete"]
    assert sorted(told, key=plan.index) == told
    back = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.sales")
    record(
        story,
        "changes by hand since",
        verdict=verdict,
        by_hand=f"{by_hand}, without a word",
        with_tfops=f"shows apart, before the plan: “{told[1]}”; then {back}",
    )


def test_the_next_pipeline_run_on_the_bad_head(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.version(ORDERS + SALES)
    script = story.by_hand(tmp_path / "by-hand")
    script.apply("v1")
    verdict = story.verdict("v1")
    by_hand = script.apply("v2")
    assert by_hand.created == ["thing `sales`"]
    story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.sales")
    pipeline = story.shop.run("apply", "dev", "--yes", "-o", "json")
    assert (pipeline.code, pipeline.error["guard"]) == (11, "held")
    assert [thing["content"] for thing in look(story.world).values()] == ["orders"]
    record(
        story,
        "the next pipeline run",
        verdict=verdict,
        by_hand=f"undoes it: {by_hand}",
        with_tfops="the next `apply` is refused (`held`)",
    )
