"""The whole cycle of a root module of somebody's own: verdicts, bridges, holds, drift, drills, turns without a person,
reviews, and changes that stop half-way."""

import json
from pathlib import Path
from typing import Any

from tests.support.forms import own_form
from tests.support.sandbox import with_remote
from tests.support.ways_back import OWN_ROOT, OWN_RULES, Story, look, new_story

ORDERS = 'resource "demo_thing" "orders" { content = "orders" }\n'
BILLS = 'resource "demo_thing" "bills" { content = "bills" }\n'
MOVED = "moved {\n  from = demo_thing.orders\n  to   = demo_thing.sales\n}\n"
SALES = ORDERS.replace('"orders" {', '"sales" {')
LET_GO = "removed {\n  from = demo_thing.bills\n  lifecycle { destroy = false }\n}\n"
KEPT = 'resource "demo_thing" "kept" {\n  content = "kept"\n  lifecycle { prevent_destroy = true }\n}\n'
AFTER = 'resource "demo_thing" "bills" {\n  content    = "bills"\n  depends_on = [terraform_data.gate]\n}\n'
CALL = 'module "each" {\n  source   = "../../parts/each"\n  for_each = toset(["a", "b"])\n  content  = each.key\n}\n'
PART = 'variable "content" { type = string }\nresource "demo_thing" "it" { content = var.content }\n'
NEEDS = 'terraform {\n  required_providers {\n    demo = { source = "tfops/demo" }\n  }\n}\n'


def verdicts(story: Story) -> dict[str, str]:
    listed = story.shop.ok("history", "dev", "--verdict", "-o", "json").result["entries"]
    return {one["record"]["version"]: one["verdict"]["verdict"] for one in listed if one["verdict"]}


@own_form
def test_every_past_version_has_a_verdict_and_the_way_back_keeps_things_alive(story: Story) -> None:
    story.write(ORDERS + BILLS + CALL, **{"parts/each/main.tf": NEEDS + PART})
    story.apply()
    made = look(story.world)
    story.version(SALES + MOVED + BILLS + CALL)
    story.version(SALES + MOVED + LET_GO + CALL)
    assert verdicts(story) == {"v1": "bridged", "v2": "bridged"}
    changes = story.shop.ok("rollback", "dev", "v1", "--yes", "-o", "json").result["plan"]["changes"]
    assert sorted((one["action"], one["address"]) for one in changes if one["action"] != "unchanged") == [
        ("import", "demo_thing.bills"),
        ("move", "demo_thing.orders"),
    ]
    assert look(story.world) == made, "moved and imported back: nothing was destroyed or made"
    card: Any = story.shop.ok("show", "dev", "-o", "json").result["card"]
    assert (card["version"], card["restores"], card["kind"]) == (4, 1, "rollback")
    assert sorted(card["stacks"]["main"]["inventory"]) == [
        "demo_thing.bills",
        "demo_thing.orders",
        'module.each["a"].demo_thing.it',
        'module.each["b"].demo_thing.it',
    ]

    # It is held: the branch's newer commit isn't applied by itself.
    assert "held" in story.shop.ok("status").out
    held = story.shop.run("apply", "dev", "--yes", "-o", "json")
    assert (held.code, held.error["guard"]) == (11, "held")
    story.version(SALES + MOVED + LET_GO + CALL + KEPT, "--lift-hold")
    assert verdicts(story)["v3"] == "data-loss", "what has prevent_destroy would go"
    lost = story.shop.run("rollback", "dev", "v3", "--yes", "-o", "json")
    assert lost.code == 13 and "demo_thing.kept" in lost.error["what"]
    doors = story.shop.ok("check", "dev", "--reversible", "-o", "json").result
    assert doors["doors"] == []
    story.write(SALES + MOVED + LET_GO + CALL)
    [door] = story.shop.run("check", "dev", "--reversible", "-o", "json").result["doors"]
    assert door["subjects"] == ["demo_thing.kept"]


