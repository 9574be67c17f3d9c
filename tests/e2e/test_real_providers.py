"""The way back with real small providers (random, tls, local, null, time), which behave as no stand-in does.

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
from tests.support.state_server import serve_states
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
    house.ok("destroy", "dev", "--yes")
    assert house.state()["resources"] == []


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


def test_what_a_killed_engine_made_is_taken_in_or_named(tmp_path: Path, engine: str) -> None:
    """The state on the server has nothing of it: one of four types has an import, and two hold data."""
    mirror = require_small_providers()
    with serve_states() as states:
        rules = f"version: 1\nproject: shop\n{states.backend()}environments:\n  dev: {{branch: main}}\n"
        house = new_sandbox(tmp_path / "shop", engine, rules=rules)
        house.env |= use_mirror(tmp_path, mirror)
        made = (
            'resource "random_password" "db" { length = 24 }\nresource "random_uuid" "id" {}\n'
            'resource "random_pet" "pet" {}\nresource "tls_private_key" "key" { algorithm = "ED25519" }\n'
        )
        house.write("modules/main/main.tf", _needs(random="3.9.0", tls="4.2.1") + made)
        house.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "main"}}}))
        house.commit("The module")
        states.frozen["/dev/main"] = b""
        assert house.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "engine-ended:SIGKILL"}).code == -9
        del states.frozen["/dev/main"]
        recovered = house.ok("recover", "dev").err
        assert "taken in by id: module.main.random_uuid.id" in recovered
        named = [f"module.main.{one}" for one in ("random_password.db", "tls_private_key.key")]
        refused = house.run("resume", "dev", "--yes", "-o", "json").error
        assert (refused["name"], all(one in refused["hint"] for one in named)) == ("not-approved", True)
        house.ok("resume", "dev", "--yes", *(word for one in named for word in ("--allow-duplicate", one)))
        [password] = [
            one["instances"][0]["attributes"]["result"]
            for one in json.loads(states.states["/dev/main"])["resources"]
            if one["type"] == "random_password"
        ]
        assert len(password) == 24, "no import took a text for it"
        assert house.ok("drift", "dev", "-o", "json").result["environments"][0]["changes"] == []


def test_a_password_that_the_past_protects_is_replaced_when_it_is_named(house: Sandbox) -> None:
    password = 'resource "random_password" "db" {{\n  length = {length}\n  {protected}\n}}\n'
    protected = password.format(length=20, protected="lifecycle { prevent_destroy = true }")
    name = _named("--allow-destroy", "random_password.db")
    _version(house, _needs(random="3.9.0") + protected)
    _version(house, _needs(random="3.9.0") + password.format(length=24, protected=""), *name)
    before = _values(house, "random_password", "result")
    assert house.run("rollback", "dev", "v1", "--yes").code in (13, 20)
    assert _values(house, "random_password", "result") == before
    house.ok("rollback", "dev", "v1", "--yes", *name)
    assert len(_values(house, "random_password", "result")["db"]) == 20


def test_a_keyed_file_that_is_gone_is_drift_although_something_refers_to_it(house: Sandbox) -> None:
    files = (
        'resource "local_file" "f" {\n  for_each = toset(["a", "b"])\n  content  = each.key\n'
        '  filename = "${path.root}/gen/${each.key}"\n}\n'
        'resource "terraform_data" "reader" { input = local_file.f["a"].id }\n'
    )
    _version(house, _needs(local="2.9.0") + files)
    Path(house.workspace, "roots/dev/main/gen/a").unlink()
    drift = house.run("drift", "dev", "-o", "json").result["environments"][0]
    gone = {change["address"] for change in drift["changes"] if change["action"] == "delete"}
    assert gone == {'module.main.local_file.f["a"]'}


def test_one_flag_lets_go_of_what_holds_nothing_and_never_of_a_password(house: Sandbox) -> None:
    needs = _needs(random="3.9.0", time="0.13.1", null="3.2.4")
    first = 'resource "random_pet" "first" {}\n'
    more = (
        'resource "random_pet" "more" { count = 2 }\nresource "time_static" "then" {}\n'
        'resource "null_resource" "step" {}\nresource "random_password" "db" { length = 24 }\n'
    )
    _version(house, needs + first)
    _version(house, needs + first + more)
    refused = house.run("rollback", "dev", "v1", "--yes", "-o", "json").error
    name = _named("--allow-destroy", "random_password.db")
    assert refused["hint"].endswith("--allow-stateless --allow-destroy 'module.main.random_password.db'")
    assert house.run("rollback", "dev", "v1", "--yes", "--allow-stateless").code == 13
    house.ok("rollback", "dev", "v1", "--yes", "--allow-stateless", *name)
    assert [item["type"] for item in house.state()["resources"]] == ["random_pet"]
