"""`tfops engine`, and surgery on a state: what reads changes nothing, what changes a state is locked and recorded."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, wait_until, with_remote
from tests.support.terminal import run_in_terminal

MAIN = "module.main.terraform_data.main"
ONE = 'module.main.terraform_data.each["one"]'


@pytest.fixture
def running(shop: Sandbox) -> Sandbox:
    """`dev` v1, with two resources."""
    shop.wish("a", keys=["one"])
    shop.ok("apply", "dev", "--yes")
    return shop


def _inventory(shop: Sandbox) -> dict[str, str]:
    found: dict[str, str] = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]["main"]["inventory"]
    return found


def _card(shop: Sandbox) -> Any:
    return shop.ok("show", "dev", "-o", "json").result["card"]


def _ledger(shop: Sandbox) -> str:
    return shop.git("rev-parse", "refs/tfops/envs/dev")


def _talk(shop: Sandbox, typed: str, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        shop.command(*args), cwd=shop.path, env=shop.env, input=typed, capture_output=True, text=True, check=False
    )


def test_what_reads_is_passed_on_and_leaves_nothing(running: Sandbox) -> None:
    before, files = _ledger(running), running.git("status", "--porcelain")
    listed = running.ok("engine", "dev", "--", "state", "list")
    assert listed.out.splitlines() == [ONE, MAIN]
    assert '"a"' in running.ok("engine", "dev", "--", "state", "show", MAIN).out
    assert json.loads(running.ok("engine", "dev", "--", "output", "-json").out)["main"]["value"] == {"value": "a"}
    assert running.ok("engine", "dev", "--", "validate").out.startswith("Success!")
    assert "digraph" in running.ok("engine", "dev", "--", "graph").out
    assert "terraform.io/builtin/terraform" in running.ok("engine", "dev", "--", "providers").out
    assert (_ledger(running), running.git("status", "--porcelain")) == (before, files)


def test_the_state_is_pulled_to_the_byte_and_json_has_it_too(running: Sandbox) -> None:
    pulled, stored = running.ok("state", "pull", "dev").out.rstrip("\n"), running.state_file.read_text().rstrip("\n")
    if running.env["TFOPS_ENGINE"] == "tofu":  # it writes the state out anew
        pulled, stored = json.loads(pulled), json.loads(stored)
    assert pulled == stored
    result = running.ok("engine", "dev", "-o", "json", "--", "state", "list").result
    assert result["output"] == f"{ONE}\n{MAIN}\n"
    assert (result["env"], result["command"], result["exit_code"]) == ("dev", "state list", 0)


def test_a_console_reads_what_is_typed(running: Sandbox) -> None:
    talked = _talk(running, 'upper("a")\n', "engine", "dev", "--", "console")
    assert (talked.returncode, talked.stdout) == (0, '"A"\n'), talked.stderr


def test_the_exit_code_is_the_engines(running: Sandbox) -> None:
    failed = running.run("engine", "dev", "--", "state", "show", "module.main.terraform_data.nothing")
    assert failed.code == 1 and "No instance found" in failed.err
    rm = running.run("state", "rm", "dev", "module.main.terraform_data.nothing", "--yes")
    assert rm.code == 1 and "the state is as it was" in rm.out
    assert not list(running.path.glob(".git/tfops/backups/**/*.tfstate")), "nothing to go back from"
    assert running.tags() == ["tfops/dev/v1"]
    assert not running.ok("status", "-o", "json").result["environments"][0]["lock"]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["apply"], "tfops apply dev"),
        (["destroy", "-auto-approve"], "tfops destroy dev"),
        (["init", "-reconfigure"], "tfops backend move dev"),
        (["workspace", "new", "x"], "tfops new env"),
        (["state", "mv", "-state-out=x", "a", "b"], "tfops state mv dev"),
        (["rpcapi"], "tfops engine dev -- state list"),
    ],
)
def test_what_has_a_command_of_its_own_is_refused(running: Sandbox, words: list[str], hint: str) -> None:
    refused = running.run("engine", "dev", "-o", "json", "--", *words)
    assert refused.code == 11
    assert refused.error["guard"] == "engine-command" and hint in refused.error["hint"]


def test_what_leaves_the_state_is_recorded_and_known_to_be_alive(running: Sandbox) -> None:
    known = _inventory(running)[ONE]
    removed = running.ok("engine", "dev", "--yes", "-o", "json", "--", "state", "rm", ONE).result
    assert (removed["version"], removed["removed"], removed["exit_code"]) == ("v2", [ONE], 0)
    backup = Path(removed["backup"])
    assert backup.stat().st_mode & 0o777 == 0o600 and backup.parent.stat().st_mode & 0o777 == 0o700
    assert ONE not in _inventory(running)
    card = _card(running)
    assert (card["kind"], card["stacks"]["main"]["forgotten"]) == ("surgery", {ONE: known})
    assert f"state rm {ONE}" in running.ok("history", "dev").out and "ann" in running.ok("log", "dev").out
    plan = running.ok("plan", "dev", "-o", "json").result["plan"]  # nothing is refused as unexplained
    assert [change["action"] for change in plan["changes"]] == ["create"]
    # The way back to before it takes the thing in again.
    running.ok("rollback", "dev", "v1", "--yes")
    assert _inventory(running)[ONE] == known
    assert _card(running)["stacks"]["main"]["imported"] == [ONE]


def test_what_moved_is_known_to_the_way_back(running: Sandbox) -> None:
    known, other = _inventory(running)[MAIN], "module.main.terraform_data.other"
    dry = running.ok("state", "mv", "dev", MAIN, other, "--dry-run")
    assert "Would move" in dry.out and running.tags() == ["tfops/dev/v1"]
    moved = running.ok("state", "mv", "dev", MAIN, other, "--yes", "-o", "json").result
    assert moved["moved"] == {other: MAIN}
    assert (_inventory(running)[other], _card(running)["stacks"]["main"]["moved"]) == (known, {other: MAIN})
    back = running.ok("rollback", "dev", "v1", "--yes", "-o", "json").result
    assert [change["action"] for change in back["plan"]["changes"]] == ["move"]
    assert _inventory(running)[MAIN] == known


def test_one_thing_is_imported(running: Sandbox) -> None:
    known = _inventory(running)[ONE]
    running.ok("state", "rm", "dev", ONE, "--yes")
    dry = running.ok("state", "import", "dev", ONE, known, "--dry-run", "-o", "json").result["plan"]["changes"]
    assert [(one["address"], one["action"]) for one in dry] == [(ONE, "update")]  # what code says of it comes after
    imported = running.ok("state", "import", "dev", ONE, known, "--yes", "-o", "json").result
    assert (imported["version"], imported["added"]) == ("v3", [ONE])
    assert _card(running)["stacks"]["main"]["imported"] == [ONE]
    assert _inventory(running)[ONE] == known


def test_a_backup_is_pushed_back(running: Sandbox) -> None:
    backup = running.ok("state", "rm", "dev", ONE, "--yes", "-o", "json").result["backup"]
    refused = running.run("state", "push", "dev", backup, "--yes")
    assert refused.code == 1 and "serial" in refused.err
    pushed = running.ok("state", "push", "dev", backup, "--force", "--yes", "-o", "json").result
    assert (pushed["version"], pushed["added"]) == ("v3", [ONE])
    assert running.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]


def test_what_is_there_is_not_imported_and_a_rehearsal_says_so(running: Sandbox) -> None:
    for words in (["--dry-run"], ["--yes"]):
        taken = running.run("state", "import", "dev", MAIN, "some-id", "-o", "json", *words)
        assert taken.code != 0 and running.tags() == ["tfops/dev/v1"]
    assert running.run("state", "import", "dev", MAIN, "some-id", "--dry-run", "-o", "json").error["guard"] == "taken"


def test_a_clone_that_lacks_the_state_does_not_call_it_empty(shop: Sandbox, tmp_path: Path) -> None:
    shop.wish("a")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    other = shop.clone(str(remote), tmp_path / "other")
    for words in (["engine", "dev", "-o", "json", "--", "state", "list"], ["state", "pull", "dev", "-o", "json"]):
        refused = other.run(*words)
        assert (refused.code, refused.error["guard"]) == (11, "state-absent"), words


def test_nobody_operates_without_a_yes(running: Sandbox) -> None:
    asked = running.run("state", "rm", "dev", ONE)
    assert asked.code == 13 and "--yes" in asked.err
    assert ONE in _inventory(running) and running.tags() == ["tfops/dev/v1"]


def test_what_another_clone_holds_is_only_looked_at(tmp_path: Path, engine: str) -> None:
    ours = new_sandbox(tmp_path / "ours", engine)
    ours.wish("a")
    remote = with_remote(ours, tmp_path / "remote.git")
    ours.ok("apply", "dev", "--yes")
    ours.git("push", "--quiet")
    theirs = ours.clone(str(remote), tmp_path / "theirs")
    theirs.ok("lock", "dev", "--reason", "a look")
    refused = ours.run("state", "rm", "dev", MAIN, "--yes")
    assert refused.code == 12 and "a look" in refused.err
    assert ours.ok("state", "list", "dev").out.splitlines() == [MAIN]
    assert not list((ours.workspace / "backups").rglob("*.tfstate"))


def test_what_is_replaced_by_hand_is_on_the_card(running: Sandbox) -> None:
    known = _inventory(running)[MAIN]
    nothing = running.run("apply", "dev", "--yes", "--replace", "module.main.terraform_data.nothing")
    assert nothing.code == 11 and "not-replaced" in nothing.err
    planned = running.ok("plan", "dev", "--replace", MAIN, "-o", "json").result["plan"]["changes"]
    assert [(one["address"], one["action"], one["reason"]) for one in planned] == [
        (MAIN, "replace", "replacement was asked for")
    ]
    applied = running.ok("apply", "dev", "--yes", "--if-changed", "--replace", MAIN, "-o", "json").result
    assert applied["version"] == "v2" and _inventory(running)[MAIN] != known
    assert _card(running)["replace_requested"] == [MAIN]
    assert f"--replace of {MAIN}" in running.ok("history", "dev").out


def test_a_refresh_changes_what_the_state_says_and_nothing_else(running: Sandbox) -> None:
    nothing = running.ok("apply", "dev", "--yes", "--refresh-only")
    assert "nothing to change" in nothing.out and running.tags() == ["tfops/dev/v1"]


def test_what_is_imported_by_the_file_is_imported_once(running: Sandbox) -> None:
    known = _inventory(running)[ONE]
    running.ok("state", "rm", "dev", ONE, "--yes")
    modules = {"main": {"source": "thing", "inputs": {"value": "a", "keys": ["one"]}}}
    running.write("environments/dev.yaml", json.dumps({"modules": modules, "imports": [{"to": ONE, "id": known}]}))
    running.commit("take it in")
    applied = running.ok("apply", "dev", "--yes", "-o", "json").result
    assert [change["action"] for change in applied["plan"]["changes"]] == ["update"]
    assert _card(running)["stacks"]["main"]["imported"] == [ONE] and _inventory(running)[ONE] == known
    running.write("environments/dev.yaml", json.dumps({"modules": modules}))
    running.commit("it is in")
    assert running.ok("apply", "dev", "--yes", "-o", "json").result["plan"]["is_empty"]


def test_a_module_gets_another_name(running: Sandbox) -> None:
    known = _inventory(running)[MAIN]
    modules = {"web": {"source": "thing", "inputs": {"value": "a", "keys": ["one"]}}}
    moved = [{"from": "module.main", "to": "module.web"}]
    running.write("environments/dev.yaml", json.dumps({"modules": modules, "moved": moved}))
    running.commit("it is called web")
    applied = running.ok("apply", "dev", "--yes", "-o", "json").result
    assert {change["action"] for change in applied["plan"]["changes"]} == {"move"}
    assert _inventory(running)["module.web.terraform_data.main"] == known
    back = running.ok("rollback", "dev", "v1", "--yes", "-o", "json").result
    assert {change["action"] for change in back["plan"]["changes"]} == {"move"}
    assert _inventory(running)[MAIN] == known


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"imports": [{"to": "module.other.aws_vpc.main", "id": "x"}]}, "no module `other`"),
        ({"imports": [{"to": "module.main", "id": "x"}]}, "no address of a resource"),
        ({"imports": [{"to": "module.main.a.b${x}", "id": "x"}]}, "no address of a resource"),
        ({"moved": [{"from": "module.a", "to": "module.main.a.b"}]}, "is a module"),
        ({"moved": [{"form": "module.a", "to": "module.main"}]}, "unknown key `form`"),
    ],
)
def test_mistakes_in_them_are_told_with_their_place(shop: Sandbox, block: dict[str, Any], said: str) -> None:
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "thing"}}, **block}))
    shop.commit("a mistake")
    wrong = shop.run("validate", "dev")
    assert wrong.code == 10 and said in wrong.err + wrong.out


def test_what_a_change_works_on_is_looked_at_meanwhile(shop: Sandbox) -> None:
    shop.wish("a")
    shop.ok("apply", "dev", "--yes")
    shop.write("modules/thing/main.tf", _SLOW.replace("PATH", str(shop.path.parent)))
    shop.wish("b")
    working = shop.start("apply", "dev", "--yes")
    wait_until((shop.path.parent / "began").exists)
    listed = shop.run("state", "list", "dev")
    (shop.path.parent / "go").touch()
    working.communicate(timeout=60)
    assert working.returncode == 0 and listed.code == 0, listed.err
    assert "is being changed" in listed.err or "module" in listed.out + listed.err


_SLOW = """\
variable "value" { type = any }
resource "terraform_data" "main" { input = var.value }
resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "touch PATH/began; until test -e PATH/go; do sleep 0.1; done" }
}
output "value" { value = terraform_data.main.output }
"""


def test_surgery_changes_neither_the_hold_nor_what_is_gone_back_to(running: Sandbox) -> None:
    running.wish("b", keys=["one"])
    running.ok("apply", "dev", "--yes")
    running.ok("rollback", "dev", "--yes")
    running.ok("state", "rm", "dev", ONE, "--yes")
    card = _card(running)
    assert (card["version"], card["restores"], card["hold"]["reason"]) == (4, 1, "rolled back to v1")
    assert running.run("apply", "dev", "--yes").code == 11
    further = running.run("rollback", "dev", "--yes", "-o", "json")
    assert further.code == 11 and further.error["guard"] == "no-previous"


def test_a_degraded_environment_stays_so_and_surgery_is_told(running: Sandbox) -> None:
    body = 'variable "value" { type = any }\nresource "terraform_data" "main" {\n  input = var.value\n  %s\n}\n'
    fails = 'provisioner "local-exec" { command = "exit 1" }\n  triggers_replace = 1'
    running.write("modules/thing/main.tf", body % fails)
    running.wish("c")
    assert running.run("apply", "dev", "--yes").code == 21
    done = running.ok("engine", "dev", "--yes", "-o", "json", "--", "untaint", MAIN).result
    assert (done["version"], done["exit_code"]) == (None, 0)
    assert "untaint" in running.ok("log", "dev").out
    assert "stopped" in running.ok("status").out or "degraded" in running.ok("status").out


_SECRET = """\
variable "value" {
  type      = any
  sensitive = true
}
resource "terraform_data" "main" { input = var.value }
output "value" {
  value     = terraform_data.main.output
  sensitive = true
}
"""


def test_what_programs_read_is_exact_and_everything_else_is_masked(shop: Sandbox) -> None:
    shop.write("modules/thing/main.tf", _SECRET)
    modules = {"main": {"source": "thing", "inputs": {"value": "hunter-two-22"}}}
    shop.write("environments/dev.yaml", json.dumps({"modules": modules}))
    shop.commit("a secret")
    shop.ok("apply", "dev", "--yes")
    for words in (["state", "pull"], ["output", "-json"], ["state", "pull", "-no-color"]):
        assert "hunter-two-22" in shop.ok("engine", "dev", "--", *words).out
        masked = shop.ok("engine", "dev", "-o", "json", "--", *words)
        assert "hunter-two-22" not in masked.out + masked.err
    for words in (["state", "show", MAIN], ["output"], ["show"]):
        shown = shop.ok("engine", "dev", "--", *words)
        assert "hunter-two-22" not in shown.out + shown.err
    backup = Path(shop.ok("state", "rm", "dev", MAIN, "--yes", "-o", "json").result["backup"])
    assert "hunter-two-22" in backup.read_text()
    assert "hunter-two-22" not in shop.ok("show", "dev", "-o", "json").out + shop.ok("log", "dev", "-o", "json").out


def test_a_person_is_asked_before_a_state_changes(running: Sandbox) -> None:
    words = running.command("state", "rm", "dev", ONE)
    no = run_in_terminal(words, cwd=running.path, env=running.env, answers=[("Go on?", "n\r")])
    assert no.code == 13 and "2 resources" in no.text and ONE in _inventory(running)
    yes = run_in_terminal(words, cwd=running.path, env=running.env, answers=[("Go on?", "y\r")])
    assert yes.code == 0 and "dev is now v2" in yes.text and ONE not in _inventory(running)
