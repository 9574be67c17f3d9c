"""conftest: https://www.conftest.dev/options/#json

By itself it passes a rule whose built-in function fails.
"""

from collections.abc import Iterator
from typing import Any

from tfops.checks.base import NotUnderstood, Said, Subject, Tool, dicts_in, json_in, text_of
from tfops.checks.rules import DEFAULT_PACKAGE, finding
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    rules = ["--policy", tool.policy or "policy", "--namespace", tool.package or DEFAULT_PACKAGE]
    answer = ["--parser", "json", "--output", "json", "--show-builtin-errors"]
    return ["conftest", "test", *answer, *rules, *tool.args, str(subject.plan)]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    reports = list(dicts_in(json_in(said, codes=(0, 1, 2))))
    if not any(map(_count, reports)):
        raise NotUnderstood(f"there is no rule `deny`, `violation` or `warn` in package {tool.package or 'main'}")
    if said.code and not any(report.get("failures") or report.get("warnings") for report in reports):
        raise NotUnderstood(f"exit code {said.code}, and nothing that it found")
    for report in reports:
        yield from (_finding(item, fails=True) for item in dicts_in(report.get("failures")))
        yield from (_finding(item, fails=False) for item in dicts_in(report.get("warnings")))


def _count(report: Any) -> int:
    """How many rules were asked."""
    listed = ("failures", "warnings", "exceptions", "skipped")
    return int(report["successes"]) + sum(len(report.get(key) or ()) for key in listed)


def _finding(item: Any, *, fails: bool) -> CheckFinding:
    more = item.get("metadata") or {}
    rule = text_of(more.get("query")).rpartition(".")[2] or ("deny" if fails else "warn")
    return finding({**more, "msg": item["msg"]}, rule, fails=fails)


CONFTEST = Tool(_argv, _read, "https://www.conftest.dev/install/", variables=("CONFTEST_*",))
