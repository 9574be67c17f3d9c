"""`config show` and `new`: what a developer sees and gets of the files, before anything is committed."""

from pathlib import Path

from tests.support.sandbox import new_sandbox

RULES = """\
version: 1
project: shop
environments:
  dev: {branch: main}   # ours
defaults:
  thing: {keys: [a]}
"""


def test_a_developer_adds_an_environment_like_another_and_sees_where_its_values_come_from(tmp_path: Path) -> None:
    shop = new_sandbox(tmp_path / "shop", "terraform", rules=RULES)
    shop.write("environments/dev.yaml", "modules:\n  main: {source: thing, inputs: {value: one}}\n")
    new = shop.ok("new", "environment", "qa", "--like", "dev", "--branch", "release/*")
    assert new.out.startswith("  + environments/qa.yaml\n  ~ tfops.yaml\n")
    assert '  dev: {branch: main}   # ours\n  qa: {branch: "release/*"}\n' in (shop.path / "tfops.yaml").read_text()
    shop.ok("validate", "qa")
    shown = shop.ok("config", "show", "qa", "--sources").out
    assert "      value: one   # environments/dev.yaml:2\n      keys: [a]    # tfops.yaml:7 (default)\n" in shown
    lines = shop.ok("config", "show", "qa", "--output", "json").result["stacks"][0]["lines"]
    assert {line["path"][-1]: line["value"] for line in lines if line["mark"]} == {
        "source": "thing",
        "value": "one",
        "keys": ["a"],
    }

    module = shop.ok("new", "module", "cache")
    assert "modules/cache/variables.tf" in module.out
    shop.ok("new", "environment", "stage")
    assert "cache:\n    source: cache\n    inputs:\n      name:" in (shop.path / "environments/stage.yaml").read_text()
    shop.ok("validate", "stage")
    (shop.path / "environments/Test.yaml").write_text("")
    before = shop.git("status", "--porcelain")
    for name, guard in (("qa", "exists"), ("test", "exists"), ("Prod", "usage")):
        refused = shop.run("new", "environment", name, "--output", "json")
        assert refused.code in (11, 64)
        assert guard in (refused.error.get("guard"), refused.error["name"])
    assert shop.run("new", "module", "CACHE").code == 11
    assert shop.run("new", "module", "../x").code == 64
    assert shop.git("status", "--porcelain") == before


def test_each_stack_of_a_folder_is_shown_and_inherited(tmp_path: Path) -> None:
    shop = new_sandbox(tmp_path / "shop", "terraform")
    shop.write("environments/dev/net.yaml", "modules:\n  n: {source: thing, inputs: {value: 1}}\n")
    shop.write("environments/dev/app.yaml", "extends: base.yaml\n")
    shop.write("environments/base.yaml", "modules:\n  a: {source: thing, inputs: {value: '${stack.net.n.value}'}}\n")
    shop.commit()
    shop.ok("new", "environment", "qa", "--like", "dev")
    assert (shop.path / "environments/qa/app.yaml").read_text() == "extends: base.yaml\n"
    assert (shop.path / "environments/qa/net.yaml").read_text().endswith("extends: dev/net.yaml\n")
    shown = shop.ok("config", "show", "qa", "--sources").out
    assert shown.index("--- # stack app") < shown.index("# environments/base.yaml:2") < shown.index("--- # stack net")
    assert shop.run("plan", "dev").code == 11
