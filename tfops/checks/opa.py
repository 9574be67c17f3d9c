"""opa: https://www.openpolicyagent.org/docs/cli#eval

Built-in functions that fail make the evaluation fail: a rule that they left undefined would pass.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.checks.base import NotUnderstood, Said, Subject, Tool, dicts_in, json_in, text_of
from tfops.checks.rules import DEFAULT_FOLDER, DEFAULT_PACKAGE, findings_in
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    given = ["--data", tool.policy or DEFAULT_FOLDER, "--input", str(subject.plan), "--strict-builtin-errors"]
    return ["opa", "eval", "--format", "json", *given, *tool.args, f"data.{tool.package or DEFAULT_PACKAGE}"]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    answer = json_in(said, codes=(0, 1, 2))
    errors = [_sentence(error) for error in dicts_in(answer.get("errors"))]
    if errors or said.code:
        raise NotUnderstood(f"it can't evaluate the policy: {''.join(errors[:1])}")
    results = answer.get("result")
    package = results[0]["expressions"][0]["value"] if results else None
    yield from findings_in(package, tool.package or DEFAULT_PACKAGE)


def _sentence(error: Mapping[str, Any]) -> str:
    place = error.get("location") or {}
    start = f"{place['file']}:{place['row']}: " if place.get("file") else ""
    return start + text_of(error.get("message"))


OPA = Tool(_argv, _read, "https://www.openpolicyagent.org/docs/latest/#running-opa")
