"""The engine as the judge of a developer's values: conversions, `optional()` defaults, `validation` blocks."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfops.config.document import Document
from tfops.config.environment import EnvironmentConfig, StackConfig, read_environment, stack_document
from tfops.config.inputs import InputCheck
from tfops.config.modules.module import Interface
from tfops.engine.judge import Judgement, judge
from tfops.engine.locate import Engine
from tfops.events import Diagnostic
from tfops.flows.project import Project
from tfops.model import Complaint, EnvName, StackName
from tfops.render.trial import Trial, render_trial
from tfops.system.parallel import in_parallel
from tfops.system.trees import GitTree
from tfops.system.workspace import unpack

Values = Mapping[str, Mapping[str, Any]]
"""Module to input to value."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine made of a stack's inputs, and its complaints at the developer's lines."""

    config: StackConfig
    stack: StackName
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

    def judge_all(self, wanted: Iterable[EnvName], *, wants_values: bool) -> list[Verdict]:
        """One engine run per stack, as many at a time as there are processors."""
        environments = [read_environment(self.tree, env) for env in wanted]
        cases = [(environment, stack) for environment in environments for stack in environment.stacks]
        return in_parallel(lambda case: self._judge(*case, wants_values=wants_values), cases)

    def _judge(self, environment: EnvironmentConfig, stack: StackName, *, wants_values: bool) -> Verdict:
        trial = render_trial(environment.stacks[stack], self._interfaces(environment, stack), shows_values=wants_values)
        with self.project.workspace.scratch() as folder:
            unpack(folder, trial.files)
            judgement = judge(self.engine, folder, env=self.env, wants_values=wants_values)
        document = stack_document(self.tree, environment.name, stack) if judgement.errors else None
        complaints = _complaints(document, trial, judgement) if document else ()
        return Verdict(environment.stacks[stack], stack, judgement.values, tuple(complaints))

    def _interfaces(self, environment: EnvironmentConfig, stack: StackName) -> dict[str, Interface]:
        modules = environment.stacks[stack].modules
        found = {
            name: self.check.find(environment.name, stack, name, module.source) for name, module in modules.items()
        }
        return {name: interface for name, interface in found.items() if interface is not None and interface.is_whole}


def _complaints(document: Document, trial: Trial, judgement: Judgement) -> Iterator[Complaint]:
    for error in judgement.errors:
        module, key = trial.place(error)
        path = ("modules", module, "inputs", key) if key else ("modules", module)
        yield document.complaint(path, _words(key, error), _judge_in(error))


def _words(key: str, error: Diagnostic) -> str:
    """The engine's words without what it says about the scratch folder."""
    first = error.detail.split("\n\n", maxsplit=1)[0]
    if first.startswith("The given value is not suitable for"):
        first = first.partition(": ")[2].partition(". Invalid value defined at ")[0]
    return f"`{key}`: {first}" if key else error.text


def _judge_in(error: Diagnostic) -> str:
    return "the module's own rule" if "validation rule" in error.detail else "the engine's word"
