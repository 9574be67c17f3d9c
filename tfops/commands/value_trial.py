"""The engine as the judge of a developer's values: conversions, `optional()` defaults, `validation` blocks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tfops.change.project import Project
from tfops.change.reading import read_configs
from tfops.config.document import Document
from tfops.config.environment import EnvironmentConfig, ModuleConfig, StackConfig, listed_environments, stack_document
from tfops.config.inputs import InputCheck
from tfops.config.modules.module import Interface
from tfops.config.root_values import known_values
from tfops.dataclass import dataclass
from tfops.engine.locate import Engine
from tfops.engine.trial import TrialOutput, judge
from tfops.records.complaint import Complaint
from tfops.records.engine_events import Diagnostic
from tfops.records.names import EnvName, StackName
from tfops.render.trial import Call, render_calls
from tfops.render.trial_batch import call_key, crowds, render_crowd
from tfops.system.parallel import in_parallel
from tfops.system.trees import GitTree
from tfops.system.workspace import unpack

Values = Mapping[str, Mapping[str, Any]]
"""Module to input to value."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What the engine made of a stack's inputs, and its complaints at the developer's lines."""

    config: StackConfig
    stack: StackName
    values: Values
    complaints: tuple[Complaint, ...]


Mistakes = Mapping[str, Sequence[tuple[str, Diagnostic]]]
"""A call's key to what is wrong with it: the input, empty for the module itself, and the engine's words."""

ErrorsOf = Callable[[Mapping[str, str]], Sequence[Diagnostic]]
"""One run of the engine over files, and what it finds wrong."""


@dataclass(frozen=True, slots=True)
class _Case:
    environment: EnvironmentConfig
    stack: StackName

    @property
    def config(self) -> StackConfig:
        return self.environment.stacks[self.stack]


@dataclass(frozen=True, slots=True)
class ValueTrial:
    """Everything that the engine needs to judge environments; `env` is what its process may see."""

    project: Project
    tree: GitTree
    engine: Engine
    check: InputCheck
    env: Mapping[str, str]

    def judge_all(self, wanted: Sequence[EnvName], *, wants_values: bool) -> list[TrialResult]:
        """Every stack's result, from as many engine runs at a time as there are processors."""
        environments = read_configs(self.project, self.tree, wanted)
        cases = [_Case(environment, stack) for environment in environments for stack in environment.stacks]
        if wants_values:
            return in_parallel(self._judge, cases)
        calls = [self._calls(case) for case in cases]
        keys = [{name: call_key(call) for name, call in found.items()} for found in calls]
        distinct = {named[name]: call for named, found in zip(keys, calls, strict=True) for name, call in found.items()}
        found_in = in_parallel(lambda crowd: find_mistakes(crowd, self._errors_of), crowds(distinct))
        mistakes = {key: said for found in found_in for key, said in found.items()}
        return [self._result(case, named, mistakes) for case, named in zip(cases, keys, strict=True)]

    def _errors_of(self, files: Mapping[str, str]) -> Sequence[Diagnostic]:
        return self._try(files, wants_values=False).errors

    def _result(self, case: _Case, keys: Mapping[str, str], mistakes: Mistakes) -> TrialResult:
        said = [(module, name, error) for module, key in keys.items() for name, error in mistakes.get(key, ())]
        complaints = _complaints(self._document(case), said) if said else ()
        return TrialResult(case.config, case.stack, {}, tuple(complaints))

    def _judge(self, case: _Case) -> TrialResult:
        """One stack, with what its inputs become."""
        trial = render_calls(self._calls(case), shows_values=True)
        output = self._try(trial.files, wants_values=True)
        said = [(*trial.place(error), error) for error in output.errors]
        complaints = _complaints(self._document(case), said) if said else ()
        return TrialResult(case.config, case.stack, output.values, tuple(complaints))

    def _try(self, files: Mapping[str, str], *, wants_values: bool) -> TrialOutput:
        with self.project.workspace.scratch() as folder:
            unpack(folder, files)
            return judge(self.engine, folder, env=self.env, wants_values=wants_values)

    def _document(self, case: _Case) -> Document:
        env = case.environment.name
        return stack_document(self.tree, env, case.stack, listed_environments(self.tree).get(env))

    def _calls(self, case: _Case) -> dict[str, Call]:
        """The modules of a stack that can be seen from here, with their inputs."""
        found = {
            name: (self.check.find(case.environment.name, case.stack, name, module.source), inputs)
            for name, module in case.config.modules.items()
            if (inputs := self._inputs(case.config, module)) is not None
        }
        return {
            name: (seen, _taken(seen, inputs) if case.config.root else inputs)
            for name, (seen, inputs) in found.items()
            if seen is not None and seen.is_whole
        }

    def _inputs(self, config: StackConfig, module: ModuleConfig) -> Mapping[str, Any] | None:
        """A root of its own has files of values besides: of variables that it declares, those count too."""
        return known_values(self.tree, config.root, module.inputs) if config.root else module.inputs


def _taken(seen: Interface, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A file of values may say more than a root takes."""
    return {name: value for name, value in inputs.items() if name in seen.variables}


def find_mistakes(calls: Mapping[str, Call], errors_of: ErrorsOf) -> Mistakes:
    """What is wrong with some calls. One run says that all are right; else another one where the mistakes are.

    The engine stops at the first kind of mistake that it meets, so the others are tried again without the wrong.
    """
    if not calls or not errors_of(render_crowd(calls.values())):
        return {}
    found = _places(calls, errors_of)
    if not found:  # it names no place of ours: each by itself
        return {key: said for key, call in calls.items() for said in _places({key: call}, errors_of, key).values()}
    return {**found, **find_mistakes({key: call for key, call in calls.items() if key not in found}, errors_of)}


def _places(calls: Mapping[str, Call], errors_of: ErrorsOf, alone: str = "") -> Mistakes:
    """The mistakes at the calls that the engine names; what it names nothing for is `alone`'s."""
    labels = {f"c{number}": key for number, key in enumerate(calls)}
    trial = render_calls({label: calls[key] for label, key in labels.items()}, shows_values=False)
    found: dict[str, list[tuple[str, Diagnostic]]] = {}
    for error in errors_of(trial.files):
        label, name = trial.place(error)
        key = labels.get(label, alone)
        if key:
            found.setdefault(key, []).append((name, error))
    return found


def _complaints(document: Document, said: Iterable[tuple[str, str, Diagnostic]]) -> Iterator[Complaint]:
    for module, key, error in said:
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
