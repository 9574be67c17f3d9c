"""`promote` before the command line: which branch is moved, what has to be merged, what both ledgers say."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.forges.gitea import GiteaServer
from tests.support.forges.server import NUMBER
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import Shop
from tfops.change.environment import find_place
from tfops.change.promotion import Promotion, promotion_target
from tfops.change.snapshot import read_snapshot
from tfops.commands.history import history
from tfops.commands.selecting import for_commit
from tfops.commands.show import show
from tfops.errors import CheckFailed, NotApproved, Refused
from tfops.records.names import EnvName
from tfops.records.promotion import PromotionSource
from tfops.resolve.selection import Selection

_RULES = """\
version: 1
project: shop
verify: [{{command: ["true"]}}]
environments:
  staging: {{branch: main}}
  prod: {{branch: {branch}, protected: true, promote: {{from: staging{more}}}}}
"""
_PUSH = "#!/bin/sh\nwhile read old new ref; do [ $ref != refs/heads/production ] || exit 1; done\n"


def _rules(shop: Shop, more: str = "", *, branch: str = "production") -> str:
    return shop.rules(_RULES.format(branch=branch, more=more))


def _release(shop: Shop, name: str) -> str:
    """Another content of the module, which means nothing to an engine. Its roots are made anew: that is recorded."""
    shop.write("modules/thing/release.txt", name)
    shutil.rmtree(shop.workspace / "roots", ignore_errors=True)
    return shop.commit(f"release {name}")


def _wants(shop: Shop, env: str, value: str = "one", **more: Any) -> None:
    body = {"modules": {"main": {"source": "thing", "inputs": {"value": value}}, **more}}
    shop.write(f"environments/{env}.yaml", json.dumps(body))


@pytest.fixture
def two(play: Open) -> Shop:
    """`staging` of main runs release one, verified. The branch `production` is at its commit; `prod` runs nothing."""
    shop = play("life", rules=_RULES.format(branch="production", more=""))
    shop.write("modules/thing/release.txt", "one")
    for env in ("staging", "prod"):
        _wants(shop, env)
    shop.commit("two environments")
    shop.with_remote()
    shop.git("push", "--quiet", "origin", "HEAD:production")
    shop.apply("staging")
    return shop


def _production(shop: Shop) -> str:
    return shop.git("ls-remote", "origin", "refs/heads/production").split()[0]


def _diverged(shop: Shop) -> str:
    """production has a commit of its own, staging runs another one. Returns that one."""
    shop.git("switch", "--quiet", "--create", "production", "main")
    shop.write("README.md", "of prod")
    shop.commit("words of production")
    shop.git("switch", "--quiet", "main")
    commit = _release(shop, "two")
    shop.apply("staging")
    return commit


def _refused(shop: Shop, source: str = "staging", env: str = "prod", **options: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        shop.promote(source, env, **options)
    return refused.value


def test_the_branch_is_moved_forward_to_what_runs_and_no_further(two: Shop) -> None:
    commit = _release(two, "two")
    two.apply("staging")
    _release(two, "three")
    looked = two.promote("staging", "prod", plan=True)
    assert (looked.step, looked.change, _production(two) == commit) == ("fast-forward", None, False)
    done = two.promote("staging", "prod")
    assert done.change is not None
    assert (str(done.change.version), done.step, _production(two)) == ("v1", "fast-forward", commit)
    assert [one.subject for one in done.left_behind] == ["release three"]
    card = two.card("prod")
    assert (card.commit, card.branch, card.promoted_from) == (commit, "production", PromotionSource("staging", 2))


def test_both_sides_say_it(two: Shop) -> None:
    two.promote("staging", "prod")
    [entry] = history(two.project, "prod", verdict=False, fetch=False, ui=two.ui).entries
    assert entry.record.promoted_from == "staging v1"
    [became] = show(two.project, "staging", "v1").promoted
    assert (became.to, became.became, became.by) == ("prod", 1, "ann")
    assert (two.events("staging")[-1], two.events("prod")[-1]) == ("promoted", "recorded")
    again = two.promote("staging", "prod")
    assert again.change is not None and again.change.version is None
    assert two.events("staging").count("promoted") == 1


def test_a_promotion_that_died_is_recorded_as_one(two: Shop) -> None:
    two.dies_at("state-read-back", lambda: two.promote("staging", "prod"))
    assert str(two.recover("prod").recorded) == "v1"
    assert two.card("prod").promoted_from == PromotionSource("staging", 1)


def test_a_protected_one_is_asked_for_by_its_name(two: Shop) -> None:
    before = _production(two)
    _release(two, "two")
    two.apply("staging")
    two.on_terminal("yes")
    with pytest.raises(NotApproved):
        two.promote("staging", "prod", yes=False)
    assert _production(two) == before, "nobody agreed: the branch is where it was"
    ui = two.on_terminal("prod")
    two.promote("staging", "prod", yes=False)
    assert ui.questions == ["Type prod to go on"]


def test_what_was_rolled_back_while_the_question_stood_is_not_promoted(two: Shop) -> None:
    _release(two, "two")
    two.apply("staging")
    before = _production(two)

    def roll_back() -> None:
        two.on_terminal()
        shutil.rmtree(two.workspace / "roots/staging")
        two.rollback("v1", "staging")

    two.on_terminal("prod", before=roll_back)
    refused = _refused(two, yes=False)
    assert (refused.guard, refused.what.partition(":")[0]) == (
        "source-moved", "staging is v3 now, rolled back to v1",
    )  # fmt: skip
    assert (_production(two), two.events("prod")) == (before, [])
    assert _refused(two).guard == "source-rolled-back"


def test_what_diverged_has_to_be_merged_and_then_the_merge_is_applied(two: Shop) -> None:
    commit = _diverged(two)
    refused = _refused(two)
    assert (refused.guard, f"git merge {commit[:12]}" in refused.hint) == ("diverged", True)
    two.git("switch", "--quiet", "production")
    two.git("merge", "--quiet", "--no-edit", "main")
    two.git("push", "--quiet", "origin", "production")
    merge = two.git("rev-parse", "HEAD")
    two.git("switch", "--quiet", "main")
    done = two.promote("staging", "prod")
    assert (done.step, done.commit.sha) == ("on-branch", merge)


def test_a_squashed_merge_is_known_by_its_content(two: Shop) -> None:
    _diverged(two)
    two.git("switch", "--quiet", "production")
    two.git("merge", "--quiet", "--squash", "main")
    squashed = two.commit("release two, squashed")
    two.git("switch", "--quiet", "main")
    assert two.promote("staging", "prod").commit.sha == squashed


def test_in_a_job_of_a_forge_a_merge_request_is_opened_once(two: Shop, forge: GiteaServer) -> None:
    commit = _diverged(two)
    for _ in range(2):
        done = two.promote("staging", "prod")
        assert done.merge_request is not None
        assert (done.exit_code, done.step, done.merge_request.number) == (13, "merge-request", NUMBER + 1)
    [opened] = forge.opened
    branch = "promote/staging-v2-to-prod"
    assert (opened["branch"], opened["base"]) == (branch, "production")
    assert "tfops promote staging prod" in opened["text"]
    assert two.git("ls-remote", "origin", branch).split()[0] == commit
    assert two.events("prod") == [], "nothing was applied"


def test_a_branch_that_takes_no_push_is_found_before_anything_is_changed(two: Shop, forge: GiteaServer) -> None:
    commit = _release(two, "two")
    two.apply("staging")
    hook = two.path.parent / "remote.git/hooks/pre-receive"
    hook.write_text(_PUSH)
    hook.chmod(0o755)
    done = two.promote("staging", "prod")
    assert (done.step, done.commit.sha, len(forge.opened)) == ("merge-request", commit, 1)
    assert (two.events("prod"), two.ledger("prod").lock) == ([], None)


def test_off_a_forge_it_says_who_would_not_take_it(two: Shop) -> None:
    _release(two, "two")
    two.apply("staging")
    hook = two.path.parent / "remote.git/hooks/pre-receive"
    hook.write_text(_PUSH)
    hook.chmod(0o755)
    assert _refused(two).guard == "branch-protected"


@pytest.mark.parametrize(("more", "guard"), [(", soaked: 1h", "not-soaked"), (", needs: applied", "")])
def test_conditions_are_those_of_the_targets_branch(two: Shop, more: str, guard: str) -> None:
    _rules(two, more, branch="main")
    if guard:
        assert _refused(two).guard == guard
    else:
        assert two.promote("staging", "prod").change


def test_checks_of_the_promotion_ask_the_source(two: Shop, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    command = f"echo $TFOPS_ENV $TFOPS_VERSION >{seen}; exit 1"
    _rules(two, f", checks: [{{command: [sh, -c, '{command}']}}]", branch="main")
    with pytest.raises(CheckFailed, match="staging v1 may not be promoted to prod: 1 of 1 checks failed"):
        two.promote("staging", "prod")
    assert seen.read_text() == "staging v1\n"


def test_another_module_in_the_target_is_not_the_same_until_it_is_meant_to_be(two: Shop) -> None:
    _rules(two, branch="main")
    _wants(two, "prod", other={"source": "thing", "inputs": {"value": "one"}})
    two.commit("prod has one module more")
    two.apply("staging")
    refused = _refused(two)
    assert (refused.guard, refused.why.startswith("module other: not there in staging")) == ("not-the-same", True)
    two.rules(_RULES.format(branch="main", more="") + "same_but: [modules.other]\n")
    assert _refused(two, "prod", "staging").guard == "never-applied"
    project = two.project
    facts = read_snapshot(project, find_place(project, "prod"))
    target = promotion_target(facts, two.request("prod"), Promotion(EnvName("staging")))
    assert list(target.environment.stacks["main"].modules) == ["main", "other"]  # type: ignore[index]


def test_only_new_modules_wait_for_a_promotion(two: Shop) -> None:
    _rules(two, branch="main")
    two.apply("staging")
    assert two.decision("prod").reason == "not-promoted"
    two.promote("staging", "prod")
    _wants(two, "prod", "two")
    two.commit("prod wants more")
    assert two.decision("prod").acts, "its own inputs are its own"
    two.apply("prod")
    _release(two, "two")
    found = two.decision("prod")
    assert (found.reason, found.acts) == ("not-promoted", False)
    with pytest.raises(Refused) as refused:
        two.apply("prod", allowed=["unpromoted"])
    assert (refused.value.guard, refused.value.hint) == ("unpromoted", "tfops promote staging prod")
    selected = for_commit(two.project, Selection(everything=True), two.ui, only_of_branch=True)
    assert (selected.environments, selected.left_out) == (
        ("staging",), {"prod": "waits for: tfops promote staging prod"},
    )  # fmt: skip


def test_a_commit_that_has_no_files_for_the_target_says_where_they_have_to_be(two: Shop) -> None:
    (two.path / "environments/prod.yaml").unlink()
    two.commit("no prod yet")
    two.apply("staging")
    _wants(two, "prod")
    two.commit("prod comes later")
    refused = _refused(two)
    assert (refused.guard, refused.hint.endswith("tfops apply staging")) == ("not-the-same", True)
    assert refused.why == "tfops.yaml:6:3: `environments/prod.yaml` is missing"


def test_without_a_remote_a_branch_is_never_moved_below_a_work_tree(play: Open, tmp_path: Path) -> None:
    shop = play("life", rules=_RULES.format(branch="production", more=""))
    for env in ("staging", "prod"):
        _wants(shop, env)
    shop.commit("two environments")
    shop.git("branch", "production")
    before = shop.git("rev-parse", "production")
    commit = _release(shop, "two")
    shop.apply("staging")
    other = tmp_path / "other tree"
    shop.git("worktree", "add", "--quiet", str(other), "production")
    refused = _refused(shop)
    hint = f"git -C '{other}' merge --ff-only {commit[:12]}"
    assert (refused.guard, refused.hint.startswith(hint)) == ("checked-out", True)
    assert shop.git("rev-parse", "production") == before
    shutil.rmtree(other)
    assert shop.promote("staging", "prod").step == "fast-forward"
    assert shop.git("rev-parse", "production") == commit
