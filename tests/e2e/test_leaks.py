"""A canary secret of every kind goes through everything that tfops does, and is found nowhere but in the state."""

import base64
import json
import secrets
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.moto import Moto, serve_moto
from tests.support.sandbox import Sandbox, new_sandbox, with_remote
from tests.support.sops import Sops, new_sops
from tests.support.vault import Vault, serve_vault

# Does with the secrets what modules must not do: prints, encodes, quotes and names things after them.
_LEAKY = """\
variable "secrets" {
  type      = map(string)
  sensitive = true
}
variable "passing" {
  type      = string
  ephemeral = true
}
variable "mode" { default = "" }
locals {
  open = { for name, text in nonsensitive(var.secrets) : name => nonsensitive(text) }
  all  = join(" ", values(local.open))
}
resource "terraform_data" "keeps" { input = var.secrets }
resource "terraform_data" "named" {
  for_each = toset(values(local.open))
  input    = each.key
}
resource "terraform_data" "passed" {
  input = var.mode
  provisioner "local-exec" {
    command     = "test -n \\"$PASSED\\" && echo \\"$PASSED\\""
    environment = { PASSED = var.passing }
  }
  triggers_replace = var.mode
}
resource "terraform_data" "fails" {
  count = var.mode == "fail" ? 1 : 0
  input = local.all
  provisioner "local-exec" {
    command     = "echo \\"$ALL\\"; echo ${base64encode(local.all)} >&2; exit 3"
    environment = { ALL = local.all }
  }
}
resource "terraform_data" "quoted" {
  lifecycle {
    precondition {
      condition     = var.mode != "refuse"
      error_message = "these are no good: ${local.all}, ${jsonencode(local.open)}, ${urlencode(local.all)}"
    }
  }
}
output "plain" { value = local.open }
output "encoded" { value = { for name, text in local.open : name => base64encode("user:${text}") } }
output "escaped" { value = [jsonencode(local.open), urlencode(local.all), local.all] }
"""

_RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main}
secrets:
  exec: {keychain: ["cat", "KEYCHAIN"]}
"""

# Breaks in the middle of a plan, with a secret in the exception: `tfops ARGS` otherwise.
_BROKEN = """\
import os, sys
import tfops.change.prepare as prepare
def broken(*_args, **_options): raise ZeroDivisionError(f"no number: {os.environ['CANARY']}")
prepare.require_known_state = broken
from tfops.cli import main
main()
"""


def new_canaries() -> dict[str, str]:
    kinds = ("env", "ssm", "secretsmanager", "sops", "vault", "exec", "passing")
    return {kind: f'{kind}/"{secrets.token_hex(6)}"+<{secrets.token_hex(6)}>' for kind in kinds}


def fill_stores(canaries: Mapping[str, str], moto: Moto, vault: Vault, keychain: Path) -> None:
    moto.ssm().put_parameter(Name="/shop/canary", Value=canaries["ssm"], Type="SecureString")
    body = json.dumps({"password": canaries["secretsmanager"]})
    moto.secretsmanager().create_secret(Name="shop/canary", SecretString=body)
    vault.secrets["secret/shop/canary"] = {"password": canaries["vault"]}
    keychain.write_text(json.dumps({"password": canaries["exec"]}))


def write_project(shop: Sandbox, sops: Sops, canaries: Mapping[str, str], keychain: Path) -> None:
    shop.write("tfops.yaml", _RULES.replace("KEYCHAIN", str(keychain)))
    shop.write("modules/leaky/main.tf", _LEAKY)
    plain = json.dumps({"db": {"password": canaries["sops"]}})
    shop.write("secrets/dev.json", sops.encrypt("secrets/dev.json", plain))


def wish(shop: Sandbox, mode: str) -> None:
    references = {
        "env": "env:CANARY",
        "ssm": "ssm:/shop/canary",
        "secretsmanager": "secretsmanager:shop/canary#password",
        "sops": "sops:secrets/dev.json#db.password",
        "vault": "vault:secret/shop/canary#password",
        "exec": "exec:keychain#password",
    }
    inputs = {
        "secrets": {kind: {"from": reference} for kind, reference in references.items()},
        "passing": {"from": "env:PASSING"},
        "mode": mode,
    }
    body = {"modules": {"leaky": {"source": "leaky", "inputs": inputs}}}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit(f"mode {mode}")
    shop.git("push", "--quiet")


def forms(canary: str) -> Iterator[bytes]:
    """The value, its halves that no masking may leave, and what it looks like on the way."""
    first, last = canary.split("+")
    for text in (canary, first.split('"')[1], last.strip("<>")):
        yield text.encode()
    yield json.dumps(canary)[1:-1].encode()
    yield urllib.parse.quote(canary, safe="").encode()
    for lead in ("", "u", "us", "user:"):  # every alignment
        encoded = base64.b64encode((lead + canary).encode())
        yield encoded[4:-4]
        yield base64.urlsafe_b64encode((lead + canary).encode())[4:-4]


def everything_written(top: Path, repositories: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file below `top` but states, and every object of every repository, unpacked."""
    for path in top.rglob("*"):
        if path.is_file() and not path.is_relative_to(top / "shop/.git/tfops/state"):
            yield str(path.relative_to(top)), path.read_bytes()
    for repository in repositories:
        argv = ["git", "-C", str(repository), "cat-file", "--batch-all-objects", "--batch"]
        yield f"objects of {repository.name}", subprocess.run(argv, capture_output=True, check=True).stdout


