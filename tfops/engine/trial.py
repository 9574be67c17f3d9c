"""The engine as the judge of values: a plan of variables alone, in a scratch folder, that can change nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops import exact
from tfops.dataclass import dataclass
from tfops.engine.commands import CommandLine
from tfops.engine.environment import UNTIDY
from tfops.engine.events import parse_event
from tfops.engine.locate import Engine
from tfops.records.engine_events import Diagnostic
from tfops.system import process

_PLAN = "plan.bin"
# Of a file that it could read and that was to be one of values: everything but values is too much.
_READ = re.compile(r'Variable declaration in \.tfvars file$|Unexpected "|(Variables|Function calls) not allowed$')
# The system's limit for a command line is about two megabytes.
_MOST_FILES = 2_000
_LONGEST_S = 600


@dataclass(frozen=True, slots=True)
class TrialOutput:
    """What the engine said. `values` are what the inputs became, module to input to value, when they were asked for."""

    errors: tuple[Diagnostic, ...]
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def judge(engine: Engine, folder: Path, *, env: Mapping[str, str], wants_values: bool) -> TrialOutput:
    """Plan the root in `folder`. Needs no `init`, no provider, no credentials, no backend."""
    commands = CommandLine(engine.executable)
    env = {**UNTIDY, **env}
    done = process.run(commands.trial(out=_PLAN if wants_values else None), env=env, cwd=folder, timeout_s=_LONGEST_S)
    events = (parse_event(line) for line in done.text.splitlines())
    errors = tuple(event for event in events if isinstance(event, Diagnostic) and event.is_error)
    if done.code != 0 and not errors:
        errors = (Diagnostic(is_error=True, summary=done.stderr.strip() or f"exit code {done.code}"),)
    if errors or not wants_values:
        return TrialOutput(errors)
    shown = process.run(commands.show_plan(_PLAN), env=env, cwd=folder, timeout_s=_LONGEST_S)
    return TrialOutput((), _values(shown.text))


def misread(engine: Engine, folder: Path, files: Sequence[str], *, env: Mapping[str, str]) -> Iterator[Diagnostic]:
    """What the engine can't read of files in HCL's own syntax below `folder`, at the first characters of each mistake.

    Only the syntax counts. An engine reads modules together with all that they need, but a file of values by itself,
    in the same syntax.
    """
    for begin in range(0, len(files), _MOST_FILES):
        argv = CommandLine(engine.executable).read_files(files[begin : begin + _MOST_FILES])
        done = process.run(argv, env={**UNTIDY, **env}, cwd=folder, timeout_s=_LONGEST_S)
        for event in map(parse_event, done.text.splitlines()):
            if isinstance(event, Diagnostic) and event.is_error and not _READ.match(event.summary):
                yield event


def _values(text: str) -> dict[str, dict[str, Any]]:
    outputs = exact.loads(text).get("planned_values", {}).get("outputs", {})
    return {name: output.get("value", {}) for name, output in outputs.items()}
