"""States that OpenTofu encrypts: by every command that reads or writes one."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.encryption import BLOCK, KEYS, PASSPHRASE, STATE_PASSPHRASE, TF_ENCRYPTION, files_with, is_sealed
from tests.support.engines import available_engines, require_tofu
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import serve_states
from tests.support.ways_back import RULES as STORY_RULES
from tests.support.ways_back import look, new_story

RULES = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n"


@pytest.fixture
def shop(tmp_path: Path) -> Sandbox:
    return new_sandbox(tmp_path / "shop", require_tofu())


def test_a_state_is_encrypted_by_the_keys_in_the_environment_or_not_written(shop: Sandbox) -> None:
    """docs/reference/engines.md: TF_ENCRYPTION reaches OpenTofu, and nobody else; Terraform refuses."""
    check = "required_checks:\n  - {name: sees, command: [sh, -c, 'test -z \"$TF_ENCRYPTION\"']}\n"
    shop.write("tfops.yaml", RULES + check)
    shop.wish("canary-one")
    shop.env |= TF_ENCRYPTION
    for other in [engine for engine in available_engines() if engine != "tofu"]:
        refused = shop.run("apply", "dev", "--yes", "--engine", other, "-o", "json")
        assert refused.error["guard"] == "encryption", refused.out
    assert not shop.state_file.exists()
    shop.ok("apply", "dev", "--yes")
    assert is_sealed(shop.state())
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
    shop.wish("two")
    shop.ok("apply", "dev", "--yes")
    shop.ok("drift", "dev")
    shop.ok("rollback", "dev", "v1", "--yes")
    assert is_sealed(shop.state())
    assert files_with(shop.path, PASSPHRASE) == []
    assert files_with(shop.workspace / "state", "canary-one") == []
    bare = {"TF_ENCRYPTION": ""}
    lost = shop.run("plan", "dev", env=bare)
    assert lost.code != 0 and "the state is encrypted: use OpenTofu with its keys" in lost.err
    wrong = {"TF_ENCRYPTION": json.dumps(KEYS).replace(PASSPHRASE, "another-passphrase-altogether")}
    refused = shop.run("plan", "dev", env=wrong)
    assert "these keys don't fit the state" in refused.err and "another-passphrase" not in refused.err


def test_tfops_yaml_says_how_states_are_encrypted_and_a_module_cannot(shop: Sandbox) -> None:
    """docs/reference/tfops-yaml.md, `encryption`."""
    shop.write("tfops.yaml", RULES + BLOCK)
    shop.wish("one")
    missing = shop.run("apply", "dev", "--yes", "-o", "json")
    assert missing.error["guard"] == "secret" and "STATE_PASSPHRASE" in missing.out
    shop.env |= STATE_PASSPHRASE
    shop.ok("apply", "dev", "--yes")
    assert is_sealed(shop.state())
    assert files_with(shop.path, PASSPHRASE) == []
    for engine in [engine for engine in available_engines() if engine != "tofu"]:
        assert shop.run("plan", "dev", "--engine", engine, "-o", "json").error["guard"] == "encryption"
    block = 'terraform {\n  encryption {\n    method "unencrypted" "no" {}\n  }\n}\n'
    shop.write("modules/thing/own.tofu", block)
    shop.commit()
    refused = shop.run("plan", "dev", "-o", "json")
    assert refused.error["guard"] == "encryption" and "own.tofu" in refused.out


def test_a_state_that_could_not_be_saved_is_saved_later_although_it_is_encrypted(tmp_path: Path) -> None:
    """`state push` of OpenTofu 1.12.6 takes no encrypted file, and `errored.tfstate` is one."""
    with serve_states() as server:
        shop = new_sandbox(tmp_path / "shop", require_tofu(), rules=RULES + server.backend())
        shop.env |= TF_ENCRYPTION
        shop.wish("one")
        server.refuses = True
        stopped = shop.run("apply", "dev", "--yes")
        assert stopped.code != 0
        server.refuses = False
        shop.ok("recover", "dev")
        [state] = server.states.values()
        assert is_sealed(json.loads(state))
        assert not list(shop.workspace.rglob("errored.tfstate"))
        assert shop.run("plan", "dev", "--detailed-exitcode").code == 0


def test_adopt_takes_an_encrypted_state_over_with_its_keys(shop: Sandbox) -> None:
    folder = shop.path / "old"
    folder.mkdir()
    (folder / "main.tf").write_text('resource "terraform_data" "a" { input = "old" }\n')
    for argv in (["init"], ["apply", "-auto-approve"]):
        subprocess.run(["tofu", *argv], cwd=folder, env=shop.env | TF_ENCRYPTION, check=True, capture_output=True)
    (folder / ".gitignore").write_text("*.tfstate*\n.terraform*\n")
    shop.commit()
    refused = shop.run("adopt", "dev", "old", "-o", "json")
    assert refused.error["guard"] == "adopt" and "encrypted" in refused.out
    shop.env |= TF_ENCRYPTION
    shop.ok("adopt", "dev", "old")
    shop.commit()
    shop.ok("adopt", "dev", "old", "--yes")
    assert is_sealed(shop.state())
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
    assert files_with(shop.path, PASSPHRASE) == []


CANARY = "canary-of-a-state"


@pytest.mark.parametrize("how", ["tfops.yaml", "TF_ENCRYPTION"])
def test_a_move_reads_and_writes_with_todays_keys_and_leaves_nothing_in_clear(tmp_path: Path, how: str) -> None:
    """Also when it is killed on the way, and the mark on the old copy is sealed like everything else there."""
    block = BLOCK if how == "tfops.yaml" else ""
    with serve_states() as server:
        shop = new_sandbox(tmp_path / "shop", require_tofu(), rules=RULES + block)
        shop.env |= STATE_PASSPHRASE if block else TF_ENCRYPTION
        shop.wish(CANARY)
        shop.ok("apply", "dev", "--yes")
        lineage = shop.state()["lineage"]
        shop.write("tfops.yaml", RULES + block + server.backend())
        shop.commit("Another backend")
        assert shop.run("plan", "dev", "-o", "json").error["guard"] == "backend-moved"
        killed = {"TFOPS_FAILPOINT": "state-copied:SIGKILL"}
        assert shop.run("backend", "move", "dev", "--yes", env=killed).code == -9
        [moved] = shop.ok("backend", "move", "dev", "--yes", "-o", "json").result["states"]
        assert (moved["resources"], moved["old_copy"]) == (1, "marked")
        there = json.loads(server.states["/dev/main"])
        assert is_sealed(there) and there["lineage"] == lineage
        assert is_sealed(shop.state())
        assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
        shop.write("tfops.yaml", RULES + block)
        shop.commit("And back")
        shop.ok("backend", "move", "dev", "--yes")
        assert is_sealed(shop.state())
        assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
    assert files_with(shop.workspace / "state", CANARY) == files_with(shop.workspace / "runs", CANARY) == []
    assert files_with(shop.path, PASSPHRASE) == []


def test_a_move_of_a_state_in_clear_wants_a_fallback_and_seals_it(tmp_path: Path) -> None:
    """docs/reference/tfops-yaml.md, `encryption`: how a state that is in clear is taken over."""
    migrating = (
        BLOCK.replace("  state: {", "  state: {fallback: {method: method.unencrypted.migrate}, ")
        .replace("  method: {", "  method: {unencrypted: {migrate: null}, ")
        .replace(", enforced: true}\n  plan", "}\n  plan")
    )
    with serve_states() as server:
        shop = new_sandbox(tmp_path / "shop", require_tofu(), rules=RULES)
        shop.env |= STATE_PASSPHRASE
        shop.wish(CANARY)
        shop.ok("apply", "dev", "--yes")
        shop.write("tfops.yaml", RULES + server.backend() + BLOCK)
        shop.commit("Another backend, encrypted")
        refused = shop.run("backend", "move", "dev", "--yes")
        assert refused.code != 0 and "fallback" in refused.err, refused.err
        assert not server.states
        shop.write("tfops.yaml", RULES + server.backend() + migrating)
        shop.commit("With a fallback")
        shop.ok("backend", "move", "dev", "--yes")
        assert is_sealed(json.loads(server.states["/dev/main"]))
        assert shop.run("plan", "dev", "--detailed-exitcode").code == 0


def test_a_drill_seals_the_states_of_its_place_too(tmp_path: Path) -> None:
    rules = RULES + "  perf: {rehearses: dev}\n" + BLOCK
    shop = new_sandbox(tmp_path / "shop", require_tofu(), rules=rules)
    shop.env |= STATE_PASSPHRASE
    shop.write("environments/perf.yaml", "modules: {main: {inputs: {value: perf}}}\n")
    for value in (CANARY, "two"):
        shop.wish(value)
        shop.ok("apply", "dev", "--yes")
    drilled = shop.ok("drill", "dev", "v1", "--yes", "--keep", "-o", "json").result["drill"]
    assert (drilled["place"], drilled["is_ok"]) == ("perf", True)
    place = shop.workspace / "state/perf/main.tfstate"
    assert is_sealed(json.loads(place.read_text())) and is_sealed(shop.state())
    shop.ok("destroy", "perf", "--yes")
    assert is_sealed(json.loads(place.read_text()))
    assert files_with(shop.workspace / "state", CANARY) == files_with(shop.path, PASSPHRASE) == []


@pytest.mark.parametrize("where", ["local", "http"])
def test_what_a_killed_engine_made_is_taken_into_the_sealed_state(tmp_path: Path, where: str) -> None:
    """docs/explanation/recovery.md: on both backends OpenTofu loses its last seconds."""
    with serve_states() as server:
        rules = RULES + BLOCK + (server.backend() if where == "http" else "")
        shop = new_sandbox(tmp_path / "shop", require_tofu(), rules=rules)
        shop.env |= STATE_PASSPHRASE

        def state() -> Any:
            return shop.state() if where == "local" else json.loads(server.states["/dev/main"])

        gate = shop.home / "open"
        shop.write("modules/thing/main.tf", _SLOW.format(gate=gate))
        shop.write("environments/dev.yaml", "modules: {main: {source: thing}}\n")
        shop.commit("Something that takes its time")
        killed = {"TFOPS_FAILPOINT": "engine-working:SIGKILL+engine"}
        assert shop.run("apply", "dev", "--yes", env=killed).code == -9
        gate.touch()
        recovered = shop.ok("recover", "dev")
        assert "taken in by id: module.main.terraform_data.quick" in recovered.err
        assert is_sealed(state())
        shop.ok("resume", "dev", "--yes")
        assert is_sealed(state())
        assert shop.run("plan", "dev", "--detailed-exitcode").code == 0
    assert files_with(shop.path, PASSPHRASE) == []


_SLOW = """\
resource "terraform_data" "quick" {{}}
resource "terraform_data" "slow" {{
  input = terraform_data.quick.id
  provisioner "local-exec" {{ command = "until [ -e '{gate}' ]; do sleep 0.1; done" }}
}}
"""


def test_what_was_replaced_and_not_saved_is_put_right_in_the_sealed_state(tmp_path: Path, provider_door: Path) -> None:
    named = 'resource "demo_database" "d" {{\n  name           = "{}"\n  engine_version = "1"\n}}\n'
    with serve_states() as server:
        rules = STORY_RULES + BLOCK + server.backend()
        story = new_story(tmp_path / "story", require_tofu(), provider_door, rules=rules)
        story.shop.env |= STATE_PASSPHRASE
        story.version(named.format("one"))
        story.write(named.format("two"))
        server.frozen["/dev/main"] = server.states["/dev/main"]
        died = {"TFOPS_FAILPOINT": "engine-ended:SIGKILL"}
        assert story.shop.run("apply", "dev", "--yes", env=died).code == -9
        del server.frozen["/dev/main"]
        assert "taken in by id: module.main.demo_database.d" in story.shop.ok("recover", "dev").err
        assert list(look(story.world)) == ["database/two"]
        assert is_sealed(json.loads(server.states["/dev/main"]))
