"""`verify` and `rollback: auto` of tfops.yaml: what they become, and what is wrong with them."""

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of
from tfops.config.checks import Check, PlanRule, PolicyTool, fill_outputs
from tfops.config.project import EnvironmentRule
from tfops.config.project_file import load_project
from tfops.records.names import EnvName

_HEAD = "version: 1\nproject: shop\n"
_SMOKE = Check("scripts/smoke.sh --fast", command=("scripts/smoke.sh", "--fast"))


def rule(text: str, env: str = "dev") -> EnvironmentRule:
    return load_project(MemoryTree({"tfops.yaml": _HEAD + text})).environments[EnvName(env)]


def complaints(text: str) -> list[str]:
    """`line: message` of each complaint."""
    found = complaints_of(lambda: load_project(MemoryTree({"tfops.yaml": _HEAD + text})))
    return [f"{item.mark.line}: {item.message}" for item in found]


def test_a_check_is_read_with_its_defaults_and_its_durations() -> None:
    text = """\
verify:
  - {command: [scripts/smoke.sh, --fast]}
  - {name: up, http: "https://x.example/", status: 204, contains: ok, timeout: 1m, retries: 3, every: 2s}
environments: {dev: {branch: main}}
"""
    up = Check("up", (), "https://x.example/", 204, "ok", 60.0, 3, 2.0)
    assert rule(text) == EnvironmentRule("main", verify=(_SMOKE, up))


def test_an_environments_checks_replace_the_projects_and_none_means_none() -> None:
    text = """\
verify: [{command: [scripts/smoke.sh, --fast]}]
environments:
  dev: {branch: main, rollback: auto}
  prod: {branch: prod, verify: [{http: "{output:app.url}/health"}]}
  perf: {branch: perf, verify: []}
"""
    assert rule(text) == EnvironmentRule("main", verify=(_SMOKE,), rolls_back=True)
    assert [check.url for check in rule(text, "prod").verify] == ["{output:app.url}/health"]
    assert rule(text, "perf").verify == ()


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{}", "a check has a `command` or an `http` address, one of the two"),
        ('{command: [a], http: "https://x"}', "a check has a `command` or an `http` address, one of the two"),
        ('{http: "file:///etc/passwd"}', "an address begins with https:// or http://"),
        ('{http: "ftp://x"}', "an address begins with https:// or http://"),
        ("{command: [a], status: 200}", "`status` goes with `http`, not with `command`"),
        ("{command: [a], timeout: soon}", "`timeout` must be a duration up to 1h"),
        ("{command: [a], timeout: 0s}", "`timeout` must be a duration up to 1h"),
        ("{command: [a], every: 2h}", "`every` must be a duration up to 1h"),
        ("{command: [a], retries: -1}", "`retries` must be between 0 and 100"),
        ('{http: "https://x", status: 42}', "`status` must be between 100 and 599"),
        ('{command: [a, "{output:app}"]}', "not an output: write `{output:MODULE.NAME}`"),
        ("{command: scripts/smoke.sh}", "`command` must be a list (`- item` lines)"),
        ("{comand: [a]}", "unknown key `comand`"),
        ("{command: [a], retries: many}", "`retries` must be a number"),
    ],
)
@pytest.mark.parametrize("key", ["verify", "required_checks"])
@pytest.mark.parametrize("place", ["project", "environment"])
def test_a_mistake_in_a_check_is_told_with_its_line(place: str, key: str, check: str, expected: str) -> None:
    at_top = f"{key}:\n  - {check}\nenvironments: {{dev: {{branch: main}}}}\n"
    at_env = f"environments:\n  dev: {{branch: main, {key}: [{check}]}}\n"
    assert expected in [found.partition(": ")[2] for found in complaints(at_top if place == "project" else at_env)]
    assert all(found.startswith("4: ") for found in complaints(at_top if place == "project" else at_env))


def test_a_required_check_comes_before_there_are_outputs() -> None:
    check = '{http: "https://{output:app.host}/"}'
    assert complaints(f"environments:\n  dev: {{branch: main, required_checks: [{check}]}}\n") == [
        "4: there are no outputs yet: a required check comes before the apply"
    ]


def test_a_rollback_by_itself_needs_something_that_can_fail() -> None:
    assert complaints("environments:\n  dev: {branch: main, rollback: auto}\n") == [
        "4: `rollback: auto` needs checks that can fail"
    ]
    assert complaints("environments:\n  dev: {branch: main, rollback: sometimes}\n") == [
        "4: `rollback` must be 'manual' or 'auto'"
    ]


