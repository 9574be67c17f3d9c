"""Holding an environment everywhere: what the ledger says while an engine works, and who is let in."""

from pathlib import Path

import pytest

from tests.support.engine_cases import one, two
from tests.support.recorded_project import LEDGER, Shop
from tfops.errors import Locked, Refused
from tfops.exits import Exit


def closed(remote: Path, refs: str, *, why: str = "closed for maintenance") -> Path:
    """A remote that refuses pushes of such refs, as a host's rules do; whoever unlinks the hook opens it."""
    hook = remote / "hooks/pre-receive"
    hook.write_text(
        f'#!/bin/sh\nwhile read old new ref; do case $ref in {refs}) echo "{why}" >&2; exit 1;; esac; done\n'
    )
    hook.chmod(0o755)
    return hook


def test_while_the_engine_works_everybody_sees_lock_and_intent(shared: Shop) -> None:
    commit = one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply) as running:
        seen = other.status()
        present = other.ledger()
        assert present.lock and present.lock.pid == running.pid and present.lock.expires_at
        assert seen.lock and (seen.lock.is_ours, seen.lock.is_gone) == (False, False)
        intent = present.intent
        assert intent and (intent.commit, intent.kind, intent.changes) == (commit, "apply", 1)
        assert intent.headline.startswith("1 create")
        assert intent.stacks["main"].serial_before == 0
        assert intent.approved_by == "ann <ann@example.com>"
    assert running.code == Exit.DONE and shared.ledger().lock is None


def test_a_second_run_in_the_same_clone_is_told_of_the_first(shared: Shop) -> None:
    one(shared)
    with shared.meanwhile(shared.apply), pytest.raises(Locked, match="dev is being changed"):
        shared.plan()


def test_a_run_in_another_clone_is_refused_and_begins_nothing(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply):
        before = shared.git("ls-remote", "origin", LEDGER)
        with pytest.raises(Locked) as locked:
            other.apply()
        assert "is being changed by" in locked.value.what and "--wait" in locked.value.hint
        assert shared.git("ls-remote", "origin", LEDGER) == before
    assert not other.state_file().exists()


def test_the_lease_is_renewed_and_the_ledger_is_told_what_was_made(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply, after=4, renews=True) as running:
        running.wait_for(other.has_told)
        intent = other.ledger().intent
        assert intent and list(intent.done) == ["module.main.terraform_data.main"], "address to id"
    assert running.code == Exit.DONE
    assert "renewed" in shared.events() and shared.events()[-1] == "recorded"


def test_a_renewal_that_the_remote_does_not_answer_is_tried_again(shared: Shop) -> None:
    remote = Path(shared.git("remote", "get-url", "origin"))
    one(shared)
    with shared.meanwhile(shared.apply, renews=True) as running:
        remote.rename(remote.with_suffix(".away"))
        running.wait_for(lambda: "the lock could not be renewed" in running.said)
        count = shared.events().count("renewed")
        remote.with_suffix(".away").rename(remote)
        running.wait_for(lambda: shared.events().count("renewed") > count)
    assert running.code == Exit.DONE, running.said
    assert shared.tags() == ["tfops/dev/v1"]


def test_a_lock_that_was_broken_is_noticed_at_the_next_renewal_and_no_version_is_recorded(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply, renews=True) as running:
        other.unlock(force=True)
        running.wait_for(lambda: "was broken while this run is changing it" in running.said)
    assert (running.code, shared.tags()) == (Exit.NOT_RECORDED, [])
    trouble = other.seen().trouble
    assert trouble and "how far it got is not known" in trouble.receipt


def test_a_lock_by_hand_stops_everybody_and_says_why(shared: Shop) -> None:
    one(shared)
    shared.lock("a migration")
    with pytest.raises(Locked, match="a migration"):
        shared.apply()
    with pytest.raises(Locked, match="a migration"):
        shared.clone().apply()
    assert shared.events() == ["locked"]
    shared.unlock()
    assert str(shared.apply().version) == "v1"


