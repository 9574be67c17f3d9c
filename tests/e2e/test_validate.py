"""`tfops validate`, `explain`, `schema`: what who writes an environment's file gets without any account."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.engines import available_engines, require_terraform, require_tofu
from tests.support.layouts import layouts
from tests.support.sandbox import Sandbox, new_sandbox
from tfops.config.names import ENVIRONMENT_RULE

NETWORK = """\
variable "cidr" {
  description = "The range."
  type        = string
  validation {
    condition     = can(cidrhost(var.cidr, 0))
    error_message = "cidr must be a range."
  }
  validation {
    condition     = local.never
    error_message = "looks at more than variables"
  }
}
variable "zones" {
  type    = set(string)
  default = []
}
variable "size" {
  type    = object({ min = number, max = optional(number, 9) })
  default = { min = 1 }
}
variable "key" {
  type      = string
  default   = ""
  sensitive = true
}
locals { never = true }
resource "terraform_data" "x" { input = var.cidr }
output "id" { value = terraform_data.x.id }
"""
DEV = """\
modules:
  one:
    source: network
    inputs:
      cidr: 10.0.0.0/8
      zones: [1, 1, b]
      size: {min: "2"}
      key: {from: "env:KEY"}
  two:
    source: network
    inputs: {cidr: "${module.one.id}", size: {min: "${module.one.id}"}}