def test_drift_is_seen_and_healed_and_a_push_is_applied_without_a_person(
    tmp_path: Path, engine: str, provider_door: Path
) -> None:
    rules = OWN_RULES.replace(f"root: {OWN_ROOT}", f"root: {OWN_ROOT}, drift: heal")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules, is_own=True)
    story.write(ORDERS)
    with_remote(story.shop, tmp_path / "remote.git")
    assert turn(story) == ("never-applied", 0)
    assert "dev is what v1 says" in story.shop.ok("drift", "dev", "--detailed-exitcode").out

    [thing] = (story.world / "thing").iterdir()
    thing.write_text(json.dumps(json.loads(thing.read_text()) | {"content": "tampered"}))
    seen = story.shop.run("drift", "dev", "--detailed-exitcode", "-o", "json")
    assert seen.code == 2
    [change] = seen.result["environments"][0]["changes"]
    assert (change["address"], change["attributes"][0]["before"]) == ("demo_thing.orders", '"orders"')
    assert turn(story)[1] == 0
    assert json.loads(thing.read_text())["content"] == "orders"

    story.write(ORDERS, **{"notes.txt": "nothing of the root"})
    story.shop.git("push", "--quiet", "origin", "HEAD")
    assert turn(story) == ("unchanged", None)
    story.write(ORDERS + BILLS)
    story.shop.git("push", "--quiet", "origin", "HEAD")
    assert turn(story) == ("changed", 0)
    assert story.contents() == ["bills", "orders"]
    story.shop.ok("rollback", "dev", "--yes", "--allow-destroy", "demo_thing.bills")
    assert turn(story) == ("held", None)


def turn(story: Story) -> tuple[str, int | None]:
    """Why, and the exit code of what was done about it."""
    result = story.shop.run("reconcile", "-o", "json").result
    [found] = result["decisions"]
    return found["detail"] or found["reason"], next((act["code"] for act in result["acts"]), None)


def test_the_way_back_is_rehearsed_in_a_place_of_its_own(tmp_path: Path, engine: str, provider_door: Path) -> None:
    place = "  perf: {rehearses: dev, workspace: perf, tfvars: [perf.tfvars], inputs: {name: drilled}}\n"
    rules = OWN_RULES.replace("environments:\n", f"environments:\n{place}")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules, is_own=True)
    sized = 'variable "name" { default = "orders" }\nvariable "size" { default = "large" }\n'
    sized += ORDERS.replace('"orders" }', '"${var.name} ${var.size} ${terraform.workspace}" }')
    story.write(sized, **{"perf.tfvars": 'size = "small"\n'})
    story.apply()
    story.version(sized + BILLS)
    assert "nothing wrong" in story.shop.ok("validate").out
    drilled = story.shop.ok("drill", "dev", "v1", "--yes", "--keep", "-o", "json").result["drill"]
    assert (drilled["place"], drilled["is_ok"]) == ("perf", True)
    assert list(drilled["seconds"]) == ["apply", "forward", "rollback"]
    assert story.contents() == ["bills", "drilled small perf", "orders large default"]
    assert "rolled back OK in" in story.shop.ok("history", "dev").out
    story.shop.ok("destroy", "perf", "--yes", "--allow-destroy", "*")
    assert story.contents() == ["bills", "orders large default"], "the environment itself was never touched"


@own_form
def test_a_merge_request_is_reviewed_and_what_was_reviewed_is_what_runs(story: Story, tmp_path: Path) -> None:
    shop = story.shop
    story.write(ORDERS, **{"templates/a.tpl": "a", "other/main.tf": ""})
    with_remote(shop, tmp_path / "remote.git")
    story.apply()
    shop.git("switch", "--quiet", "-c", "topic")
    story.write(ORDERS, **{"other/main.tf": "# nobody reads this\n"})
    assert "changes none of 1 environment" in shop.ok("review", "--local", "--base", "main").out
    story.write(ORDERS + BILLS)
    [review] = shop.ok("review", "--local", "--base", "main", "-o", "json").result["reviews"]
    assert [(one["action"], one["address"]) for one in review["plan"]["changes"]] == [("create", "demo_thing.bills")]
    assert review["reasons"] == [f"{OWN_ROOT} changed: used by module root"]

    # Kept with its digest; a commit that touches what the root reads makes it another one.
    shop.git("switch", "--quiet", "main")
    shop.git("merge", "--quiet", "topic")
    shop.git("push", "--quiet", "origin", "main")
    shop.write("tfops.yaml", OWN_RULES.replace(f"root: {OWN_ROOT}", f"root: {OWN_ROOT}, review: {{required: true}}"))
    shop.commit("Reviewed from now on")
    shop.git("push", "--quiet", "origin", "main")
    shop.ok("plan", "dev", "--keep")
    story.write(ORDERS + BILLS.replace('"bills" }', '"other" }'))
    shop.git("push", "--quiet", "origin", "main")
    other = shop.run("apply", "dev", "--reviewed", "-o", "json")
    assert (other.code, other.error["name"]) == (13, "not-as-reviewed") and story.contents() == ["orders"]
    shop.ok("plan", "dev", "--keep")
    shop.git("config", "user.name", "bob")
    shop.git("config", "user.email", "bob@example.com")
    shop.ok("approve", "dev", "--yes")
    shop.ok("apply", "dev", "--reviewed")
    assert story.contents() == ["orders", "other"]


