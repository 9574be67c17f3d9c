"""The engine's `-json` lines become events, and events add up to a receipt."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tfops.engine.events import Progress, masked, parse_event, started_at
from tfops.engine.mask import Masker
from tfops.records.engine_events import Diagnostic, Event, PlannedEvent, ReadingEvent, ResourceEvent, Step
from tfops.records.plan import Action, ResourceChange
from tfops.records.rendered import MAIN_FILE

RECORDED = Path(__file__).parent / "recorded" / "apply.jsonl"

# As Terraform 1.11.4 wrote them.
START = (
    r'{"@level":"info","@message":"terraform_data.fresh[\"quo\\\"te\"]: Creating...","@module":"terraform.ui",'
    r'"@timestamp":"2026-11-24T03:55:31.776738Z","hook":{"resource":{"addr":"terraform_data.fresh[\"quo\\\"te\"]",'
    r'"module":"","resource":"terraform_data.fresh[\"quo\\\"te\"]","implied_provider":"terraform",'
    r'"resource_type":"terraform_data","resource_name":"fresh","resource_key":"quo\"te"},"action":"create"},'
    r'"type":"apply_start"}'
)
COMPLETE = (
    '{"@level":"info","@message":"terraform_data.one: Modifications complete after 2s [id=8ee2]",'
    '"hook":{"resource":{"addr":"terraform_data.one","module":"","resource":"terraform_data.one",'
    '"resource_key":null},"action":"update","id_key":"id","id_value":"8ee2","elapsed_seconds":2},'
    '"type":"apply_complete"}'
)
PLANNED = (
    '{"@level":"info","@message":"terraform_data.swap: Plan to replace","change":{"resource":'
    '{"addr":"terraform_data.swap","module":"","resource_key":null},"action":"replace",'
    '"reason":"cannot_update"},"type":"planned_change"}'
)
REFRESH = (
    '{"@level":"info","@message":"terraform_data.one: Refreshing state... [id=8ee2]","hook":{"resource":'
    '{"addr":"terraform_data.one"},"id_key":"id","id_value":"8ee2"},"type":"refresh_start"}'
)
ERROR = (
    '{"@level":"error","@message":"Error: local-exec provisioner error","diagnostic":{"severity":"error",'
    '"summary":"local-exec provisioner error","detail":"Error running command \'exit 3\': exit status 3. Output: ",'
    '"address":"terraform_data.fails","range":{"filename":"main.tf","start":{"line":25,"column":30,"byte":1048},'
    '"end":{"line":25,"column":31,"byte":1049}}},"type":"diagnostic"}'
)


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (START, ResourceEvent(Step.STARTED, r'terraform_data.fresh["quo\"te"]', "create")),
        (COMPLETE, ResourceEvent(Step.COMPLETED, "terraform_data.one", "update", "8ee2", 2, id_key="id")),
        (PLANNED, PlannedEvent("terraform_data.swap", "replace")),
        (REFRESH, ReadingEvent("terraform_data.one")),
        (
            ERROR,
            Diagnostic(
                is_error=True,
                summary="local-exec provisioner error",
                detail="Error running command 'exit 3': exit status 3. Output:",
                address="terraform_data.fails",
                where="main.tf:25",
                column=30,
            ),
        ),
    ],
    ids=["start", "complete", "planned", "refresh", "diagnostic"],
)
def test_a_recorded_line_becomes_an_event(line: str, event: Event) -> None:
    assert parse_event(line) == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Terraform has been successfully initialized!",
        "{",
        "null",
        "[]",
        "12",
        '"text"',
        "{}",
        '{"type":"version","terraform":"1.11.4","ui":"1.2"}',
        '{"type":"change_summary","changes":{"add":1}}',
        '{"type":"outputs","outputs":{}}',
        '{"type":"provision_start","hook":{}}',
        '{"type":null}',
    ],
)
def test_lines_that_say_nothing_of_interest_are_no_events(line: str) -> None:
    assert parse_event(line) is None


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ('{"type":"apply_start"}', ResourceEvent(Step.STARTED, "", "")),
        ('{"type":"apply_complete","hook":{"resource":null}}', ResourceEvent(Step.COMPLETED, "", "")),
        ('{"type":"planned_change","change":null}', PlannedEvent("", "")),
        ('{"type":"diagnostic"}', Diagnostic(is_error=False, summary="")),
        ('{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"w"}}', Diagnostic(False, "w")),
    ],
)
def test_missing_fields_do_not_break_the_reader(line: str, event: Event) -> None:
    assert parse_event(line) == event


def test_a_diagnostic_cannot_act_on_the_terminal() -> None:
    body = {"severity": "error", "summary": "\x1b[31mred\nline", "detail": "one\n\x1b]0;title\x07two\u202e\n"}
    event = parse_event(json.dumps({"type": "diagnostic", "diagnostic": body}))
    assert event is not None
    assert masked(event, Masker()) == Diagnostic(True, " [31mred line", "one\n ]0;title two ")


def test_a_secret_at_the_end_of_a_long_diagnostic_is_masked_before_it_is_cut() -> None:
    event = Diagnostic(True, "x" * 1996 + "hunter2", "tab\there")
    assert masked(event, Masker(["hunter2", "tab\there"])) == Diagnostic(True, "x" * 1996 + "(se…", "(secret)")


def test_a_diagnostics_text_is_its_summary_and_its_detail() -> None:
    assert Diagnostic(True, "no", "because").text == "no: because"
    assert Diagnostic(True, "no").text == "no"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            Diagnostic(True, "bad hunter2", "why hunter2", 'a.b["hunter2"]', "main.tf:1"),
            Diagnostic(True, "bad (secret)", "why (secret)", 'a.b["(secret)"]', "main.tf:1"),
        ),
        (
            ResourceEvent(Step.COMPLETED, 'a.b["hunter2"]', "create", "id-hunter2", 3),
            ResourceEvent(Step.COMPLETED, 'a.b["(secret)"]', "create", "id-(secret)", 3),
        ),
        (PlannedEvent('a.b["hunter2"]', "create"), PlannedEvent('a.b["(secret)"]', "create")),
        (ReadingEvent('a.b["hunter2"]'), ReadingEvent('a.b["(secret)"]')),
    ],
)
def test_secrets_are_masked_in_every_kind_of_event(event: Event, expected: Event) -> None:
    assert masked(event, Masker(["hunter2"])) == expected


def step(kind: Step, address: str, action: str = "create", **more: Any) -> ResourceEvent:
    return ResourceEvent(kind, address, action, **more)


def progress(*events: Event) -> Progress:
    receipt = Progress()
    for event in events:
        receipt.add(event)
    return receipt


def test_what_started_without_an_answer_is_in_doubt() -> None:
    receipt = progress(
        step(Step.STARTED, "a"),
        step(Step.STARTED, "b"),
        step(Step.STARTED, "c"),
        step(Step.RUNNING, "b", elapsed_s=10),
        step(Step.COMPLETED, "a", resource_id="1"),
        step(Step.ERRORED, "c"),
    )
    assert receipt.in_doubt == ("b",)
    assert [event.address for event in receipt.completed] == ["a"]
    assert receipt.errored == ["c"]


def test_a_replacement_is_in_doubt_until_its_second_half_is_done() -> None:
    halves = [
        step(Step.STARTED, "a", "delete"),
        step(Step.COMPLETED, "a", "delete"),
        step(Step.STARTED, "a", "create"),
        step(Step.COMPLETED, "a", "create"),
    ]
    assert [progress(*halves[:count]).in_doubt for count in range(5)] == [(), ("a",), (), ("a",), ()]
    assert [event.action for event in progress(*halves).completed] == ["delete", "create"]


@pytest.mark.parametrize(
    ("action", "completed", "is_done"),
    [
        (Action.CREATE, ["create"], True),
        (Action.CREATE, [], False),
        (Action.DELETE, ["delete"], True),
        (Action.REPLACE, ["delete"], False),
        (Action.REPLACE, ["create"], False),
        (Action.REPLACE, ["delete", "create"], True),
        (Action.REPLACE, ["create", "delete"], True),
    ],
)
def test_a_planned_change_is_done_when_all_its_steps_are(action: Action, completed: list[str], is_done: bool) -> None:
    receipt = progress(step(Step.COMPLETED, "b", "create"), *(step(Step.COMPLETED, "a", one) for one in completed))
    assert receipt.is_done(ResourceChange("a", "x", action)) is is_done


def test_only_errors_are_errors() -> None:
    warning, error = Diagnostic(False, "old syntax"), Diagnostic(True, "no")
    receipt = progress(warning, error)
    assert receipt.diagnostics == [warning, error]
    assert receipt.errors == (error,)


def test_plans_and_readings_leave_no_trace_on_the_receipt() -> None:
    receipt = progress(PlannedEvent("a", "create"), ReadingEvent("a"), Diagnostic(True, "no"))
    assert receipt.is_untouched
    assert receipt.in_doubt == ()


@pytest.mark.parametrize("kind", [Step.STARTED, Step.COMPLETED, Step.ERRORED])
def test_a_resource_that_was_begun_is_no_longer_untouched(kind: Step) -> None:
    assert not progress(step(kind, "a")).is_untouched


def test_a_recorded_apply_that_failed_gives_the_whole_receipt() -> None:
    lines = RECORDED.read_text(encoding="utf-8").splitlines()
    receipt = progress(*(event for event in map(parse_event, lines) if event))
    assert receipt.in_doubt == ()
    assert receipt.errored == ["terraform_data.fails"]
    assert [error.summary for error in receipt.errors] == ["local-exec provisioner error"]
    done = [(event.action, event.address) for event in receipt.completed]
    assert done[:3] == [
        ("update", "terraform_data.mixed"),
        ("create", 'terraform_data.fresh["$${x}"]'),
        ("create", r'terraform_data.fresh["quo\"te"]'),
    ]
    assert done.index(("delete", "terraform_data.old_first")) < done.index(("create", "terraform_data.old_first"))
    assert done.index(("create", "terraform_data.new_first")) < done.index(("delete", "terraform_data.new_first"))
    assert len(done) == 12


def test_an_engine_says_by_its_own_clock_when_it_began() -> None:
    lines = [
        "",
        "not json",
        '{"@timestamp":"2026-11-25T14:00:00.5+01:00","type":"version"}',
        '{"@timestamp":"2030-01-01"}',
    ]
    assert started_at(lines) == datetime(2026, 11, 25, 13, 0, 0, 500000, tzinfo=UTC)
    assert started_at(["", "{}", "[]"]) is None


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "version", "ui": "2.0"}, "the engine's stream has the version 2.0, known is 1"),
        (
            {"type": "planned_change", "change": {"action": "rotate", "resource": {"addr": "a.b"}}},
            "the action `rotate` for a.b",
        ),
        (
            {"type": "apply_complete", "hook": {"action": "rotate", "resource": {"addr": "a.b"}}},
            "the action `rotate` for a.b",
        ),
        ({"type": "version", "ui": "1.9"}, ""),
        ({"type": "planned_change", "change": {"action": "remove", "resource": {"addr": "a.b"}}}, ""),
        ({"type": "something_new", "hook": {"resource": {"addr": "a.b"}}}, ""),
    ],
)
def test_what_the_stream_says_and_nobody_knows_is_noted(message: dict[str, Any], words: str) -> None:
    """`docs/explanation/engine.md`: unknown is never "nothing"."""
    progress = Progress()
    progress.hear(json.dumps(message))
    assert progress.unknown == ([words] if words else [])
    assert progress.is_readable


def test_what_is_no_stream_is_known_as_such() -> None:
    progress = Progress()
    for line in ("Apply complete!", "{", "[]", '{"a": 1}'):
        progress.hear(line)
    assert (progress.is_readable, progress.unknown) == (False, [])


def test_a_deprecated_output_that_only_the_rendered_root_has_is_nobodys_mistake() -> None:
    def read(file: str, context: str) -> Event | None:
        found = {
            "severity": "warning",
            "summary": "Deprecated value used",
            "detail": "no more",
            "range": {"filename": file, "start": {"line": 3}},
            "snippet": {"context": context},
            "deprecation_origin_description": "module.m.o",
        }
        return parse_event(json.dumps({"type": "diagnostic", "diagnostic": found}))

    assert read(MAIN_FILE, "output.m") is None
    assert read(MAIN_FILE, "module.app") == Diagnostic(
        is_error=False, summary="Deprecated value used", detail="no more", where=f"{MAIN_FILE}:3"
    )
    assert read("modules/x/main.tf", "output.m") is not None
