"""`for_each`, `count` and `depends_on` of a module's call: keys on the card, and the way back across a key's change."""

import json
from typing import Any

from tests.support.sandbox import Sandbox

_SITE = """\
variable "name" { type = string }
variable "size" { type = number }
resource "terraform_data" "main" { input = "${var.name} ${var.size}" }
output "id" { value = terraform_data.main.id }
output "name" { value = var.name }
"""
_NET = """\
variable "sites" { type = any }
resource "terraform_data" "main" { input = jsonencode(var.sites) }
"""
_ONE = "module.site.terraform_data.main"
_EU, _US = (f'module.site["{key}"].terraform_data.main' for key in ("eu", "us"))


def _wish(shop: Sandbox, modules: dict[str, Any], **more: Any) -> None:
    shop.write("environments/dev.yaml", json.dumps({"modules": modules} | more))
    shop.commit("Wish")


def _ids(shop: Sandbox) -> dict[str, str]:
    stacks: dict[str, Any] = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]
    found: dict[str, str] = stacks["main"]["inventory"]
    return found


def test_a_module_gets_a_key_and_loses_it_on_the_way_back(shop: Sandbox) -> None:
    shop.write("modules/site/main.tf", _SITE)
    shop.write("modules/net/main.tf", _NET)
    _wish(shop, {"site": {"source": "site", "inputs": {"name": "eu", "size": 1}}})
    shop.ok("apply", "dev", "--yes")
    first = _ids(shop)[_ONE]

    site = {"source": "site", "inputs": {"name": "${each.key}", "size": "${each.value.size}"}}
    site |= {"for_each": {"eu": {"size": 1}, "us": {"size": 2}}}
    worker = {"source": "site", "count": 2, "inputs": {"name": "w", "size": "${count.index}"}, "depends_on": ["site"]}
    sites = {"eu": '${module.site["eu"].id}', "workers": "${module.worker[*].id}", "last": "${module.worker[1].name}"}
    net = {"source": "net", "inputs": {"sites": sites}}
    moved = [{"from": "module.site", "to": 'module.site["eu"]'}]
    _wish(shop, {"site": site, "worker": worker, "net": net}, moved=moved)
    shop.ok("apply", "dev", "--yes")
    ids = _ids(shop)
    assert ids[_EU] == first
    assert ids.keys() >= {_US, "module.worker[0].terraform_data.main", "module.worker[1].terraform_data.main"}
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert card["stacks"]["main"]["moved"] == {_EU: _ONE}
    assert card["outputs"]["site"]["name"] == {"eu": "eu", "us": "us"}
    assert card["outputs"]["worker"]["name"] == ["w", "w"]
    listed = shop.ok("history", "dev", "--verdict", "-o", "json").result["entries"]
    assert [entry["verdict"]["verdict"] for entry in listed if entry["record"]["version"] == "v1"] == ["bridged"]

    gone = [_US, "module.net.terraform_data.main", *(f"module.worker[{n}].terraform_data.main" for n in (0, 1))]
    named = [part for address in gone for part in ("--allow-destroy", address)]
    shop.ok("rollback", "dev", "v1", "--yes", *named)
    assert _ids(shop) == {_ONE: first}, "the same thing, at its address of then"
