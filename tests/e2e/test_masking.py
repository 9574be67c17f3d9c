"""What is secret is masked, what is code is not (`docs/how-to/secrets.md`, "What masking does")."""

import json
import re
import subprocess
from pathlib import Path

from tests.support.engines import engine_program
from tests.support.sandbox import Sandbox
from tfops.engine.mask import MASK, Masker

# `made` knows its value when it is applied; the provisioner quotes what nobody could mask before.
_MAKES_SECRETS = """\
variable "value" { type = string }
resource "terraform_data" "made" {
  input            = sensitive(uuid())
  triggers_replace = var.value
}
locals { open = nonsensitive(terraform_data.made.output) }
resource "terraform_data" "quotes" {
  triggers_replace = var.value
  provisioner "local-exec" {
    command = "echo ${local.open} >&2; echo ${base64encode(local.open)}; exit 3"
  }
}
"""


def _written(shop: Sandbox) -> str:
    """Everything that tfops keeps on disk, but for states."""
    files = [path for path in shop.workspace.rglob("*") if path.is_file() and "state" not in path.parts]
    return "\n".join(path.read_text(errors="replace") for path in files)


def test_a_secret_that_the_apply_itself_made_is_masked_when_a_provisioner_fails(shop: Sandbox) -> None:
    shop.write("modules/makes/main.tf", _MAKES_SECRETS)
    shop.wish("one", module="makes")
    first = shop.run("apply", "dev", "--yes", "-o", "json")
    assert first.code == 21
    made = [item for item in shop.state()["resources"] if item["name"] == "made"]
    secret = made[0]["instances"][0]["attributes"]["input"]["value"]
    assert "exit status 3" in first.error["why"], "its words are said all the same"
    assert MASK in first.error["why"]
    text = shop.run("resume", "dev", "--yes")
    made = [item for item in shop.state()["resources"] if item["name"] == "made"]
    later = made[0]["instances"][0]["attributes"]["input"]["value"]
    said = first.out + first.err + text.out + text.err + shop.ok("status").out + shop.ok("log", "dev").out
    for known in {secret, later}:
        assert known not in said + _written(shop)


_PROTECTED = """\
variable "password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "other" { input = var.password }
"""
_DATABASE = """\
resource "terraform_data" "database" {
  lifecycle { prevent_destroy = true }
}
"""


def test_a_secret_that_is_a_word_of_the_configuration_unlocks_nothing(shop: Sandbox) -> None:
    """Protections are decided on addresses as they are; types, names and code are shown whatever secrets look like."""
    shop.env["PASSWORD"] = "data"
    shop.write("modules/vault/main.tf", _PROTECTED + _DATABASE)
    body = {"modules": {"main": {"source": "vault", "inputs": {"password": {"from": "env:PASSWORD"}}}}}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit("v1")
    done = shop.run("apply", "dev", "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert "env:PASSWORD is a word that the configuration shows anyway" in done.err
    address = "module.main.terraform_data.database"
    assert address in [change["address"] for change in done.result["plan"]["changes"]]
    assert address in shop.ok("inventory", "dev").out

    shop.write("modules/vault/main.tf", _PROTECTED)
    shop.commit("v2")
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, address in refused.error["what"]) == (13, True)
    assert f"--allow-destroy '{address}'" in refused.error["hint"]
    shop.ok("apply", "dev", "--yes", "--allow-destroy", address)


_WRITERS = {
    "json": "jsonencode(var.s)",
    "json_twice": "jsonencode(jsonencode(var.s))",
    "yaml": "yamlencode(var.s)",
    "yaml_in_json": "jsonencode(yamlencode(var.s))",
    "url": "urlencode(var.s)",
    "json_in_url": "urlencode(jsonencode(var.s))",
    "base64": "base64encode(var.s)",
    "base64_of_json": "base64encode(jsonencode(var.s))",
    "base64_wide": 'textencodebase64(var.s, "UTF-16LE")',
    "quoted": 'format("%q", var.s)',
    "plain": "var.s",
}
_NASTY = (
    'pä$${x} "w0rdw0rd"/+<&>\' %{y} e\u0301!',
    "a'b\\c\"d`$(e)~f0123456789",
    "tab\tline\nnext\x1bend-of-it",
    "日本語/パスワード+=😀",
)


def test_every_way_in_which_terraform_writes_a_secret_is_masked(tmp_path: Path, engine: str, shop: Sandbox) -> None:
    outputs = "".join(f'output "{name}" {{\n  value = {code}\n}}\n' for name, code in _WRITERS.items())
    (tmp_path / "main.tf").write_text('variable "s" {\n  type = string\n}\n' + outputs)

    def run(*args: str, secret: str) -> str:
        argv, env = [engine_program(shop.env["TFOPS_ENGINE"]), *args], shop.env | {"TF_VAR_s": secret}
        return subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout

    for secret in _NASTY:
        mask = Masker([secret])
        run("apply", "-auto-approve", "-no-color", secret=secret)
        for name, output in json.loads(run("output", "-json", secret=secret)).items():
            rest = mask(output["value"]).replace(MASK, "")
            assert len(rest) <= 12, (name, secret, output["value"])
        shown = run("output", "-no-color", secret=secret).splitlines()
        text = mask("\n".join(line for line in shown if not re.match("json_twice|yaml_in_json", line)))
        assert not re.search("w0rdw0rd|0123456789|end-of-it|パスワード", text), text