"""


def project(tmp_path: Path, engine: str) -> Sandbox:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main}\n  prod: {branch: prod}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.write("modules/network/main.tf", NETWORK)
    shop.write("environments/dev.yaml", DEV)
    shop.write("environments/prod.yaml", "extends: dev.yaml\nmodules: {one: {inputs: {zones: [x]}}}\n")
    return shop


def test_a_project_is_validated_before_its_first_commit_and_by_the_engine_without_init(
    tmp_path: Path, engine: str
) -> None:
    shop = project(tmp_path, engine)
    assert shop.ok("validate").out == "✓ nothing wrong: 2 environments, 1 module\n"
    assert "and so says the engine" in shop.ok("validate", "--deep").out
    deep = shop.ok("validate", "dev", "--deep", "-o", "json").result
    assert deep["values"]["one"] == {"cidr": "10.0.0.0/8", "zones": ["1", "b"], "size": {"min": 2, "max": 9}}
    assert [(item["input"], item["becomes"]) for item in deep["converted"]] == [
        ("zones", ["1", "b"]),
        ("size", {"min": 2, "max": 9}),
    ]
    assert not list(shop.workspace.glob("scratch/*"))
    assert not (shop.workspace / "state").exists()


def test_every_mistake_of_the_project_is_said_in_one_run(tmp_path: Path, engine: str) -> None:
    shop = project(tmp_path, engine)
    shop.commit()
    shop.write("tfops.yaml", (shop.path / "tfops.yaml").read_text().replace("project: shop", "project: Shop"))
    wrong = DEV.replace("zones: [1, 1, b]", "zoness: [1]").replace("module.one.id", "module.one.ix")
    shop.write("environments/dev.yaml", wrong)
    ran = shop.run("validate", "-o", "json", env={"GITHUB_ACTIONS": "true"})
    assert ran.code == 10
    found = [f"{item['mark']['path']}:{item['mark']['line']} {item['message']}" for item in ran.error["complaints"]]
    assert found == [
        "environments/dev.yaml:6 module `one` has no input `zoness`",
        "environments/dev.yaml:11 module `one` has no output `ix`",
        "environments/dev.yaml:11 module `one` has no output `ix`",
        f"tfops.yaml:2 the project's name must be {ENVIRONMENT_RULE}",
    ]
    assert ran.err.splitlines()[0] == (
        "::error file=environments/dev.yaml,line=6,col=7::module `one` has no input `zoness` (did you mean `zones`?)"
    )
    assert shop.ok("validate", "--head").out.startswith("✓ nothing wrong")


def test_the_modules_own_rules_are_told_at_the_developers_line(tmp_path: Path, engine: str) -> None:
    shop = project(tmp_path, engine)
    shop.write("modules/bare/main.tf", 'resource "terraform_data" "bare" {}\n')
    shop.write("environments/prod.yaml", "modules: {bare: {source: bare}}\n")
    assert "and so says the engine" in shop.ok("validate", "--deep").out, "also of a module without variables"
    assert shop.ok("validate", "prod", "--deep", "-o", "json").result["values"] == {"bare": {}}
    shop.write("environments/dev.yaml", DEV.replace("10.0.0.0/8", "10.0.0.0/99"))
    ran = shop.run("validate", "--deep", "-o", "json")
    assert ran.code == 10
    [found] = ran.error["complaints"]
    assert (found["mark"]["line"], found["message"]) == (5, "`cidr`: cidr must be a range.")
    assert found["hint"] == "the module's own rule"


def test_what_was_right_is_looked_at_again_when_anything_changes(tmp_path: Path, engine: str) -> None:
    shop = project(tmp_path, engine)
    shop.ok("validate")
    assert shop.ok("validate").out == "✓ nothing wrong: 2 environments, 1 module\n"
    right = {"modules/network/main.tf": NETWORK, "environments/dev.yaml": DEV}
    wrong = {
        "modules/network/main.tf": NETWORK.replace('variable "zones"', 'variable "zone"'),
        "environments/dev.yaml": DEV.replace("cidr: 10.0.0.0/8", "cidr: [10]", 1),
    }
    for path, text in wrong.items():
        shop.write(path, text)
        assert shop.run("validate").code == 10
        shop.write(path, right[path])
        shop.ok("validate")


def test_modules_are_explained_and_become_schemas(tmp_path: Path, engine: str) -> None:
    shop = project(tmp_path, engine)
    text = shop.ok("explain", "network").out
    assert "cidr  string\n    The range.\n    rule: cidr must be a range.\n" in text
    assert textwrap.dedent(text.partition("example\n")[2]).startswith("modules:\n  network:\n    source: network\n")
    listed = shop.ok("explain", "-o", "json").result["modules"]
    assert [(fact["name"], fact["required"], fact["used_by"]) for fact in listed] == [
        ("network", ["cidr"], ["dev", "prod"]),
        ("thing", ["value"], []),
    ]
    shop.write("modules/data/queue/main.tf", 'variable "depth" {\n  type = number\n}\n')
    assert "depth  number" in shop.ok("explain", "data/queue").out
    assert "data/queue" in [fact["name"] for fact in shop.ok("explain", "-o", "json").result["modules"]]
    whole = json.loads(shop.ok("schema").out)["environment.schema.json"]
    wrong = {"modules": {"q": {"source": "data/queue", "inputs": {"depth": "deep"}}}}
    assert [error.json_path for error in Draft202012Validator(whole).iter_errors(wrong)] == ["$.modules.q.inputs.depth"]
    assert shop.run("explain", "../modules/network", "-o", "json").error["guard"] == "unknown-module"
    ran = shop.run("explain", "netwrok", "-o", "json")
    assert (ran.code, ran.error["hint"]) == (11, "tfops explain network -o json")
    shop.ok("schema", "--write", ".schemas")
    assert sorted(path.name for path in (shop.path / ".schemas").iterdir()) == [
        "base.schema.json", "environment.schema.json", "tfops.schema.json",
    ]  # fmt: skip
    assert json.loads(shop.ok("schema").out).keys() == {path.name for path in (shop.path / ".schemas").iterdir()}


ODD_INPUTS = """
variable "text" { type = string }
variable "from_map" { type = map(string) }
variable "NAME_OF_65" { default = 1 }
variable "kind" {
  type  = string
  const = true
}
variable "old" {
  default    = null
  deprecated = "use text"
}
resource "terraform_data" "x" { input = [var.text, var.from_map, var.NAME_OF_65, var.kind] }
output "gone" {
  value      = 1
  deprecated = "nobody needs it"
}
""".replace("NAME_OF_65", "n" * 65)


def test_constants_long_names_and_values_that_look_like_forms_reach_the_module(tmp_path: Path) -> None:
    if "embedded" not in available_engines():
        pytest.skip("no Terraform 1.15 here: pip install 'tfops[terraform]'")
    shop = project(tmp_path, "embedded")
    shop.write("modules/thing/main.tf", ODD_INPUTS)
    inputs = {"text": "$${module.x.y}", "from_map": {"literal": {"from": "here"}}, "n" * 65: "long", "kind": "a"}

    def wish(**more: Any) -> None:
        body = {"modules": {"main": {"source": "thing", "inputs": inputs | more}}}
        shop.write("environments/dev.yaml", json.dumps(body))

    wish(kind={"from": "env:KIND"})
    refused = shop.run("validate", "dev")
    assert (refused.code, "`kind` is a constant of the module" in refused.out + refused.err) == (10, True)
    wish()
    shop.write("environments/prod.yaml", (shop.path / "environments/dev.yaml").read_text())
    shop.commit("Odd inputs")
    shop.ok("validate", "--deep")
    done = shop.ok("apply", "dev", "--yes")
    assert "deprecated" not in (done.out + done.err).lower()
    [resource] = shop.state()["resources"]
    assert resource["instances"][0]["attributes"]["input"]["value"] == ["${module.x.y}", {"from": "here"}, "long", "a"]


def test_an_import_block_in_a_module_is_a_mistake_with_its_place(tmp_path: Path, engine: str) -> None:
    """`docs/reference/validation.md`: no engine before Terraform 1.16 plans it."""
    shop = new_sandbox(tmp_path / "shop", engine)
    shop.wish(1)
    shop.write("modules/thing/in.tf", '\nimport {\n  to = terraform_data.main\n  id = "x"\n}\n')
    [mistake] = shop.run("validate", "-o", "json").error["complaints"]
    assert mistake["mark"] == {"path": "modules/thing/in.tf", "line": 2, "column": 1}
    assert "before Terraform 1.16" in mistake["message"]


FROM_OCI = """\
modules:
  far: {source: "oci://localhost:1/far?tag=1.2.3"}
  near: {source: near}
