"""The JSON envelope: one shape for every command, on failure too."""

import json
from dataclasses import dataclass

import pytest

from tests.support.golden import assert_golden
from tests.unit.test_views_text import ERRORS, RESULTS
from tfops.engine.mask import Masker
from tfops.records.plan import Action
from tfops.views import envelope


@pytest.mark.parametrize("name", ["change", "plan", "status", "history", "show", "doctor", "recover"])
def test_a_success_looks_like_this(name: str) -> None:
    assert_golden(f"json/{name}.json", envelope.success(name, RESULTS[name]) + "\n")


@pytest.mark.parametrize("name", ERRORS)
def test_a_failure_looks_like_this(name: str) -> None:
    assert_golden(f"json/failed-{name}.json", envelope.failure("apply", ERRORS[name]) + "\n")


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_becomes_json(name: str) -> None:
    body = json.loads(envelope.success("x", RESULTS[name], exit_code=2))
    assert set(body) == {"schema", "command", "ok", "exit_code", "result"}
    assert (body["schema"], body["command"], body["ok"], body["exit_code"]) == (1, "x", True, 2)


@pytest.mark.parametrize("name", ERRORS)
def test_a_failure_carries_the_exit_code_of_its_error(name: str) -> None:
    body = json.loads(envelope.failure("apply", ERRORS[name]))
    assert (body["ok"], body["exit_code"]) == (False, ERRORS[name].exit_code)
    assert body["error"]["name"] == ERRORS[name].name
    assert ("guard" in body["error"]) is (name == "refused")
    assert ("complaints" in body["error"]) is (name == "config")


@dataclass(frozen=True, slots=True)
class _Answer:
    action: Action
    text: str
    outputs: dict[str, object]
    duration_s: float


def test_masking_touches_values_and_never_the_form() -> None:
    """`docs/how-to/secrets.md`: a secret may look like a part of the JSON itself."""
    mask = Masker(["true", "delete", "action", "543", "54321", "app"])
    answer = _Answer(Action.DELETE, "true app", {"app": {"port": 54321, "a true key": [True, "543"]}}, 0.543)
    body = json.loads(envelope.success("x", answer, mask=mask))
    assert body["ok"] is True
    assert body["result"] == {
        "action": "delete",
        "text": "(secret) (secret)",
        "outputs": {"app": {"port": "(secret)", "a (secret) key": [True, "(secret)"]}},
        "duration_s": 0.543,
    }
