"""`required_checks` with `use: TOOL`: what is said of findings, where they are kept, and that silence is no consent."""

import json
import shutil
import sys
from pathlib import Path

import pytest

import tfops
from tests.support.engine_cases import one, stacks, two
from tests.support.policy_tool import PolicyTool, require_regopy
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import CheckFailed
from tfops.records.check import CheckFinding
from tfops.records.version import Verified
from tfops.system import process
from tfops.views.envelope import failure

TOKEN = "s3cret-one"
MAIN = "module.main.terraform_data.main"
_READ = "[TerraformLocalGraph] created 1 vertices\n"
_NOTHING = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0}


def rules(*checks: str) -> str:
    lines = "".join(f"      - {check}\n" for check in checks)
    return f"version: 1\nproject: shop\nenvironments:\n  dev:\n    branch: main\n    required_checks:\n{lines}"


def failed_checks(count: int, message: str = "Ensure it") -> dict[str, object]:
    """What checkov says of so many findings."""
    items = [
        {
            "check_id": f"CKV_{number}",
            "check_name": message,
            "resource": MAIN,
            "resource_address": MAIN,
            "severity": "HIGH" if number else "CRITICAL",
            "guideline": f"https://docs.example/{number}",
        }
        for number in range(count)
    ]
    summary = _NOTHING | {"failed": count, "resource_count": 1}
    return {"check_type": "terraform_plan", "results": {"failed_checks": items}, "summary": summary}


@pytest.fixture
def checkov(tmp_path: Path) -> PolicyTool:
    return PolicyTool(tmp_path / "tools", "checkov")


@pytest.fixture
def checked(play: Open, checkov: PolicyTool) -> Shop:
    shop = play("life", rules=rules("{use: checkov}"))
    one(shop)
    return shop


def refusal(shop: Shop) -> CheckFailed:
    with pytest.raises(CheckFailed) as failed:
        shop.apply()
    assert shop.events() == [] and not shop.state_file().exists()
    return failed.value


def test_what_a_tool_finds_is_said_and_refuses_the_apply(checked: Shop, checkov: PolicyTool) -> None:
    checkov.says(failed_checks(60), code=1)
    error = refusal(checked)
    assert error.why == "checkov: 60 findings (1 critical, 59 high)"
    assert f"  critical CKV_0 {MAIN}: Ensure it · https://docs.example/0\n" in checked.ui.said
    assert "  and 50 more: -o json lists up to 50" in checked.ui.said
    [check] = json.loads(failure("apply", error))["error"]["checks"]
    assert (check["name"], len(check["findings"]), check["unlisted"]) == ("checkov", 50, 10)
    assert check["findings"][0] == {
        "severity": "critical",
        "rule": "CKV_0",
        "address": MAIN,
        "message": "Ensure it",
        "url": "https://docs.example/0",
        "fails": True,
    }


def test_a_plan_tells_findings_too(checked: Shop, checkov: PolicyTool) -> None:
    checkov.says(failed_checks(1), code=1)
    [check] = checked.plan(checks=True).checks
    assert (check.result, check.why) == (Verified.FAILED, "1 finding (1 critical)")
    assert [finding.rule for finding in check.findings] == ["CKV_0"]


