"""Hooks: when they run, what they see, what becomes of the change when one fails, and whose they are."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import RULES, Shop, Witness
from tfops.errors import EngineFailed, HookFailed, Interrupted, NotVerified
from tfops.records.hook import HookResult
from tfops.records.version import Verified
from tfops.views.envelope import failure

_POINTS = (
    *("before_init", "after_init", "before_plan", "after_plan"),
    *("before_apply", "after_apply", "after_rollback", "on_error"),
)


def hooks(*lines: str) -> str:
    return RULES + "hooks:\n" + "".join(f"  {line}\n" for line in lines)


def every(seen: Path) -> str:
    """Each point tells that it ran, for which command, after which exit code."""
    command = f"echo $TFOPS_HOOK $TFOPS_COMMAND $TFOPS_EXIT_CODE >> {seen}"
    return hooks(*(f"{point}: [{{name: tell, command: [sh, -c, '{command}']}}]" for point in _POINTS))


def told(seen: Path) -> list[str]:
    lines = seen.read_text().splitlines() if seen.exists() else []
    seen.unlink(missing_ok=True)
    return lines


def test_each_runs_at_its_point_in_order_and_stands_on_the_card(play: Open, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    shop = play("life", rules=every(seen))
    one(shop)
    planned = shop.plan()
    assert told(seen) == [f"{point} plan {code}" for point, code in zip(_POINTS[:4], (0, 0, 0, 2), strict=True)]
    assert [hook.at for hook in planned.hooks] == list(_POINTS[:4])
    result = shop.apply()
    expected = [*_POINTS[:6]]
    assert told(seen) == [f"{point} apply {0 if index < 3 else 2}" for index, point in enumerate(expected)]
    assert [hook.at for hook in result.hooks] == expected == [hook.at for hook in shop.card().hooks]
    assert {(hook.result, hook.exit_code) for hook in shop.card().hooks} == {(HookResult.PASSED, 0)}
    two(shop)
    shop.apply()
    told(seen)
    shop.rollback("v1")
    assert [line.split()[0] for line in told(seen)] == list(_POINTS[:7])
    shop.destroy()
    assert told(seen)[-1] == "after_apply destroy 2"


def test_the_files_of_a_hook_are_those_of_the_commit_and_what_it_sees_is_bare(
    play: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = play("life", rules=hooks("before_plan: [{command: [scripts/look.sh], env: [NAMED, 'MORE_*']}]"))
    shop.write("scripts/look.sh", f"#!/bin/sh\nenv > {tmp_path}/env; pwd > {tmp_path}/pwd; echo $NAMED\n")
    (shop.path / "scripts/look.sh").chmod(0o755)
    one(shop)
    shop.write("scripts/look.sh", "#!/bin/sh\nexit 1\n")  # not committed
    for name in ("NAMED", "MORE_A", "OTHER", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"canary-of-{name}")
    shop.plan()
    lines = (tmp_path / "env").read_text()
    assert "canary-of-NAMED" in lines and "canary-of-MORE_A" in lines and "PATH=" in lines
    assert "canary-of-OTHER" not in lines and "canary-of-AWS" not in lines
    assert not Path((tmp_path / "pwd").read_text().strip()).samefile(shop.path)
    assert "canary" not in shop.ui.said and "(secret)" in shop.ui.said, "what it was given isn't shown"


@pytest.mark.parametrize("point", ["before_init", "after_init", "before_plan", "after_plan", "before_apply"])
def test_one_that_fails_before_the_apply_stops_it_with_its_words(play: Open, tmp_path: Path, point: str) -> None:
    after = f"on_error: [{{command: [sh, -c, 'echo $TFOPS_EXIT_CODE $TFOPS_ERROR > {tmp_path}/error']}}]"
    line = (
        f"{point}: [{{name: gate, command: [sh, -c, 'echo closed; exit 3']}}, {{command: [touch, {tmp_path}/second]}}]"
    )
    shop = play("life", rules=hooks(line, after))
    one(shop)
    with pytest.raises(HookFailed) as failed:
        shop.apply()
    error = json.loads(failure("apply", failed.value))["error"]
    assert (error["what"], error["why"]) == (f"a hook of dev failed: {point} gate", "exit code 3")
    assert (error["name"], error["state"]) == ("hook-failed", "Nothing was changed.")
    assert [(hook["name"], hook["exit_code"]) for hook in error["hooks"]] == [("gate", 3)]
    assert "closed" in shop.ui.said and not (tmp_path / "second").exists()
    assert (tmp_path / "error").read_text() == "13 hook-failed\n"
    assert shop.tags() == [] and shop.ledger().lock is None and shop.ledger().intent is None


def test_one_that_fails_after_the_apply_makes_the_version_not_verified(play: Open, tmp_path: Path) -> None:
    lines = (
        f"after_apply: [{{name: tell, command: [test, -e, {tmp_path}/fine]}}]",
        f"on_error: [{{command: [sh, -c, 'echo $TFOPS_EXIT_CODE > {tmp_path}/error']}}]",
    )
    shop = play("life", rules=hooks(*lines))
    one(shop)
    with pytest.raises(NotVerified) as failed:
        shop.apply()
    assert failed.value.what == "dev is now v1, but 1 hook failed"
    assert failed.value.why == "after_apply tell: exit code 1" and (tmp_path / "error").read_text() == "13\n"
    assert shop.status().current.verified is Verified.FAILED  # type: ignore[union-attr]
    [hook] = shop.card().hooks
    assert (hook.result, hook.exit_code) == (HookResult.FAILED, 1)
    (tmp_path / "fine").touch()
    again = shop.apply()
    assert (str(again.version), again.verified, again.plan.is_empty) == ("v2", Verified.NONE, True)


def test_one_that_fails_is_no_reason_to_roll_back_by_itself(play: Open) -> None:
    rules = RULES.replace("{branch: main}", "{branch: main, rollback: auto, verify: [{command: ['true']}]}")
    shop = play("life", rules=rules)
    shop.runs(one)
    shop.rules(rules + "hooks: {after_apply: [{command: ['false']}]}\n")
    two(shop)
    with pytest.raises(NotVerified):
        shop.apply()
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"]


def test_one_that_only_warns_stops_nothing(play: Open) -> None:
    shop = play("life", rules=hooks(*(f"{at}: [{{command: ['false'], on_failure: warn}}]" for at in _POINTS[:6])))
    one(shop)
    result = shop.apply()
    assert result.verified is Verified.NONE and {hook.result for hook in result.hooks} == {HookResult.WARNED}
    assert len([text for text in shop.ui.warnings if "exit code 1" in text]) == 6


def test_conditions_say_when(play: Open, tmp_path: Path) -> None:
    def when(name: str, condition: str) -> str:
        return f"{{command: [touch, {tmp_path}/{name}], if: {condition}}}"

    asked = [
        when("planned", "{commands: [plan]}"),
        when("changes", "{exit_codes: [2]}"),
        when("nothing", "{exit_codes: [0]}"),
        when("elsewhere", '{environments: ["prod*"]}'),
        when("here", '{environments: ["prod*", "de?"]}'),
    ]
    shop = play("life", rules=hooks(f"after_plan: [{', '.join(asked)}]"))
    one(shop)
    shop.apply()
    ran = {name for name in ("planned", "changes", "nothing", "elsewhere", "here") if (tmp_path / name).exists()}
    assert ran == {"changes", "here"}


def test_an_environments_point_replaces_the_projects(play: Open, tmp_path: Path) -> None:
    rules = (
        "version: 1\nproject: shop\nenvironments:\n"
        f"  dev: {{branch: main, hooks: {{before_plan: [{{command: [touch, {tmp_path}/own]}}], after_plan: []}}}}\n"
        f"hooks:\n  before_plan: [{{command: ['false']}}]\n  after_plan: [{{command: ['false']}}]\n"
        f"  after_init: [{{command: [touch, {tmp_path}/project]}}]\n"
    )
    shop = play("life", rules=rules)
    one(shop)
    shop.plan()
    assert (tmp_path / "own").exists() and (tmp_path / "project").exists()


def test_one_that_takes_too_long_is_killed(play: Open) -> None:
    shop = play("life", rules=hooks("before_init: [{command: [sleep, '600'], timeout: 1s}]"))
    one(shop)
    with pytest.raises(HookFailed, match="before_init sleep 600") as failed:
        shop.plan()
    assert failed.value.why == "no end within 1 s" and failed.value.hooks[0].exit_code is None


class _Hasty(Witness):
    """Presses Ctrl-C while a hook works."""

    def phase(self, text: str) -> None:
        if text.startswith("before_apply"):
            signal.setitimer(signal.ITIMER_REAL, 0.3)


def test_an_interrupt_ends_one_and_nothing_is_begun(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=hooks("before_apply: [{command: [sleep, '600']}]"))
    one(shop)
    shop._next = _Hasty()
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    try:
        with pytest.raises(Interrupted) as stopped:
            shop.apply()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert stopped.value.state == "Nothing was changed."
    assert shop.tags() == [] and shop.ledger().lock is None and shop.ledger().trouble is None


def test_an_engine_that_fails_is_told(play: Open, tmp_path: Path) -> None:
    shop = play(
        "life", rules=hooks(f"on_error: [{{command: [sh, -c, 'echo $TFOPS_ERROR > {tmp_path}/error; exit 1']}}]")
    )
    one(shop)
    with (
        shop.engine.otherwise("plan", fails=9, err="Error: no\n", counted=f"{tmp_path}/n"),
        pytest.raises(EngineFailed),
    ):
        shop.apply()
    assert (tmp_path / "error").read_text() == "engine-failed\n"
    assert any("on_error" in text and "exit code 1" in text for text in shop.ui.warnings), "it says so, and no more"


def test_a_run_without_a_person_tries_again_after_a_while(play: Open) -> None:
    shop = play("life", rules=hooks("before_apply: [{command: ['false']}]"))
    one(shop)
    with pytest.raises(HookFailed):
        shop.unattended()
    declined = shop.ledger().declined
    assert declined is not None and declined.reason == "hook-failed" and declined.retry_at is not None


def strangers(shop: Shop, rules: str) -> None:
    """A branch whose tfops.yaml nobody has agreed to."""
    shop.git("switch", "--quiet", "--create", "feature/x")
    shop.write("tfops.yaml", rules)
    shop.git("add", "-A")
    shop.git("commit", "--quiet", "-m", "Mine")


def test_hooks_of_a_strangers_commit_never_run_and_those_of_the_branch_do(play: Open, tmp_path: Path) -> None:
    good = f"#!/bin/sh\necho good >> {tmp_path}/seen\n"
    shop = play("life", rules=hooks("before_plan: [{command: [scripts/look.sh]}]"))
    shop.write("scripts/look.sh", good)
    (shop.path / "scripts/look.sh").chmod(0o755)
    one(shop)
    shop.with_remote()
    shop.apply()
    told(tmp_path / "seen")
    shop.write("scripts/look.sh", f"#!/bin/sh\necho evil >> {tmp_path}/seen\n")
    strangers(shop, hooks("before_plan: [{command: [scripts/look.sh]}]", "before_init: [{command: [scripts/look.sh]}]"))
    shop.plan()
    assert told(tmp_path / "seen") == ["good"], "the branch's hooks, with the branch's files"


def test_before_the_first_version_the_home_branch_says_which(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=RULES)
    one(shop)
    shop.with_remote()
    shop.git("remote", "set-head", "origin", "main")
    strangers(shop, hooks(f"before_plan: [{{command: [touch, {tmp_path}/evil]}}]"))
    shop.plan()
    assert not (tmp_path / "evil").exists()
    assert "the hooks of dev in this commit's tfops.yaml don't run: they aren't on its branch yet" in shop.ui.warnings