@own_form
def test_what_stopped_half_way_is_finished_and_a_root_is_taken_down(story: Story) -> None:
    gate = story.shop.home / "open"
    gated = (
        'resource "terraform_data" "gate" {\n  depends_on = [demo_thing.orders]\n'
        f'  provisioner "local-exec" {{ command = "test -e {gate}" }}\n}}\n'
    )
    story.write(ORDERS + gated + AFTER)
    failed = story.shop.run("apply", "dev", "--yes", "-o", "json")
    assert failed.code == 21 and "Stopped part-way: 1 of 3 changes done." in failed.error["state"]
    assert story.contents() == ["orders"]
    assert "degraded" in story.shop.ok("status").out
    gate.touch()
    assert story.shop.ok("resume", "dev", "--yes", "-o", "json").result["version"] == "v1"
    assert story.contents() == ["bills", "orders"]
    story.shop.ok("destroy", "dev", "--yes", "--allow-destroy", "*")
    assert story.contents() == []


@own_form
def test_the_files_as_they_lie_here_are_planned_with_all_that_they_reach(story: Story) -> None:
    named = 'resource "demo_thing" "one" { content = trimspace(file("${path.module}/../../texts/one.txt")) }\n'
    story.write(named, **{"texts/one.txt": "one\n"})
    story.apply()
    story.shop.write("texts/one.txt", "two\n")
    story.shop.write(f"{OWN_ROOT}/more.tf", BILLS)
    story.shop.write(f"{OWN_ROOT}/terraform.tfstate", '{"version": 4, "serial": 1, "lineage": "hush"}')
    changes = story.shop.ok("plan", "dev", "--worktree", "-o", "json").result["plan"]["changes"]
    assert {(one["action"], one["address"]) for one in changes} == {
        ("update", "demo_thing.one"),
        ("create", "demo_thing.bills"),
    }
    committed = story.shop.ok("plan", "dev")
    assert "No changes" in committed.out
    assert "not committed: live/dev/more.tf, texts/one.txt " in committed.err


def test_the_top_of_a_repository_is_a_root_too(tmp_path: Path, engine: str, provider_door: Path) -> None:
    rules = OWN_RULES.replace(f"root: {OWN_ROOT}", "root: .")
    story = new_story(tmp_path / "story", engine, provider_door, rules=rules, is_own=True)
    call = {"module": {"thing": {"source": "./modules/one", "content": "${var.content}"}}}
    body = {"variable": {"content": {"type": "string"}}, "output": {"at": {"value": "${path.root}"}}, **call}
    story.shop.write("main.tf.json", json.dumps(body))
    story.shop.write("terraform.tfvars", 'content = "one"\n')
    story.shop.write("modules/one/main.tf", NEEDS + PART)
    story.shop.commit("A root at the top")
    story.apply()
    assert story.contents() == ["one"]
    card: Any = story.shop.ok("show", "dev", "-o", "json").result["card"]
    assert (list(card["stacks"]["main"]["inventory"]), card["outputs"]) == (
        ["module.thing.demo_thing.it"],
        {"root": {"at": "."}},
    )
    story.shop.write("terraform.tfvars", 'content = "two"\n')
    story.shop.commit("Another content")
    story.apply()
    story.shop.ok("rollback", "dev", "--yes")
    assert story.contents() == ["one"]
    assert "nothing wrong" in story.shop.ok("validate", "--deep").out