def test_outputs_are_filled_in_wherever_they_stand() -> None:
    filled = fill_outputs("https://{output:app.host}:{output:app.port}/{path}", lambda module, name: f"{module}-{name}")
    assert filled == "https://app-host:app-port/{path}"


def test_a_rule_is_read_with_what_it_needs() -> None:
    text = """\
required_checks:
  - {use: max-deletes, most: 0}
  - {name: owners, use: required-tags, tags: [team]}
environments: {dev: {branch: main}}
"""
    found = rule(text).required_checks
    assert [check.name for check in found] == ["max-deletes", "owners"]
    assert [check.rule for check in found] == [PlanRule("max-deletes"), PlanRule("required-tags", tags=("team",))]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("{use: max-delete, most: 1}", "there is no such rule or tool"),
        ("{use: max-deletes}", "`use: max-deletes` needs `most`"),
        ("{use: max-deletes, most: -1}", "`most` must not be negative"),
        ("{use: required-tags, tags: []}", "`use: required-tags` needs `tags`"),
        ("{use: required-tags, tags: [team, ' ']}", "' ' fits nothing"),
        ("{use: protected, addresses: ['']}", "'' fits nothing"),
        ("{use: keep-data, most: 1}", "`most` doesn't go with `use: keep-data`"),
        ("{use: protected, addresses: [a_b.c], retries: 1}", "`retries` doesn't go with `use: protected`"),
        ("{use: keep-data, command: [a]}", "`command` doesn't go with `use: keep-data`"),
        ("{use: keep-data, skip: [a]}", "`skip` doesn't go with `use: keep-data`"),
        ("{use: checkof}", "there is no such rule or tool"),
        ("{use: checkov, severity: high}", "`severity` doesn't go with `use: checkov`"),
        ("{use: checkov, retries: 1}", "`retries` doesn't go with `use: checkov`"),
        ("{use: checkov, timeout: 2h}", "`timeout` must be a duration up to 1h"),
        ("{use: checkov, skip: CKV_1}", "`skip` must be a list (`- item` lines)"),
        ("{use: trivy, severity: grave}", "`severity` must be one of critical, high, medium, low"),
        ("{use: tflint, severity: high}", "`severity` must be one of error, warning, notice"),
        ("{use: conftest, policy: ../elsewhere}", "`policy` must be a folder of this repository"),
        ("{use: opa, policy: /etc}", "`policy` must be a folder of this repository"),
        ("{use: rego, policy: -x}", "`policy` must be a folder of this repository"),
        ("{use: rego, package: 'a b'}", "'a b' can't name a package of Rego"),
        ("{use: rego, args: [-v]}", "`args` doesn't go with `use: rego`"),
        ("{use: infracost}", "`use: infracost` needs `most`"),
    ],
)
def test_a_rule_that_cannot_work_is_a_mistake_at_its_place(check: str, expected: str) -> None:
    text = f"environments: {{dev: {{branch: main}}}}\nrequired_checks:\n  - {check}\n"
    assert f"5: {expected}" in complaints(text)


def test_rules_judge_plans_and_stand_in_no_other_list() -> None:
    text = "environments: {dev: {branch: main}}\nverify:\n  - {use: keep-data}\n"
    assert "5: `use` goes with `use` in `required_checks`" not in complaints(text)
    assert "5: rules and tools judge a plan: they stand in `required_checks`" in complaints(text)


def test_a_tool_is_read_with_its_own_patience() -> None:
    text = """\
required_checks:
  - {use: checkov, skip: [CKV_AWS_1], args: [--config-file, ci/checkov.yaml]}
  - {name: rules, use: rego, policy: rules, package: terraform.aws, timeout: 10s}
environments: {dev: {branch: main}}
"""
    assert rule(text).required_checks == (
        Check(
            "checkov",
            timeout_s=120.0,
            tool=PolicyTool("checkov", skip=("CKV_AWS_1",), args=("--config-file", "ci/checkov.yaml")),
        ),
        Check("rules", timeout_s=10.0, tool=PolicyTool("rego", policy="rules", package="terraform.aws")),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{use: rego}", "{use: rego, policy: other}"),
        ("{name: rego, command: [a]}", "{use: rego}"),
        ("{command: [a, b]}", "{command: [a, b], retries: 2}"),
        ("{name: up, command: [a]}", '{name: up, http: "https://x"}'),
    ],
)
def test_two_required_checks_of_one_name_are_a_mistake_at_the_second(first: str, second: str) -> None:
    text = f"environments:\n  dev:\n    branch: main\n    required_checks:\n      - {first}\n      - {second}\n"
    [found] = complaints(text)
    assert found.startswith("8: two required checks are called ")
