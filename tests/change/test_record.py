"""From "applied" to "recorded": what may stand in a version's way, and that nothing is lost by it."""

from pathlib import Path

import pytest

from tests.change.test_lease import closed
from tests.support.engine_cases import one, two
from tests.support.recorded_project import LEDGER, Shop
from tfops.errors import NotRecorded, Refused


def remote_of(shop: Shop) -> Path:
    return Path(shop.git("remote", "get-url", "origin"))


def test_a_version_that_the_remote_refuses_waits_here_with_the_way_on(shared: Shop) -> None:
    one(shared)
    hooks: list[Path] = []
    with shared.meanwhile(shared.apply) as running:
        hooks += [closed(remote_of(shared), "refs/tags/*")]
    assert running.code == 22 and shared.tags() == []
    row = shared.status()
    assert row.unrecorded and row.current is None
    assert shared.ledger().lock is not None, "nobody else may begin before it is recorded"
    with pytest.raises((NotRecorded, Refused)) as still:
        shared.recover()
    assert "closed for maintenance" in still.value.why
    hooks[0].unlink()
    assert str(shared.recover().recorded) == "v1"
    assert not shared.status().unrecorded and shared.ledger().lock is None


def test_a_remote_that_is_away_when_the_version_is_pushed_loses_nothing(shared: Shop) -> None:
    remote = remote_of(shared)
    one(shared)
    with shared.meanwhile(shared.apply) as running:
        remote.rename(remote.with_suffix(".away"))
    assert running.code == 22
    remote.with_suffix(".away").rename(remote)
    two(shared)
    assert str(shared.apply().version) == "v2", "v1 was recorded first"
    assert shared.tags() == ["tfops/dev/v1", "tfops/dev/v2"]


def test_a_version_is_never_written_over_a_tag_that_is_in_the_way(shared: Shop) -> None:
    commit = one(shared)
    shared.git("push", "--quiet", "origin", f"{commit}:refs/tags/tfops/dev/v1/x")
    with pytest.raises(Refused) as refused:
        shared.apply()
    assert refused.value.guard == "name-taken"
    assert not shared.state_file().exists() and shared.ledger().intent is None


def test_a_number_that_somebody_took_meanwhile_is_passed_over(shared: Shop) -> None:
    commit = one(shared)
    with shared.meanwhile(shared.apply) as running:
        shared.git("push", "--quiet", "origin", f"{commit}:refs/tags/tfops/dev/v1")
    assert running.code == 0, running.said
    assert "tfops/dev/v2" in shared.tags()
    assert shared.card().version == 2


def test_a_change_of_nothing_that_loses_its_race_is_planned_again(shared: Shop) -> None:
    shared.runs(one)
    other = shared.clone()
    commit = shared.commit("Only words")
    shared.dies_at("version-stored", shared.apply)
    other.hold("for a while")
    other.lift()
    assert str(shared.apply().version) == "v2"
    assert (shared.card().commit, shared.tags()) == (commit, ["tfops/dev/v1", "tfops/dev/v2"])


def test_a_change_of_nothing_that_the_remote_refuses_leaves_nothing_waiting(shared: Shop) -> None:
    shared.runs(one)
    shared.commit("Only words")
    hook = closed(remote_of(shared), "refs/tfops/*")
    with pytest.raises(Refused) as refused:
        shared.apply()
    assert refused.value.guard == "push-refused" and not shared.status().unrecorded
    hook.unlink()
    assert str(shared.apply().version) == "v2"


def test_a_lock_that_was_broken_forbids_the_version(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    with shared.meanwhile(shared.apply) as running:
        other.unlock(force=True)
    assert (running.code, shared.tags()) == (22, [])
    assert not shared.status().unrecorded, "it may never be recorded: the card is dropped"


def test_a_remote_that_came_later_is_given_ledger_and_versions_when_a_person_says_so(shop: Shop) -> None:
    shop.runs(one)
    shop.with_remote()
    two(shop)
    with pytest.raises(Refused) as refused:
        shop.apply()
    assert refused.value.guard == "missing-ledger" and "git push --atomic" in refused.value.hint
    ann = shop.on_terminal("yes", "yes")
    assert str(shop.apply(yes=False).version) == "v2"
    assert "Push them there now?" in ann.questions[0]
    assert shop.git("ls-remote", "origin", LEDGER).startswith(shop.git("rev-parse", LEDGER))


def test_a_ledger_that_was_deleted_on_the_remote_stops_changes(shared: Shop) -> None:
    shared.runs(one)
    shared.git("push", "--quiet", "origin", f":{LEDGER}")
    two(shared)
    other = shared.clone()
    with pytest.raises(Refused) as refused:
        other.apply()
    assert refused.value.guard == "missing-ledger"
    other.unlock(force=True)
    assert other.events() == ["unlocked-by-force"], "another is begun, and that is written down"
    assert other.card().version == 1


def test_a_version_tag_that_was_moved_on_the_remote_stops_changes(shared: Shop) -> None:
    shared.runs(one)
    two(shared)
    shared.git("push", "--quiet", "--force", "origin", "HEAD:refs/tags/tfops/dev/v1")
    with pytest.raises(Refused) as refused:
        shared.apply()
    assert refused.value.guard == "moved-tag"


def test_a_ledger_that_was_rewritten_on_the_remote_stops_changes(shared: Shop) -> None:
    shared.runs(one)
    rewritten = shared.git("commit-tree", f"{LEDGER}^{{tree}}", "-m", "dev: as if nothing had been")
    shared.git("push", "--quiet", "--force", "origin", f"{rewritten}:{LEDGER}")
    two(shared)
    with pytest.raises(Refused) as refused:
        shared.apply()
    assert refused.value.guard == "rewritten-ledger"
    assert shared.tags() == ["tfops/dev/v1"]


def test_a_shallow_clone_is_not_changed_from(shared: Shop) -> None:
    one(shared)
    two(shared)
    folder = shared.path.parent / "shallow"
    shared.git("clone", "--quiet", "--depth=1", f"file://{remote_of(shared)}", str(folder))
    with pytest.raises(Refused) as refused:
        Shop(folder, shared.engine).apply()
    assert refused.value.guard == "shallow-clone"
