"""Commands that only look: what each finds, and that none of them touches anything."""

from pathlib import Path

import pytest

from tests.support.engine_cases import FAILS, keyed, one, stacks, two
from tests.support.recorded_fixtures import VERSIONS, Open
from tests.support.recorded_project import LEDGER, Shop, Witness
from tfops.commands.inventory import inventory
from tfops.commands.log import log
from tfops.commands.show import show
from tfops.commands.verify import verify
from tfops.errors import Refused, StoppedPartWay
from tfops.exits import Exit

MAIN = "module.main.terraform_data.main"


def findings(shop: Shop) -> list[str]:
    return [finding.topic for finding in verify(shop.project, "dev", Witness()).findings if finding.is_problem]


def test_status_counts_the_commits_that_are_not_applied(shared: Shop) -> None:
    one(shared)
    assert (shared.status().current, shared.status().ahead) == (None, 0)
    shared.apply()
    two(shared)
    shared.commit("Words")
    assert shared.status().ahead == 2


def test_status_shows_what_a_remote_has_and_without_it_what_is_known(shared: Shop) -> None:
    one(shared)
    other = shared.clone()
    shared.apply()
    assert other.status().current is not None
    remote = Path(shared.git("remote", "get-url", "origin"))
    two(shared)
    shared.apply()
    remote.rename(remote.with_suffix(".away"))
    current = other.status().current
    assert current and str(current.version) == "v1"
    assert any("this is what this clone knows" in warning for warning in other.ui.warnings)


def test_an_environment_without_a_line_in_tfops_yaml_is_still_shown(shop: Shop) -> None:
    shop.runs(one)
    shop.rules("version: 1\nproject: shop\nenvironments:\n  prod: {branch: main}\n")
    assert shop.status().is_configured is False


def test_show_has_the_card_and_what_stopped_after_it(play: Open) -> None:
    shop = play("life")
    shop.runs(one)
    two(shop)
    with shop.engine.otherwise("apply", is_silent=True), pytest.raises(StoppedPartWay):
        shop.apply()
    shown = show(shop.project, "dev", None)
    assert shown.card["version"] == 1 and shown.commit and shown.commit.subject.startswith("dev wants")
    assert shown.trouble and shown.trouble.receipt.startswith("Stopped part-way")


def test_show_of_an_earlier_version_says_the_verdict_of_the_way_back(shop: Shop) -> None:
    shop.runs(one, two)
    shown = show(shop.project, "dev", "v1")
    assert shown.verdict and shown.verdict.verdict.value == "ok"
    assert shown.trouble is None


def test_show_of_what_was_never_applied_is_refused(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused):
        show(shop.project, "dev", None)


def test_the_log_has_every_event_with_who_and_which_run(play: Open) -> None:
    shop = play("stopping")
    shop.wants("failing", value="one", without=FAILS)
    with pytest.raises(StoppedPartWay):
        shop.apply()
    shop.lock("an incident")
    shop.unlock()
    found = log(shop.project, "dev", fetch=False, ui=Witness())
    assert [str(event.kind) for event in found.events] == ["unlocked", "locked", "failed", "begun"], "newest first"
    assert {event.by for event in found.events} == {"ann"}
    begun, failed = found.events[3], found.events[2]
    assert begun.run_id == failed.run_id != found.events[1].run_id
    assert found.trouble is not None
    assert len(log(shop.project, "dev", limit=1, fetch=False, ui=Witness()).events) == 1


def test_the_inventory_is_read_from_the_card_and_not_from_the_state(play: Open) -> None:
    shop = play("several")
    stacks(shop, "10.0.0.0/16")
    shop.apply()
    shop.state_file(stack="network").unlink()
    found = inventory(shop.project, "dev", everything=False, fetch=False, ui=Witness()).environments
    assert sorted(found["dev"]) == [  # type: ignore[index]
        "app/module.app.terraform_data.app",
        "db/module.thing.terraform_data.main",
        "network/module.net.terraform_data.vpc",
    ]


def test_a_whole_ledger_has_nothing_to_be_found(shared: Shop) -> None:
    shared.runs(one, two)
    shared.rollback("v1")
    result = verify(shared.project, "dev", Witness())
    assert (result.findings, result.events, result.versions) == ((), 6, 3)


def test_verify_finds_a_tag_that_is_gone_or_moved_or_foreign(shop: Shop) -> None:
    shop.runs(one, two)
    shop.git("tag", "tfops/dev/v9", "HEAD")
    assert findings(shop) == ["foreign-tag"]
    shop.git("tag", "-d", "tfops/dev/v9")
    kept = shop.git("rev-parse", "refs/tags/tfops/dev/v1")
    shop.git("tag", "-d", "tfops/dev/v1")
    assert findings(shop) == ["missing-tag"]
    shop.git("update-ref", "refs/tags/tfops/dev/v1", shop.git("rev-parse", "refs/tags/tfops/dev/v2"))
    assert findings(shop)
    shop.git("update-ref", "refs/tags/tfops/dev/v1", kept)
    assert findings(shop) == []


def test_verify_finds_a_commit_in_the_ledger_that_is_no_event(shop: Shop) -> None:
    shop.runs(one)
    foreign = shop.git("commit-tree", f"{LEDGER}^{{tree}}", "-p", LEDGER, "-m", "a note")
    shop.git("update-ref", LEDGER, foreign)
    assert "foreign-event" in findings(shop)


def test_verify_finds_what_the_remote_lost(shared: Shop) -> None:
    shared.runs(one)
    shared.git("push", "--quiet", "origin", ":refs/tags/tfops/dev/v1")
    assert findings(shared) == ["missing-on-remote"]


@pytest.mark.parametrize("version", VERSIONS)
def test_without_drift_a_look_writes_no_event(play: Open, version: str) -> None:
    shop = play("life", version=version)
    shop.runs(two)
    found = shop.look()
    assert (found.has_drift, found.exit_code(detailed=True)) == (False, Exit.DONE)
    assert shop.events() == ["begun", "recorded"]


def test_drift_is_looked_for_against_what_was_applied_and_not_against_head(shop: Shop) -> None:
    shop.runs(two)
    keyed(shop)
    assert not shop.look().has_drift


def test_nothing_can_drift_that_does_not_run(shop: Shop) -> None:
    one(shop)
    with pytest.raises(Refused) as refused:
        shop.look()
    assert refused.value.guard == "never-applied"
    shop.apply()
    shop.destroy()
    with pytest.raises(Refused):
        shop.look()


def test_a_look_leaves_refs_and_state_as_they_are(shared: Shop) -> None:
    shared.runs(one)
    before = shared.git("for-each-ref"), shared.state()
    shared.status()
    shared.history()
    show(shared.project, "dev", "v1")
    log(shared.project, "dev", fetch=True, ui=Witness())
    verify(shared.project, "dev", Witness())
    assert (shared.git("for-each-ref"), shared.state()) == before
