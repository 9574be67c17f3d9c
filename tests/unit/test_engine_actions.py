"""Actions in a plan and in the stream of an apply, as Terraform 1.15.5 writes them."""

import json
from typing import Any

import pytest

from tfops.engine.events import Progress, masked, parse_event
from tfops.engine.mask import Masker
from tfops.engine.plan import masked_plan, to_plan
from tfops.records.action import ActionState
from tfops.records.engine_events import ActionEvent, Step
from tfops.records.plan import Invocation
from tfops.resolve.actions import asks_first
from tfops.resolve.merged_plan import is_same_work


def _raw(name: str, *, block: int = 0, place: int = 0, text: str = "x", is_sensitive: bool = False) -> dict[str, Any]:
    return {
        "address": f"module.m.action.acts_say.{name}",
        "type": "acts_say",
        "name": name,
        "config_values": {"text": text},
        "config_sensitive": {"text": True} if is_sensitive else {},
        "config_unknown": {},
        "provider_name": "registry.terraform.io/tfops/acts",
        "lifecycle_action_trigger": {
            "triggering_resource_address": "module.m.terraform_data.t",
            "action_trigger_event": "AfterCreate",
            "action_trigger_block_index": block,
            "actions_list_index": place,
        },
    }


def _plan(*actions: dict[str, Any]) -> Any:
    return to_plan({"format_version": "1.2", "action_invocations": list(actions)}, is_empty=False)


def test_a_plan_has_its_actions_in_the_order_in_which_they_run() -> None:
    plan = _plan(_raw("b", block=1), _raw("c", block=0, place=1), _raw("a", block=0, place=0))
    assert [action.address.rpartition(".")[2] for action in plan.actions] == ["a", "c", "b"]
    assert plan.actions[0] == Invocation(
        "module.m.action.acts_say.a", "acts_say", "module.m.terraform_data.t", "after create"
    )
    assert plan.headline().endswith("3 actions run")


def test_actions_are_part_of_the_digest_and_of_the_work() -> None:
    plain, one, other = _plan(), _plan(_raw("a")), _plan(_raw("a", text="y"))
    assert len({plain.digest, one.digest, other.digest}) == 3
    assert _plan(_raw("a"), _raw("b")).digest == _plan(_raw("b"), _raw("a")).digest
    assert not is_same_work(plain, one)
    assert is_same_work(one, other)


def test_an_actions_secret_counts_in_the_digest() -> None:
    one, other = (_plan(_raw("a", text=text, is_sensitive=True)) for text in ("s1", "s2"))
    assert one.digest != other.digest
    assert {name for name in one.prints if one.prints[name] != other.prints[name]} == {"sensitive values"}


def test_an_invocation_by_hand_has_no_trigger() -> None:
    raw = _raw("a")
    del raw["lifecycle_action_trigger"]
    assert _plan({**raw, "invoke_action_trigger": {}}).actions[0].event == ""


def test_a_key_that_quotes_a_secret_is_masked() -> None:
    raw = _raw("a") | {"address": 'module.m.action.acts_say.a["hunter2"]'}
    assert "hunter2" not in masked_plan(_plan(raw), Masker({"hunter2"})).actions[0].address


def _line(kind: str, **hook: Any) -> str:
    action, resource = {"addr": "module.m.action.acts_say.a"}, {"addr": "module.m.terraform_data.t"}
    hook = {"action": action, "lifecycle": {"resource": resource}, **hook}
    return json.dumps({"type": kind, "hook": hook})


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([], ActionState.NEVER_RUN),
        (["action_start"], ActionState.FAILED),
        (["action_start", "action_progress"], ActionState.FAILED),
        (["action_start", "action_errored"], ActionState.FAILED),
        (["action_start", "action_complete"], ActionState.DONE),
    ],
)
def test_the_stream_says_what_became_of_an_action(kinds: list[str], state: ActionState) -> None:
    progress = Progress()
    for kind in kinds:
        event = parse_event(_line(kind))
        assert event is not None
        progress.add(event)
    assert progress.action_state("module.m.action.acts_say.a", "module.m.terraform_data.t") is state
    assert progress.is_untouched is not bool(kinds)


def test_what_an_action_says_is_masked() -> None:
    event = parse_event(_line("action_progress", message="the key is hunter2\x1b[31m"))
    assert event is not None
    shown = masked(event, Masker({"hunter2"}))
    assert isinstance(shown, ActionEvent)
    assert shown.step is Step.RUNNING
    assert "hunter2" not in shown.message
    assert "\x1b" not in shown.message


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("acts_say", True),
        ("acts_say.*", True),
        ("acts_say.a", True),
        ("module.m.action.acts_say.a", True),
        ("module.m.*", True),
        ("acts_say.b", False),
        ("acts", False),
    ],
)
def test_which_actions_are_asked_about(pattern: str, fits: bool) -> None:
    action = Invocation('module.m["k"].action.acts_say.a[0]', "acts_say")
    assert asks_first(action, [pattern]) is fits
