"""`adopt --all`: every root module of a repository becomes an environment where it is, with the state that it has."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.test_adopt import ids, terraform
from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote
from tests.support.state_server import StateServer, serve_states

CODE = """\
provider "terraform" {}
variable "size" { default = 1 }
resource "terraform_data" "x" { input = "${terraform.workspace}-${var.size}" }
"""
IGNORED = "*.tfstate*\n.terraform/\n.terraform.lock.hcl\n*.hidden.auto.tfvars\n"


def by_hand(shop: Sandbox, root: str, *init: str) -> None:
    for argv in (("init", *init), ("apply", "-auto-approve")):
        terraform(shop, shop.path / root, *argv)


def without_rules(tmp_path: Path, engine: str) -> Sandbox:
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.git("rm", "-rfq", "--cached", "--ignore-unmatch", ".")
    (shop.path / "tfops.yaml").unlink()
    (shop.path / "modules/thing/main.tf").unlink()
    shop.write(".gitignore", IGNORED)
    return shop


def answers(ran: Ran) -> dict[str, Any]:
    return {one["env"]: one for one in json.loads(ran.out)["result"]["environments"]}


def test_every_root_is_taken_over_with_the_state_that_terraform_has_for_it(tmp_path: Path, engine: str) -> None:
    with serve_states() as states:
        shop = without_rules(tmp_path, engine)
        _write_roots(shop, states)
        with_remote(shop, tmp_path / "remote.git")
        before = {path: (shop.path / path).read_text() for path in shop.git("ls-files").split()}

        shown = shop.ok("adopt", "--all", "--dry-run", "-o", "json").result
        assert [one["env"] for one in shown["roots"]] == ["away", "many", "many-blue", "net", "off"]
        assert {path: why.split(":")[0] for path, why in shown["left_out"].items()} == {
            "live/cloud": "it has a `cloud` block",
            "live/new": "it has no state",
            "live/twin": "twin would keep its state where away does",
            "live/values": "`root` needs the input `must` (x.hidden.auto.tfvars isn't in the commit)",
        }
        assert "x.hidden.auto.tfvars isn't in the commit" in shown["left_out"]["live/values"]
        assert shop.tags() == [] and not (shop.path / "tfops.yaml").exists()
        refused = shop.run("adopt", "--all", "-o", "json")
        assert (refused.code, refused.error["name"]) == (13, "not-approved")

        killed = shop.run("adopt", "--all", "--yes", env={"TFOPS_FAILPOINT": "state-brought:SIGKILL"})
        assert killed.code != 0 and shop.tags() == ["tfops/away/v1"], killed.err  # whose state stays where it is
        ran = shop.run("adopt", "--all", "--yes", "-o", "json")
        found = answers(ran)
        assert (ran.code, {env: one["ok"] for env, one in found.items()}) == (
            11,
            {"many": True, "many-blue": True, "net": True, "off": False},
        )
        assert found["off"]["error"]["guard"] == "not-empty"
        assert [one["action"] for one in found["off"]["error"]["plan"]["changes"]] == ["update"]
        assert json.loads(ran.out)["result"]["adopted"] == ["away"]
        assert shop.git("log", "--format=%s", "origin/main").splitlines()[0] == "Name 5 roots in tfops.yaml"
        assert {path: (shop.path / path).read_text() for path in before} == before, "nothing moves"
        assert not (shop.workspace / "state/off/main.tfstate").exists()
        _is_what_runs(shop, states)

        shop.write("live/off/main.tf", CODE)
        shop.commit("as it runs")
        shop.git("push", "-q")
        assert list(answers(shop.ok("adopt", "--all", "--yes", "-o", "json"))) == ["off"]
        assert shop.ok("adopt", "--all", "--yes", "-o", "json").result["environments"] == []


def _write_roots(shop: Sandbox, states: StateServer) -> None:
    for name in ("away", "many", "net", "new", "off", "twin", "values"):
        shop.write(f"live/{name}/main.tf", CODE)
    for name in ("away", "twin"):  # a partial block: what completes it is said to `init` alone
        shop.write(f"live/{name}/backend.tf", 'terraform {\n  backend "http" {}\n}\n')
    shop.write("live/cloud/main.tf", 'terraform {\n  cloud { organization = "acme" }\n}\n')
    shop.write("live/values/main.tf", CODE + 'variable "must" { type = string }\n')
    shop.write("live/values/x.hidden.auto.tfvars", 'must = "x"\n')
    shop.commit()
    place = f"-backend-config=address={states.address}/by-hand"
    by_hand(shop, "live/away", place, "-backend-config=username=ann")
    terraform(shop, shop.path / "live/twin", "init", place)
    for name in ("many", "net", "off", "values"):
        by_hand(shop, f"live/{name}")
    shop.write("live/many/.terraform/environment", "blue")  # as `workspace select` does
    terraform(shop, shop.path / "live/many", "apply", "-auto-approve")
    shop.write("live/off/main.tf", CODE.replace("default = 1", "default = 2"))
    shop.commit("not what runs")


def _is_what_runs(shop: Sandbox, states: StateServer) -> None:
    rules = (shop.path / "tfops.yaml").read_text()
    completed = f"backend_config: {{address: {states.address}/by-hand, username: ann}}"
    assert "many-blue: {branch: main, root: live/many, workspace: blue}" in rules and completed in rules
    files = {
        "many": "live/many/terraform.tfstate",
        "many-blue": "live/many/terraform.tfstate.d/blue/terraform.tfstate",
        "net": "live/net/terraform.tfstate",
    }
    texts = {env: (shop.path / path).read_text() for env, path in files.items()}
    texts["away"] = states.states["/by-hand"].decode()
    for env, text in texts.items():
        card = shop.ok("show", env, "-o", "json").result["card"]
        assert (card["kind"], sorted(card["stacks"]["main"]["inventory"].values())) == ("adopt", ids(json.loads(text)))
    assert "No changes" in shop.ok("plan", "many-blue").out
