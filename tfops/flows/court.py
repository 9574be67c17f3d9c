"""The engine as the judge of a developer's values: conversions, `optional()` defaults, `validation` blocks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfops.config.environment import EnvironmentConfig, environment_document
from tfops.config.inputs import InputCheck
from tfops.config.module import Interface
from tfops.engine.judge import Judgement, judge
from tfops.engine.locate import Engine
from tfops.events import Diagnostic
from tfops.flows.project import Project
from tfops.model import MAIN_FILE, Complaint, EnvName
from tfops.render.trial import Trial, render_trial
from tfops.system.parallel import in_parallel
from tfops.system.trees import GitTree
from tfops.system.workspace import unpack

Values = Mapping[str, Mapping[str, Any]]
"""Module to input to value."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine made of an environment's inputs, and its complaints at the developer's lines."""

    env: EnvName
    values: Values
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True)
class Court:
    """Everything that the engine needs to judge environments; `env` is what its process may see."""

    project: Project
    tree: GitTree
    engine: Engine
    check: InputCheck
    env: Mapping[str, str]

    def judge_all(self, environments: Iterable[EnvironmentConfig], *, wants_values: bool) -> list[Verdict]:
        """One engine run per environment, as many at a time as there are processors."""
        return in_parallel(lambda environment: self._judge(environment, wants_values=wants_values), environments)

    def _judge(self, environment: EnvironmentConfig, *, wants_values: bool) -> Verdict:
        trial = render_trial(environment, self._interfaces(environment))
        with self.project.workspace.scratch() as folder:
            unpack(folder, trial.files)
            judgement = judge(self.engine, folder, env=self.env, wants_values=wants_values)
        complaints = self._complaints(environment.name, trial, judgement) if judgement.errors else ()
        return Verdict(environment.name, judgement.values, tuple(complaints))

    def _interfaces(self, environment: EnvironmentConfig) -> dict[str, Interface]:
        found = {
            name: self.check.find(environment.name, name, module.source) for name, module in environment.modules.items()
        }
        return {name: interface for name, interface in found.items() if interface is not None and interface.is_whole}

    def _complaints(self, env: EnvName, trial: Trial, judgement: Judgement) -> Iterator[Complaint]:
        document = environment_document(self.tree, env)
        for error in judgement.errors:
            module, key = _place(trial, error)
            path = ("modules", module, "inputs", key) if key else ("modules", module)
            yield document.complaint(path, _words(key, error), _judge_in(error))


def _place(trial: Trial, error: Diagnostic) -> tuple[str, str]:
    """(module, input); the input is empty for what is wrong with the module's own files."""
    file, _, line = error.where.rpartition(":")
    if file == MAIN_FILE:
        return trial.places.get(int(line), ("", ""))
    return file.partition("/")[0], ""


def _words(key: str, error: Diagnostic) -> str:
    """The engine's words without what it says about the scratch folder."""
    first = error.detail.split("\n\n", maxsplit=1)[0]
    reason = first.partition(": ")[2] if first.startswith("The given value is not suitable for") else first
    return f"`{key}`: {reason}" if key else error.text


def _judge_in(error: Diagnostic) -> str:
    return "the module's own rule" if "validation rule" in error.detail else "the engine's word"
