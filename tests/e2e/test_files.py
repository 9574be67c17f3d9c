"""`config show` and `new`: what a developer sees and gets of the files, before anything is committed."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.support.sandbox import Sandbox, new_sandbox, with_remote

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
    assert "app takes what net will have" in shop.ok("plan", "dev").out


def test_a_commit_is_compared_with_a_version_as_it_would_be_rendered(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    assert shop.ok("render", "dev", "--diff", "v1").out == "dev renders to the same as v1\n"
    commit = shop.wish("two")
    lines = shop.ok("render", "dev", "--diff", "v1").out.splitlines()
    assert lines[:2] == ["--- v1/terraform.tfvars.json", f"+++ {commit[:8]}/terraform.tfvars.json"]
    assert '-    "value": "one"' in lines
    assert '+    "value": "two"' in lines
    assert shop.run("render", "dev", "--diff", "v9").code == 11


def test_init_uses_the_modules_that_are_there_and_names_what_could_be_adopted(tmp_path: Path) -> None:
    shop = new_sandbox(tmp_path / "shop", "terraform")
    (shop.path / "tfops.yaml").unlink()
    backend = 'terraform {\n  backend "s3" {\n    bucket = "acme"\n    region = "eu-west-1"\n    key = var.k\n  }\n}\n'
    shop.write("live/main.tf", backend)
    shop.commit()
    with_remote(shop, tmp_path / "remote.git")
    shop.git("remote", "set-head", "origin", "main")
    shop.git("checkout", "--quiet", "-b", "work")
    result = shop.ok("init", "--yes", "--output", "json").result
    assert (result["roots"], result["needs_values"]) == (["live"], True)
    rules = (shop.path / "tfops.yaml").read_text()
    assert "  local: {}\n  # `live` keeps its state in a bucket" in rules
    assert "# s3: {bucket: acme, region: eu-west-1, lock: native}" in rules
    assert "  dev: {branch: main}\n" in rules
    assert "modules:\n  thing:\n    source: thing\n" in (shop.path / "environments/dev.yaml").read_text()
    assert not (shop.path / "modules/network").exists()
    shop.ok("validate")
    for path in ("tfops.yaml", "environments/dev.yaml"):
        file = shop.path / path
        first = file.read_text().splitlines()[0]
        followed = json.loads((file.parent / first.removeprefix("# yaml-language-server: $schema=")).read_text())
        data = YAML(typ="safe").load(file)
        assert [error.message for error in Draft202012Validator(followed).iter_errors(data)] == []
