"""`--target`, `--refresh=false`, `--parallelism`: a part of a commit is applied, and everybody sees that it was one."""

import json
from typing import Any

from tests.support.sandbox import Sandbox

MAIN, EACH = "module.main.terraform_data.main", 'module.main.terraform_data.each["a"]'


def _card(shop: Sandbox) -> Any:
    return shop.ok("show", "dev", "-o", "json").result["card"]


def _digest(shop: Sandbox, *words: str) -> str:
    found: str = shop.ok("plan", "dev", *words, "-o", "json").result["plan"]["digest"]
    return found


def test_a_part_is_applied_and_the_rest_is_owed_until_it_is_applied(shop: Sandbox) -> None:
    shop.wish("one", keys=["a"])
    planned = shop.ok("plan", "dev", "--target", MAIN)
    assert "nothing is said of the rest" in planned.out and "1 to create" in planned.out
    # A part and the whole are two plans, in both directions, whatever they do.
    part, whole = _digest(shop, "--target", MAIN), _digest(shop)
    assert shop.run("apply", "dev", "--yes", "--plan-digest", part).code == 13
    refused = shop.run("apply", "dev", "--yes", "--plan-digest", whole, "--target", MAIN)
    assert refused.code == 13 and f"--target {MAIN}" in refused.err
    only_main = ("--target", MAIN, "--plan-digest", part, "--parallelism", "3", "--refresh=false")
    assert "is now v1" in shop.ok("apply", "dev", "--yes", *only_main).out

    card = _card(shop)
    assert (card["stacks"]["main"]["targets"], card["parallelism"]) == ([MAIN], 3)
    assert list(card["stacks"]["main"]["inventory"]) == [MAIN] and card["plan"]["refreshed"] is False
    assert f"--target of {MAIN} · partial\n" in shop.ok("history", "dev").out
    assert (
        f"partial: only {MAIN} of" in (status := shop.ok("status").out) and "the rest waits: tfops apply dev" in status
    )
    shown = shop.ok("show", "dev").out
    assert "the rest wasn't applied" in shown and "--refresh=false, --parallelism 3" in shown
    assert shop.ok("status", "-o", "json").result["environments"][0]["current"]["partial"] == MAIN
    # No run without a person takes it for done, whatever Git says.
    waiting = shop.ok("reconcile", "--dry-run", "-o", "json").out
    assert "isn't all applied: v1 was only" in waiting
    assert "1 to create" in shop.ok("plan", "dev").out

    assert "is now v2" in shop.ok("apply", "dev", "--yes", "--if-changed").out
    assert _card(shop)["stacks"]["main"]["targets"] == [] and "in sync" in shop.ok("status").out
    verdict = shop.ok("history", "dev", "--verdict").out
    assert "was only a part of its commit" in verdict
    back = shop.ok("rollback", "dev", "v1", "--yes")
    assert f"was only a part of its commit (--target of {MAIN}): all of that commit comes" in back.err


def test_what_is_not_there_is_a_mistake(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    misspelt = shop.run("plan", "dev", "--target", "module.main.terraform_data.mian")
    assert (misspelt.code, "unknown-target" in misspelt.err) == (11, True)
    assert "did you mean `module.main.terraform_data.main`" in misspelt.err
    assert (
        "next: tfops apply dev --yes --target module.main\n"
        in shop.run("apply", "dev", "--yes", "--target", "module.maim").err
    )
    # It is in the code, and makes nothing.
    assert "No changes there" in shop.ok("plan", "dev", "--target", "module.main.terraform_data.each").out
    assert shop.run("plan", "dev", "--target", "main").code == 64
    both = shop.run("apply", "dev", "--yes", "--refresh-only", "--refresh=false")
    assert both.code == 64 and "one of the two" in both.err
    assert shop.run("apply", "--all", "--yes", "--target", MAIN).code == 64
    assert shop.run("plan", "dev", "--keep", "--target", MAIN).code == 64
    assert shop.tags() == ["tfops/dev/v1"]


_FAILS = """\
variable "value" { type = any }
resource "terraform_data" "main" {
  input = var.value
  provisioner "local-exec" { command = "test ! -e FAILS" }
}
resource "terraform_data" "other" { input = var.value }
"""


def test_a_part_that_stopped_half_way_is_resumed_as_that_part(shop: Sandbox) -> None:
    fails = shop.path.parent / "fails"
    shop.write("modules/thing/main.tf", _FAILS.replace("FAILS", str(fails)))
    shop.wish("a")
    fails.touch()
    assert shop.run("apply", "dev", "--yes", "--target", MAIN).code == 21
    fails.unlink()
    shop.ok("resume", "dev", "--yes")
    stack = _card(shop)["stacks"]["main"]
    assert (stack["targets"], list(stack["inventory"])) == ([MAIN], [MAIN])

    # Killed after the engine was through: recorded as that part.
    shop.wish("b")
    killed = shop.run("apply", "dev", "--yes", "--target", MAIN, env={"TFOPS_FAILPOINT": "engine-ended:SIGKILL"})
    assert killed.code == -9
    shop.ok("recover", "dev")
    assert _card(shop)["stacks"]["main"]["targets"] == [MAIN] and shop.tags()[-1] == "tfops/dev/v2"


def test_of_several_stacks_the_address_says_which(shop: Sandbox) -> None:
    for name in ("one", "two"):
        body = {"modules": {"main": {"source": "thing", "inputs": {"value": name, "keys": ["a"]}}}}
        shop.write(f"environments/dev/{name}.yaml", json.dumps(body))
    shop.commit("two stacks")
    shop.ok("apply", "dev", "--yes")
    for name in ("one", "two"):
        body = {"modules": {"main": {"source": "thing", "inputs": {"value": "new", "keys": ["a", "b"]}}}}
        shop.write(f"environments/dev/{name}.yaml", json.dumps(body))
    shop.commit("more")
    bare = shop.run("apply", "dev", "--yes", "--target", MAIN)
    assert bare.code == 11 and f"one/{MAIN}" in bare.err
    shop.ok("apply", "dev", "--yes", "--target", f"one/{MAIN}")
    card = _card(shop)
    assert card["stacks"]["one"]["targets"] == [MAIN] and card["stacks"]["two"]["targets"] == []
    assert card["stacks"]["two"]["commit"] and not card["stacks"]["one"]["commit"]
    # Another stack's apply doesn't make the first one whole.
    shop.ok("apply", "dev", "--yes", "--stack", "two")
    assert f"partial: only one/{MAIN}" in shop.ok("status").out


def test_no_rollback_by_itself_goes_to_what_was_only_a_part(shop: Sandbox) -> None:
    command = "test $(git log -1 --format=%s $TFOPS_COMMIT | grep -c bad) = 0"
    rule = {"branch": "main", "rollback": "auto", "verify": [{"name": "smoke", "command": ["sh", "-c", command]}]}
    shop.write("tfops.yaml", json.dumps({"version": 1, "project": "shop", "environments": {"dev": rule}}))
    shop.wish("good", keys=["a"])
    shop.ok("apply", "dev", "--yes", "--target", MAIN)
    shop.wish("bad", keys=["a"])
    failed = shop.run("apply", "dev", "--yes")
    assert failed.code == 13 and "not rolled back by itself: v1 was a part of its commit" in failed.err
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"]
