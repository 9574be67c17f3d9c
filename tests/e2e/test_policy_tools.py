"""Real policy tools on real plans. Each where it is on PATH; else a skip that says what is missing, in CI too: they
are programs of their own makers, and none is in Python's registry but checkov."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.policy_tool import require_regopy
from tests.support.sandbox import Sandbox, new_sandbox

_GET = {
    "checkov": "pipx install checkov",
    "conftest": "go install github.com/open-policy-agent/conftest@latest",
    "opa": "go install github.com/open-policy-agent/opa@latest",
    "tflint": "go install github.com/terraform-linters/tflint@latest",
    "trivy": "https://trivy.dev/latest/getting-started/installation/",
}
_RULES = """\
version: 1
project: shop
required_checks: [{check}]
environments: {{dev: {{branch: main}}}}
"""
_DENY = """\
package main

import rego.v1

deny contains problem if {
    some change in input.resource_changes
    change.change.after.input == "bad"
    problem := {"msg": "a bad value", "address": change.address, "severity": "high"}
}
"""
_SENSITIVE = """\
variable "value" {
  type      = string
  sensitive = true
}
resource "terraform_data" "main" { input = var.value }
"""
_QUOTES = """\
package main

import rego.v1

deny contains problem if {
    some change in input.resource_changes
    text := sprintf("%s is weak", [change.change.after.input])
    problem := {"msg": text, "address": change.address, "severity": "low"}
}
"""
_OWN_CHECK = """\
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck


class NotBad(BaseResourceCheck):
    def __init__(self):
        super().__init__("Ensure no value is bad", "CKV2_OWN_1", [CheckCategories.GENERAL_SECURITY], ["terraform_data"])

    def scan_resource_conf(self, conf):
        return CheckResult.FAILED if conf.get("input") == ["bad"] else CheckResult.PASSED


check = NotBad()
"""


def _shop(folder: Path, engine: str, check: str) -> Sandbox:
    tool = json.loads(check)["use"]
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} here: {_GET[tool]}")
    return new_sandbox(folder / "shop", engine, rules=_RULES.format(check=check))


def _findings(shop: Sandbox) -> list[str]:
    """Of an apply that is refused for them."""
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "check-failed"), refused.out
    [check] = refused.error["checks"]
    return [f"{one['severity']} {one['rule']} {one['address']}: {one['message']}" for one in check["findings"]]


def test_rego_without_a_program_tells_findings_and_no_sensitive_value(tmp_path: Path, engine: str) -> None:
    require_regopy()
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES.format(check="{use: rego}"))
    shop.write("modules/thing/main.tf", _SENSITIVE)
    shop.write("policies/values.rego", _QUOTES)
    base = shop.commit("Begin")
    shop.write("environments/dev.yaml", "modules: {main: {source: thing, inputs: {value: hunter22-and-more}}}\n")
    shop.commit("A value")
    assert _findings(shop) == ["low deny module.main.terraform_data.main: (secret) is weak"]
    planned = shop.run("plan", "dev", "--checks")
    assert planned.code == 13 and "  low deny module.main.terraform_data.main: (secret) is weak" in planned.err
    reviewed = shop.run("review", "--local", "--base", base)
    assert reviewed.code == 13 and "✗ rego: 1 finding (1 low)" in reviewed.out
    assert "hunter22" not in planned.out + planned.err + reviewed.out + reviewed.err
    shop.write("policies/values.rego", _QUOTES.replace("deny", "warn"))
    shop.commit("told only")
    shop.ok("apply", "dev", "--yes")
    [check] = shop.ok("show", "dev", "-o", "json").result["card"]["checks"]
    assert [one["message"] for one in check["findings"]] == ["(secret) is weak"]
    assert "rego (1 finding)" in shop.ok("show", "dev").out


@pytest.mark.parametrize("tool", ["conftest", "opa"])
def test_rules_in_rego(tmp_path: Path, engine: str, tool: str) -> None:
    shop = _shop(tmp_path, engine, json.dumps({"use": tool, "policy": "rules"}))
    shop.write("rules/values.rego", _DENY)
    shop.wish("bad")
    assert _findings(shop) == ["high deny module.main.terraform_data.main: a bad value"]
    shop.wish("good")
    shop.ok("apply", "dev", "--yes")

    shop.wish("better")
    shop.write("rules/values.rego", _DENY + "deny contains")
    shop.commit("a policy that can't be read")
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert refused.code == 13 and "rules/values.rego" in refused.error["why"], refused.out


def test_checkov(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine, json.dumps({"use": "checkov", "policy": "own"}))
    shop.write("own/__init__.py", "")
    shop.write("own/values.py", _OWN_CHECK)
    shop.wish("bad")
    assert _findings(shop) == ["unknown CKV2_OWN_1 module.main.terraform_data.main: Ensure no value is bad"]
    shop.write("tfops.yaml", _RULES.format(check=json.dumps({"use": "checkov"})))
    shop.commit("without a rule for terraform_data")
    shop.ok("apply", "dev", "--yes")


def test_tflint_looks_into_modules(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine, json.dumps({"use": "tflint"}))
    shop.write("modules/thing/more.tf", 'variable "idle" {\n  default = 1\n}\n')
    shop.wish("good")
    assert _findings(shop) == [
        "warning terraform_required_version modules/thing/main.tf:1: "
        'terraform "required_version" attribute is required',
        "warning terraform_typed_variables modules/thing/more.tf:1: `idle` variable has no type",
        'warning terraform_unused_declarations modules/thing/more.tf:1: variable "idle" is declared but not used',
    ]
    shop.write(".tflint.hcl", "config {\n  disabled_by_default = true\n}\n")
    shop.commit("no rule counts")
    shop.ok("apply", "dev", "--yes")


def test_trivy_reads_the_rendered_root(tmp_path: Path, engine: str) -> None:
    shop = _shop(tmp_path, engine, json.dumps({"use": "trivy", "args": ["--skip-check-update"]}))
    shop.wish("good")
    shop.ok("apply", "dev", "--yes")