def test_who_holds_the_lock_changes_offline_and_keeps_it(shared: Shop) -> None:
    remote = Path(shared.git("remote", "get-url", "origin"))
    one(shared)
    with pytest.raises(Refused) as refused:
        shared.apply(offline=True)
    assert refused.value.guard == "offline"
    shared.lock("a train ride")
    there = shared.git("ls-remote", "origin", LEDGER)
    remote.rename(remote.with_suffix(".away"))
    assert str(shared.apply(offline=True).version) == "v1"
    lock = shared.ledger().lock
    assert lock and (lock.is_manual, lock.reason) == (True, "a train ride"), "it lies beneath the run's own"
    remote.with_suffix(".away").rename(remote)
    assert shared.git("ls-remote", "origin", LEDGER) == there
    shared.status()
    assert shared.git("ls-remote", "origin", LEDGER) != there, "the next command that reaches the remote pushes it"
    assert shared.git("ls-remote", "--tags", "origin").endswith("refs/tags/tfops/dev/v1^{}")


def test_a_remote_that_refuses_the_ledger_is_known_before_anybody_is_asked(shared: Shop) -> None:
    remote = Path(shared.git("remote", "get-url", "origin"))
    one(shared)
    hook = closed(remote, "refs/tfops/*")
    ann = shared.on_terminal("yes")
    with pytest.raises(Refused) as refused:
        shared.apply(yes=False)
    assert (refused.value.guard, ann.questions) == ("push-refused", [])
    assert "closed for maintenance" in refused.value.why
    assert not shared.state_file().exists()
    hook.unlink()
    assert str(shared.apply().version) == "v1"


def test_a_remote_that_is_away_stops_a_change_and_not_a_look(shared: Shop) -> None:
    remote = Path(shared.git("remote", "get-url", "origin"))
    one(shared)
    shared.apply()
    two(shared)
    remote.rename(remote.with_suffix(".away"))
    with pytest.raises(Refused) as refused:
        shared.apply()
    assert refused.value.guard == "remote-unreachable"
    assert not shared.plan().plan.is_empty
    assert any("this is what this clone knows" in warning for warning in shared.ui.warnings)
    assert shared.ledger().intent is None


def test_whoever_lost_a_race_reads_and_plans_again(shared: Shop) -> None:
    """While ann thinks, bob lifts a hold: the ledger isn't what she planned on."""
    shared.runs(one)
    other = shared.clone()
    two(shared)
    ann = shared.on_terminal("yes", "yes", before=lambda: len(ann.questions) == 1 and other.hold("for a while"))
    with pytest.raises(Refused) as refused:
        shared.apply(yes=False)
    assert refused.value.guard == "held", "the world that she sees now"
    assert any("reading and planning again" in note for note in ann.notes)
    assert shared.tags() == ["tfops/dev/v1"]


def test_a_run_with_yes_that_lost_a_race_claims_the_lock_before_it_plans_again(shared: Shop) -> None:
    remote = Path(shared.git("remote", "get-url", "origin"))
    one(shared)
    shared.apply()
    two(shared)
    hook = remote / "hooks/update"  # once, somebody else's event comes first
    rival = shared.git("commit-tree", f"{LEDGER}^{{tree}}", "-p", LEDGER, "-m", _RIVAL)
    shared.git("push", "--quiet", "origin", f"{rival}:refs/rival/next")
    hook.write_text(_FASTER)
    hook.chmod(0o755)
    assert str(shared.apply().version) == "v2"
    assert shared.events()[2:] == ["closed", "claimed", "begun", "recorded"]


_RIVAL = "dev: the rival was here\n\nTfops-Event: closed\nTfops-By: rival\nTfops-At: 2026-01-01T00:00:00+00:00\n"
_FASTER = f"""\
#!/bin/sh
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
[ "$1" = {LEDGER} ] || exit 0
next=$(git rev-parse --quiet --verify refs/rival/next) || exit 0
[ "$3" != "$next" ] || exit 0
git log -1 --format=%s "$3" | grep -q rehearsal && exit 0
git update-ref {LEDGER} "$next" "$2" && git update-ref -d refs/rival/next
exit 0
"""
