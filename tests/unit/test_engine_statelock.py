"""The state's own lock, read from what Terraform really says; whose dead engine's lock may be released."""

import socket
from datetime import UTC, datetime, timedelta

import pytest

from tfops.engine.statelock import StateLock, clarified, parse_lock
from tfops.records.engine_events import Diagnostic

_ADVICE = """


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with the "-lock=false"
flag, but this is not recommended."""

# Terraform 1.11.4, local backend, while another apply ran.
LOCAL = f"""Error message: resource temporarily unavailable
Lock Info:
  ID:        b5e3e3a5-e032-b9c8-6975-3c3db1dd66c3
  Path:      terraform.tfstate
  Operation: OperationTypeApply
  Who:       root@vm
  Version:   1.11.4
  Created:   2026-11-24 04:58:26.936198813 +0000 UTC
  Info:      {_ADVICE}"""

# Terraform 1.11.4, http backend: only the ID of the first line is the holder's, the Info is our own request's.
HTTP = f"""Error message: HTTP remote state already locked: ID=98f88fd7-69d5-3664-8a43-62bf43665bc4
Lock Info:
  ID:        33db891d-3fe0-f40d-b2d1-cadfb267a996
  Path:      {""}
  Operation: OperationTypePlan
  Who:       root@vm
  Version:   1.11.4
  Created:   2026-11-24 05:04:11.97745413 +0000 UTC
  Info:      {_ADVICE}"""

SINCE = datetime(2026, 11, 24, 4, 58, 20, tzinfo=UTC)


def _said(detail: str) -> Diagnostic:
    return Diagnostic(is_error=True, summary="Error acquiring the state lock", detail=detail)


@pytest.fixture
def root_at_vm(monkeypatch: pytest.MonkeyPatch) -> None:
    """We are root@vm, as the recorded texts say."""
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setattr(socket, "gethostname", lambda: "vm")


def test_the_holder_is_read_from_what_terraform_says() -> None:
    assert parse_lock(_said(LOCAL)) == StateLock(
        lock_id="b5e3e3a5-e032-b9c8-6975-3c3db1dd66c3",
        operation="OperationTypeApply",
        who="root@vm",
        created=datetime(2026, 11, 24, 4, 58, 26, tzinfo=UTC),
    )


def test_a_lock_of_another_program_may_know_less() -> None:
    found = parse_lock(_said("Lock Info:\n  ID: 4711\n  Path: s3://states/dev\n"))
    assert found == StateLock("4711", "", "", None)


def test_a_time_that_is_none_is_unknown() -> None:
    found = parse_lock(_said(LOCAL.replace("2026-11-24 04:58:26.936198813 +0000 UTC", "yesterday")))
    assert found is not None and found.created is None


@pytest.mark.parametrize("detail", ["", "Error message: 403 Forbidden", "Who: root@vm\nCreated: 2026-11-24 04:58:26"])
def test_a_failure_without_a_lock_info_names_no_holder(detail: str) -> None:
    assert parse_lock(_said(detail)) is None


def test_on_the_http_backend_the_request_itself_is_never_taken_for_a_dead_apply(root_at_vm: None) -> None:
    """Terraform up to 1.11 prints its own request there instead of the holder."""
    for text in (HTTP, HTTP.replace("OperationTypePlan", "OperationTypeApply")):
        found = parse_lock(_said(text))
        assert found == StateLock("98f88fd7-69d5-3664-8a43-62bf43665bc4")
        assert found.is_anonymous and not found.is_of_dead_apply(SINCE)


def test_nobody_is_told_that_they_hold_it_themselves() -> None:
    said = clarified(_said(HTTP)).detail
    assert said == "98f88fd7-69d5-3664-8a43-62bf43665bc4 holds it; this version of the engine doesn't say who that is."
    later = HTTP.replace("33db891d-3fe0-f40d-b2d1-cadfb267a996", "98f88fd7-69d5-3664-8a43-62bf43665bc4")
    for detail in (LOCAL, later, "Error message: 403 Forbidden"):
        assert clarified(_said(detail)).detail == detail


def _lock(detail: str) -> StateLock:
    found = parse_lock(_said(detail))
    assert found is not None
    return found


def test_an_apply_of_ours_that_began_after_the_intent_is_the_dead_one(root_at_vm: None) -> None:
    assert _lock(LOCAL).is_of_dead_apply(SINCE)


def test_clocks_that_differ_by_a_blink_do_not_matter(root_at_vm: None) -> None:
    created = _lock(LOCAL).created
    assert created is not None
    assert _lock(LOCAL).is_of_dead_apply(created + timedelta(seconds=2))
    assert not _lock(LOCAL).is_of_dead_apply(created + timedelta(seconds=3))


@pytest.mark.parametrize(
    ("theirs", "what"),
    [
        ("root@other", "another machine"),
        ("bob@vm", "another user"),
        ("xroot@vm", "a user whose name ends like ours"),
    ],
)
def test_the_lock_of_someone_else_is_never_released(root_at_vm: None, theirs: str, what: str) -> None:
    assert not _lock(LOCAL.replace("root@vm", theirs)).is_of_dead_apply(SINCE), what


@pytest.mark.parametrize("operation", ["OperationTypePlan", "migration", "OperationTypeInvalid", "init"])
def test_a_lock_that_no_apply_took_is_never_released(root_at_vm: None, operation: str) -> None:
    assert not _lock(LOCAL.replace("OperationTypeApply", operation)).is_of_dead_apply(SINCE)


def test_an_older_lock_is_not_the_one_of_the_run_that_died(root_at_vm: None) -> None:
    assert not _lock(LOCAL).is_of_dead_apply(SINCE + timedelta(minutes=1))


def test_a_lock_without_a_time_is_never_released(root_at_vm: None) -> None:
    assert not _lock(LOCAL.replace("  Created:", "  Made:")).is_of_dead_apply(SINCE)


def test_the_own_request_that_http_shows_is_never_taken_for_a_dead_apply(root_at_vm: None) -> None:
    """It is of us, on this machine, and newer than any intent; only its operation tells it."""
    assert not _lock(HTTP).is_of_dead_apply(SINCE)


def test_a_machine_with_another_name_than_before_releases_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    monkeypatch.setattr(socket, "gethostname", lambda: "renamed")
    assert not _lock(LOCAL).is_of_dead_apply(SINCE)
