"""The engine as the judge of a developer's values: conversions, `optional()` defaults, `validation` blocks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfops.config.document import Document
from tfops.config.environment import EnvironmentConfig, StackConfig, listed_environments, stack_document
from tfops.config.inputs import InputCheck
from tfops.config.modules.module import Interface
from tfops.engine.judge import Judgement, judge
from tfops.engine.locate import Engine
from tfops.events import Diagnostic
from tfops.flows.ground.project import Project
from tfops.flows.ground.reading import read_configs
from tfops.model import Complaint, EnvName, StackName
from tfops.render.crowd import render_crowd
from tfops.render.trial import Trial, render_trial
from tfops.system.parallel import in_parallel
from tfops.system.trees import GitTree
from tfops.system.workspace import unpack

_MOST_MODULES = 400

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
class _Case:
    environment: EnvironmentConfig
    stack: StackName

    @property
    def config(self) -> StackConfig:
        return self.environment.stacks[self.stack]


@dataclass(frozen=True, slots=True)
class Court:
    """Everything that the engine needs to judge environments; `env` is what its process may see."""

    project: Project
    tree: GitTree
    engine: Engine
    check: InputCheck
    env: Mapping[str, str]

    def judge_all(self, wanted: Sequence[EnvName], *, wants_values: bool) -> list[Verdict]:
        """Every stack's verdict, from as many engine runs at a time as there are processors."""
        environments = read_configs(self.project, self.tree, wanted)
        cases = [_Case(environment, stack) for environment in environments for stack in environment.stacks]
        if wants_values:
            return in_parallel(lambda case: self._judge(case, wants_values=True), cases)
        return [verdict for found in in_parallel(self._judge_together, _crowds(cases)) for verdict in found]

    def _judge_together(self, cases: Sequence[_Case]) -> list[Verdict]:
        """One run says that all are right; a wrong one is looked for in halves, until it is alone with the engine."""
        if len(cases) == 1:
            return [self._judge(cases[0], wants_values=False)]
        if self._are_right(cases):
            return [Verdict(case.config, case.stack, {}, ()) for case in cases]
        half = len(cases) // 2
        return [*self._judge_together(cases[:half]), *self._judge_together(cases[half:])]

    def _are_right(self, cases: Sequence[_Case]) -> bool:
        calls = (
            (interface, case.config.modules[name].inputs)
            for case in cases
            for name, interface in self._interfaces(case).items()
        )
        return not self._try(render_crowd(calls), wants_values=False).errors

    def _judge(self, case: _Case, *, wants_values: bool) -> Verdict:
        trial = render_trial(case.config, self._interfaces(case), shows_values=wants_values)
        judgement = self._try(trial.files, wants_values=wants_values)
        complaints = _complaints(self._document(case), trial, judgement) if judgement.errors else ()
        return Verdict(case.config, case.stack, judgement.values, tuple(complaints))

    def _try(self, files: Mapping[str, str], *, wants_values: bool) -> Judgement:
        with self.project.workspace.scratch() as folder:
            unpack(folder, files)
            return judge(self.engine, folder, env=self.env, wants_values=wants_values)

    def _document(self, case: _Case) -> Document:
        env = case.environment.name
        return stack_document(self.tree, env, case.stack, listed_environments(self.tree).get(env))

    def _interfaces(self, case: _Case) -> dict[str, Interface]:
        found = {
            name: self.check.find(case.environment.name, case.stack, name, module.source)
            for name, module in case.config.modules.items()
        }
        return {name: interface for name, interface in found.items() if interface is not None and interface.is_whole}


def _crowds(cases: Iterable[_Case]) -> list[list[_Case]]:
    """Stacks that are tried together: as many as have this many modules, so that the engine's memory has an end."""
    crowds: list[list[_Case]] = []
    room = 0
    for case in cases:
        size = len(case.config.modules)
        if not crowds or size > room:
            crowds.append([])
            room = _MOST_MODULES
        crowds[-1].append(case)
        room -= size
    return crowds


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
