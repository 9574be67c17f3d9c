"""`plan --out` and `apply --plan`: exactly that plan, and a file that isn't right is refused by name."""

import base64
import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.sandbox import Ran, Sandbox, new_sandbox
from tests.support.sops import new_sops

FILE = "dev.tfplan"


def _body(path: Path) -> Any:
    return json.loads(path.read_bytes().split(b"\n", 2)[2])


def _write(path: Path, body: Any) -> None:
    """As somebody would who knows how the file is made."""
    text = json.dumps(body).encode()
    path.write_bytes(b"tfops-plan 1 clear\n" + hashlib.sha256(text).hexdigest().encode() + b"\n" + text)


def _rewritten(body: Any, change: Callable[[str, bytes], bytes]) -> Any:
    """The body with files in the engine's own plan exchanged."""
    [(name, stack)] = body["stacks"].items()
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(stack["plan"]))) as old, zipfile.ZipFile(made, "w") as new:
        for inner in old.namelist():
            new.writestr(inner, change(inner, old.read(inner)))
    return body | {"stacks": {name: stack | {"plan": base64.b64encode(made.getvalue()).decode()}}}


def _refused(ran: Ran, guard: str, text: str = "") -> None:
    assert (ran.code, guard in ran.err, text in ran.err) == (11, True, True), ran.err


def test_exactly_the_plan_in_the_file_is_applied(shop: Sandbox) -> None:
    shop.wish("one")
    (shop.path / FILE).write_text("mine")
    _refused(shop.run("plan", "dev", "--out", FILE), "exists")
    assert (shop.path / FILE).read_text() == "mine"
    (shop.path / FILE).unlink()
    for _ in range(2):  # its own it may write anew
        saved = shop.ok("plan", "dev", "--out", FILE, "--parallelism", "3")
    assert "holds secrets in clear" in saved.out and (shop.path / FILE).stat().st_mode & 0o777 == 0o600
    body = _body(shop.path / FILE)

    # Another commit with the same files is the same to the engine: as after a merge.
    shop.write("README.md", "merged\n")
    head = shop.commit("merged")
    applied = shop.ok("apply", "dev", "--yes", "--plan", FILE, "-o", "json")
    assert applied.result["commit"]["sha"] == head != body["commit"]
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert (card["plan"]["digest"], card["parallelism"]) == (body["digest"], 3)
    _refused(shop.run("apply", "dev", "--yes", "--plan", FILE), "plan-stale", "the state of main: none; now serial")

    shop.ok("plan", "dev", "--out", FILE)
    shop.wish("two")
    _refused(shop.run("apply", "dev", "--yes", "--plan", FILE), "plan-commit", "comes to something else")
    shop.ok("plan", "dev", "--target", "module.main", "--out", FILE)
    assert shop.run("apply", "dev", "--yes", "--plan", FILE, "--refresh=false").code == 64
    killed = shop.run("apply", "dev", "--yes", "--plan", FILE, env={"TFOPS_FAILPOINT": "engine-ended:SIGKILL"})
    assert killed.code == -9
    shop.ok("recover", "dev")
    assert "partial: only module.main" in shop.ok("status").out


def test_a_file_that_is_not_right_is_refused_by_name(tmp_path: Path, engine: str) -> None:
    rules = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}, "prod": {"branch": "live"}}}
    shop = new_sandbox(tmp_path / "shop", engine, rules=json.dumps(rules))
    shop.env["TOKEN"] = "first-token"
    shop.wish({"from": "env:TOKEN"})
    path = shop.path / FILE
    shop.ok("plan", "dev", "--out", FILE)
    whole, body = path.read_bytes(), _body(path)

    def apply(env: str = "dev", **more: str) -> Ran:
        ran = shop.run("apply", env, "--yes", "--plan", FILE, env=more)
        assert "first-token" not in ran.out + ran.err
        return ran

    _refused(apply("prod"), "plan-foreign", "is for dev, and this is prod")
    _refused(apply(TOKEN="second-token"), "plan-secrets")
    path.write_bytes(whole[:-20])
    _refused(apply(), "plan-damaged", "cut off")
    path.write_bytes(base64.b64decode(body["stacks"]["main"]["plan"]))
    _refused(apply(), "plan-damaged", "a plan that Terraform wrote")
    path.unlink()
    assert apply().code == 64

    _write(path, {name: value for name, value in body.items() if name != "digest"})
    _refused(apply(), "plan-damaged")
    _write(path, body | {"engine": {"name": "terraform", "version": "1.0.0"}})
    _refused(apply(), "plan-engine")
    _write(path, body | {"digest": "0" * 64})
    _refused(apply(), "plan-tampered", "its digest is")
    _write(path, body | {"stacks": {"main": body["stacks"]["main"] | {"lock_digest": "0" * 64}}})
    _refused(apply(), "plan-providers")
    _write(path, body | {"stacks": {"main": body["stacks"]["main"] | {"is_empty": True}}})
    _refused(apply(), "plan-tampered", "marked as one that does nothing")

    # What the engine would act with is in its own file, and no digest says so.
    code = 'resource "terraform_data" "main" { input = "mine" }\n'
    _write(path, _rewritten(body, lambda name, old: code.encode() if name.endswith("m-main/main.tf") else old))
    _refused(apply(), "plan-tampered", "its modules/thing/main.tf is another one")
    elsewhere = (b"state/dev/main", b"state/dev/mine")
    _write(path, _rewritten(body, lambda name, old: old.replace(*elsewhere) if name == "tfplan" else old))
    _refused(apply(), "plan-tampered", "it keeps its state elsewhere")
    _write(path, _rewritten(body, lambda name, old: b"" if name == "tfplan" else old))
    _refused(apply(), "plan-tampered", "can't be read")

    shop.ok("plan", "dev", "--target", "module.main", "--out", FILE)
    _write(path, _body(path) | {"targets": []})
    _refused(apply(), "plan-tampered", "it leaves out what another plan must do")

    assert shop.tags() == []
    path.write_bytes(whole)
    assert "is now v1" in apply().out


