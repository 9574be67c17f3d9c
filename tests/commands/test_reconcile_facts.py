"""What a run without a person would do, from what is really in Git: a row for each reason that Git can give."""

import subprocess

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_fixtures import Open
from tests.support.recorded_project import LEDGER, Shop
from tfops.errors import StoppedPartWay
from tfops.records.decision import SyncReason


def test_a_branch_that_was_never_applied_is_to_be_applied(shared: Shop) -> None:
    commit = one(shared)
    found = shared.decision()
    assert (found.reason, found.acts, found.commit, found.branch) == (SyncReason.NEW, True, commit, "main")


def test_what_runs_its_branch_is_in_sync(shared: Shop) -> None:
    shared.runs(one)
    found = shared.decision()
    assert (found.reason, found.acts, found.is_in_sync) == (SyncReason.SYNCED, False, True)


def test_a_commit_that_changes_the_root_is_to_be_applied(shared: Shop) -> None:
    shared.runs(one)
    two(shared)
    assert shared.decision().reason is SyncReason.CHANGED


@pytest.mark.parametrize("path", ["README.md", "modules/unused/main.tf", "environments/README.md"])
def test_a_commit_that_does_not_change_the_root_is_left_alone(shared: Shop, path: str) -> None:
    shared.runs(one)
    shared.write(path, "# words\n")
    shared.commit()
    found = shared.decision()
    assert (found.reason, found.is_in_sync) == (SyncReason.UNCHANGED, True)


def test_a_module_that_it_uses_counts(shared: Shop) -> None:
    shared.runs(one)
    shared.write("modules/thing/more.tf", 'output "more" { value = 1 }\n')
    shared.commit()
    assert shared.decision().reason is SyncReason.CHANGED


def test_the_remotes_branch_counts_and_not_what_lies_here(shared: Shop) -> None:
    shared.runs(one)
    other = shared.clone()
    two(other)
    found = shared.decision()
    assert (found.reason, found.commit) == (SyncReason.CHANGED, other.git("rev-parse", "HEAD"))
    shared.write("environments/dev.yaml", "broken: [")
    shared.git("commit", "--quiet", "-am", "Not pushed")
    assert shared.decision().commit == found.commit


def test_a_broken_file_is_told_with_its_place(shared: Shop) -> None:
    shared.runs(one)
    shared.wants("thing", value="one", vlaue="two")
    found = shared.decision()
    assert (found.acts, found.reason) == (False, SyncReason.BROKEN)
    assert "environments/dev.yaml:1" in found.text and "vlaue" in found.text


def test_rules_that_are_broken_do_not_stop_what_was_mapped_before(shared: Shop) -> None:
    one(shared)
    shared.rules("version: 1\nproject: [\n")
    found = shared.decision()
    assert any("tfops.yaml is broken" in warning for warning in shared.ui.warnings)
    assert not found.acts


def test_a_run_that_died_here_is_finished(shared: Shop) -> None:
    one(shared)
    shared.dies_at("begun", shared.apply)
    found = shared.decision()
    assert (found.reason, found.acts) == (SyncReason.FOLLOWED, True)


def test_a_run_that_lives_is_waited_for(shared: Shop) -> None:
    one(shared)
    with shared.meanwhile(shared.apply):
        found = shared.decision()
        assert (found.reason, found.acts) == (SyncReason.BUSY, False)
        there = shared.clone().decision()
        assert there.reason is SyncReason.BUSY and "apply of" in there.text
        assert there.again_at is not None, "when the lease is over"


