"""What is protected is lost only by its name, although the code that protected it is gone with the change."""

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