"""
CALLS_OCI = 'module "inner" {\n  source = "oci://localhost:1/inner"\n}\n'


def test_terraform_is_refused_modules_from_an_oci_registry_where_they_stand(tmp_path: Path) -> None:
    """docs/reference/engines.md: OpenTofu alone fetches from there."""
    shop = new_sandbox(tmp_path / "shop", require_terraform())
    shop.write("environments/dev.yaml", FROM_OCI)
    shop.write("modules/near/main.tf", CALLS_OCI)
    shop.commit()
    mistakes = shop.run("validate", "-o", "json").error["complaints"]
    found = [tuple(mistake["mark"].values()) for mistake in mistakes]
    assert found == [("environments/dev.yaml", 2, 9), ("modules/near/main.tf", 2, 12)]
    assert all("only OpenTofu fetches from there" in mistake["message"] for mistake in mistakes)
    for command in ("plan dev", "providers lock dev"):
        refused = shop.run(*command.split(), "-o", "json").error
        assert (refused["guard"], refused["hint"][:12]) == ("needs-tofu", "use OpenTofu")
        assert "environments/dev.yaml:2:9: `far`" in refused["why"]
        assert "modules/near/main.tf:2:12: `inner`" in refused["why"]


def test_terraform_does_not_take_a_module_in_opentofu_s_files_for_an_empty_one(tmp_path: Path) -> None:
    """It sees no file there, so that a plan would destroy all that OpenTofu made."""
    shop = new_sandbox(tmp_path / "shop", require_terraform())
    shop.write("modules/near/main.tofu", 'variable "x" { type = string }\n')
    shop.write("modules/outer/main.tf", 'module "inner" {\n  source = "../near"\n  x      = "y"\n}\n')
    shop.write("environments/dev.yaml", "modules:\n  near: {source: near, inputs: {x: y}}\n  outer: {source: outer}\n")
    shop.commit()
    checked = shop.run("validate", "--deep", "-o", "json")
    assert "the inputs of near are not checked: only OpenTofu reads modules/near/main.tofu (dev: near)" in checked.err
    found = [tuple(mistake["mark"].values()) for mistake in checked.error["complaints"]]
    assert found == [("environments/dev.yaml", 2, 10), ("modules/outer/main.tf", 2, 12)]
    refused = shop.run("plan", "dev", "-o", "json").error
    assert (refused["guard"], "no files but OpenTofu's in modules/near" in refused["why"]) == ("needs-tofu", True)


def test_opentofu_is_handed_modules_from_an_oci_registry(tmp_path: Path) -> None:
    shop = new_sandbox(tmp_path / "shop", require_tofu())
    shop.write("environments/dev.yaml", FROM_OCI)
    shop.write("modules/near/main.tf", CALLS_OCI)
    shop.commit()
    checked = shop.ok("validate")
    assert "the inputs of oci://localhost:1/far?tag=1.2.3 are not checked" in checked.err
    assert "modules/near/main.tf:2:12: the source of `inner` (oci://localhost:1/inner) may give another" in checked.err
    assert '"source": "oci://localhost:1/far?tag=1.2.3"' in shop.ok("render", "dev").out
    failed = shop.run("plan", "dev")
    assert (failed.code, "oci://localhost:1/far" in failed.err) == (20, True)
    assert "can't be downloaded" in failed.err


def opentofu_by_name(folder: Path) -> str:
    """A program that says it is OpenTofu: `validate` asks it for no more than that."""
    path = folder / "tofu"
    path.write_text("#!/bin/sh\necho 'OpenTofu v1.12.6'\n")
    path.chmod(0o755)
    return str(path)


def test_the_files_that_count_are_those_of_the_engine_that_is_asked_for(tmp_path: Path, engine: str) -> None:
    """docs/reference/engines.md: `.tofu` files take the place of their namesakes, with `--engine tofu`."""
    shop = project(tmp_path, engine)
    tofu = opentofu_by_name(tmp_path)
    shop.write("modules/network/main.tofu", NETWORK + 'variable "more" { default = "" }\n')
    shop.write("environments/dev.yaml", DEV.replace("cidr: 10.0.0.0/8", "cidr: 10.0.0.0/8\n      more: x", 1))
    for _ in range(2):  # what one engine finds right isn't right with the other
        assert "has no input `more`" in shop.run("validate", "--engine", require_terraform()).err
        shop.ok("validate", "--engine", tofu)


def test_a_protection_that_the_inputs_do_not_decide_is_said_to_be_a_guess(tmp_path: Path, engine: str) -> None:
    shop = project(tmp_path, engine)
    keep = 'variable "keep" { default = true }\nresource "terraform_data" "kept" {\n  lifecycle {\n'
    shop.write("modules/network/keep.tf", f"{keep}    prevent_destroy = var.keep && plantimestamp() > 0\n  }}\n}}\n")
    ran = shop.ok("validate", "--engine", opentofu_by_name(tmp_path))
    assert (
        "modules/network/keep.tf:4:5: the inputs of dev, prod don't decide `var.keep && plantimestamp() > 0`: "
        "terraform_data.kept counts as protected there"
    ) in ran.err
    free = DEV.replace("cidr: 10.0.0.0/8", "cidr: 10.0.0.0/8\n      keep: false", 1)
    shop.write("environments/dev.yaml", free.replace("inputs: {cidr:", "inputs: {keep: false, cidr:"))
    assert "don't decide" not in shop.ok("validate", "--engine", opentofu_by_name(tmp_path)).err


_UNREADABLE = {
    "expression": ('variable "n" {}\nlocals {\n  x = (1 +\n}\n', "4:1"),
    "attribute": ('variable "n" {}\nlocals {\n  x = foo bar\n}\n', "3:11"),
    "block": ('variable "n" {}\nlocals {\n  x = 1\n', "2:8"),
}


def test_deep_says_where_a_module_is_no_hcl_and_takes_no_other_layout_for_it(tmp_path: Path, engine: str) -> None:
    """docs/reference/validation.md, `--deep`: what our reader can't read isn't wrong, what the engine can't read is."""
    shop = new_sandbox(tmp_path / "shop", engine)
    for name, text in layouts().items():
        shop.write(f"modules/sound/{name}.tf", text)
    shop.write("modules/sound/some.tf.json", '{"locals": {"x": "${var.v_crlf}"}, "variable": {"j": {}}}\n')
    shop.write("environments/dev.yaml", "modules: {main: {source: sound, inputs: {j: 1}}}\n")
    shop.commit()
    shop.ok("validate", "--deep")
    for name, (text, _) in _UNREADABLE.items():
        shop.write(f"modules/broken/{name}.tf", text.replace('"n"', f'"{name}"'))
    shop.write("modules/broken/data.tf.json", '{"locals": {},\n  oops}\n')
    shop.write("modules/sound/call.tf", 'module "broken" { source = "../broken" }\n')
    found = shop.run("validate", "--deep", "-o", "json").error["complaints"]
    wrong = {(one["mark"]["path"], f"{one['mark']['line']}:{one['mark']['column']}") for one in found}
    expected = {(f"modules/broken/{name}.tf", place) for name, (_, place) in _UNREADABLE.items()}
    assert wrong == expected | {("modules/broken/data.tf.json", "2:3")}
    shop.write("environments/dev.yaml", "modules: {main: {source: broken}}\n")
    shallow = shop.ok("validate").err
    broken = "modules/broken/block.tf:4:1, modules/broken/expression.tf:4:1"
    assert f"the inputs of broken are not checked: {broken} can't be read" in shallow
