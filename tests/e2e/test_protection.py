"""What is protected is lost only by its name, although the code that protected it is gone with the change."""

import json

from tests.support.layouts import layouts
from tests.support.sandbox import Sandbox

_DB = 'resource "terraform_data" "db" {\n  input = "data"\n  lifecycle { prevent_destroy = true }\n}\n'
_ADDRESS = "module.main.terraform_data.db"


def _with_a_protected_database(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    shop.write("modules/thing/db.tf", _DB)
    shop.commit("A database that nobody may lose")
    shop.ok("apply", "dev", "--yes")


def test_going_back_before_a_protected_resource_needs_its_address(shop: Sandbox) -> None:
    _with_a_protected_database(shop)
    refused = shop.run("rollback", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "not-approved")
    assert f"would lose what is protected: {_ADDRESS}" in refused.error["what"]
    assert f"--allow-destroy '{_ADDRESS}'" in refused.error["hint"]
    assert "dev is now v3" in shop.ok("rollback", "dev", "--yes", "--allow-destroy", _ADDRESS).out


def test_an_apply_and_a_destroy_need_it_too_even_when_the_block_was_taken_out(shop: Sandbox) -> None:
    _with_a_protected_database(shop)
    shop.write("modules/thing/db.tf", "")
    rules = (shop.path / "tfops.yaml").read_text()
    shop.write("tfops.yaml", f"{rules}protect: [module.main.terraform_data.main]\n")
    shop.commit("No database any more")
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, f"protected: {_ADDRESS}" in refused.error["what"]) == (13, True)
    assert "dev is now v3" in shop.ok("apply", "dev", "--yes", "--allow-destroy", _ADDRESS).out
    kept = shop.run("destroy", "dev", "--yes", "-o", "json")
    assert (kept.code, "protected: module.main.terraform_data.main" in kept.error["what"]) == (13, True)
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2", "tfops/dev/v3"]


def test_in_every_layout_that_the_engine_takes_an_input_is_known_and_a_protection_kept(shop: Sandbox) -> None:
    files = layouts()
    for name, text in files.items():
        (shop.path / f"modules/thing/{name}.tf").write_text(text, encoding="utf-8", newline="")
    inputs = {"value": "one", "v_byte_order_mark": "y", "v_template_over_lines": "z"}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "thing", "inputs": inputs}}}))
    shop.commit("Files in every layout")
    shop.ok("apply", "dev", "--yes")
    card = shop.ok("show", "dev", "--output", "json").result["card"]
    [part] = card["stacks"].values()
    assert sorted(part["protected"]) == sorted(f"module.main.terraform_data.keep_{name}" for name in files)
    assert "unread" not in part or part["unread"] == []
    for name in files:
        (shop.path / f"modules/thing/{name}.tf").unlink()
    shop.wish("one")
    shop.commit("None of them any more")
    found = shop.run("check", "dev", "--reversible", "-o", "json")
    assert (found.code, len(found.result["doors"][0]["subjects"])) == (13, len(files))
