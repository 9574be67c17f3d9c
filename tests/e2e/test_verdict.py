"""What going back comes to, before anything is planned: `history --verdict` and `show`, from Git alone."""

from typing import Any

from tests.support.sandbox import Sandbox

_RESOURCE = 'resource "terraform_data" "%s" {}\n'
_FORGET = "removed {\n  from = terraform_data.left\n  lifecycle { destroy = false }\n}\n"
_MOVE = "moved {\n  from = terraform_data.old\n  to   = terraform_data.new\n}\n"
_KEPT = 'resource "terraform_data" "kept" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n'


def _apply(shop: Sandbox, *blocks: str) -> None:
    shop.write("modules/thing/main.tf", "".join(blocks))
    shop.write("environments/dev.yaml", "modules:\n  main: {source: thing}\n")
    shop.commit()
    shop.ok("apply", "dev", "--yes")


def test_every_past_version_says_what_going_back_to_it_comes_to(shop: Sandbox) -> None:
    _apply(shop, _RESOURCE % "old", _RESOURCE % "left", _RESOURCE % "kept")
    _apply(shop, _RESOURCE % "old", _FORGET, _RESOURCE % "kept")
    _apply(shop, _RESOURCE % "new", _MOVE)
    _apply(shop, _RESOURCE % "new", _KEPT, _RESOURCE % "more")
    _apply(shop, _RESOURCE % "new", _KEPT)

    entries: list[Any] = shop.ok("history", "dev", "--verdict", "--no-fetch", "-o", "json").result["entries"]
    verdicts = {entry["record"]["version"]: entry["verdict"] for entry in entries}
    assert verdicts["v5"] is None
    assert {version: found["verdict"] for version, found in verdicts.items() if found} == {
        "v4": "ok", "v3": "data-loss", "v2": "bridged", "v1": "bridged"
    }  # fmt: skip
    assert [reason["subjects"] for reason in verdicts["v3"]["reasons"]] == [["module.main.terraform_data.kept"]]
    assert [reason["name"] for reason in verdicts["v1"]["reasons"]] == ["forgotten", "moved"]

    text = shop.ok("history", "dev", "--verdict").out.splitlines()
    assert text[0].split() == ["VERSION", "WHEN", "BACK", "TO", "IT", "WHY"]
    assert "current" in text[1]
    shown = shop.ok("show", "dev", "v3").out
    assert "--allow-destroy 'module.main.terraform_data.kept'" in shown
    assert "back to it" not in shop.ok("show", "dev").out

    broken = shop.git("for-each-ref", "--format=%(contents)", "refs/tags/tfops/dev/v2").replace('"run_id":', "run_id:")
    shop.git("tag", "--force", "-a", "--cleanup=verbatim", "-m", broken, "tfops/dev/v2")
    rules = (shop.path / "tfops.yaml").read_text()
    shop.write("tfops.yaml", rules + 'protect: ["*.terraform_data.new"]\n')
    shop.commit()
    entries = shop.ok("history", "dev", "--verdict", "-o", "json").result["entries"]
    assert [(entry["verdict"] or {}).get("verdict") for entry in entries] == [
        None, "ok", "data-loss", "blocked", "bridged"
    ]  # fmt: skip
