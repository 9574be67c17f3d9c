"""checkov: https://www.checkov.io/5.Policy%20Index/terraform.html

It ends with 0 on plans that it can't read, and says then what it says of one without anything that it knows. Its log
tells them apart: how many resources it read.
"""

import re
from collections.abc import Iterator
from typing import Any

from tfops.checks.base import NotUnderstood, Said, Subject, Tool, dicts_in, json_in, severity_of, text_of
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding

_READ = re.compile(r"created ([0-9]+) vertices")


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    own = ["--external-checks-dir", tool.policy] if tool.policy else []
    quiet = ["--output", "json", "--compact", "--quiet", "--skip-download"]
    return ["checkov", "--file", str(subject.plan), "--framework", "terraform_plan", *quiet, *own, *tool.args]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    answer = json_in(said, codes=(0, 1))
    reports = list(dicts_in(answer if isinstance(answer, list) else [answer]))
    summaries = [report["summary"] if "results" in report else report for report in reports]
    if any(summary["parsing_errors"] for summary in summaries):
        raise NotUnderstood("it can't read the plan")
    if subject.resources and not any(summary["resource_count"] for summary in summaries) and not _has_read(said):
        raise NotUnderstood(f"it looked at none of {subject.resources} resources")
    failed = [item for report in reports for item in dicts_in(report.get("results", {}).get("failed_checks"))]
    if said.code and not failed:
        raise NotUnderstood(f"exit code {said.code}, and nothing that it found")
    yield from map(_finding, failed)


def _has_read(said: Said) -> bool:
    return any(int(count) for count in _READ.findall(said.stderr))


def _finding(item: Any) -> CheckFinding:
    address = text_of(item.get("resource_address")) or text_of(item["resource"])
    severity = severity_of(item.get("severity"))
    return CheckFinding(severity, item["check_id"], address, text_of(item["check_name"]), text_of(item["guideline"]))


CHECKOV = Tool(_argv, _read, "pipx install checkov", settings={"LOG_LEVEL": "INFO"})
