"""Where secrets come from besides AWS, how late they are read, and what is said when they can't be."""

import json
import signal
from pathlib import Path
from typing import Any

from tests.support.sandbox import Sandbox, new_sandbox, wait_until, with_remote
from tests.support.sops import new_sops
from tests.support.vault import serve_vault

_EPHEMERAL = """\
variable "token" {
  type      = string
  ephemeral = true
}
variable "open" {}
variable "hidden" { sensitive = true }
resource "terraform_data" "main" {
  input = var.open
  provisioner "local-exec" {
    command     = "echo $TOKEN > TOP/seen"
    environment = { TOKEN = var.token }
  }
}
output "token" {
  value     = var.token
  ephemeral = true
}
output "id" { value = terraform_data.main.id }
"""
_SOPS = "db: {password: from-sops, port: 5432, user_unencrypted: open}\n"
_TAKER = """\
variable "token" {
  type      = string
  ephemeral = true
}
output "is_given" { value = true }
"""


def wish(shop: Sandbox, inputs: dict[str, Any], *, module: str = "thing", secrets: Any = None) -> None:
    rules = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}, "secrets": secrets or {}}
    shop.write("tfops.yaml", json.dumps(rules))
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": module, "inputs": inputs}}}))
    shop.commit("wish")


def references(*names: str) -> dict[str, Any]:
    return {"value": [{"from": name} for name in names]}


def kept(shop: Sandbox) -> Any:
    [found] = [item for item in shop.state()["resources"] if item["name"] == "main"]
    return found["instances"][0]["attributes"]["input"]["value"]


def test_sops_vault_and_commands_are_asked_once_each_and_every_failure_is_named(tmp_path: Path, engine: str) -> None:
    shop, sops, count = new_sandbox(tmp_path / "shop", engine), new_sops(), tmp_path / "count"
    shop.write("secrets/dev.yaml", sops.encrypt("secrets/dev.yaml", _SOPS))
    shop.write("secrets/key.pem", sops.encrypt("secrets/key.pem", "two\nlines\n"))
    script = f'echo run >> {count}; echo \'{{"a": "from-exec"}}\''
    commands = {
        "both": ["sh", "-c", script],
        "fails": ["sh", "-c", "echo a-secret-value >&2; exit 7"],
        "absent": ["no-such-program"],
        "binary": ["head", "-c", "8", "/dev/zero"],
        "endless": ["yes"],
        "silent": ["true"],
    }
    with serve_vault() as vault:
        shop.env |= sops.env | vault.env
        vault.secrets = {"secret/shop/dev": {"a": "from-vault", "b": True}, "old/shop": {"a": "from-old"}}
        vault.throttled = 1
        names = ["sops:secrets/dev.yaml#db.password", "sops:secrets/dev.yaml#db.port", "sops:secrets/key.pem"]
        names += ["vault:secret/shop/dev#a", "vault:secret/shop/dev#b", "vault:old/shop#a", "exec:both#a", "exec:both"]
        wish(shop, references(*names), secrets={"exec": commands})
        shop.ok("apply", "dev", "--yes")
        values = [
            "from-sops",
            "5432",
            "two\nlines\n",
            "from-vault",
            "true",
            "from-old",
            "from-exec",
            '{"a": "from-exec"}',
        ]
        assert kept(shop) == values
        assert count.read_text() == "run\n"
        assert vault.asked.count("secret/data/shop/dev") == 1

        vault.denied = {"old/shop"}
        shop.write("secrets/plain.yaml", "a: b\n")
        failing = ["exec:fails", "exec:absent", "exec:binary", "exec:endless", "exec:silent"]
        failing += ["vault:old/shop#a", "vault:secret/no#a"]
        failing += ["sops:secrets/plain.yaml#a", "sops:secrets/dev.yaml#db.no", "sops:secrets/dev.yaml#db"]
        failing += ["sops:secrets/dev.yaml#db.user_unencrypted"]
        wish(shop, references(*failing), secrets={"exec": commands})
        ran = shop.run("plan", "dev", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "secret")
    assert ran.error["what"] == "dev needs 11 secrets that can't be had"
    assert dict(line.split(": ", 1) for line in ran.error["why"].splitlines()) == {
        "exec:absent": "its command can't be run: No such file or directory",
        "exec:binary": "it holds a NUL character, which no environment variable can",
        "exec:endless": "its command took longer than 60 s, or printed more than 1 MB",
        "exec:fails": "its command ended with exit code 7",
        "exec:silent": "its command printed nothing",
        "sops:secrets/dev.yaml#db": "it holds several values",
        "sops:secrets/dev.yaml#db.no": "there is no key `db.no` in it",
        "sops:secrets/dev.yaml#db.user_unencrypted": "its value is not encrypted: it stands in clear in the repository",
        "sops:secrets/plain.yaml#a": "it is not encrypted by sops",
        "vault:old/shop#a": "access denied, or the token has expired",
        "vault:secret/no#a": "not found",
    }
    assert "a-secret-value" not in ran.out + ran.err

    wish(shop, references("sops:secrets/dev.yaml#db.password"), secrets={"allow": ["env"]})
    [complaint] = shop.run("validate", "dev", "-o", "json").error["complaints"]
    assert complaint["message"] == "secrets of the kind `sops:` are not allowed here"


