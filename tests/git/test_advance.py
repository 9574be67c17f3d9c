"""A branch of this clone is moved forward: it is there, somebody was faster, or it can't be written."""

from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tfops.errors import Refused
from tfops.system.advance import advance
from tfops.system.remote import Swap, Update
from tfops.system.repository import Repository


def _no(why: str) -> Exception:
    return AssertionError(why)


def test_a_branch_that_cannot_be_written_is_no_lost_race(here: Path) -> None:
    old = git(here, "rev-parse", "HEAD")
    git(here, "branch", "staging")
    new = commit_file(here, "more", "1")
    update, ref = Update("refs/heads/staging", new, old), here / ".git/refs/heads/staging"
    lock = ref.with_name("staging.lock")
    lock.touch()
    with pytest.raises(Refused) as refused:
        advance(Repository(here), update, refused=_no)
    assert refused.value.guard == "disk" and "staging.lock" in refused.value.why
    assert git(here, "rev-parse", "staging") == old
    lock.unlink()
    assert advance(Repository(here), update, refused=_no) is Swap.WON
    assert advance(Repository(here), update, refused=_no) is Swap.WON, "it is there already"
    another = Update(update.ref, git(here, "rev-parse", "HEAD~1"), old)
    assert advance(Repository(here), another, refused=_no) is Swap.LOST
    assert git(here, "rev-parse", "staging") == new
