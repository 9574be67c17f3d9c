"""Rego without any program: evaluated by regopy, in a process of ours, which can be ended when it takes too long."""

import sys
from collections.abc import Iterator

from tfops.checks.base import Said, Subject, Tool, json_in
from tfops.checks.rules import DEFAULT_FOLDER, DEFAULT_PACKAGE, findings_in
from tfops.config.checks import PolicyTool
from tfops.records.check import CheckFinding


def _argv(tool: PolicyTool, subject: Subject) -> list[str]:
    # Without -P a folder `tfops/` in the clone would be taken for this program.
    program = [sys.executable, "-P", "-m", "tfops.checks.rego_process"]
    return [*program, str(subject.plan), tool.policy or DEFAULT_FOLDER, tool.package or DEFAULT_PACKAGE]


def _read(tool: PolicyTool, said: Said, subject: Subject) -> Iterator[CheckFinding]:
    yield from findings_in(json_in(said, codes=(0,)), tool.package or DEFAULT_PACKAGE)


REGO = Tool(_argv, _read, "it is the extra `policy` of tfops")
