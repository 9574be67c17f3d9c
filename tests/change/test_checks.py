"""Checks around a change: those that a plan must pass, those that verify what runs, and the rollback that follows."""

import json
from pathlib import Path

import pytest

from tests.support.engine_cases import one, other, two
from tests.support.recorded_fixtures import Open
from tfops.errors import CheckFailed, NotVerified
from tfops.records.version import Verified

_RULES = "version: 1\nproject: shop\nenvironments:\n  dev:\n    branch: main\n"
MAIN = "module.main.terraform_data.main"


def required(command: str) -> str:
    return _RULES + f'    required_checks: [{{name: look, command: [sh, -c, "{command}"]}}]\n'


def verified(command: str, *more: str) -> str:
    lines = "".join(f"    {line}\n" for line in more)
    return _RULES + f'    verify: [{{name: smoke, command: [sh, -c, "{command}"]}}]\n' + lines


def unless(word: str) -> str:
    """Fails for commits that want this."""
    return f"test $(git log -1 --format=%s $TFOPS_COMMIT | grep -c {word}) = 0"


def test_a_plan_that_fails_a_required_check_is_not_applied(play: Open) -> None:
    shop = play("life", rules=required("echo too dear; exit 1"))
    one(shop)
    ann = shop.on_terminal("yes")
    with pytest.raises(CheckFailed) as failed:
        shop.apply(yes=False)
    assert failed.value.what == "the plan for dev did not pass: look"
    assert "too dear" in shop.ui.said, "what the check itself said"
    assert (ann.questions, shop.events()) == ([], []), "nobody is asked about what may not be"
    assert not shop.state_file().exists()


def test_a_required_check_is_given_the_plan_and_what_it_is_for(play: Open, tmp_path: Path) -> None:
    shop = play(
        "life", rules=required(f"env | grep ^TFOPS > {tmp_path}/seen; cp $TFOPS_PLANS/main.json {tmp_path}/plan")
    )
    commit = one(shop)
    shop.apply()
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert (seen["TFOPS_ENV"], seen["TFOPS_COMMIT"], seen["TFOPS_VERSION"]) == ("dev", commit, "v1")
    assert json.loads((tmp_path / "plan").read_text())["resource_changes"][0]["address"] == MAIN


def test_a_check_that_passed_stands_on_the_card(play: Open) -> None:
    shop = play("life", rules=required("true"))
    shop.runs(one)
    assert [(check.name, check.result) for check in shop.card().checks] == [("look", Verified.PASSED)]


def test_what_was_applied_once_is_not_held_against_required_checks(play: Open) -> None:
    shop = play("life", rules=_RULES)
    shop.runs(one, two)
    shop.rules(required("exit 1"))
    assert str(shop.rollback("v1").version) == "v3"


def test_a_plan_tells_what_its_checks_say_and_does_nothing(play: Open) -> None:
    shop = play("life", rules=required("exit 1"))
    one(shop)
    planned = shop.plan(checks=True)
    assert planned.is_refused and planned.exit_code(detailed=True) == 13
    assert not shop.plan().is_refused, "unless they are asked for, they aren't run"


def test_what_runs_is_verified_with_its_public_outputs(play: Open, tmp_path: Path) -> None:
    rules = verified(f"echo $TFOPS_VERSION $TFOPS_ENV >> {tmp_path}/seen")
    shop = play("life", rules=rules)
    one(shop)
    result = shop.apply()
    assert result.verified is Verified.PASSED and (tmp_path / "seen").read_text() == "v1 dev\n"
    assert shop.card().verified and shop.status().current.verified is Verified.PASSED  # type: ignore[union-attr]


def test_a_version_whose_check_fails_is_recorded_as_not_verified(play: Open) -> None:
    shop = play("life", rules=verified("echo it smokes; exit 3"))
    one(shop)
    with pytest.raises(NotVerified) as failed:
        shop.apply()
    assert "dev is now v1, but 1 of 1 check failed" in failed.value.what and "it smokes" in shop.ui.said
    assert "dev now runs v1, recorded as not verified" in failed.value.state
    assert shop.tags() == ["tfops/dev/v1"]
    assert shop.card().verified and shop.card().verified.result is Verified.FAILED  # type: ignore[union-attr]


def test_the_same_commit_is_verified_again_when_it_was_not(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=verified(f"test -e {tmp_path}/fine"))
    one(shop)
    with pytest.raises(NotVerified):
        shop.apply()
    (tmp_path / "fine").touch()
    again = shop.apply()
    assert (str(again.version), again.verified, again.plan.is_empty) == ("v2", Verified.PASSED, True)


def test_a_failed_check_rolls_back_by_itself_where_tfops_yaml_says_so(play: Open) -> None:
    shop = play("life", rules=verified("grep -q one root.json", "rollback: auto"))
    rules = verified("test $(git log -1 --format=%s $TFOPS_COMMIT | grep -c two) = 0", "rollback: auto")
    shop.rules(rules)
    one(shop)
    shop.apply()
    two(shop)
    with pytest.raises(NotVerified) as failed:
        shop.apply()
    assert "rolled back to v1" in failed.value.what
    assert "dev now runs v3 (content of v1) and is on hold" in failed.value.state
    assert shop.state()["outputs"]["main"]["value"] == {"value": "one"}
    assert shop.card().approvals[0].how == "rollback: auto"


def test_it_does_not_roll_back_by_itself_over_a_loss(play: Open) -> None:
    shop = play(
        "life", rules=verified("test $(git log -1 --format=%s $TFOPS_COMMIT | grep -c other) = 0", "rollback: auto")
    )
    one(shop)
    shop.apply()
    other(shop)
    with pytest.raises(NotVerified) as failed:
        shop.apply()
    assert "not rolled back by itself" in failed.value.why and MAIN in failed.value.why
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"]


def test_the_first_version_has_nowhere_to_roll_back_to(play: Open) -> None:
    shop = play("life", rules=verified("false", "rollback: auto"))
    one(shop)
    with pytest.raises(NotVerified) as failed:
        shop.apply()
    assert "not rolled back by itself" in failed.value.why and shop.tags() == ["tfops/dev/v1"]


def test_after_a_destroy_nothing_is_asked(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=verified(f"echo asked >> {tmp_path}/seen"))
    shop.runs(one)
    shop.destroy()
    assert (tmp_path / "seen").read_text() == "asked\n"


def test_no_check_runs_for_a_change_that_stopped(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=verified(f"echo asked >> {tmp_path}/seen"))
    one(shop)
    with shop.engine.otherwise("apply", is_silent=True), pytest.raises(Exception, match="doesn't hold it"):
        shop.apply()
    assert not (tmp_path / "seen").exists()
