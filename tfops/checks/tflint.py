"""tflint: https://github.com/terraform-linters/tflint/blob/master/docs/user-guide/README.md

Each module of the repository is judged by itself, as it lies in the rendered root, and the root with the values that
the modules get there. What the root's own files look like is tfops' affair.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfops.checks.base import NotUnderstood, Said, Subject, Tool, dicts_in, is_at_least, json_in, severity_of, text_of
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding

_BROKEN, _FOUND = 1, 2
_CONFIG = ".tflint.hcl"


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    config = subject.top / _CONFIG  # by itself it would be looked for in the rendered root
    own = [f"--config={config}"] if config.is_file() else []
    answer = ["--format=json", "--no-color"]
    return ["tflint", f"--chdir={subject.root}", "--recursive", "--call-module-type=all", *answer, *own, *tool.args]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    answer = json_in(said, codes=(0, _BROKEN, _FOUND))
    errors = [text_of(error.get("message")) for error in dicts_in(answer["errors"])]
    if errors or said.code == _BROKEN:
        raise NotUnderstood(f"it can't read the rendered root: {''.join(errors[:1])}")
    issues = list(dicts_in(answer["issues"]))
    if said.code == _FOUND and not issues:
        raise NotUnderstood("it found something, and doesn't say what")
    for issue in issues:
        file = _file(issue, subject)
        if "/" in file or not issue["rule"]["name"].startswith("terraform_"):
            yield _finding(issue, file, tool.severity)


def _file(issue: Any, subject: Subject) -> str:
    """As it is called in the rendered root: a module of the repository has its own path there."""
    path = Path(os.path.normpath(subject.top / issue["range"]["filename"]))
    return path.relative_to(subject.root).as_posix() if path.is_relative_to(subject.root) else path.as_posix()


def _finding(issue: Any, file: str, lowest: str) -> CheckFinding:
    rule, address = issue["rule"], f"{file}:{issue['range']['start']['line']}"
    severity = severity_of(rule["severity"])
    fails = is_at_least(severity, lowest)
    return CheckFinding(severity, rule["name"], address, text_of(issue["message"]), text_of(rule["link"]), fails)


TFLINT = Tool(_argv, _read, "https://github.com/terraform-linters/tflint#installation", variables=("TFLINT_*",))