def test_the_last_words_of_a_command_are_heard_by_a_tfops_that_was_stopped_meanwhile(shop: Sandbox) -> None:
    begun, go = shop.home / "begun", shop.home / "go"
    script = f"echo $$ > {begun}.new; mv {begun}.new {begun}; until test -e {go}; do sleep 0.01; done; echo the-secret"
    wish(shop, references("exec:slow"), secrets={"exec": {"slow": ["sh", "-c", script]}})
    process = shop.start("apply", "dev", "--yes")
    wait_until(begun.exists)
    process.send_signal(signal.SIGSTOP)
    go.touch()
    wait_until(lambda: ") Z " in Path(f"/proc/{begun.read_text().strip()}/stat").read_text())
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert kept(shop) == ["the-secret"]


def test_an_ephemeral_secret_is_looked_up_again_for_the_apply_and_kept_nowhere(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.write("modules/brief/main.tf", _EPHEMERAL.replace("TOP", str(tmp_path)))
    count = tmp_path / "count"
    script = f"echo x >> {count}; echo token-number-$(wc -l < {count} | tr -d ' ')"
    inputs = {"token": {"from": "exec:token"}, "open": {"from": "env:OPEN"}, "hidden": {"from": "env:HIDDEN"}}
    wish(shop, inputs, module="brief", secrets={"exec": {"token": ["sh", "-c", script]}})
    shop.write("modules/taker/main.tf", _TAKER)
    body = json.loads((shop.path / "environments/dev.yaml").read_text())
    body["modules"]["taker"] = {"source": "taker", "inputs": {"token": "${module.main.token}"}}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit("another module takes what is ephemeral")
    shop.env |= {"OPEN": "an-open-secret", "HIDDEN": "a-hidden-secret"}

    said = shop.ok("apply", "dev", "--yes").err
    assert (tmp_path / "seen").read_text() == "token-number-2\n"
    assert "token-number" not in shop.state_file.read_text()
    assert shop.state()["outputs"]["main"]["value"].keys() == {"id"}, "a root has no ephemeral outputs"
    warnings = [line for line in said.splitlines() if "neither sensitive nor ephemeral" in line]
    assert warnings == [
        "! env:OPEN goes into `open` of module main, which is neither sensitive nor ephemeral: "
        "declare it `sensitive = true`"
    ]
    assert "an-open-secret" not in said


def test_a_branch_cannot_allow_itself_more_than_was_reviewed(tmp_path: Path, engine: str) -> None:
    shop = new_sandbox(tmp_path / "shop", engine)
    bounded = {"names": {"env": ["SHOP_*"]}, "exec": {"token": ["echo", "reviewed"]}}
    shop.env |= {"SHOP_TOKEN": "a-shop-token", "DEPLOY_KEY": "a-deploy-key"}
    wish(shop, references("env:SHOP_TOKEN", "exec:token"), secrets=bounded)
    with_remote(shop, tmp_path / "shop.git")
    shop.git("fetch", "-q", "origin")
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"]

    shop.git("checkout", "-q", "-b", "feature")
    commands = {"token": ["sh", "-c", "echo $DEPLOY_KEY"], "more": ["env"]}
    wish(shop, references("env:SHOP_TOKEN", "env:DEPLOY_KEY", "exec:token", "exec:more"), secrets={"exec": commands})
    ran = shop.run("plan", "dev", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "secret")
    not_allowed = "the environment's branch doesn't allow it: "
    assert dict(line.split(": ", 1) for line in ran.error["why"].splitlines()) == {
        "env:DEPLOY_KEY": f"{not_allowed}`env:DEPLOY_KEY` may not be used for dev",
        "exec:more": f"{not_allowed}there is no command `more` for secrets",
        "exec:token": f"{not_allowed}the command `token` is another one there",
    }
    assert "a-deploy-key" not in ran.out + ran.err
    assert ran.error["hint"] == "let operations merge the change of tfops.yaml first"
