"""One turn without a person: what changed is applied, what didn't is left alone, and every "no" has a name."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote

_RULES = """\
version: 1
project: shop
environments:
  blue: {branch: main}
  green: {branch: main}
"""


def wish(shop: Sandbox, env: str, value: Any, *, keys: tuple[str, ...] = (), **rest: Any) -> None:
    inputs = {"value": value, "keys": list(keys)} if keys else {"value": value}
    body = {"modules": {"main": {"source": "thing", "inputs": inputs}}, **rest}
    shop.write(f"environments/{env}.yaml", json.dumps(body))


@pytest.fixture
def shop(tmp_path: Path, engine: str) -> Sandbox:
    """Two environments on one branch, and a remote."""
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    wish(shop, "blue", "one")
    wish(shop, "green", "one")
    shop.commit("Start")
    with_remote(shop, tmp_path / "remote.git")
    return shop


def push(shop: Sandbox, message: str) -> str:
    commit = shop.commit(message)
    shop.git("push", "--quiet", "origin", "HEAD")
    return commit


def turn(shop: Sandbox, *args: str) -> dict[str, tuple[str, int | None]]:
    """Environment to why, and the exit code of what was done about it."""
    return outcome(shop.run("reconcile", *args, "--output", "json"))


def outcome(ran: Ran) -> dict[str, tuple[str, int | None]]:
    result = ran.result
    codes = {act["env"]: act["code"] for act in result["acts"]}
    return {
        found["env"]: (found["detail"] or found["reason"], codes.get(found["env"])) for found in result["decisions"]
    }


def ledger(shop: Sandbox, env: str) -> str:
    return shop.git("rev-parse", f"refs/tfops/envs/{env}")


def test_what_a_commit_touches_is_applied_and_nothing_else(shop: Sandbox) -> None:
    assert turn(shop, "--dry-run") == {"blue": ("never-applied", None), "green": ("never-applied", None)}
    assert turn(shop) == {"blue": ("never-applied", 0), "green": ("never-applied", 0)}
    green = ledger(shop, "green")

    wish(shop, "blue", "two")
    push(shop, "blue wants two")
    assert shop.run("reconcile", "--dry-run", "--detailed-exitcode").code == 2
    assert turn(shop) == {"blue": ("changed", 0), "green": ("unchanged", None)}

    # A file that no environment is made of, and a module that none of them uses.
    shop.write("README.md", "hello")
    shop.write("modules/other/main.tf", "")
    push(shop, "nothing for anyone")
    quiet = shop.ok("reconcile", "--detailed-exitcode")
    assert quiet.out.count("unchanged") == 2
    assert ledger(shop, "green") == green, "green was never planned again"

    # One breaks, the other goes on.
    shop.write("environments/blue.yaml", "modules: {main: {source: nowhere}}\n")
    wish(shop, "green", "three")
    push(shop, "blue is broken, green is not")
    ran = shop.run("reconcile", "--detailed-exitcode")
    assert ran.code == 2
    assert "bad-configuration" in ran.out and "environments/blue.yaml:1:" in ran.out
    assert shop.tags() == ["tfops/blue/v1", "tfops/blue/v2", "tfops/green/v1", "tfops/green/v2"]
