"""Logs of runs: what is taken of the engine's output, what stays of many."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tfops.engine.transcript import shortened, transcript
from tfops.ledger.logs import Bounds
from tfops.records.run_log import LogLine

_AT = "2026-11-30T10:00:00.000000Z"


def _message(text: str, **more: object) -> str:
    return json.dumps({"@level": "info", "@message": text, "@timestamp": _AT, **more})


def _folder(tmp_path: Path) -> Path:
    detail = {"severity": "error", "summary": "it broke", "detail": "the password\nis hunter2"}
    said = {
        "00-init.out": [_message("Initializing"), "not json"],
        "01-plan.out": [_message("planned")],
        "02-state.out": ['{"version": 4, "secret": "hunter2"}'],
        "03-apply.out": [
            _message("a.b (local-exec): hunter2 \x1b[31m", type="provision_progress"),
            _message("Error: it broke", type="diagnostic", diagnostic=detail),
        ],
    }
    for name, lines in said.items():
        (tmp_path / name).write_text("\n".join(lines))
    (tmp_path / "03-apply.err").write_text("panic: hunter2\n")
    return tmp_path


def _hide(text: str) -> str:
    return text.replace("hunter2", "***")


def test_only_the_streams_messages_are_taken_masked_and_harmless(tmp_path: Path) -> None:
    lines = transcript(_folder(tmp_path), "main", _hide, is_known=True)
    assert [(line.command, line.text) for line in lines] == [
        ("init", "Initializing"),
        ("plan", "planned"),
        ("apply", "a.b (local-exec): ***  [31m"),
        ("apply", "Error: it broke"),
        ("apply", "  the password"),
        ("apply", "  is ***"),
        ("apply", "panic: ***"),
    ]
    assert lines[0].at == datetime(2026, 11, 30, 10, tzinfo=UTC)


def test_nothing_is_quoted_where_nobody_knows_what_is_secret(tmp_path: Path) -> None:
    lines = transcript(_folder(tmp_path), "main", str, is_known=False)
    assert [line.text for line in lines] == ["Initializing", "planned", "it broke"]


def test_of_too_many_lines_the_first_and_the_last_are_kept() -> None:
    lines = [LogLine("main", "apply", None, str(number)) for number in range(6_000)]
    kept, left_out = shortened(lines)
    assert (len(kept), left_out, kept[999].text, kept[1000].text, kept[-1].text) == (
        5_000,
        1_000,
        "999",
        "2000",
        "5999",
    )
    assert shortened(lines[:5_000]) == (tuple(lines[:5_000]), 0)


def test_the_newest_stay_within_each_bound() -> None:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    files = {f"{now - timedelta(days=age):%Y%m%dT%H%M%SZ}-aaaaaa.json.gz": b"x" * 10 for age in range(6)}
    newest = sorted(files, reverse=True)
    for bounds, count in (
        (Bounds(runs=2, days=90, size=1000), 2),
        (Bounds(runs=50, days=3, size=1000), 4),
        (Bounds(runs=50, days=90, size=25), 2),
        (Bounds(runs=50, days=90, size=1), 1),  # always the newest
    ):
        assert list(bounds.within(files, now)) == newest[:count]
