"""One look at the remote: what it sees, what is news to a clone, and what isn't."""

from pathlib import Path

from tests.git.conftest import Clone, commit_file, git
from tfops.system.ref_snapshot import look_at_remote, look_here
from tfops.system.remote import Refs

_LEDGERS = "refs/tfops/envs/{env}"


def test_a_look_is_one_git_process_and_what_is_gone_there_is_no_news(here: Path, clone: Clone) -> None:
    git(here, "push", "--quiet", "origin", "HEAD:refs/heads/feature/a", "HEAD:refs/tfops/envs/dev")
    repository = clone("other")
    assert repository.remote == "origin"
    before = repository.git.started
    there = look_at_remote(repository, _LEDGERS)
    assert repository.git.started == before + 1
    assert {"feature/a", "main"} <= there.heads.keys() and there.ledgers.keys() == {"dev"}
    assert look_here(repository).is_behind(there)
    Refs(repository).fetch()
    assert not look_here(repository).is_behind(there)

    git(here, "push", "--quiet", "origin", ":refs/heads/feature/a")
    gone = look_at_remote(repository, _LEDGERS)
    assert gone.digest != there.digest and not look_here(repository).is_behind(gone)
    commit_file(here, "a", "b")
    git(here, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    assert look_here(repository).is_behind(look_at_remote(repository, _LEDGERS))


def test_ledgers_among_the_branches_are_no_branches(here: Path, clone: Clone) -> None:
    git(here, "push", "--quiet", "origin", "HEAD:refs/heads/tfops/dev")
    found = look_at_remote(clone("other"), "refs/heads/tfops/{env}")
    assert found.ledgers.keys() == {"dev"} and not any(name.startswith("tfops/") for name in found.heads)
