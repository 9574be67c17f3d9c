"""trivy: https://trivy.dev/latest/docs/scanner/misconfiguration/

It ends with 0 on files that it can't parse, and says so in its log alone.
"""

import re
from collections.abc import Iterator
from typing import Any

from tfops.checks.base import NotUnderstood, Said, Subject, Tool, dicts_in, is_at_least, json_in, severity_of, text_of
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding

_ERROR = re.compile(r"^\S+\s+(?:ERROR|FATAL)\s+(.*)$", re.MULTILINE)


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    own = ["--config-check", tool.policy, "--check-namespaces", "user"] if tool.policy else []
    # Its log is part of the answer, whatever a trivy.yaml says.
    scanner = ["--misconfig-scanners", "terraform", "--format", "json", "--exit-code", "0", "--quiet=false"]
    return ["trivy", "config", *scanner, *own, *tool.args, str(subject.root)]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    answer = json_in(said, codes=(0,))
    error = _ERROR.search(said.stderr)
    if error:
        raise NotUnderstood(f"it has an error in its log: {error[1]}")
    results = list(dicts_in(answer.get("Results")))
    if subject.resources and not results:
        raise NotUnderstood("it found nothing to look at")
    for result in results:
        for item in dicts_in(result.get("Misconfigurations")):
            if item.get("Status", "FAIL") == "FAIL":
                yield _finding(item, tool.severity, text_of(result.get("Target")))


def _finding(item: Any, lowest: str, target: str) -> CheckFinding:
    severity, cause = severity_of(item["Severity"]), item.get("CauseMetadata") or {}
    place = f"{target}:{cause['StartLine']}" if target and cause.get("StartLine") else target
    address = text_of(cause.get("Resource")) or place
    message = text_of(item.get("Message")) or text_of(item["Title"])
    url = text_of(item.get("PrimaryURL"))
    return CheckFinding(severity, item["ID"], address, message, url, is_at_least(severity, lowest))


TRIVY = Tool(_argv, _read, "https://trivy.dev/latest/getting-started/installation/", variables=("TRIVY_*",))
