"""What `validate` says about values against what Terraform says about the same values."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.differential.pairs import Pair, random_pair
from tfops.config.document import Document
from tfops.config.environment import ModuleConfig, StackConfig
from tfops.config.inputs import InputCheck
from tfops.config.modules.module import Interface, read_interface
from tfops.config.modules.terraform_type import short_type
from tfops.config.project import EngineChoice
from tfops.config.source import LocalSource
from tfops.engine.environment import base_environment
from tfops.engine.locate import Engine, find_engine
from tfops.engine.trial import judge
from tfops.records.complaint import Mark
from tfops.records.names import MAIN_STACK, EnvName
from tfops.render.trial import render_trial
from tfops.system.workspace import unpack

ENV = EnvName("dev")
SOURCES = {"m": LocalSource("m")}
BATCH = 100


@dataclass(slots=True)
class Comparison:
    """How often both agree. `dropped` are values that Terraform takes by dropping attributes: tfops refuses those."""

    both_accept: int = 0
    both_reject: int = 0
    dropped: int = 0
    false_rejections: list[str] = field(default_factory=list)
    false_acceptances: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        return self.both_accept + self.both_reject + len(self.false_rejections) + len(self.false_acceptances)


def engine_for_trials(name: str) -> Engine:
    return find_engine(EngineChoice(), name)


def compare(engine: Engine, *, count: int, seed: int, folder: Path) -> Comparison:
    """Compare `count` random pairs, a hundred at a time: each batch is one module with as many variables."""
    dice, result = random.Random(seed), Comparison()
    for start in range(0, count, BATCH):
        pairs = [random_pair(dice) for _ in range(min(BATCH, count - start))]
        _compare_batch(engine, pairs, folder / str(start), result)
    return result


def _compare_batch(engine: Engine, pairs: Sequence[Pair], folder: Path, result: Comparison) -> None:
    interface = read_interface({"main.tf": "".join(pair.declaration(f"v{n}") for n, pair in enumerate(pairs))})
    assert [variable.type for variable in interface.variables.values()] == [pair.type for pair in pairs]
    inputs = {f"v{number}": pair.value for number, pair in enumerate(pairs)}
    compare_interface(engine, interface, inputs, folder, result)


def compare_interface(
    engine: Engine, interface: Interface, inputs: Mapping[str, Any], folder: Path, result: Comparison
) -> None:
    """Let both judge the same inputs of one module, and count."""
    refused = _refused_by_terraform(engine, interface, inputs, folder)
    ours = _complaints(interface, inputs)
    for name, value in inputs.items():
        shown = f"{short_type(interface.variables[name].type)} <- {json.dumps(value)}"
        messages = ours.get(name, [])
        if any("has no attribute" in message for message in messages):
            result.dropped += 1
        elif messages and name not in refused:
            result.false_rejections.append(f"{shown}: {messages[0]}")
        elif name in refused and not messages:
            result.false_acceptances.append(f"{shown}: {refused[name]}")
        elif messages:
            result.both_reject += 1
        else:
            result.both_accept += 1


def _refused_by_terraform(
    engine: Engine, interface: Interface, inputs: Mapping[str, Any], folder: Path
) -> dict[str, str]:
    trial = render_trial(StackConfig({"m": ModuleConfig(SOURCES["m"], inputs)}), {"m": interface})
    unpack(folder, trial.files)
    found: dict[str, str] = {}
    for error in judge(engine, folder, env=base_environment(), wants_values=False).errors:
        _, name = trial.place(error)
        if not name or "validation rule" in error.detail:  # the module's own rule, not the type
            continue
        found[name] = error.detail
    return found


def _complaints(interface: Interface, inputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """Messages by input; each input gets a line of its own as its place."""
    document = Document("x", data={"modules": {"m": {"source": "m", "inputs": inputs}}})
    names = {line: name for line, name in enumerate(inputs, 1)}
    document.marks = {("modules", "m", "inputs", name): Mark("x", line, 1) for line, name in names.items()}
    found: dict[str, list[str]] = {}
    for complaint in InputCheck(lambda *_: interface).complaints(document, (ENV, MAIN_STACK), SOURCES):
        found.setdefault(names[complaint.mark.line], []).append(complaint.message)
    return found
