"""How often the engine is asked about many values: by the variables that there are, and once more for what is wrong."""

import json
from collections.abc import Mapping
from typing import Any

from tfops.commands.value_trial import find_mistakes
from tfops.config.modules.module import Interface, read_interface
from tfops.records.engine_events import Diagnostic
from tfops.records.rendered import MAIN_FILE
from tfops.render.trial import Call
from tfops.render.trial_batch import call_key, crowds

WIDE = read_interface({"v.tf": "".join(f'variable "v{number}" {{}}\n' for number in range(236))})
SMALL = read_interface({"v.tf": 'variable "v1" {}\n'})


def calls(*values: Any, interface: Interface = WIDE) -> dict[str, Call]:
    found = [(interface, {"v1": value}) for value in values]
    return {call_key(call): call for call in found}


class _Engine:
    """Finds `wrong…` first, and `late…` only where there is nothing else; each at its line. `asked` counts the calls
    of each run."""

    def __init__(self, *, names_places: bool = True) -> None:
        self.asked: list[int] = []
        self._names_places = names_places

    def errors_of(self, files: Mapping[str, str]) -> list[Diagnostic]:
        text = files[MAIN_FILE]
        self.asked.append(sum(len(block.get("for_each", "x")) for block in json.loads(text)["module"].values()))
        word = "wrong" if '"wrong' in text else "late"
        places = [number for number, line in enumerate(text.splitlines(), 1) if f'"{word}' in line]
        return [self._error(f"{MAIN_FILE}:{number}" if self._names_places else "") for number in places]

    def _error(self, where: str) -> Diagnostic:
        return Diagnostic(is_error=True, summary="no", where=where)


def found(engine: _Engine, asked: dict[str, Call]) -> set[str]:
    mistakes = {key: said for crowd in crowds(asked) for key, said in find_mistakes(crowd, engine.errors_of).items()}
    return {str(asked[key][1]["v1"]) for key in mistakes}


def test_a_run_has_no_more_variables_than_fit_and_the_same_values_are_asked_for_once() -> None:
    many = calls(*range(255))
    assert {len(crowd) for crowd in crowds(many)[:-1]} == {8}
    assert len(crowds(many)) == 32
    engine = _Engine()
    assert found(engine, many) == set()
    assert engine.asked == [8] * 31 + [7]
    assert len(calls(*[1] * 100)) == 1
    assert len(crowds(calls(*range(1000), interface=SMALL))) == 1


def test_one_wrong_value_costs_two_more_runs_however_many_there_are() -> None:
    engine = _Engine()
    assert found(engine, calls(*range(100), "wrong", *range(100, 200))) == {"wrong"}
    assert len(engine.asked) == 26 + 2


def test_mistakes_that_are_found_later_are_found() -> None:
    engine = _Engine()
    assert found(engine, calls(1, "wrong 1", 2, "late 1", 3, "wrong 2", "late 2")) == {
        "wrong 1",
        "wrong 2",
        "late 1",
        "late 2",
    }
    assert engine.asked == [7, 7, 5, 5, 3]


def test_a_mistake_without_a_place_is_looked_for_one_by_one() -> None:
    engine = _Engine(names_places=False)
    assert found(engine, calls(1, "wrong", 2)) == {"wrong"}
    assert engine.asked == [3, 3, 1, 1, 1]


def test_a_module_without_variables_is_a_call_too() -> None:
    empty = read_interface({"main.tf": ""})
    assert len(crowds({call_key((empty, {})): (empty, {})})) == 1
    assert call_key((empty, {})) != call_key((SMALL, {}))
