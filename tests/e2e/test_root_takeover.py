"""Taking over what a root module made by hand: states that are copied, interrupted runs, several roots, imports."""

import json
from pathlib import Path

from tests.e2e.test_adopt import ids, terraform
from tests.support.forms import own_form
from tests.support.sandbox import Sandbox, new_sandbox
from tests.support.state_server import serve_states
from tests.support.ways_back import Story, look

CODE = 'resource "terraform_data" "x" { input = 1 }\n'


def test_a_state_in_the_codes_backend_is_copied_to_the_one_of_tfops_yaml(tmp_path: Path, engine: str) -> None:
    with serve_states() as states:
        rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, root: live}\n" + states.backend()
        shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
        shop.write(".gitignore", ".terraform/\n.terraform.lock.hcl\n")
        shop.write("live/main.tf", CODE)
        shop.write(
            "live/backend.tf", f'terraform {{\n  backend "http" {{ address = "{states.address}/by-hand" }}\n}}\n'
        )
        shop.commit()
        for step in ("init", "apply -auto-approve"):
            terraform(shop, shop.path / "live", *step.split())
        by_hand = states.states["/by-hand"]

        # Cut off after the state was copied, and before it was recorded: the same command goes on.
        for point in ("state-pushed", "state-brought"):
            killed = shop.run("adopt", "prod", "--yes", env={"TFOPS_FAILPOINT": f"{point}:SIGKILL"})
            assert killed.code != 0 and shop.tags() == []
        assert json.loads(states.states["/prod/main"])["lineage"] == json.loads(by_hand)["lineage"]
        assert shop.ok("adopt", "prod", "--yes", "-o", "json").result["version"] == "v1"
        assert states.states["/by-hand"] == by_hand, "what was there stays as it was"
        shown = shop.ok("show", "prod", "-o", "json").result["card"]["stacks"]["main"]
        assert sorted(shown["inventory"].values()) == ids(json.loads(by_hand))
        assert "No changes" in shop.ok("plan", "prod").out


def test_several_roots_are_taken_over_at_once_each_with_its_state(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, roots: [live/net, live/app]}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write(".gitignore", "*.tfstate*\n.terraform/\n.terraform.lock.hcl\n")
    for name in ("net", "app"):
        shop.write(f"live/{name}/main.tf", CODE)
        for step in ("init", "apply -auto-approve"):
            terraform(shop, shop.path / f"live/{name}", *step.split())
    shop.commit()
    shop.ok("adopt", "prod", "--yes")
    stacks = shop.ok("show", "prod", "-o", "json").result["card"]["stacks"]
    for name in ("net", "app"):
        by_hand = json.loads((shop.path / f"live/{name}/terraform.tfstate").read_text())
        assert sorted(stacks[name]["inventory"].values()) == ids(by_hand)
    assert "No changes" in shop.ok("plan", "prod").out


@own_form
def test_an_import_block_of_a_root_takes_in_what_is_there(story: Story) -> None:
    story.version('resource "demo_thing" "one" { content = "one" }\n')
    (story.world / "thing/by-hand").write_text(json.dumps({"content": "theirs", "id": "by-hand"}))
    taken = 'import {\n  to = demo_thing.two\n  id = "by-hand"\n}\nresource "demo_thing" "two" { content = "theirs" }\n'
    assert "nothing wrong" in story.shop.ok("validate").out
    story.version('resource "demo_thing" "one" { content = "one" }\n' + taken)
    assert story.contents() == ["one", "theirs"]
    inventory = story.shop.ok("inventory", "dev", "-o", "json").result["environments"]["dev"]
    assert inventory["demo_thing.two"] == "by-hand"
    assert len(look(story.world)) == 2


def test_names_and_types_that_cannot_be_are_refused_before_anything_runs(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  prod: {branch: main, root: live}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("live/main.tf", CODE + 'variable "keys" { default = {} }\n')
    shop.write("live/zzz_override.tf", "locals {}\n")
    shop.commit()
    refused = shop.run("apply", "prod", "--yes", "-o", "json").error
    assert refused["guard"] == "root-names" and "`live/zzz_override.tf` would be read after" in refused["what"]
    shop.git("mv", "live/zzz_override.tf", "live/aaa_override.tf")
    shop.write("tfops.yaml", rules.replace("root: live", "root: live, inputs: {keys: {a: {from: 'env:KEY'}}}"))
    shop.commit()
    refused = shop.run("apply", "prod", "--yes", "-o", "json", env={"KEY": "hunter2-canary"}).error
    assert refused["guard"] == "variable-type" and "variable `keys` says no type" in refused["what"]
    shop.write("live/main.tf", CODE + 'variable "keys" {\n  type    = map(string)\n  default = {}\n}\n')
    shop.commit()
    done = shop.ok("apply", "prod", "--yes", env={"KEY": "hunter2-canary"})
    assert "hunter2" not in done.out + done.err
    _refuses_cloud(shop)


def _refuses_cloud(shop: Sandbox) -> None:
    """By name, for a new commit; and what runs can't be rolled back under rules of which nobody knows the state."""
    shop.write("live/cloud.tf", 'terraform {\n  cloud {\n    organization = "acme"\n  }\n}\n')
    shop.commit("HCP Terraform")
    for command in ("validate", "plan prod", "apply prod --yes"):
        [found] = shop.run(*command.split(), "-o", "json").error["complaints"]
        assert found["message"].startswith("`live` has a `cloud` block: HCP Terraform keeps state and locks")
    refused = shop.run("rollback", "prod", "v1", "--yes", "-o", "json").error
    assert (refused["guard"], "cloud" in refused["what"]) == ("own-backend", True), refused
