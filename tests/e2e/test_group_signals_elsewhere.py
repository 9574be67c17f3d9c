"""Signals to the whole process group for what isn't the one road of a change: adopt, providers, drill, prune, approve.

The rest: `test_group_signals.py`; actions in `test_actions.py`, buckets and states in `tests/aws/test_interrupted.py`.
"""

import json
from pathlib import Path

import pytest

from tests.e2e.test_adopt import RULES, ids, simple_folder, terraform
from tests.support.group import job
from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote
from tests.support.ways_back import Story
from tfops.engine.lockfile import locked_versions

_NOTHING = "Nothing was changed."


def _interrupted(shop: Sandbox, point: str, *args: str, how: str = "SIGINT+group") -> str:
    """What a command says that is interrupted at a failpoint."""
    ran: Ran = shop.run(*args, "-o", "json", env={"TFOPS_FAILPOINT": f"{point}:{how}"})
    assert ran.code == 130, f"{point}: {ran.out}{ran.err}"
    assert "Exception ignored" not in ran.err, ran.err
    return str(ran.error["state"])


def test_an_adoption_that_is_interrupted_leaves_no_files_and_is_run_again(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=RULES)
    shop.write(".gitignore", "/old/\n")
    folder = simple_folder(shop, "old")
    for step in ("init", "apply -auto-approve"):
        terraform(shop, folder, *step.split())
    shop.commit()
    adopt, old = ("adopt", "dev", "old"), (folder / "terraform.tfstate").read_text()
    for point, how in (("files-written", "SIGINT+group"), ("rehearsed", "SIGTERM+group+again")):
        assert _interrupted(shop, point, *adopt, how=how) == _NOTHING
        assert (shop.git("status", "--porcelain"), (shop.path / "modules/old").exists()) == ("", False)
    shop.ok(*adopt)
    shop.commit("Adopt dev")

    copied = (
        "The state is copied to its new place, where no version uses it yet; the folder and its state are as they were."
    )
    assert _interrupted(shop, "state-brought", *adopt, "--yes") == copied
    assert _interrupted(shop, "consented", *adopt, "--yes", how="SIGTERM+group") == copied
    assert (shop.tags(), (folder / "ADOPTED-BY-TFOPS.txt").exists()) == ([], False)
    finished = _interrupted(shop, "version-stored", *adopt, "--yes", how="SIGINT+group+again")
    assert finished == "The change was finished and recorded first."
    assert (shop.tags(), (folder / "ADOPTED-BY-TFOPS.txt").exists()) == (["tfops/dev/v1"], True)
    assert (folder / "terraform.tfstate").read_text() == old
    assert ids(shop.state()) == ids(json.loads(old))
    assert "No changes" in shop.ok("plan", "dev").out


def test_a_provider_lock_is_written_whole_or_not_at_all(story: Story) -> None:
    shop, name = story.shop, "environments/dev.lock.hcl"
    story.write('resource "demo_thing" "one" { content = "one" }\n')
    lock = shop.path / name
    assert _interrupted(shop, "rendered", "providers", "lock", "dev") == _NOTHING
    assert not lock.exists()
    assert _interrupted(shop, "files-written", "providers", "lock", "dev") == f"`{name}` was written first: commit it."
    before = lock.read_text()
    shop.commit("Lock the providers")
    story.mirror.add("1.1.0")
    assert _interrupted(shop, "rendered", "providers", "update", "dev", how="SIGTERM+group") == _NOTHING
    assert lock.read_text() == before
    _interrupted(shop, "files-written", "providers", "update", "dev", how="SIGINT+group+again")
    assert list(locked_versions(lock.read_text()).values()) == ["1.1.0"]
    assert [path.name for path in lock.parent.iterdir() if path.name.startswith(".")] == []


