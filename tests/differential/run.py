"""`make differential`: the long form, with a report for the documentation.

python -m tests.differential.run [PAIRS]

With TFOPS_REAL_MODULES set to a folder of clones, the variables of their modules are compared too.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.differential.compare import Comparison, compare, engine_for_trials
from tests.differential.real import HOW, VARIABLE, Reading, compare_repository
from tests.differential.test_types import SEED
from tests.support.engines import available_engines
from tfops import __version__
from tfops.engine.locate import Engine

REPORT = Path(__file__).parents[2] / "docs/explanation/differential-results.md"

_HEAD = """\
# What `make differential` found

tfops {version}, {engine}, Python {python}. The same values are given to `tfops validate` and to the engine, as
inputs of modules that hold nothing but variables. A *false rejection* is a value that Terraform accepts and tfops
refuses: there must be none. A *false acceptance* is found by `validate --deep` or by the plan: a collection of `any`
whose elements have no common type, which JSON Schema can't say. Values with an attribute that the type doesn't have
are put aside: Terraform drops it without a word, and tfops refuses it on purpose.

## Random types and values

| pairs | both accept | both refuse | false rejections | false acceptances | agreement | put aside | seconds |
|---|---|---|---|---|---|---|---|
| {pairs} | {accept} | {reject} | {false_rejections} | {false_acceptances} | {agreement} | {dropped} | {seconds:.0f} |
"""
_REAL = """
## Variables of public modules

Three rounds of random values for each variable, whose type is as the module writes it; `validation` blocks don't
count here. *Lost*: files or types that couldn't be read. Repositories as they were on the day of the run.

| repository | modules | variables | outputs | lost | values | false rejections | false acceptances | agreement |
|---|---|---|---|---|---|---|---|---|
"""


def agreement(found: Comparison) -> str:
    return f"{100 * (found.both_accept + found.both_reject) / found.compared:.1f} %" if found.compared else "-"


def random_part(engine: Engine, count: int) -> tuple[str, Comparison]:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = compare(engine, count=count, seed=SEED, folder=Path(folder))
    text = _HEAD.format(
        version=__version__, engine=engine, python=platform.python_version(), pairs=count,
        accept=found.both_accept, reject=found.both_reject, dropped=found.dropped, agreement=agreement(found),
        false_rejections=len(found.false_rejections), false_acceptances=len(found.false_acceptances),
        seconds=time.monotonic() - started,
    )  # fmt: skip
    return text, found


def real_part(engine: Engine) -> Iterator[Reading]:
    place = os.environ.get(VARIABLE)
    if not place:
        print(f"without real modules: {HOW}")
        return
    for repository in sorted(path for path in Path(place).iterdir() if path.is_dir()):
        with tempfile.TemporaryDirectory() as folder:
            yield compare_repository(engine, repository, seed=SEED, scratch=Path(folder))


def row(reading: Reading) -> str:
    found = reading.comparison
    read = (reading.name.replace("+", "/"), reading.modules, reading.variables, reading.outputs, len(reading.losses))
    compared = (found.compared, len(found.false_rejections), len(found.false_acceptances), agreement(found))
    return f"| {' | '.join(map(str, (*read, *compared)))} |\n"


def main() -> None:
    engine = engine_for_trials(available_engines()[-1])
    text, found = random_part(engine, int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    wrong = list(found.false_rejections)
    readings = list(real_part(engine))
    if readings:
        text += _REAL + "".join(map(row, readings))
    for reading in readings:
        wrong += reading.losses + reading.comparison.false_rejections
    REPORT.write_text(text)
    print(text)
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
