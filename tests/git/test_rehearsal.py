"""Whether a remote would take lock, ledger and version is found out before, and nothing is left of the trial."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git.conftest import Clone, git
from tests.support.git_http import HttpRemote, serve_git_http
from tfops.errors import Refused
from tfops.ledger.chain import NewEvent, prepare, read_present
from tfops.ledger.record import LostRaceError, rehearse_record
from tfops.records.event import EventKind
from tfops.records.names import EnvName
from tfops.system.answers import No
from tfops.system.remote import Refs, RemoteRefused, RemoteUnreachable, Swap, Update
from tfops.system.repository import Repository

DEV = EnvName("dev")
_TAGS_ONLY = 'case "$1" in refs/tags/*) echo "versions are frozen" >&2; exit 1;; esac'
_FORM_OF_TAGS = 'case "$1" in refs/tags/*) expr "$1" : "refs/tags/tfops/[a-z]*/v[0-9]*$" >/dev/null || exit 1;; esac'


def _hook(remote: Path, name: str, script: str) -> None:
    hook = remote / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)


def _lock(repository: Repository, refs: Refs) -> None:
    event = NewEvent(EventKind.LOCKED, "somebody was here")
    assert refs.swap(prepare(repository, read_present(repository, DEV), event)) is Swap.WON


def _everything(*folders: Path) -> list[str]:
    return [git(folder, "for-each-ref", "--format=%(refname) %(objectname)") for folder in folders]


class Team:
    """A clone, its remote, and whether there is a ledger already."""

    def __init__(self, repository: Repository, remote: Path, pattern: str) -> None:
        self.repository, self.remote = repository, remote
        self.refs, self.ledgers = Refs(repository, pattern), pattern.removesuffix("/*")

    def rehearse(self, *, number: int = 1) -> None:
        """Must leave no trace, and wake nobody."""
        _hook(self.remote, "post-receive", f"touch {self.remote}/woken")
        (self.remote / "woken").unlink(missing_ok=True)
        before = _everything(self.repository.root, self.remote)
        try:
            present = read_present(self.repository, DEV)
            rehearse_record(self.repository, self.refs, self.repository.head, (present, number))
        finally:
            assert _everything(self.repository.root, self.remote) == before
            assert not (self.remote / "woken").exists()

    def refused(self, why: No, words: str) -> None:
        with pytest.raises(RemoteRefused, match=words) as caught:
            self.rehearse()
        assert (caught.value.answer.why, caught.value.is_push) == (why, True)


@pytest.fixture(params=["a first version", "a later version", "ledgers among the branches"])
def team(request: pytest.FixtureRequest, clone: Clone, remote: Path) -> Team:
    repository = clone("first")
    branches = request.param == "ledgers among the branches"
    team = Team(repository, remote, "refs/heads/tfops/*" if branches else "refs/tfops/envs/*")
    if request.param != "a first version":
        _lock(repository, team.refs)
    return team


def test_what_would_be_taken_is_taken_by_the_push_itself(team: Team) -> None:
    team.rehearse()
    _lock(team.repository, team.refs)


def test_a_host_that_takes_only_some_of_the_refs_is_found_out(team: Team) -> None:
    _hook(team.remote, "update", _TAGS_ONLY)
    team.refused(No.HOOK, "versions are frozen")
    (team.remote / "hooks/update").unlink()
    _hook(team.remote, "pre-receive", "echo 'GitLab: this tag is protected.' >&2; exit 1")
    team.refused(No.PROTECTED, "GitLab: this tag is protected")
    (team.remote / "hooks/pre-receive").unlink()
    for hidden in (
        "refs/tags/tfops",
        "refs/tfops" if "tfops/envs" in team.refs._ledger_pattern else "refs/heads/tfops",
    ):
        git(team.remote, "config", "receive.hideRefs", hidden)
        team.refused(No.HIDDEN, "deny updating a hidden ref|stale info")
    git(team.remote, "config", "--unset", "receive.hideRefs")
    git(team.remote, "config", "receive.advertiseAtomic", "false")
    team.refused(No.ATOMIC, "does not support --atomic push")


def test_a_host_that_only_takes_names_of_versions_takes_them(team: Team) -> None:
    """The names that make the trial fail are its own affair."""
    _hook(team.remote, "update", _FORM_OF_TAGS)
    team.rehearse()
    _hook(team.remote, "update", "exit 0")
    script = (
        f"while read old new name; do set -- $name; {_FORM_OF_TAGS.replace('exit 1', 'exec echo no $name >&2')}; done"
    )
    _hook(team.remote, "pre-receive", f'no=$({script} 2>&1); [ -z "$no" ] || {{ echo $no >&2; exit 1; }}')
    team.rehearse()


@pytest.mark.parametrize("name", ["tfops", "tfops/dev", "tfops/dev/v1/x"])
@pytest.mark.parametrize("place", ["here", "there"])
def test_a_name_in_the_way_is_named_with_the_way_out(clone: Clone, remote: Path, name: str, place: str) -> None:
    team = Team(clone("first"), remote, "refs/tfops/envs/*")
    where = team.repository.root if place == "here" else remote
    git(where, "tag", name, "main")
    with pytest.raises(Refused) as caught:
        team.refs.fetch()
        team.rehearse()
    assert caught.value.guard == "name-taken"
    assert f"refs/tags/{name}" in caught.value.what and f"refs/tags/{name}" in caught.value.hint
    for folder in (team.repository.root, remote):
        git(folder, "update-ref", "-d", f"refs/tags/{name}")
    team.rehearse()


def test_a_number_or_a_ledger_that_is_someone_elses_by_now_is_a_lost_race(clone: Clone, remote: Path) -> None:
    team, other = Team(clone("first"), remote, "refs/tfops/envs/*"), clone("second")
    git(other.root, "push", "--quiet", "origin", "HEAD:refs/tags/tfops/dev/v1")
    with pytest.raises(LostRaceError):
        team.rehearse()
    team.rehearse(number=2)
    _lock(other, Refs(other))
    with pytest.raises(LostRaceError):
        team.rehearse(number=2)


def test_of_a_push_that_a_host_took_in_part_nobody_says_that_it_was_a_race(clone: Clone, remote: Path) -> None:
    """Git's own server moves the other refs of an atomic push when it hides one: that must not be tried for ever."""
    repository = clone("first")
    refs = Refs(repository)
    _lock(repository, refs)
    git(remote, "config", "receive.hideRefs", "refs/tags/tfops")
    present = read_present(repository, DEV)
    event = prepare(repository, present, NewEvent(EventKind.RECORDED, "dev v1"))

    with pytest.raises(RemoteRefused):
        refs.swap(Update("refs/tags/tfops/dev/v1", repository.head), event)