def test_a_drill_that_is_interrupted_says_what_its_place_may_hold(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  perf: {branch: perf}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("environments/perf.yaml", '{"modules": {"main": {"source": "thing", "inputs": {"value": 0}}}}')
    for value in (1, 2):
        shop.wish(value, keys=["a", "b"])
        shop.ok("apply", "dev", "--yes")
    before = shop.git("rev-parse", "refs/tfops/envs/dev")
    drill = ("drill", "dev", "v1", "--in", "perf", "--yes")
    said = "dev is as it was. perf may hold what the drill made so far."
    for point, how in (
        ("planned", "SIGINT+group"),
        ("engine-working", "SIGINT+group"),
        ("version-stored", "SIGTERM+group"),
    ):
        assert _interrupted(shop, point, *drill, how=how) == said
        assert shop.git("rev-parse", "refs/tfops/envs/dev") == before, "it says nothing about the version"
        assert shop.ok("status", "-o", "json").result["environments"][1]["lock"] is None
    assert shop.ok(*drill, "-o", "json").result["drill"]["is_ok"]
    assert json.loads((shop.workspace / "state/perf/main.tfstate").read_text())["resources"] == []


_SLOW_TO_GO = """\
variable "marker" { type = string }
resource "terraform_data" "slow" {
  input = var.marker
  provisioner "local-exec" {
    when    = destroy
    command = "touch ${self.input}.going; until [ -e ${self.input}.go ]; do sleep 0.1; done"
  }
}
"""


@pytest.mark.parametrize("way", ["ctrl-c", "killpg"])
def test_a_prune_that_is_interrupted_hands_it_on_and_goes_on_later(tmp_path: Path, engine: str, way: str) -> None:
    rules = (
        "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, sync: manual}\n"
        '  "preview-{slug}": {branch: "feature/*", config: preview.yaml}\n'
    )
    shop, marker = new_sandbox(tmp_path / "shop", engine, rules=rules), tmp_path / "marker"
    shop.write("modules/slow/main.tf", _SLOW_TO_GO)
    inputs = {"marker": str(marker)}
    shop.write("environments/preview.yaml", json.dumps({"modules": {"main": {"source": "slow", "inputs": inputs}}}))
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.git("push", "--quiet", "origin", "HEAD:feature/login")
    shop.ok("reconcile")
    shop.clone(str(remote), tmp_path / "other").git("push", "--quiet", "origin", ":feature/login")
    shop.ok("prune")
    with job(shop, "prune", "--yes") as running:
        running.wait_until(marker.with_name("marker.going").exists)
        running.press() if way == "ctrl-c" else running.kill_group(15)
        assert running.end() == 130, running.text
        assert "has stopped in an orderly way" in running.text and "a bug in tfops" not in running.text
    marker.with_name("marker.go").touch()
    [preview] = [one for one in shop.ok("status", "-o", "json").result["environments"] if one["env"] == "preview-login"]
    assert (preview["lock"], preview["trouble"].startswith("Stopped part-way")) == (None, True)
    assert shop.tags() == ["tfops/preview-login/v1"]
    shop.ok("prune", "preview-login", "--yes")
    assert shop.tags()[-1] == "tfops/preview-login/v2"
    assert json.loads((shop.workspace / "state/preview-login/main.tfstate").read_text())["resources"] == []


def test_an_approval_that_is_interrupted_was_given_or_not(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, sync: plan}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.wish(1)
    with_remote(shop, tmp_path / "remote.git")
    shop.run("reconcile")
    for how in ("SIGINT+group", "SIGTERM+group+again"):
        ran = shop.run("approve", "dev", "--yes", "-o", "json", env={"TFOPS_FAILPOINT": f"intent-pushed:{how}"})
        if how == "SIGINT+group":
            assert (ran.code, ran.error["state"]) == (130, "It was done first: the ledger of dev has it."), ran.out
        else:
            assert ran.error["guard"] == "already-approved"
    shop.ok("reconcile")
    assert shop.tags() == ["tfops/dev/v1"]
