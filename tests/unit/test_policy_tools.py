"""What the answers of policy tools mean: the forms that they have, and all that they say when they judged nothing."""

import json
from pathlib import Path

import pytest

from tfops.checks.base import NotUnderstood, Said, Subject, worst_first
from tfops.checks.known import KNOWN
from tfops.config.checks import TOOLS, PolicyTool
from tfops.records.check import CheckFinding

_SUBJECT = Subject(Path("/run/plans/main.json"), Path("/clone/.git/root"), Path("/clone"), 2)
_EMPTY = Subject(Path("/run/plans/main.json"), Path("/clone/.git/root"), Path("/clone"), 0)

# As checkov 3.3.30 says it, shortened.
_CHECKOV_ITEM = {
    "check_id": "CKV_AWS_24",
    "check_name": "Ensure no security groups allow ingress from 0.0.0.0:0 to port 22",
    "check_result": {"result": "FAILED", "evaluated_keys": ["ingress/[0]/from_port"]},
    "file_path": "/main.json",
    "resource": "module.main.aws_security_group.g",
    "resource_address": "module.main.aws_security_group.g",
    "severity": None,
    "guideline": None,
}
_CHECKOV_NOTHING = {"passed": 0, "failed": 0, "skipped": 0, "parsing_errors": 0, "resource_count": 0}
_CHECKOV = {
    "check_type": "terraform_plan",
    "results": {"failed_checks": [_CHECKOV_ITEM]},
    "summary": _CHECKOV_NOTHING | {"passed": 9, "failed": 1, "resource_count": 2},
}
_READ = "2026-12-01 02:36:52,585 [MainThread  ] [INFO ]  [TerraformLocalGraph] created 1 vertices\n"
_UNREAD = _READ.replace("created 1", "created 0")

_CONFTEST = {
    "filename": "/run/plans/main.json",
    "namespace": "main",
    "successes": 1,
    "warnings": [{"msg": "no owner", "metadata": {"query": "data.main.warn"}}],
    "failures": [
        {"msg": "too open", "metadata": {"query": "data.main.deny_open", "address": "aws_x.y", "severity": "HIGH"}}
    ],
}
_TFLINT = {
    "issues": [
        {
            "rule": {
                "name": "terraform_typed_variables",
                "severity": "warning",
                "link": "https://github.com/terraform-linters/tflint-ruleset-terraform/blob/v0.9.1/docs/x.md",
            },
            "message": "`a` variable has no type",
            "range": {
                "filename": ".git/root/modules/thing/main.tf",
                "start": {"line": 3, "column": 1},
                "end": {"line": 3, "column": 13},
            },
            "callers": [],
        }
    ],
    "errors": [],
}
_TRIVY = {
    "SchemaVersion": 2,
    "ArtifactType": "filesystem",
    "Results": [
        {"Target": ".", "Class": "config", "Type": "terraform", "MisconfSummary": {"Successes": 53, "Failures": 0}},
        {
            "Target": "modules/thing/main.tf",
            "Class": "config",
            "Type": "terraform",
            "Misconfigurations": [
                {
                    "ID": "AVD-AWS-0086",
                    "Title": "S3 Access block should block public ACL",
                    "Message": "No public access block so not blocking public acls",
                    "Severity": "HIGH",
                    "PrimaryURL": "https://avd.aquasec.com/misconfig/avd-aws-0086",
                    "Status": "FAIL",
                    "CauseMetadata": {"Resource": "module.main.aws_s3_bucket.b", "StartLine": 1},
                },
                {
                    "ID": "AVD-AWS-0090",
                    "Title": "Versioning",
                    "Severity": "LOW",
                    "Status": "FAIL",
                    "CauseMetadata": {"StartLine": 7},
                },
                {"ID": "AVD-AWS-0001", "Title": "Fine", "Severity": "LOW", "Status": "PASS"},
            ],
        },
    ],
}
_INFRACOST = {
    "version": "0.2",
    "currency": "USD",
    "projects": [{"diff": {"resources": [{"name": "aws_instance.web", "monthlyCost": "742.64"}, {"name": "free"}]}}],
    "totalMonthlyCost": "1742.64",
    "diffTotalMonthlyCost": "742.64",
}


