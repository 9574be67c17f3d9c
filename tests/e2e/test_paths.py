"""`paths:`: a project whose modules and environments lie elsewhere is the same to every command."""

import json

from tests.support.sandbox import Sandbox

_RULES = """\
version: 1
project: shop
paths: {modules: infra/tf, environments: live/envs}
environments:
  dev: {branch: main}
"""
_DEV = "modules: {main: {source: thing, inputs: {value: %s}}}\n"


def test_a_project_with_folders_of_its_own_is_like_any_other(shop: Sandbox) -> None:
    module = (shop.path / "modules/thing/main.tf").read_text()
    shop.write("modules/thing/main.tf", "not even Terraform\n")
    shop.write("infra/tf/thing/main.tf", module)
    shop.write("infra/tf/other/main.tf", "")
    shop.write("live/envs/dev.yaml", _DEV % 1)
    shop.write("tfops.yaml", _RULES)
    first = shop.commit("elsewhere")
    assert shop.ok("apply", "dev", "--yes", "-o", "json").result["plan"]["changes"]
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert card["modules"]["main"]["digest"] == shop.git("rev-parse", "HEAD:infra/tf/thing").strip()

    shop.write("modules/thing/more.tf", "")
    shop.commit("not of this project")
    assert shop.ok("affected", "--base", first, "-o", "json").result["environments"] == []
    assert "in sync (untouched by 1 newer commit)" in shop.ok("status").out
    shop.write("infra/tf/thing/more.tf", 'output "more" { value = 1 }\n')
    dirty = shop.run("apply", "dev", "--yes", "-o", "json").error
    assert (dirty["guard"], "infra/tf/thing/more.tf" in dirty["what"]) == ("dirty", True)
    shop.commit("of this project")
    [touched] = shop.ok("affected", "--base", first, "-o", "json").result["environments"]
    assert touched["reasons"] == ["infra/tf/thing changed: used by module main"]

    made = shop.ok("new", "environment", "prod", "--like", "dev", "-o", "json").result
    assert made["written"] == ["live/envs/prod.yaml"]
    assert shop.ok("new", "module", "net", "-o", "json").result["written"][0].startswith("infra/tf/net/")
    assert "$schema=../../.schemas/environment.schema.json" in shop.ok("schema", "--write", ".schemas").out
    shop.write("live/envs/dev.yaml", "modules:\n    main: {source: thing, inputs: {value: 2}}\n")
    assert json.loads(shop.run("fmt", "--check", "-o", "json").out)["result"]["changed"] == ["live/envs/dev.yaml"]
    shop.write("live/envs/dev.yaml", "modules: {main: {source: thing, inputs: {valu: 2}}}\n")
    [wrong] = shop.run("validate", "dev", "-o", "json").error["complaints"]
    assert wrong["mark"]["path"] == "live/envs/dev.yaml"

    shop.write("live/envs/dev.yaml", _DEV % 1)
    shop.commit("prod")
    shop.git("mv", "infra/tf", "terraform")
    shop.write("tfops.yaml", (shop.path / "tfops.yaml").read_text().replace("infra/tf", "terraform"))
    shop.commit("moved folders")
    assert shop.ok("plan", "dev", "-o", "json").result["plan"]["changes"] == []
    back = shop.ok("rollback", "dev", "v1", "--plan", "-o", "json").result
    assert back["plan"]["changes"] == [], "each commit's own tfops.yaml says where its modules are"
