"""Guards of `apply` on what is really in Git: which commit, of which branch, seen by whom."""

import pytest

from tests.support.engine_cases import one, stacks, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.errors import Refused

_PROTECTED = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, protected: true}\n"


def guard_of(shop: Shop, *allowed: str) -> str:
    with pytest.raises(Refused) as refused:
        shop.apply(allowed=allowed)
    assert shop.ledger().intent is None
    return refused.value.guard


def test_another_branch_is_refused_and_can_be_allowed(shop: Shop) -> None:
    one(shop)
    shop.git("switch", "--quiet", "-c", "feature")
    two(shop)
    assert guard_of(shop) == "wrong-branch"
    assert str(shop.apply(allowed=["wrong-branch"]).version) == "v1"


def test_a_commit_that_is_on_the_branch_may_be_applied_from_a_detached_head(shop: Shop) -> None:
    one(shop)
    shop.git("checkout", "--quiet", "--detach")
    assert str(shop.apply().version) == "v1"
    with pytest.raises(Refused) as refused:
        shop.apply(env=None)
    assert refused.value.guard == "detached-head", "only a branch says which environment is meant"


def test_the_branch_says_which_environment_is_meant(shop: Shop) -> None:
    one(shop)
    assert shop.apply(env=None).env == "dev"


def test_what_is_not_committed_is_refused(shop: Shop) -> None:
    one(shop)
    shop.write("modules/thing/more.tf", "")
    assert guard_of(shop) == "dirty"
    assert str(shop.apply(allowed=["dirty"]).version) == "v1"


def test_a_local_state_that_would_go_with_a_jobs_machine_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    one(shop)
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_DISPOSABLE_ENVIRONMENT", "true")
    assert guard_of(shop) == "local-state"
    assert shop.tags() == [] and not shop.state_file().exists()
    shop.keeps_plan()
    monkeypatch.setenv("CI_DISPOSABLE_ENVIRONMENT", "false")
    assert str(shop.apply().version) == "v1"


def test_a_commit_that_nobody_else_can_see_is_refused(shared: Shop) -> None:
    one(shared)
    shared.git("commit", "--quiet", "--allow-empty", "-m", "Mine alone")
    assert guard_of(shared) == "unpushed"
    assert str(shared.apply(allowed=["unpushed"]).version) == "v1"


def test_a_commit_that_the_remote_is_ahead_of_is_refused(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    two(other)
    assert guard_of(shared) == "behind"
    shared.git("pull", "--quiet", "--ff-only")
    assert str(shared.apply().version) == "v1"


def test_a_commit_from_before_what_runs_is_refused_with_the_way_back(shop: Shop) -> None:
    shop.runs(one, two)
    shop.git("reset", "--quiet", "--hard", "HEAD~1")
    with pytest.raises(Refused) as refused:
        shop.apply()
    assert (refused.value.guard, "tfops rollback dev" in refused.value.hint) == ("older", True)


def test_all_that_stands_in_the_way_is_said_at_once(shop: Shop) -> None:
    one(shop)
    shop.git("switch", "--quiet", "-c", "feature")
    two(shop)
    shop.write("modules/thing/more.tf", "")
    with pytest.raises(Refused) as refused:
        shop.apply()
    assert (refused.value.guard, "(dirty)" in refused.value.why) == ("wrong-branch", True)


def test_where_it_is_protected_no_flag_helps(play: Open) -> None:
    shop = play("life", rules=_PROTECTED)
    one(shop)
    shop.git("switch", "--quiet", "-c", "feature")
    shop.commit("Words")
    with pytest.raises(Refused) as refused:
        shop.apply(allowed=["wrong-branch"])
    assert "dev is protected: --allow-wrong-branch has no effect" in refused.value.why


def test_a_branch_cannot_take_its_own_protection_away(play: Open) -> None:
    shop = play("life", rules=_PROTECTED)
    shop.runs(one)
    shop.git("switch", "--quiet", "-c", "feature")
    shop.rules(_PROTECTED.replace("protected: true", "protected: false").replace("main", "feature"))
    assert guard_of(shop, "wrong-branch") == "wrong-branch", "the rules of the environment's branch count"


def test_what_is_protected_is_not_destroyed(play: Open) -> None:
    shop = play("life", rules=_PROTECTED)
    shop.runs(one)
    with pytest.raises(Refused) as refused:
        shop.destroy()
    assert refused.value.guard == "protected" and shop.addresses() == ["main"]


def test_an_environment_that_is_unknown_names_the_nearest(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        shop.apply("devv")
    assert refused.value.guard == "unknown-environment" and "dev" in refused.value.hint


def test_what_was_never_applied_cannot_be_destroyed(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        shop.destroy()
    assert refused.value.guard == "never-applied"


def test_a_log_variable_that_writes_secrets_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    one(shop)
    monkeypatch.setenv("TF_LOG", "trace")
    assert guard_of(shop) == "engine-log"


def test_a_variable_of_the_shell_does_not_reach_the_engine(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorded engine knows the root by its `TF_VAR_*` too: with another one it would have no answer."""
    one(shop)
    monkeypatch.setenv("TF_VAR_inputs_main", '{"value":"two"}')
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-destroy")
    assert str(shop.apply().version) == "v1"
    assert shop.state()["outputs"]["main"]["value"] == {"value": "one"}


def test_an_unknown_stack_is_refused_with_the_nearest_name(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    with pytest.raises(Refused) as refused:
        shop.apply(only=["netwrk"])
    assert refused.value.guard == "unknown-stack" and "network" in refused.value.hint


def test_a_stack_whose_upstream_was_never_applied_is_refused(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    with pytest.raises(Refused) as refused:
        shop.apply(only=["app"])
    assert refused.value.guard == "upstream" and "--stack network --stack app" in refused.value.hint
