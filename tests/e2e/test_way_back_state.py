"""Going back across what happened to the state: by hand, and with tfops. The page quotes what is found here."""

import json
from pathlib import Path

import pytest

from tests.support.engines import available_engines
from tests.support.forms import both_forms
from tests.support.outcomes import record
from tests.support.state_server import serve_states
from tests.support.ways_back import OWN_RULES, RULES, Story, new_story

ORDERS = 'resource "demo_thing" "orders" { content = "orders" }\n'
SALES = 'resource "demo_thing" "sales" { content = "sales" }\n'


@pytest.mark.parametrize("is_own", [False, True])
def test_a_state_that_moved_to_another_place(tmp_path: Path, engine: str, provider_door: Path, is_own: bool) -> None:
    with serve_states() as server:
        backend = server.backend()
        rules = OWN_RULES if is_own else RULES
        story = new_story(tmp_path / "story", engine, provider_door, rules=rules + backend, is_own=is_own)
        story.version(ORDERS)
        story.shop.write("tfops.yaml", rules + backend.replace("/{env}/", "/moved/{env}/"))
        story.shop.commit("Another place for the state")
        story.shop.ok("backend", "move", "dev", "--yes", "--leave-unmarked")
        del server.states["/dev/main"]
        story.read_state = lambda: json.loads(server.states["/moved/dev/main"])
        story.version(ORDERS + SALES)
        script = story.by_hand(tmp_path / "by-hand")
        verdict = story.verdict("v1")
        by_hand = script.apply("v1", init=["-reconfigure"], state=lambda: json.loads(server.states["/dev/main"]))
        assert (by_hand.created, by_hand.orphaned) == (["thing `orders`"], ["thing `orders`", "thing `sales`"])
        back = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.sales")
        assert (back.outcome.created, back.outcome.destroyed) == ([], ["thing `sales`"])
    record(story, "another place for the state", verdict=verdict, by_hand=by_hand, with_tfops=str(back))


_two_engines = pytest.mark.skipif(
    len(available_engines()) < 2, reason="needs two engines: terraform on PATH beside the extra `terraform`"
)


@_two_engines
@both_forms
def test_a_newer_terraform(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.version(ORDERS + SALES)
    written_by = story.state()["terraform_version"]
    assert story.verdict("v1") == "ok", "with the engine that wrote it"
    story.shop.env["TFOPS_ENGINE"] = "terraform"
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert by_hand.destroyed == ["thing `sales`"]
    refused = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.sales")
    assert (refused.refusal, refused.outcome.is_still) == ("older-engine", True)
    assert written_by in refused.ran.error["what"]
    record(
        story,
        "a newer Terraform",
        verdict=verdict,
        by_hand=f"works: {by_hand}",
        with_tfops=f"{refused}, and says which one is needed",
    )


@_two_engines
@both_forms
def test_a_newer_state_format(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.version(ORDERS + SALES)
    story.shop.state_file.write_text(json.dumps(story.state() | {"version": 5}))
    verdict = story.verdict("v1", engine="terraform")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert (len(by_hand.errors), by_hand.is_still) == (1, True)
    refused = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.sales")
    assert (bool(refused.refusal), refused.outcome.is_still) == (True, True)
    assert "a newer engine wrote this state: use that one" in refused.ran.error["hint"]
    record(
        story,
        "a newer state format",
        verdict=verdict,
        by_hand="fails",
        with_tfops=f"{refused}, and says that it takes the newer engine",
    )
