"""The file of `plan --out`: what is written is read again, and nothing else is."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tfops.change.request import Request
from tfops.commands.plan_file import read_plan_file, require_writable, with_plan, write_plan_file
from tfops.engine.commands import EngineFlags
from tfops.engine.taken import require_readable
from tfops.errors import Refused, UsageError
from tfops.records.card import EngineUsed
from tfops.records.commit import Person
from tfops.records.plan_file import PlanFile, StackPlanFile

KEPT = PlanFile(
    project="shop",
    environment="dev",
    commit="1" * 40,
    code="2" * 64,
    digest="3" * 64,
    engine=EngineUsed("terraform", "1.11.4"),
    by=Person("ann", "ann@example.com"),
    at=datetime(2026, 12, 1, tzinfo=UTC),
    salt="4" * 32,
    stacks={"main": StackPlanFile(plan="UEs=", is_empty=False, lock_digest="", secrets="")},
    states={"main": "serial 7 of l"},
    targets=("module.app",),
    replace_requested=("module.app.x.y",),
    refreshed=False,
    parallelism=4,
    tfops="0",
)


def _guard(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        read_plan_file(path)
    return refused.value.guard


def test_what_is_written_is_read_by_nobody_else_and_again(tmp_path: Path) -> None:
    path = tmp_path / "dev.tfplan"
    write_plan_file(path, KEPT, ())
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_plan_file(path) == KEPT
    assert "UEs" not in repr(KEPT) and "UEs" not in repr(Request(saved=KEPT))
    write_plan_file(path, KEPT, ())  # its own


@pytest.mark.parametrize("content", [b"", b"mine\n", b"tfops-plan x clear\n", b"PK\x03\x04"])
def test_what_no_tfops_wrote_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dev.tfplan"
    path.write_bytes(content)
    with pytest.raises(Refused, match="isn't a plan that tfops wrote"):
        write_plan_file(path, KEPT, ())
    assert path.read_bytes() == content and _guard(path) == "plan-damaged"


def test_neither_a_link_nor_a_folder_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("kept")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    for path in (link, tmp_path):
        with pytest.raises(Refused):
            require_writable(path)
    with pytest.raises(UsageError, match="no folder"):
        require_writable(tmp_path / "none/dev.tfplan")


def test_every_cut_and_every_other_byte_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "dev.tfplan"
    write_plan_file(path, KEPT, ())
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert _guard(path) == "plan-damaged"
    for place in range(0, len(whole), 53):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert _guard(path) in ("plan-damaged", "newer-tfops", "plan-key")


@pytest.mark.parametrize(
    ("first", "body", "guard"),
    [
        ("tfops-plan 2 clear", "{}", "newer-tfops"),
        ("tfops-plan 1 clear", "{}", "plan-damaged"),
        ("tfops-plan 1 clear", json.dumps({"stacks": 1}), "plan-damaged"),
        ("tfops-plan 1 clear", "\x00", "plan-damaged"),
    ],
)
def test_what_cant_be_a_plan_is_refused(tmp_path: Path, first: str, body: str, guard: str) -> None:
    path = tmp_path / "dev.tfplan"
    path.write_text(f"{first}\n{hashlib.sha256(body.encode()).hexdigest()}\n{body}")
    assert _guard(path) == guard


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "../dev"},
        {"commit": "-x"},
        {"digest": "\x1b[2J"},
        {"engine": EngineUsed("terraform", "1 \x1b[2J")},
        {"states": {"a/b": ""}},
        {"parallelism": -1},
    ],
)
def test_what_can_be_no_name_is_not_looked_up(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "dev.tfplan"
    write_plan_file(path, replace(KEPT, **changes), ())
    assert _guard(path) == "plan-damaged"
    write_plan_file(path, replace(KEPT, by=Person("a\x1b[2Jnn\n", "")), ())
    assert read_plan_file(path).by.name == "a [2Jnn"


@pytest.mark.parametrize("content", [b"", b'{"meta": {}, "encrypted_data": "x"}', b"PK\x03\x04"])
def test_a_plan_that_cant_be_looked_into_is_not_kept(content: bytes) -> None:
    with pytest.raises(Refused, match="can't look into the engine's file") as refused:
        require_readable(content)
    assert refused.value.guard == "plan-key"


def test_what_was_said_of_the_plan_comes_from_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "dev.tfplan"
    write_plan_file(path, KEPT, ())
    found = with_plan(Request(flags=EngineFlags(lock_timeout_s=5)), path)
    assert found.saved == KEPT
    assert found.flags == EngineFlags(5, ("module.app.x.y",), False, ("module.app",), refresh=False, parallelism=4)
    for request, name in (
        (Request(stacks=("a",)), "--stack"),
        (Request(flags=EngineFlags(targets=("a.b",))), "--target"),
        (Request(flags=EngineFlags(refresh=False)), "--refresh=false"),
        (Request(only_if_changed=True), "--if-changed"),
    ):
        with pytest.raises(UsageError, match=name):
            with_plan(request, path)