def test_a_run_that_died_elsewhere_is_left_to_its_own_clone(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    shared.dies_at("begun", shared.apply)
    assert other.decision().reason is SyncReason.BUSY


def test_a_change_that_stopped_is_tried_again(shared: Shop) -> None:
    one(shared)
    with shared.engine.otherwise("apply", is_silent=True), pytest.raises(StoppedPartWay):
        shared.apply()
    found = shared.decision()
    assert (found.reason, found.acts) == (SyncReason.STOPPED, True)


def test_a_rollback_holds_until_a_newer_commit_than_what_it_took_back(shared: Shop) -> None:
    shared.runs(one, two)
    shared.rollback("v1")
    assert shared.decision().reason is SyncReason.HELD
    shared.write("README.md", "# words\n")
    shared.commit()
    assert shared.decision().reason is SyncReason.HELD, "words are no fix"
    shared.wants("thing", value="two", kind="other")
    found = shared.decision()
    assert (found.reason, found.lifts_hold) == (SyncReason.CHANGED, True)


def test_a_hold_by_hand_is_never_outrun(shared: Shop) -> None:
    shared.runs(one)
    shared.hold("the demo")
    two(shared)
    found = shared.decision()
    assert (found.reason, found.lifts_hold) == (SyncReason.HELD, False)


def test_what_was_destroyed_stays_so(shared: Shop) -> None:
    shared.runs(one)
    shared.destroy()
    assert shared.decision().reason is SyncReason.DESTROYED


def test_a_rewritten_branch_is_not_followed(shared: Shop) -> None:
    shared.runs(one)
    shared.git("commit", "--quiet", "--amend", "-m", "as if it had been otherwise")
    shared.write("environments/dev.yaml", '{"modules": {}}')
    shared.git("commit", "--quiet", "-am", "another past")
    shared.git("push", "--quiet", "--force", "origin", "main")
    assert shared.decision().reason in (SyncReason.REWRITTEN, SyncReason.BROKEN)


def test_a_rewritten_ledger_stops_its_environment(shared: Shop) -> None:
    shared.runs(one)
    rewritten = shared.git("commit-tree", f"{LEDGER}^{{tree}}", "-m", "dev: as if nothing had been")
    shared.git("push", "--quiet", "--force", "origin", f"{rewritten}:{LEDGER}")
    found = shared.decision()
    assert (found.reason, found.acts) == (SyncReason.LEDGER, False)
    assert any("rewritten-ledger" in warning for warning in shared.ui.warnings)


def test_a_ledger_that_is_gone_stops_its_environment(shared: Shop) -> None:
    shared.runs(one)
    shared.git("push", "--quiet", "origin", f":{LEDGER}")
    two(shared)
    assert shared.clone().decision().reason is SyncReason.NO_LEDGER


def test_a_ledger_that_cannot_be_read_stops_its_environment(shared: Shop) -> None:
    shared.runs(one)
    two(shared)
    blob = shared.git("hash-object", "-w", "tfops.yaml")
    tree = shared.git("rev-parse", f"{LEDGER}^{{tree}}")
    listed = shared.git("ls-tree", tree).replace(shared.git("rev-parse", f"{LEDGER}:card.json"), blob)
    commit = shared.git("commit-tree", _tree(shared, listed), "-p", LEDGER, "-m", "dev: damaged")
    shared.git("push", "--quiet", "origin", f"{commit}:{LEDGER}")
    found = shared.decision()
    assert (found.reason, found.acts) == (SyncReason.DAMAGED, False)
    assert shared.status().damage


def _tree(shop: Shop, listed: str) -> str:
    argv = ["git", "-C", str(shop.path), "mktree"]
    done = subprocess.run(argv, input=listed + "\n", capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("branch: main, sync: manual", SyncReason.MANUAL),
        ("branch: production", SyncReason.NO_BRANCH),
        ("branch: main, signed_commits: true", SyncReason.UNSIGNED),
        ("branch: main, windows: [mon 00:00-00:01 UTC]", SyncReason.WINDOW),
    ],
)
def test_a_rule_of_tfops_yaml_leaves_it_alone(
    play: Open, rule: str, reason: SyncReason, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = play("life", rules=f"version: 1\nproject: shop\nenvironments:\n  dev: {{{rule}}}\n")
    one(shop)
    shop.with_remote()
    found = shop.decision()
    assert (found.reason, found.acts) == (reason, False), found.text