def _opa(package: object) -> dict[str, object]:
    return {"result": [{"expressions": [{"value": package, "text": "data.main"}]}]}


def _found(
    tool: PolicyTool, stdout: object, *, code: int = 0, stderr: str = "", subject: Subject = _SUBJECT
) -> list[CheckFinding]:
    text = stdout if isinstance(stdout, str) else json.dumps(stdout)
    return KNOWN[tool.use].findings(tool, Said(code, text, stderr), subject)


def test_each_tool_of_tfops_yaml_is_known() -> None:
    assert KNOWN.keys() == TOOLS.keys()


def test_checkov_names_resource_and_rule() -> None:
    tool = PolicyTool("checkov")
    finding = CheckFinding(
        "unknown", "CKV_AWS_24", "module.main.aws_security_group.g", str(_CHECKOV_ITEM["check_name"])
    )
    assert _found(tool, _CHECKOV, code=1) == [finding] == _found(tool, [_CHECKOV, _CHECKOV_NOTHING], code=1)
    assert _found(PolicyTool("checkov", skip=("CKV_AWS_24",)), _CHECKOV, code=1) == []


def test_checkov_is_believed_only_where_it_read_the_plan() -> None:
    tool = PolicyTool("checkov")
    assert _found(tool, _CHECKOV_NOTHING, stderr=_READ) == [], "resources of which it knows no rule"
    assert _found(tool, _CHECKOV_NOTHING, stderr=_UNREAD, subject=_EMPTY) == [], "nothing was to be read"
    with pytest.raises(NotUnderstood, match="it looked at none of 2 resources"):
        _found(tool, _CHECKOV_NOTHING, stderr=_UNREAD)
    with pytest.raises(NotUnderstood, match="it can't read the plan"):
        _found(tool, _CHECKOV | {"summary": _CHECKOV_NOTHING | {"parsing_errors": 1}})


def test_conftest_tells_failures_from_warnings() -> None:
    assert _found(PolicyTool("conftest"), [_CONFTEST], code=1) == [
        CheckFinding("high", "deny_open", "aws_x.y", "too open"),
        CheckFinding("warning", "warn", "", "no owner", fails=False),
    ]
    assert _found(PolicyTool("conftest"), [{"successes": 1, "failures": None}]) == []
    with pytest.raises(NotUnderstood, match="no rule `deny`, `violation` or `warn` in package other"):
        _found(PolicyTool("conftest", package="other"), [{"successes": 0}])


def test_tflint_fails_from_a_severity_on() -> None:
    [found] = _found(PolicyTool("tflint"), _TFLINT, code=2)
    assert (found.severity, found.address, found.fails) == ("warning", "modules/thing/main.tf:3", True)
    [found] = _found(PolicyTool("tflint", severity="error"), _TFLINT, code=2)
    assert not found.fails
    with pytest.raises(NotUnderstood, match="it found something, and doesn't say what"):
        _found(PolicyTool("tflint"), {"issues": [], "errors": []}, code=2)
    with pytest.raises(NotUnderstood, match="it can't read the rendered root: no such module"):
        _found(PolicyTool("tflint"), {"issues": [], "errors": [{"message": "no such module"}]}, code=1)


def test_tflint_says_nothing_about_the_form_of_rendered_files() -> None:
    [issue] = json.loads(json.dumps(_TFLINT["issues"]))
    issue["range"]["filename"] = ".git/root/main.tf.json"
    assert _found(PolicyTool("tflint"), _TFLINT | {"issues": [issue]}, code=2) == []
    issue["rule"]["name"] = "aws_instance_invalid_type"
    [found] = _found(PolicyTool("tflint"), _TFLINT | {"issues": [issue]}, code=2)
    assert found.address == "main.tf.json:3"


def test_tflint_takes_the_repositorys_configuration(tmp_path: Path) -> None:
    (tmp_path / ".tflint.hcl").touch()
    subject = Subject(tmp_path / "main.json", tmp_path / "root", tmp_path, 1)
    assert f"--config={tmp_path}/.tflint.hcl" in KNOWN["tflint"].argv(PolicyTool("tflint"), subject)


