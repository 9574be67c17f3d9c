"""`check --reversible`: what a change under review would make hard to take back, while it is still cheap."""

from typing import Any

import pytest

from tests.support.engines import require_terraform
from tests.support.sandbox import Sandbox

_FREE = 'resource "terraform_data" "%s" {}\n'
_KEPT = 'resource "terraform_data" "kept" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'
_INNER = 'module "inner" { source = "../inner" }\n'
_FORGET = "removed {\n  from = terraform_data.left\n  lifecycle { destroy = false }\n}\n"
_MOVE = "moved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n"


def _module(*blocks: str) -> str:
    return "".join(blocks)


def _doors(shop: Sandbox, *args: str) -> dict[str, Any]:
    ran = shop.run("check", "dev", "--reversible", "-o", "json", *args)
    found = {door["name"]: door["subjects"] for door in ran.result["doors"]}
    assert ran.code == (13 if found else 0)
    return found


@pytest.fixture
def running(shop: Sandbox) -> Sandbox:
    """v1 runs: a protected resource in an inner module, and some that aren't."""
    shop.write("modules/inner/main.tf", _KEPT)
    shop.write("modules/thing/main.tf", _module(_INNER, _FREE % "old", _FREE % "left", _FREE % "more"))
    shop.write("environments/dev.yaml", "modules:\n  main: {source: thing}\n")
    shop.commit()
    assert _doors(shop) == {}  # nothing runs yet
    shop.ok("apply", "dev", "--yes")
    return shop


def test_every_door_is_named_and_ends_with_13(running: Sandbox) -> None:
    kept = "module.main.module.inner.terraform_data.kept"
    running.write("modules/thing/main.tf", _module(_INNER, _MOVE, _FREE % "new", _FREE % "left"))
    running.commit()
    assert _doors(running, "--plan") == {}  # a move, and something plain that goes
    running.write("modules/inner/main.tf", _FREE % "kept")
    running.commit()
    assert _doors(running) == {"unprotected": [kept]}
    running.write("modules/thing/main.tf", _module(_MOVE, _FREE % "new", _FORGET))
    running.commit()
    assert _doors(running) == {"taken-out": [kept], "let-go": ["module.main.terraform_data.left"]}
    assert _doors(running, "--plan").keys() == {"taken-out", "let-go"}  # known from Git: not said twice
    engine = 'terraform {\n  required_version = ">= 99"\n}\n'
    running.write("modules/thing/main.tf", _module(_INNER, _FREE % "old", _FREE % "left", _FREE % "more", engine))
    running.write("modules/inner/main.tf", _KEPT)
    running.commit()
    assert _doors(running, "--engine", require_terraform()) == {"engine": [">= 99"]}

    text = running.run("check", "dev", "--reversible", "--engine", require_terraform()).out
    assert "is a one-way door: going back to v1 would be hard" in text
    assert "✗ asks for an engine >= 99" in text


def test_a_plan_knows_what_git_does_not(running: Sandbox) -> None:
    rules = (running.path / "tfops.yaml").read_text()
    running.write("tfops.yaml", rules + 'protect: ["module.main.terraform_data.more"]\n')
    more = 'resource "terraform_data" "more" {\n  triggers_replace = "x"\n}\n'
    running.write("modules/thing/main.tf", _module(_INNER, _FREE % "old", _FREE % "left", more))
    running.commit()
    assert _doors(running) == {}
    assert _doors(running, "--plan") == {"replaces": ["module.main.terraform_data.more"]}


def test_check_says_what_it_can_check(shop: Sandbox) -> None:
    shop.commit()
    ran = shop.run("check", "dev")
    assert (ran.code, "tfops check [ENV] --reversible" in ran.err) == (64, True)