_TAKES = """\
variable "cidr" { type = string }
variable "id" { type = string }
resource "terraform_data" "app" { input = "${var.cidr}${STAMP}" }
"""
_GIVES = """\
variable "cidr" { type = string }
resource "terraform_data" "vpc" { input = var.cidr }
output "cidr" { value = var.cidr }
output "id" { value = terraform_data.vpc.id }
"""


def _stacks(shop: Sandbox, cidr: str) -> None:
    taken = {"cidr": "${stack.network.cidr}", "id": "${stack.network.id}"}
    for name, inputs in (("network", {"cidr": cidr}), ("app", taken)):
        body = {"modules": {name: {"source": name, "inputs": inputs}}}
        shop.write(f"environments/dev/{name}.yaml", json.dumps(body))
    shop.commit(cidr)


def test_stacks_whose_plan_is_the_last_word_are_kept_and_one_that_becomes_another_is_not_applied(shop: Sandbox) -> None:
    shop.write("modules/network/main.tf", _GIVES)
    shop.write("modules/app/main.tf", _TAKES.replace("${STAMP}", ""))
    _stacks(shop, "10.0.0.0/16")
    waits = shop.run("plan", "dev", "--out", FILE)
    _refused(waits, "plan-waits", "stack app")
    assert "--stack network" in waits.err and not (shop.path / FILE).exists()
    shop.ok("plan", "dev", "--stack", "network", "--out", FILE)
    shop.ok("apply", "dev", "--yes", "--plan", FILE)
    assert list(shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]) == ["network"]
    shop.ok("apply", "dev", "--yes")

    # What `app` takes is known: planned again after `network`, it is the same.
    _stacks(shop, "10.1.0.0/16")
    shop.ok("plan", "dev", "--out", FILE)
    shop.ok("apply", "dev", "--yes", "--plan", FILE)
    assert shop.ok("output", "dev", "-o", "json").result and "in sync" in shop.ok("status").out

    shop.write("modules/app/main.tf", _TAKES.replace("${STAMP}", "${plantimestamp()}"))
    _stacks(shop, "10.2.0.0/16")
    shop.ok("plan", "dev", "--out", FILE)
    time.sleep(1)  # the engine's time stamps have seconds
    other = shop.run("apply", "dev", "--yes", "--plan", FILE)
    assert other.code == 21 and "stack app is planned again" in other.err


def test_a_rollback_by_itself_makes_a_plan_of_its_own(tmp_path: Path, engine: str) -> None:
    command = "test $(git log -1 --format=%s $TFOPS_COMMIT | grep -c bad) = 0"
    rule = {"branch": "main", "rollback": "auto", "verify": [{"name": "smoke", "command": ["sh", "-c", command]}]}
    rules = {"version": 1, "project": "shop", "environments": {"dev": rule}}
    shop = new_sandbox(tmp_path / "shop", engine, rules=json.dumps(rules))
    shop.wish("good")
    shop.ok("apply", "dev", "--yes")
    shop.wish("bad")
    shop.ok("plan", "dev", "--out", FILE)
    digest = _body(shop.path / FILE)["digest"]
    failed = shop.run("apply", "dev", "--yes", "--plan", FILE, "--plan-digest", digest)
    assert failed.code == 13 and "dev is now v2, but 1 of 1 check failed: rolled back to v1" in failed.err


def test_a_file_for_the_holders_of_a_key(tmp_path: Path, engine: str) -> None:
    sops = new_sops()
    rules = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}}
    shop = new_sandbox(tmp_path / "shop", engine, rules=json.dumps(rules | {"plan_files": {"age": [sops.public]}}))
    shop.wish("one")
    path = shop.path / FILE
    without = os.pathsep.join(one for one in sops.env["PATH"].split(os.pathsep) if not Path(one, "sops").exists())
    _refused(shop.run("plan", "dev", "--out", FILE, env={"PATH": without}), "plan-key", "install sops")
    assert not path.exists()
    saved = shop.ok("plan", "dev", "--out", FILE, env=sops.env)
    assert "encrypted for the keys" in saved.out and b"terraform_data" not in path.read_bytes()
    _refused(shop.run("apply", "dev", "--yes", "--plan", FILE, env=sops.env | {"SOPS_AGE_KEY": ""}), "plan-key")
    assert "is now v1" in shop.ok("apply", "dev", "--yes", "--plan", FILE, env=sops.env).out