def test_trivy_fails_from_a_severity_on_and_not_for_what_passed() -> None:
    high, low = _found(PolicyTool("trivy", severity="high"), _TRIVY)
    assert high == CheckFinding(
        "high",
        "AVD-AWS-0086",
        "module.main.aws_s3_bucket.b",
        "No public access block so not blocking public acls",
        "https://avd.aquasec.com/misconfig/avd-aws-0086",
    )
    assert low == CheckFinding("low", "AVD-AWS-0090", "modules/thing/main.tf:7", "Versioning", fails=False)


def test_trivy_is_not_believed_when_its_log_has_an_error() -> None:
    log = '2026-09-29T02:45:20Z\tERROR\t[terraform parser] Error parsing file\tfile_path="main.tf"\n'
    with pytest.raises(NotUnderstood, match=r"error in its log: \[terraform parser\] Error parsing file"):
        _found(PolicyTool("trivy"), _TRIVY, stderr=log)
    with pytest.raises(NotUnderstood, match="it found nothing to look at"):
        _found(PolicyTool("trivy"), {"SchemaVersion": 2})
    assert _found(PolicyTool("trivy"), {"SchemaVersion": 2}, subject=_EMPTY) == []


def test_infracost_fails_above_the_sum() -> None:
    total, web = _found(PolicyTool("infracost", most=500), _INFRACOST)
    assert total == CheckFinding("high", "monthly-cost", "", "+742.64 USD a month, 1,742.64 in all; 500 more allowed")
    assert web == CheckFinding("info", "monthly-cost", "aws_instance.web", "+742.64 USD a month", fails=False)
    assert not any(found.fails for found in _found(PolicyTool("infracost", most=743), _INFRACOST))


@pytest.mark.parametrize("cost", [None, "", "NaN", "Infinity", "1E+99999999", "unknown", 3, []])
def test_a_cost_that_nobody_knows_is_not_zero(cost: object) -> None:
    with pytest.raises(NotUnderstood, match="doesn't say what the plan costs"):
        _found(PolicyTool("infracost"), _INFRACOST | {"diffTotalMonthlyCost": cost})


@pytest.mark.parametrize("use", ["opa", "rego"])
@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"deny": []}, []),
        ({"deny": ["a", "b"]}, ["error deny: a", "error deny: b"]),
        ({"deny": {"a": True}}, ["error deny: a"]),
        ({"deny": {'{"id":"R1", "msg":"a"}': True}}, ["error R1: a"]),
        ({"violation_x": [{"msg": "a", "resource": "aws_x.y", "severity": "low"}]}, ["low violation_x aws_x.y: a"]),
        ({"deny": {"msg": "a"}}, ["error deny: a"]),
        ({"deny": "a"}, ["error deny: a"]),
        ({"deny": True, "deny_b": False}, ["error deny: `deny` is true"]),
        ({"warn": ["a"], "denied": ["no rule"]}, ["warning warn: a"]),
    ],
)
def test_rules_in_rego_are_those_of_conftest(use: str, rules: object, expected: list[str]) -> None:
    found = _found(PolicyTool(use), _opa(rules) if use == "opa" else rules)
    assert [one.text for one in found] == expected
    assert all(one.fails == (one.rule != "warn") for one in found)


@pytest.mark.parametrize("package", [None, {}, {"allow": True}, [1]])
@pytest.mark.parametrize("use", ["opa", "rego"])
def test_a_package_without_rules_is_no_judgement(use: str, package: object) -> None:
    with pytest.raises(NotUnderstood, match="no rule `deny`, `violation` or `warn` in package main"):
        _found(PolicyTool(use), _opa(package) if use == "opa" else package)


def test_opa_says_why_it_cannot_evaluate() -> None:
    error = {"message": "var x is unsafe", "code": "rego_unsafe_var_error", "location": {"file": "p/b.rego", "row": 3}}
    with pytest.raises(NotUnderstood, match=r"can't evaluate the policy: p/b\.rego:3: var x is unsafe"):
        _found(PolicyTool("opa"), {"errors": [error]}, code=2)
    with pytest.raises(NotUnderstood, match="can't evaluate the policy: stat policies: no such file or directory"):
        _found(PolicyTool("opa"), {"errors": [{"message": "stat policies: no such file or directory"}]}, code=2)


