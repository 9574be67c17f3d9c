"""`enabled: false`: said wherever somebody looks, deleted with the consent that any deletion needs, and back again."""

import json

from tests.support.sandbox import Sandbox

_KEPT = """\
variable "value" { type = any }
resource "terraform_data" "kept" {
  input = var.value
  lifecycle { prevent_destroy = true }
}
output "value" { value = terraform_data.kept.output }
"""


def _wish(shop: Sandbox, *, app: bool, db: bool) -> None:
    main, kept = {"source": "thing", "inputs": {"value": "one"}}, {"source": "kept", "inputs": {"value": 1}}
    modules = {"main": main, "app": kept | {"enabled": app}}
    shop.write("environments/dev/web.yaml", json.dumps({"modules": modules}))
    shop.write("environments/dev/db.yaml", json.dumps({"enabled": db, "modules": {"main": main}}))
    shop.commit("Another wish")


def test_what_is_off_is_said_taken_down_with_a_named_consent_and_comes_back(shop: Sandbox) -> None:
    shop.write("modules/kept/main.tf", _KEPT)
    _wish(shop, app=True, db=True)
    shop.ok("apply", "dev", "--yes")

    _wish(shop, app=False, db=False)
    for _ in range(2):  # read, then remembered
        off = shop.ok("validate", "-o", "json").result["off"]
        assert off == {"dev": ["stack db (environments/dev/db.yaml:1)", "web/module.app (environments/dev/web.yaml:1)"]}
    planned = shop.ok("plan", "dev", "-o", "json")
    assert [one["module"] for one in planned.result["off"]] == ["", "app"]
    assert (
        "web/module.app (environments/dev/web.yaml:1) is switched off, and 1 resource of it is to be del" in planned.err
    )
    kept = "web/module.app.terraform_data.kept"
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, kept in refused.error["what"]) == (13, True), "`--yes` doesn't cover what is protected"

    narrowed = shop.ok("apply", "dev", "--stack", "web", "--yes", "--allow-destroy", kept, "-o", "json").result
    assert [change["address"] for change in narrowed["plan"]["changes"]] == [kept], "the other stack isn't meant"
    assert shop.ok("show", "dev", "-o", "json").result["card"]["off"] == ["web/module.app"]
    assert [row["current"]["off"] for row in shop.ok("status", "-o", "json").result["environments"]] == [
        "web/module.app"
    ]

    assert "only web is at" in shop.ok("status").out, "db is still there, and the card has it"

    rest = shop.ok("apply", "dev", "--yes", "-o", "json").result
    assert {change["address"]: change["action"] for change in rest["plan"]["changes"]} == {
        "db/module.main.terraform_data.main": "delete"
    }
    assert "in sync; switched off: stack db, web/module.app" in shop.ok("status").out
    assert "switched off" in shop.ok("show", "dev").out
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"] == []

    back = shop.ok("rollback", "dev", "v1", "--yes", "-o", "json").result
    assert {change["action"] for change in back["plan"]["changes"]} == {"create"}
    assert shop.ok("show", "dev", "-o", "json").result["card"]["off"] == []
