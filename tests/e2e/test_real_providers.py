"""The way back with real small providers (random, tls, local, null), which behave as no stand-in does.

The promises of `docs/explanation/rollback.md`: nobody gets another's password, an import is never a guess, and a
provider goes up and back without a lost value. Needs `TFOPS_PROVIDER_MIRROR` with them.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.providers import require_small_providers, use_mirror
from tests.support.sandbox import Sandbox, new_sandbox
from tfops.engine.lockfile import locked_versions

LET_GO = "removed {{\n  from = {address}\n  lifecycle {{ destroy = false }}\n}}\n"


@pytest.fixture
def house(tmp_path: Path, engine: str) -> Sandbox:
    """A project with real providers and nothing applied."""
    mirror = require_small_providers()
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.env |= use_mirror(tmp_path, mirror)
    return shop


def _needs(**versions: str) -> str:
    lines = (f'    {name} = {{ source = "hashicorp/{name}", version = "{one}" }}\n' for name, one in versions.items())
    return "terraform {\n  required_providers {\n" + "".join(lines) + "  }\n}\n"


def _version(shop: Sandbox, hcl: str, *args: str, lock: str = "lock") -> str:
    """Written, locked, committed and applied."""
    shop.write("modules/main/main.tf", hcl)
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "main"}}}))
    shop.commit("The module")
    shop.ok("providers", lock, "dev")
    shop.commit("The lock")
    return str(shop.ok("apply", "dev", "--yes", "-o", "json", *args).result["version"])


def _values(shop: Sandbox, kind: str, attribute: str) -> dict[str, Any]:
    """`name` or `name["key"]` to an attribute of everything of a type in the state."""
    found = {}
    for item in shop.state()["resources"]:
        for one in item["instances"] if item["type"] == kind else ():
            key = f'["{one["index_key"]}"]' if "index_key" in one else ""
            found[item["name"] + key] = one["attributes"][attribute]
    return found


def _named(flag: str, *names: str) -> list[str]:
    return [word for name in names for word in (flag, f"module.main.{name}")]


def test_who_is_who_and_what_can_be_taken_in_again(house: Sandbox) -> None:
    needs = _needs(random="3.9.0", tls="4.2.1", local="2.9.0", null="3.2.4")
    users = 'resource "random_password" "user" {{\n  for_each = toset(["{user}"])\n  length   = 20\n}}\n'
    alone = (
        'resource "random_pet" "pet" {}\nresource "tls_private_key" "key" { algorithm = "ED25519" }\n'
        'resource "null_resource" "step" {}\nresource "random_password" "db" { length = 24 }\n'
        'resource "random_uuid" "id" {}\n'
        'resource "local_file" "note" {\n  filename = "${path.root}/note"\n  content  = "one"\n}\n'
    )
    _version(house, needs + users.format(user="ann") + alone)
    anns, uuid, secret = _values(house, "random_password", "result"), _values(house, "random_uuid", "id"), "none"
    kinds = ("random_pet.pet", "tls_private_key.key", "null_resource.step", "random_password.db", "random_uuid.id")
    gone = "".join(LET_GO.format(address=one) for one in kinds)
    moved = "moved {\n  from = local_file.note\n  to   = local_file.paper\n}\n"
    paper = 'resource "local_file" "paper" {\n  filename = "${path.root}/note"\n  content  = "one"\n}\n'
    _version(house, needs + users.format(user="eve") + gone + moved + paper)
    eves = _values(house, "random_password", "result")['user["eve"]']

    # ann is nobody's successor: eve's password goes, and only when it is named.
    refused = house.run("rollback", "dev", "v1", "--yes", "-o", "json")
    assert refused.code == 13
    twice = [one for one in kinds if not one.startswith("random_uuid")]
    words = [*_named("--allow-duplicate", *twice), *_named("--allow-destroy", 'random_password.user["eve"]')]
    back = house.ok("rollback", "dev", "v1", "--yes", "-o", "json", *words).result["plan"]["changes"]
    deeds = {change["address"].removeprefix("module.main."): change["action"] for change in back}
    assert (deeds["random_uuid.id"], deeds["local_file.note"]) == ("import", "move")
    assert {deeds[one] for one in twice} == {"create"}
    now = _values(house, "random_password", "result")
    assert now.keys() == anns.keys()
    assert not {eves, secret, *anns.values()} & set(now.values()), "new ones, made by nobody else"
    assert _values(house, "random_uuid", "id") == uuid
    assert house.ok("drift", "dev", "-o", "json").result["environments"][0]["changes"] == []


def test_a_provider_goes_up_and_back_and_no_password_is_lost(house: Sandbox) -> None:
    body = 'resource "random_password" "db" { length = 24 }\nresource "random_pet" "pet" {}\n'
    _version(house, _needs(random="3.1.0") + body)
    first = _values(house, "random_password", "result")
    pets = _values(house, "random_pet", "id")
    for number, version in enumerate(("3.6.3", "3.9.0")):
        body += f'resource "random_pet" "more_{number}" {{}}\n'  # an apply that changes nothing leaves the old schema
        _version(house, _needs(random=version) + body, lock="update")
        lock = locked_versions((house.path / "environments/dev.lock.hcl").read_text())
        assert [one for name, one in lock.items() if name.endswith("/random")] == [version]
        assert _values(house, "random_password", "result") == first
    shutil.rmtree(house.workspace / "roots")
    refused = house.run("rollback", "dev", "v1", "--yes", "-o", "json").error
    assert refused["guard"] == "keep-providers"
    more = _named("--allow-destroy", "random_pet.more_0", "random_pet.more_1")
    house.ok("rollback", "dev", "v1", "--yes", "--keep-providers", *more)
    assert house.run("drift", "dev", "-o", "json").result["environments"][0]["changes"] == []
    assert (_values(house, "random_password", "result"), _values(house, "random_pet", "id")) == (first, pets)


def test_the_last_resource_of_a_provider_and_a_move_across_types(house: Sandbox) -> None:
    null, random = 'resource "null_resource" "step" {}\n', 'resource "random_pet" "pet" {}\n'
    _version(house, _needs(null="3.2.4", random="3.9.0") + null + random)
    turned = (
        'resource "terraform_data" "step" {}\nmoved {\n  from = null_resource.step\n  to   = terraform_data.step\n}\n'
    )
    house.write("modules/main/main.tf", _needs(random="3.9.0") + random + turned)
    house.commit("Without null")
    doors = house.run("check", "dev", "--reversible", "-o", "json")
    assert (doors.code, [door["name"] for door in doors.result["doors"]]) == (13, ["moved-type"])
    _version(house, _needs(random="3.9.0") + random + turned)
    assert len(locked_versions((house.path / "environments/dev.lock.hcl").read_text())) == 1
    shutil.rmtree(house.workspace / "roots")
    refused = house.run("rollback", "dev", "v1", "--yes", "-o", "json")
    assert refused.code == 13
    house.ok("rollback", "dev", "v1", "--yes", *_named("--allow-destroy", "terraform_data.step"))
    assert sorted(item["type"] for item in house.state()["resources"]) == ["null_resource", "random_pet"]