@pytest.mark.parametrize("use", sorted(TOOLS))
@pytest.mark.parametrize(
    ("stdout", "code"),
    [
        ("", 0), ("", 1), ("Error: something", 1), ("{}", 0), ("[]", 0), ("[1]", 0), ("null", 0), ("{}", 127), ("{", 0),
        ('{"deny": [3]}', 0), ('{"results": {}}', 0), ('{"Results": [3]}', 0), ('{"issues": 3, "errors": []}', 0),
    ],
)  # fmt: skip
def test_what_is_not_a_tools_own_answer_is_never_a_plan_without_findings(use: str, stdout: str, code: int) -> None:
    with pytest.raises(NotUnderstood):
        _found(PolicyTool(use), stdout, code=code)


@pytest.mark.parametrize(
    ("use", "stdout", "code"),
    [
        ("checkov", _CHECKOV | {"results": {"failed_checks": []}}, 1),
        ("conftest", [{"successes": 1}], 1),
    ],
)
def test_an_exit_code_that_says_no_is_not_overheard(use: str, stdout: object, code: int) -> None:
    with pytest.raises(NotUnderstood, match=f"exit code {code}, and nothing that it found"):
        _found(PolicyTool(use), stdout, code=code)


def test_what_infracost_could_not_read_is_not_free() -> None:
    project = {"metadata": {"errors": [{"code": 1, "message": "no module there"}]}, "diff": None}
    with pytest.raises(NotUnderstood, match="it can't read the plan: no module there"):
        _found(PolicyTool("infracost", most=1000), _INFRACOST | {"projects": [project]})


@pytest.mark.parametrize(
    ("use", "answer"),
    [
        ("checkov", _CHECKOV | {"results": {"failed_checks": [_CHECKOV_ITEM | {"check_id": 3}]}}),
        ("trivy", {"Results": [{"Misconfigurations": [{"ID": ["a"], "Title": "b", "Severity": "LOW"}]}]}),
        ("rego", "[" * 100_000),
    ],
)
def test_what_has_another_form_inside_is_not_understood_either(use: str, answer: object) -> None:
    with pytest.raises(NotUnderstood, match=r"another form|not JSON"):
        _found(PolicyTool(use), answer)


def test_a_severity_that_nobody_knows_counts() -> None:
    answer = json.loads(json.dumps(_TFLINT).replace('"warning"', '"grave"'))
    [found] = _found(PolicyTool("tflint", severity="error"), answer, code=2)
    assert (found.severity, found.fails) == ("unknown", True)


def test_what_fails_comes_first_then_what_is_worse() -> None:
    told = CheckFinding("critical", "r", "", "told", fails=False)
    low, high, unknown = (CheckFinding(severity, "r", "", "m") for severity in ("low", "high", "unknown"))
    assert worst_first([told, low, unknown, high]) == [high, unknown, low, told]


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (
            PolicyTool("checkov", policy="own", args=("--config-file", "c.yaml")),
            "checkov --file /run/plans/main.json --framework terraform_plan --output json --compact --quiet "
            "--skip-download --external-checks-dir own --config-file c.yaml",
        ),
        (
            PolicyTool("conftest", args=("--data", "d")),
            "conftest test --parser json --output json --show-builtin-errors --policy policy --namespace main "
            "--data d /run/plans/main.json",
        ),
        (
            PolicyTool("opa", policy="rules", package="a.b"),
            "opa eval --format json --data rules --input /run/plans/main.json --strict-builtin-errors data.a.b",
        ),
        (
            PolicyTool("tflint", args=("--only=x",)),
            "tflint --chdir=/clone/.git/root --recursive --call-module-type=all --format=json --no-color --only=x",
        ),
        (
            PolicyTool("trivy", policy="own"),
            "trivy config --misconfig-scanners terraform --format json --exit-code 0 --quiet=false "
            "--config-check own --check-namespaces user /clone/.git/root",
        ),
        (
            PolicyTool("infracost", most=1),
            "infracost breakdown --path /run/plans/main.json --format json --no-color",
        ),
    ],
)
def test_a_tool_gets_the_plan_or_the_root_and_what_the_user_adds(tool: PolicyTool, expected: str) -> None:
    assert list(KNOWN[tool.use].argv(tool, _SUBJECT)) == expected.split()