@pytest.fixture
def web(team: Team) -> Iterator[HttpRemote]:
    with serve_git_http(team.remote.parent) as served:
        git(team.repository.root, "remote", "set-url", "origin", served.url(team.remote.name, "ann:hunter2-token"))
        yield served


def test_over_http_a_no_is_a_no_with_the_hosts_words_and_without_the_token(team: Team, web: HttpRemote) -> None:
    team.rehearse()
    for status, says, why in (
        (401, "hunter2-token is no good", No.LOGIN),
        (403, "this one is no good either", No.RIGHT),
        (404, "a repository that is no good", No.ABSENT),
    ):
        web.refuses(status, says)
        team.refused(why, "no good")
        web.refuses(status, says, pushes_only=False)
        with pytest.raises(RemoteRefused) as caught:
            team.refs.fetch()
        assert (caught.value.answer.why, caught.value.is_push) == (why, False)
        assert "hunter2" not in str(caught.value)
    for status in (500, 502, 503, 429):
        web.refuses(status, "later", pushes_only=False)
        with pytest.raises(RemoteUnreachable) as away:
            team.refs.fetch()
        assert not isinstance(away.value, RemoteRefused)
    web.refuses(0)
    _hook(team.remote, "pre-receive", "echo 'remote http://ann:hunter2-token@host says \033[31mno\u202e' >&2; exit 1")
    team.refused(No.HOOK, "says")
    _lock_is_refused(team)


def _lock_is_refused(team: Team) -> None:
    with pytest.raises(RemoteRefused) as caught:
        _lock(team.repository, team.refs)
    said = str(caught.value)
    assert "hunter2" not in said and "\033" not in said and "\u202e" not in said and "says" in said