def leaks(canaries: Mapping[str, str], places: Iterator[tuple[str, bytes]]) -> list[tuple[str, str, bytes]]:
    wanted = [(kind, form) for kind, canary in canaries.items() for form in forms(canary)]
    return [(where, kind, form) for where, content in places for kind, form in wanted if form in content]


def test_a_canary_of_every_kind_is_found_nowhere_but_in_the_state(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, engine: str
) -> None:
    sops, canaries = new_sops(), new_canaries()
    keychain = tmp_path_factory.mktemp("outside") / "keychain.json"
    shop = new_sandbox(tmp_path / "shop", engine)
    (tmp_path / "tmp").mkdir()
    with serve_moto() as moto, serve_vault() as vault:
        shop.env |= moto.env | vault.env | sops.env | {"AWS_REGION": "eu-west-1", "TMPDIR": str(tmp_path / "tmp")}
        shop.env |= {"CANARY": canaries["env"], "PASSING": canaries["passing"]}
        fill_stores(canaries, moto, vault, keychain)
        write_project(shop, sops, canaries, keychain)
        shop.commit()
        remote = with_remote(shop, tmp_path / "hub.git")
        said = list(_until_it_fails(shop))
        assert leaks(canaries, everything_written(tmp_path, [shop.path, remote])) == []
        assert list((shop.workspace / "runs/dev").glob("*/*-apply.out")), "the failed apply left its output"
        said += [*_and_back(shop), ("crash", _crash(shop))]

    state = shop.state_file.read_bytes()
    kept = {
        kind: json.dumps(canary)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e").encode()
        for kind, canary in canaries.items()
    }
    passing = kept.pop("passing")
    assert [kind for kind, text in kept.items() if text not in state] == [], "the secrets did not get there"
    assert passing not in state
    assert leaks({"passing": canaries["passing"]}, iter([("state", state)])) == []

    assert len(shop.tags()) == 2
    assert leaks(canaries, iter((name, text.encode()) for name, text in said)) == []
    assert leaks(canaries, everything_written(tmp_path, [shop.path, remote])) == []
    masked = {name for name, text in said if "(secret)" in text}
    assert {"apply", "failing apply", "refused plan", "show", "rollback"} <= masked, "nothing was there to be masked"


def _ran(shop: Sandbox, name: str, *args: str, code: int = 0) -> tuple[str, str]:
    """What a command says, by a name for it."""
    done = shop.run(*args)
    assert done.code == code, f"{name}: {done.code}\n{done.out}\n{done.err}"
    return name, done.out + done.err


def _until_it_fails(shop: Sandbox) -> Iterator[tuple[str, str]]:
    wish(shop, "one")
    yield _ran(shop, "plan", "plan", "dev", "--full", "--keep")
    yield _ran(shop, "apply", "apply", "dev", "--yes", "--verbose")
    wish(shop, "refuse")
    yield _ran(shop, "refused plan", "plan", "dev", code=20)
    wish(shop, "fail")
    yield _ran(shop, "failing plan", "plan", "dev", "-o", "json")
    yield _ran(shop, "failing apply", "apply", "dev", "--yes", "-o", "json", code=21)


def _and_back(shop: Sandbox) -> Iterator[tuple[str, str]]:
    yield _ran(shop, "rollback", "rollback", "dev", "v1", "--yes", "-o", "json", *_named_losses(shop))
    for command in ("show", "log", "inventory", "render"):
        yield _ran(shop, command, command, "dev")
    for command in ("show", "log", "inventory", "history", "verify"):
        yield _ran(shop, f"{command} as JSON", command, "dev", "-o", "json")
    yield _ran(shop, "status as JSON", "status", "-o", "json")


def _named_losses(shop: Sandbox) -> list[str]:
    found = [item["address"] for item in _plan_back(shop)["changes"] if item["action"] in ("delete", "replace")]
    return [word for address in found for word in ("--allow-destroy", address)]


def _plan_back(shop: Sandbox) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = shop.ok("rollback", "dev", "v1", "--plan", "-o", "json").result["plan"]
    return found


def _crash(shop: Sandbox) -> str:
    wish(shop, "one")
    argv = [sys.executable, "-c", _BROKEN, "plan", "dev"]
    done = subprocess.run(argv, cwd=shop.path, env=shop.env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "a bug in tfops" in done.stderr, done.stderr
    [log] = (shop.path.parent / "tmp").glob("tfops-crash-*.log")
    assert "ZeroDivisionError: no number: (secret)" in log.read_text()
    return done.stdout + done.stderr