def test_the_tool_gets_a_private_plan_and_few_variables(
    checked: Shop, checkov: PolicyTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_SOMEBODY", "x")
    checkov.says(_NOTHING, stderr=_READ)
    checked.apply()
    plan = Path(checkov.argv[checkov.argv.index("--file") + 1])
    assert (plan.name, plan.exists()) == ("main.json", False), "gone when the check is over"
    assert checkov.env["TFOPS_ENV"] == "dev" and "SECRET_OF_SOMEBODY" not in checkov.env


@pytest.mark.parametrize(
    ("answer", "code", "stderr", "why"),
    [
        ("", 2, "usage: checkov\nerror: unrecognized arguments: --x\n", "exit code 2: usage: checkov error: unrecog"),
        ("", 0, "", "it said nothing"),
        ("all is well\n", 0, "", "its answer is not JSON: all is well"),
        (_NOTHING, 0, "created 0 vertices", "it looked at none of 1 resources: created 0 vertices"),
        ({"other": 1}, 0, "", "its answer has another form than tfops knows"),
        ("\x1b[31mred\u202e", 1, "", "its answer is not JSON:  [31mred"),
    ],
)
def test_what_is_not_understood_fails_with_its_own_words(
    checked: Shop, checkov: PolicyTool, answer: object, code: int, stderr: str, why: str
) -> None:
    checkov.says(answer, code=code, stderr=stderr)
    error = refusal(checked)
    assert error.why.startswith(f"checkov: {why}")
    assert "\x1b" not in error.why + checked.ui.said and "\u202e" not in error.why + checked.ui.said
    assert error.checks[0].why in f"{error.why}"


def test_a_tool_that_is_not_installed_fails_and_says_where_it_is(play: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == "conftest" else which(name, path=path))
    shop = play("life", rules=rules("{use: conftest}"))
    one(shop)
    assert refusal(shop).why == "conftest: `conftest` is not installed: https://www.conftest.dev/install/"


def test_a_tool_that_takes_too_long_is_ended(play: Open, checkov: PolicyTool) -> None:
    shop = play("life", rules=rules("{use: checkov, timeout: 1s}"))
    one(shop)
    checkov.says(_NOTHING, sleep_s=60)
    assert refusal(shop).why == "checkov: no end within 1 s"


def test_a_secret_that_a_tool_quotes_is_masked(
    play: Open, checkov: PolicyTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = play("secret", rules=rules("{use: checkov}"))
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    shop.wants("secret", token={"from": "env:SHOP_TOKEN"})
    checkov.says(failed_checks(1, f"the value {TOKEN} is weak"), code=1)
    error = refusal(shop)
    assert error.checks[0].findings[0].message == "the value (secret) is weak"
    checkov.says("", code=2, stderr=f"can't parse {TOKEN}")
    assert refusal(shop).why == "checkov: exit code 2: can't parse (secret)"
    assert TOKEN not in shop.ui.said + failure("apply", error)


def test_what_does_not_fail_the_check_is_told_and_stands_on_the_card(play: Open, tmp_path: Path) -> None:
    conftest = PolicyTool(tmp_path / "tools", "conftest")
    shop = play("life", rules=rules("{name: rules, use: conftest}"))
    warnings = [{"msg": f"no owner {number}"} for number in range(30)]
    conftest.says([{"successes": 1, "warnings": warnings, "failures": []}])
    one(shop)
    shop.apply()
    [check] = shop.card().checks
    assert (check.name, check.result, len(check.findings), check.unlisted) == ("rules", Verified.PASSED, 20, 10)
    assert check.findings[0] == CheckFinding("warning", "warn", "", "no owner 0", fails=False)
    assert "  warning warn: no owner 0" in shop.ui.said


def test_each_stack_is_judged_and_named(play: Open, tmp_path: Path) -> None:
    opa = PolicyTool(tmp_path / "tools", "opa")
    shop = play("several", rules=rules("{use: opa}"))
    finding = {"msg": "no", "address": "module.a.terraform_data.b"}
    opa.says({"result": [{"expressions": [{"value": {"deny": [finding]}}]}]})
    stacks(shop, "10.0.0.0/16")
    [check] = shop.plan(checks=True).checks
    judged = ["db", "network"]  # what waits for another stack is judged when it is planned
    assert [one.address for one in check.findings] == [f"{stack}/module.a.terraform_data.b" for stack in judged]


_DENY = """\
package main

import rego.v1

deny contains problem if {
    some change in input.resource_changes
    change.change.after.input == "one"
    problem := {"msg": "one is not enough", "address": change.address, "severity": "low"}
}
"""


def test_rego_needs_no_program(play: Open) -> None:
    require_regopy()
    shop = play("life", rules=rules("{use: rego}"))
    shop.write("policies/values.rego", _DENY)
    shop.write("policies/values_test.rego", "no rego at all")
    one(shop)
    assert refusal(shop).why == "rego: 1 finding (1 low)"
    assert f"  low deny {MAIN}: one is not enough" in shop.ui.said
    two(shop)
    shop.apply()


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("", "exit code 1: there is no file *.rego in policies"),
        ("package main\n\ndeny[m", "exit code 1: policies/x.rego:3: this is unclosed"),
        ("package main\nimport rego.v1\ndeny contains 1 if nosuch(1)", "exit code 1: the policy calls a function"),
        (
            'package main\nimport rego.v1\ndeny contains "a" if net.cidr_contains("10.0.0.0/8", "10.0.0.1")',
            "exit code 1: a built-in function failed, or is one that regopy doesn't have",
        ),
        ("package main\nimport rego.v1\nallow := true", "there is no rule `deny`, `violation` or `warn`"),
        ("package main\nimport rego.v1\ndeny contains 3", "`deny` gives neither a text nor an object with `msg`"),
    ],
)
def test_rego_that_cannot_be_judged_fails(play: Open, policy: str, why: str) -> None:
    require_regopy()
    shop = play("life", rules=rules("{use: rego}"))
    if policy:
        shop.write("policies/x.rego", policy)
    one(shop)
    assert refusal(shop).why.startswith(f"rego: {why}")


def test_without_regopy_it_says_how_to_get_it() -> None:
    # -S: nothing that was installed is seen, and tfops is found where this process stands.
    argv = [sys.executable, "-S", "-m", "tfops.checks.rego_process", "plan", "policies", "main"]
    done = process.run(argv, env={}, cwd=Path(tfops.__file__).parents[1])
    assert (done.code, done.stdout) == (1, b"") and "regopy is not installed: " in done.stderr
    assert done.stderr.strip().endswith("install regopy")
