"""The variables of real modules: read without loss, and judged like Terraform judges them.

The modules are not part of this repository: clone some into a folder.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.differential.compare import Comparison, compare_interface
from tests.differential.pairs import random_value
from tfops.config.modules.hcl import read_blocks
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import Interface, read_interface
from tfops.config.modules.terraform_type import parse_type
from tfops.engine.locate import Engine

VARIABLE = "TFOPS_REAL_MODULES"
HOW = (
    f"set {VARIABLE} to a folder with clones of public modules, for instance "
    "git clone --depth 1 https://github.com/terraform-aws-modules/terraform-aws-vpc"
)
_ROUNDS = 3


@dataclass(slots=True)
class Reading:
    """What was read of one repository, and everything that could not be."""

    name: str
    modules: int = 0
    variables: int = 0
    outputs: int = 0
    losses: list[str] = field(default_factory=list)
    comparison: Comparison = field(default_factory=Comparison)


def read_repository(repository: Path) -> tuple[Reading, list[tuple[Path, Interface]]]:
    """Every folder of a repository that has variables or outputs."""
    reading, found = Reading(repository.name), list[tuple[Path, Interface]]()
    for folder in sorted({path.parent for path in repository.rglob("*.tf")}):
        interface = read_interface(module_texts(folder))
        reading.losses += [f"{folder}/{name}: can't be read" for name in interface.unreadable]
        reading.losses += [f"{folder}/{loss}" for loss in _lost_types(interface)]
        if interface.variables or interface.outputs:
            reading.modules += 1
            reading.variables += len(interface.variables)
            reading.outputs += len(interface.outputs)
            found.append((folder, interface))
    return reading, found


def _lost_types(interface: Interface) -> Iterator[str]:
    """Types that would silently count as `any`."""
    for name, text in interface.declarations.items():
        for block in read_blocks(text, is_json=name.endswith(".json")):
            try:
                if block.kind == "variable" and "type" in block.attributes:
                    parse_type(block.attributes["type"].node())
            except ValueError as error:
                yield f"{name}: {block.labels[0]}: {error}"


def compare_repository(engine: Engine, repository: Path, *, seed: int, scratch: Path) -> Reading:
    """Random values for every variable of every module, judged by both."""
    reading, modules = read_repository(repository)
    dice = random.Random(seed)
    for number, (_, interface) in enumerate(modules):
        for turn in range(_ROUNDS):
            inputs = {
                variable.name: random_value(dice, variable.type, wrong=0.2 * turn)
                for variable in interface.variables.values()
            }
            folder = scratch / reading.name / f"{number}-{turn}"
            compare_interface(engine, interface, inputs, folder, reading.comparison)
    return reading
