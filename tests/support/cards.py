"""Identity cards for tests that need one and don't care what is on it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tfops.records.card import Card, EngineUsed, PlanSummary, StackRecord
from tfops.records.commit import Person
from tfops.records.version import Kind


def make_card(commit: str, **changes: Any) -> Card:
    """A complete card of `dev` v1; `changes` replace fields."""
    ann = Person(name="ann", email="ann@example.com")
    stack = StackRecord(
        backend="local",
        lineage="l-1",
        serial_before=0,
        serial_after=1,
        state_sha256="0" * 64,
        inventory={"a.b": "id-1"},
    )
    card = Card(
        run_id="r-1",
        project="shop",
        environment="dev",
        version=1,
        kind=Kind.APPLY,
        commit=commit,
        branch="main",
        author=ann,
        applied_by=ann,
        applied_at=datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        duration_s=1.5,
        engine=EngineUsed(name="terraform", version="1.11.4"),
        modules={},
        config_digest="c" * 64,
        rendered_digest="d" * 64,
        plan=PlanSummary(digest="e" * 64),
        stacks={"main": stack},
        tfops="0.1.0",
    )
    return replace(card, **changes)
