"""The remote is away: only who holds the lock by hand may go on, and the next fetch brings it all to the others."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, with_remote


@dataclass(frozen=True, slots=True)
class Away:
    """A clone whose remote can be taken away, and another clone of it."""

    shop: Sandbox
    other: Sandbox
    remote: Path

    def leave(self) -> None:
        self.remote.rename(self.remote.with_suffix(".away"))

    def come_back(self) -> None:
        self.remote.with_suffix(".away").rename(self.remote)

    def want(self, value: str) -> None:
        self.shop.wish(value)
        self.shop.git("push", "--quiet")

    def events(self) -> list[str]:
        return [event["kind"] for event in self.other.ok("log", "dev", "-o", "json").result["events"]]


@pytest.fixture
def away(shop: Sandbox, tmp_path: Path) -> Away:
    """dev is at v1, two is pushed, and this clone has locked dev."""
    shop.wish("one")
    remote = with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    team = Away(shop, shop.clone(str(remote), tmp_path / "other"), remote)
    team.want("two")
    return team


def test_what_was_done_offline_under_a_lock_by_hand_reaches_the_others_with_the_next_command(away: Away) -> None:
    shop = away.shop
    refused = shop.run("apply", "dev", "--yes", "--offline", "-o", "json")
    assert (refused.code, refused.error["guard"]) == (11, "offline"), "nobody holds the lock"
    shop.ok("lock", "dev", "-m", "train")
    elsewhere = away.other.run("apply", "dev", "--yes", "--offline", "-o", "json")
    assert (elsewhere.code, elsewhere.error["guard"]) == (11, "offline"), "another clone holds it"
    away.leave()
    assert shop.run("apply", "dev", "--yes", "-o", "json").error["guard"] == "remote-unreachable"
    ran = shop.ok("apply", "dev", "--yes", "--offline")
    assert "dev is now v2" in ran.out and "kept in this clone" in ran.err
    assert "dev is now v3 (content of v1)" in shop.ok("rollback", "dev", "--yes", "--offline").out
    away.come_back()
    assert away.events() == ["locked", "recorded", "begun"]
    shop.ok("status")
    assert away.events() == ["recorded", "begun"] * 2 + ["locked", "recorded", "begun"]
    assert "train" in away.other.ok("status").out, "the lock by hand is still there"
    assert away.other.run("apply", "dev", "--yes").code == 12
    shop.ok("unlock", "dev")
    assert "is whole" in away.other.ok("verify", "dev").out
    assert away.other.tags() == ["tfops/dev/v1", "tfops/dev/v2", "tfops/dev/v3"]


def test_a_run_that_died_offline_is_finished_when_the_remote_is_back(away: Away) -> None:
    shop = away.shop
    shop.ok("lock", "dev", "-m", "train")
    away.leave()
    killed = shop.run("apply", "dev", "--yes", "--offline", env={"TFOPS_FAILPOINT": "engine-ended:SIGKILL"})
    assert killed.code == -9
    away.come_back()
    assert "recorded as v2" in shop.ok("recover", "dev").out
    assert away.events()[:2] == ["recorded", "begun"]
    assert "train" in away.other.ok("status").out


def test_what_was_done_offline_while_its_lock_was_broken_is_no_version_and_that_is_said_once(away: Away) -> None:
    shop = away.shop
    shop.ok("lock", "dev", "-m", "train")
    away.leave()
    shop.ok("apply", "dev", "--yes", "--offline")
    away.come_back()
    away.other.ok("unlock", "dev", "--force")
    ran = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "offline-lost")
    assert "refs/tfops/lost/dev-" in shop.git("for-each-ref", "refs/tfops/lost")
    assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out
    assert "is whole" in away.other.ok("verify", "dev").out
