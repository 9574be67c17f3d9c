"""What fails with an error that passes is tried again, as long as nothing was changed."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import RULES, Shop, Witness
from tfops.errors import EngineFailed, Interrupted, StoppedPartWay
from tfops.ledger.logs import read_logs
from tfops.records.names import EnvName
from tfops.views.envelope import failure

_QUICK = RULES + "retry: [{on: too busy, wait: 0s}]\n"
_SLOW = RULES + "retry: [{on: too busy, wait: 10m}]\n"


def told(summary: str) -> str:
    """An error in the engine's stream, and a message that makes it one."""
    diagnostic = {"severity": "error", "summary": summary, "detail": ""}
    lines = [
        {"@message": "Terraform 1.11.4", "type": "version", "ui": "1.2"},
        {"@message": f"Error: {summary}", "type": "diagnostic", "diagnostic": diagnostic},
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


def begun() -> str:
    hook = {"resource": {"addr": "module.main.terraform_data.main"}, "action": "create"}
    return json.dumps({"@message": "creating", "type": "apply_start", "hook": hook}) + "\n"


def shown(shop: Shop) -> list[str]:
    return [warning for warning in shop.ui.warnings if "again in" in warning]


def test_an_initialization_is_tried_again_and_each_try_is_told(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK)
    one(shop)
    with shop.engine.otherwise("init", fails=2, err="Error: the registry is too busy\n", counted=f"{tmp_path}/n"):
        planned = shop.plan()
    assert shown(shop) == [
        "init failed (`too busy`): again in 0 s, try 2 of 3",
        "init failed (`too busy`): again in 0 s, try 3 of 3",
    ]
    assert [(one.command, one.number, one.stack) for one in planned.tries] == [("init", 1, "main"), ("init", 2, "main")]


def test_a_plan_is_tried_again_without_a_word_of_what_passed(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK + "logs: {keep: all}\n")
    one(shop)
    with shop.engine.otherwise("plan", fails=1, out=told("Too busy"), counted=f"{tmp_path}/n"):
        result = shop.apply()
    assert (len(result.tries), result.tries[0].why, shop.ui.diagnostics) == (1, "`too busy`", [])
    assert str(result.version) == "v1"
    logs = read_logs(shop.project.repository, EnvName("dev"))
    said = [line.text for line in logs.read(logs.runs[0]).lines]
    assert "Error: Too busy" in said and "plan failed (`too busy`): again in 0 s, try 2 of 3" in said


def test_after_the_last_try_the_engines_words_are_shown_and_the_tries_are_in_json(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK)
    one(shop)
    with (
        shop.engine.otherwise("plan", fails=9, out=told("too busy"), counted=f"{tmp_path}/n"),
        pytest.raises(EngineFailed) as failed,
    ):
        shop.plan()
    assert (tmp_path / "n").read_text() == "3"
    assert [one.summary for one in shop.ui.diagnostics] == ["too busy"] and "too busy" in failed.value.why
    tries = json.loads(failure("plan", failed.value))["error"]["tries"]
    assert [(one["number"], one["tries"], one["wait_s"]) for one in tries] == [(1, 3, 0.0), (2, 3, 0.0)]


def test_what_lasts_fails_at_once(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK)
    one(shop)
    with (
        shop.engine.otherwise("plan", fails=9, out=told("Invalid index"), counted=f"{tmp_path}/n"),
        pytest.raises(EngineFailed),
    ):
        shop.plan()
    assert (tmp_path / "n").read_text() == "1"


def test_an_apply_that_did_nothing_yet_is_tried_again(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK)
    shop.runs(one)
    two(shop)
    with shop.engine.otherwise("apply", fails=2, out=told("too busy"), counted=f"{tmp_path}/n"):
        result = shop.apply()
    assert [one.command for one in result.tries] == ["apply", "apply"] and shop.tags()[-1] == "tfops/dev/v2"
    assert shop.ui.diagnostics == [], "what passed isn't said"


def test_an_apply_that_began_something_is_never_tried_again(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK)
    one(shop)
    with (
        shop.engine.otherwise("apply", fails=9, out=begun() + told("too busy"), counted=f"{tmp_path}/n"),
        pytest.raises(StoppedPartWay),
    ):
        shop.apply()
    assert (tmp_path / "n").read_text() == "1" and shown(shop) == []


def test_an_apply_of_which_nothing_is_known_is_never_tried_again(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_QUICK)
    one(shop)
    with (
        shop.engine.otherwise("apply", fails=9, err="Error: too busy\n", counted=f"{tmp_path}/n"),
        pytest.raises(EngineFailed),
    ):
        shop.apply()
    assert (tmp_path / "n").read_text() == "1"


class _Hasty(Witness):
    """Presses Ctrl-C while it waits for the next try."""

    def warn(self, text: str) -> None:
        super().warn(text)
        if "again in" in text:
            signal.setitimer(signal.ITIMER_REAL, 0.2)


@pytest.mark.parametrize(("command", "state"), [("plan", "Nothing was changed."), ("apply", "Nothing was changed.")])
def test_an_interrupt_ends_the_waiting_at_once(play: Open, tmp_path: Path, command: str, state: str) -> None:
    shop = play("life", rules=_SLOW)
    one(shop)
    shop._next = _Hasty()
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    began = time.monotonic()
    try:
        with (
            shop.engine.otherwise(command, fails=9, out=told("too busy"), counted=f"{tmp_path}/n"),
            pytest.raises(Interrupted) as stopped,
        ):
            shop.apply()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 60 and stopped.value.state == state
    assert len(stopped.value.tries) == 1 and shop.tags() == []
    assert shop.ledger().lock is None and shop.ledger().trouble is None


def test_a_rule_with_one_try_turns_the_known_ones_off(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=RULES + 'retry: [{on: ".", tries: 1}]\n')
    one(shop)
    with (
        shop.engine.otherwise("plan", fails=9, out=told("SlowDown"), counted=f"{tmp_path}/n"),
        pytest.raises(EngineFailed),
    ):
        shop.plan()
    assert (tmp_path / "n").read_text() == "1"
