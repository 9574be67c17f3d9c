"""The stored facts: a type for each, which comes back from JSON as it was."""

import ast
import dataclasses
import enum
import json
import sys
import typing
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tfops.ledger.as_written import plain_as_written
from tfops.ledger.chain import PARTS, LedgerState, type_of_part
from tfops.ledger.codec import decode, encode, from_plain, to_plain
from tfops.records.card import Card
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.views.change import ChangeResult, RecoverResult
from tfops.views.drift import DriftResult
from tfops.views.envelope import to_json
from tfops.views.plan import PlanResult, RollbackPlanResult
from tfops.views.reconcile import ReconcileResult

_TFOPS = Path(__file__).parents[2] / "tfops"
_STORED: list[Any] = [Card, *map(type_of_part, PARTS)]
_OF_A_CHILD: list[Any] = [
    ReconcileResult, DriftResult, ChangeResult, RecoverResult, PlanResult, RollbackPlanResult,
]  # fmt: skip
_NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_PLAIN: dict[Any, Any] = {
    str: "x é", int: 3, float: 1.5, bool: True, datetime: _NOW, Any: {"a": [1, None]}, Version: Version(3)
}  # fmt: skip


def _filled(kind: Any, depth: int = 0) -> Any:
    """A value of a type in which nothing is left out."""
    kind = getattr(kind, "__supertype__", kind)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if origin is tuple:
        return tuple(_filled(arg, depth) for arg in args if arg is not ...)
    if origin is Mapping:
        return {"k": _filled(args[1], depth)}
    if origin is not None:  # `X | None`
        return None if depth > 3 else _filled(args[0], depth)
    if issubclass(kind, enum.Enum):
        return list(kind)[-1]
    hints = typing.get_type_hints(kind)
    return kind(**{name: _filled(hint, depth + 1) for name, hint in hints.items() if not name.startswith("__")})


def _needed(kind: Any) -> Any:
    """A value in which everything is left out that may be."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: _filled(hints[name]) for name in _required(kind)})


def _required(kind: Any) -> list[str]:
    missing = (dataclasses.MISSING, dataclasses.MISSING)
    return [field.name for field in dataclasses.fields(kind) if (field.default, field.default_factory) == missing]


@pytest.mark.parametrize("kind", _STORED)
def test_a_record_comes_back_as_it_was(kind: Any) -> None:
    for made in (_filled(kind), _needed(kind)):
        assert decode(kind, encode(made)) == made == from_plain(kind, json.loads(json.dumps(to_plain(made))))


@pytest.mark.parametrize("kind", _STORED)
def test_a_record_has_every_field_when_it_is_written(kind: Any) -> None:
    assert list(json.loads(encode(_needed(kind)))) == [field.name for field in dataclasses.fields(kind)]


@pytest.mark.parametrize("kind", _STORED)
def test_what_an_older_tfops_did_not_know_has_its_default(kind: Any) -> None:
    made = _needed(kind)
    old = {name: value for name, value in to_plain(made).items() if name in _required(kind)}
    assert from_plain(kind, old) == made


def _altered(written: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Cards that aren't as they are written, each with what is different."""
    changes: dict[str, dict[str, Any]] = {
        "a field more": {"newer": 1},
        "a number without its point": {"duration_s": 3},
        "a number as a text": {"version": "3"},
        "a switch as a number": {"keeps_providers": 1},
        "another kind": {"kind": "other"},
        "no time": {"applied_at": "yesterday"},
        "a time in another form": {"applied_at": "2026-11-24T12:00Z"},
        "nothing where something must be": {"engine": None},
        "a list for names": {"providers": ["aws"]},
        "a text for a list": {"checks": "smoke"},
        "a wrong part": {"author": {"name": "ann"}},
        "no number of JSON": {"outputs": {"a": float("nan")}},
        "half a character": {"project": "\ud800"},
    }
    yield from ((what, json.dumps({**written, **change})) for what, change in changes.items())
    yield "a field less", json.dumps({name: value for name, value in written.items() if name != "rehearses"})
    yield "another order", json.dumps(dict(reversed(written.items())))
    yield "a list", json.dumps([written])
    yield "no JSON", json.dumps(written)[:-1]


def test_what_is_exactly_as_written_is_what_the_codec_gives() -> None:
    for made in (_filled(Card), _needed(Card)):
        assert plain_as_written(Card, encode(made)) == to_plain(made)
        assert list(plain_as_written(Card, encode(made)) or ()) == list(to_plain(made))


def test_all_else_is_left_to_the_codec() -> None:
    assert [what for what, text in _altered(to_plain(_filled(Card))) if plain_as_written(Card, text) is not None] == []


@pytest.mark.parametrize("name", PARTS)
def test_the_ledger_says_of_a_part_what_it_is(name: str) -> None:
    made = _filled(type_of_part(name))
    state = LedgerState(EnvName("dev"), "a" * 40, {name: encode(made).encode()})
    properties = [(key, found) for key, found in vars(LedgerState).items() if isinstance(found, property)]
    told = {found.fget.__annotations__["return"] for key, found in properties if getattr(state, key) == made}
    assert {words.removesuffix(" | None") for words in told} == {type(made).__name__}


@pytest.mark.parametrize("kind", _OF_A_CHILD)
def test_what_a_child_prints_is_read_as_it_was_decided(kind: Any) -> None:
    for made in (_filled(kind), _needed(kind)):
        printed = json.loads(json.dumps(to_json(made)))
        assert to_json(from_plain(kind, printed)) == to_json(made)


def _fields() -> dict[frozenset[str], list[str]]:
    found = defaultdict(list)
    for path in sorted(_TFOPS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            names = [item.target for item in node.body if isinstance(item, ast.AnnAssign)]
            fields = frozenset(name.id for name in names if isinstance(name, ast.Name))
            if len(fields) > 1:
                found[fields].append(f"{path.relative_to(_TFOPS)}:{node.name}")
    return found


def test_no_class_says_again_what_a_record_says() -> None:
    fields = _fields()
    stored = {names for names, classes in fields.items() if any(one.startswith("records/") for one in classes)}
    assert len(stored) > 40
    assert [classes for names, classes in fields.items() if names in stored and len(classes) > 1] == []


def test_records_import_each_other_and_the_standard_library() -> None:
    imported = {
        (path.name, module)
        for path in (_TFOPS / "records").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for module in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [name.name for name in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert len(imported) > 50
    own = ("tfops.records.", "tfops.dataclass")
    assert {
        found
        for found in imported
        if not found[1].startswith(own) and found[1].partition(".")[0] not in sys.stdlib_module_names
    } == set()
