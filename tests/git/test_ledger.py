"""The ledger in real repositories: one compare-and-swap, a chain that only grows, objects that Git accepts."""

import contextlib
import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.git.conftest import Clone, commit_file, git
from tests.support.cards import make_card
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState, NewEvent, ledger_ref, prepare, read_events, read_present
from tfops.ledger.codec import encode
from tfops.records.event import EventKind
from tfops.records.lock import Lock
from tfops.records.names import CommitSha, EnvName
from tfops.records.run import Intent, StackIntent, Trouble
from tfops.records.version import Kind
from tfops.system.objects import store_commit, store_tree
from tfops.system.remote import Refs, RemoteUnreachable, Swap, Update
from tfops.system.repository import Repository
from tfops.system.workspace import Workspace, exclusive

DEV = EnvName("dev")
LEDGER = ledger_ref(DEV)
TAG = "refs/tags/tfops/dev/v1"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)

LOCK = Lock(run_id="r-1", clone="c-1", who="ann", host="laptop", pid=4711, what="apply of 12345678", since=NOW)
INTENT = Intent(
    run_id="r-1",
    kind=Kind.APPLY,
    commit="a" * 40,
    branch="main",
    headline="1 created",
    changes=1,
    plan_digest="d" * 64,
    stacks={"main": StackIntent(lineage="l-1", serial_before=3)},
    engine="terraform 1.11.4",
    done={"terraform_data.ä": "id-1"},
)
TROUBLE = Trouble(
    run_id="r-1", kind=Kind.APPLY, commit="a" * 40, by="ann", at=NOW, receipt="Stopped part-way.", done=("a.b",)
)


def _append(repository: Repository, refs: Refs, text: str, **parts: object) -> Swap:
    """One event on top of what this clone knows."""
    event = NewEvent(EventKind.LOCKED, text, **parts)  # type: ignore[arg-type]
    return refs.swap(prepare(repository, read_present(repository, DEV), event))


def _chain(repository: Repository, *texts: str) -> None:
    for text in texts:
        assert _append(repository, Refs(repository), text) is Swap.WON


def _texts(repository: Repository) -> list[str]:
    return [event.text for event in read_events(repository, DEV)]


def _refs_of(folder: Path) -> str:
    return git(folder, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tfops", "refs/tags")


class Shared:
    """A clone, and where its shared refs are decided: on the remote, or (without one) here."""

    def __init__(self, here: Path, remote: Path | None) -> None:
        self.repository = Repository(here)
        self.refs = Refs(self.repository)
        self.decider = remote or here
        self.places = [here, remote] if remote else [here]

    def commit(self, text: str) -> CommitSha:
        """A commit that no ref points to, known wherever refs are decided."""
        tree = store_tree(self.repository, {"lock.json": text.encode()})
        sha = store_commit(self.repository, tree, parent=None, message=text)
        if len(self.places) > 1:
            git(self.repository.root, "push", "--quiet", "origin", f"{sha}:refs/heads/kept-{text}")
        return sha

    def decide(self, ref: str, sha: str) -> None:
        """As someone else would: move the ref where it counts, without this clone knowing."""
        git(self.decider, "update-ref", ref, sha)

    def everything(self) -> list[str]:
        return [_refs_of(place) for place in self.places]


@pytest.fixture(params=["without a remote", "with a remote"])
def shared(request: pytest.FixtureRequest, here: Path) -> Shared:
    remote = request.getfixturevalue("remote") if request.param == "with a remote" else None
    return Shared(here, remote)


def test_a_swap_that_wins_is_true_there_and_here(shared: Shared) -> None:
    first, second = shared.commit("one"), shared.commit("two")
    assert shared.refs.swap(Update(LEDGER, first)) is Swap.WON
    assert shared.everything() == [f"{first} {LEDGER}"] * len(shared.places)
    assert shared.refs.swap(Update(LEDGER, second, first)) is Swap.WON
    assert shared.everything() == [f"{second} {LEDGER}"] * len(shared.places)


def test_a_swap_is_lost_when_the_ref_moved_and_nothing_is_changed(shared: Shared) -> None:
    first, theirs, ours = shared.commit("one"), shared.commit("theirs"), shared.commit("ours")
    shared.refs.swap(Update(LEDGER, first))
    shared.decide(LEDGER, theirs)
    before = shared.everything()
    assert shared.refs.swap(Update(LEDGER, ours, first)) is Swap.LOST
    assert shared.everything() == before


def test_a_ref_that_must_not_exist_and_does_is_a_lost_swap(shared: Shared) -> None:
    theirs, ours = shared.commit("theirs"), shared.commit("ours")
    shared.decide(LEDGER, theirs)
    before = shared.everything()
    assert shared.refs.swap(Update(LEDGER, ours)) is Swap.LOST
    assert shared.everything() == before


def test_a_ref_that_must_exist_and_does_not_is_a_lost_swap(shared: Shared) -> None:
    ours, never = shared.commit("ours"), shared.commit("never")
    try:
        assert shared.refs.swap(Update(LEDGER, ours, never)) is Swap.LOST
    except Refused as error:  # with a remote it has a name of its own
        assert error.guard == "missing-ledger"
    assert shared.everything() == [""] * len(shared.places)


@pytest.mark.parametrize("stale", [LEDGER, TAG])
def test_of_two_refs_neither_moves_when_one_is_stale(shared: Shared, stale: str) -> None:
    first, theirs, ours = shared.commit("one"), shared.commit("theirs"), shared.commit("ours")
    shared.refs.swap(Update(LEDGER, first))
    shared.decide(stale, theirs)
    before = shared.everything()
    assert shared.refs.swap(Update(TAG, ours), Update(LEDGER, ours, first)) is Swap.LOST
    assert shared.everything() == before


def test_two_refs_move_together(shared: Shared) -> None:
    ours = shared.commit("ours")
    assert shared.refs.swap(Update(TAG, ours), Update(LEDGER, ours)) is Swap.WON
    assert shared.everything() == [f"{ours} {TAG}\n{ours} {LEDGER}"] * len(shared.places)


def test_a_swap_whose_answer_was_lost_is_recognised_as_won(shared: Shared) -> None:
    """The push arrived, its answer didn't: what is there now is exactly what was wanted."""
    ours = shared.commit("ours")
    shared.decide(LEDGER, ours)
    assert shared.refs.swap(Update(LEDGER, ours)) is Swap.WON
    assert shared.everything() == [f"{ours} {LEDGER}"] * len(shared.places)


def _hook(remote: Path, name: str, script: str) -> Path:
    hook = remote / "hooks" / name
    hook.write_text(f"#!/bin/sh\n{script}\n")
    hook.chmod(0o755)
    return hook


def test_a_hook_that_refuses_is_told_in_its_own_words_and_nothing_is_changed(here: Path, remote: Path) -> None:
    shared = Shared(here, remote)
    ours = shared.commit("ours")
    hook = _hook(remote, "pre-receive", "echo frozen until monday >&2; exit 1")
    with pytest.raises(RemoteUnreachable, match="frozen until monday"):
        shared.refs.swap(Update(LEDGER, ours))
    assert shared.everything() == ["", ""]
    hook.unlink()
    assert shared.refs.swap(Update(LEDGER, ours)) is Swap.WON


def test_a_hook_that_refuses_one_ref_holds_the_other_one_back(here: Path, remote: Path) -> None:
    shared = Shared(here, remote)
    ours = shared.commit("ours")
    _hook(remote, "update", 'case "$1" in refs/tags/*) echo no tags >&2; exit 1;; esac')
    with pytest.raises(RemoteUnreachable, match="no tags"):
        shared.refs.swap(Update(TAG, ours), Update(LEDGER, ours))
    assert shared.everything() == ["", ""]


def test_a_failure_after_the_ref_moved_is_still_a_victory(here: Path, remote: Path) -> None:
    """`post-receive` runs when the refs have moved; a connection that ends there must not be a failure."""
    shared = Shared(here, remote)
    ours = shared.commit("ours")
    _hook(remote, "post-receive", "kill -9 $PPID; exit 1")
    assert shared.refs.swap(Update(LEDGER, ours)) is Swap.WON
    assert shared.everything() == [f"{ours} {LEDGER}"] * 2


def test_a_remote_that_is_gone_is_unreachable_for_fetch_and_swap(here: Path, remote: Path) -> None:
    shared = Shared(here, remote)
    ours = shared.commit("ours")
    remote.rename(remote.with_name("moved.git"))
    with pytest.raises(RemoteUnreachable):
        shared.refs.fetch()
    with pytest.raises(RemoteUnreachable):
        shared.refs.swap(Update(LEDGER, ours))
    assert _refs_of(here) == ""


def test_a_ledger_that_the_host_wants_as_a_branch_is_a_branch_there_and_a_ledger_here(
    clone: Clone, remote: Path
) -> None:
    first, second = clone("first"), clone("second")
    for repository, text in ((first, "one"), (second, "two")):
        refs = Refs(repository, "refs/heads/tfops/*")
        refs.fetch()
        assert _append(repository, refs, text) is Swap.WON
    assert git(remote, "log", "--format=%s", "refs/heads/tfops/dev").split() == ["two", "one"]
    assert git(remote, "for-each-ref", "refs/tfops") == ""
    assert _texts(second) == ["two", "one"]
    assert _append(first, Refs(first, "refs/heads/tfops/*"), "stale") is Swap.LOST
    Refs(first, "refs/heads/tfops/*").fetch()
    assert _texts(first) == ["two", "one"]


@pytest.mark.parametrize("pattern", ["refs/tfops/envs/*", "refs/heads/tfops/*"])
def test_a_ledger_that_was_set_back_on_the_remote_is_refused_and_the_chain_here_is_kept(
    clone: Clone, remote: Path, pattern: str
) -> None:
    first = clone("first")
    refs = Refs(first, pattern)
    for text in ("one", "two"):
        assert _append(first, refs, text) is Swap.WON
    known = first.resolve_commit(LEDGER)
    git(remote, "update-ref", pattern.replace("*", "dev"), git(first.root, "rev-parse", f"{LEDGER}~1"))
    with pytest.raises(Refused, match="was rewritten") as caught:
        refs.fetch()
    assert caught.value.guard == "rewritten-ledger"
    assert (first.resolve_commit(LEDGER), _texts(first)) == (known, ["two", "one"])


def test_a_ledger_that_was_deleted_on_the_remote_is_kept_here_also_with_fetch_prune(clone: Clone, remote: Path) -> None:
    """`git config --global fetch.prune true` is common; it must not make this clone forget what it saw."""
    first = clone("first")
    _chain(first, "one")
    Refs(first).swap(Update(TAG, first.head))
    known = _refs_of(first.root)
    git(first.root, "config", "fetch.prune", "true")
    git(remote, "update-ref", "-d", LEDGER)
    git(remote, "update-ref", "-d", TAG)
    with contextlib.suppress(Refused):
        Refs(first).fetch()
    assert _refs_of(first.root) == known


def test_a_ref_that_another_fetch_of_this_clone_is_moving_is_fetched_again(here: Path, clone: Clone) -> None:
    first = clone("first")
    newest = commit_file(here, "new.txt", "new")
    git(here, "push", "--quiet", "origin", "main")
    busy = first.root / ".git/refs/remotes/origin/main.lock"
    busy.touch()
    threading.Timer(0.5, busy.unlink).start()
    Refs(first).fetch()
    assert git(first.root, "rev-parse", "origin/main") == newest


def test_fetches_of_one_clone_go_one_after_the_other(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one that began earlier sets branches back after a faster one; a hung one is not waited for for ever."""
    repository = clone("first")
    refs, fetches = Refs(repository), Workspace(repository.common_dir).fetches
    with ThreadPoolExecutor(1) as pool:
        with exclusive(fetches):
            fetching = pool.submit(refs.fetch)
            with pytest.raises(TimeoutError):
                fetching.result(timeout=0.5)
        fetching.result(timeout=60)
    monkeypatch.setenv("TFOPS_NETWORK_TIMEOUT", "1")
    with exclusive(fetches), ThreadPoolExecutor(1) as pool:
        pool.submit(refs.fetch).result(timeout=60)


def test_every_part_comes_back_as_it_was_written(here: Path) -> None:
    repository = Repository(here)
    card = encode(make_card(repository.head))
    root = {"main.tf.json": "{}\n", "übergröße.tf": 'x = "\udcff"\n'}
    _append(
        repository, Refs(repository), "all of it",
        lock=LOCK, intent=INTENT, trouble=TROUBLE, card=card, inventory={"a.b": "id-ü"}, root=root,
    )  # fmt: skip
    present = read_present(repository, DEV)
    assert (present.lock, present.intent, present.trouble) == (LOCK, INTENT, TROUBLE)
    assert present.files["card.json"].decode() == card
    assert json.loads(present.files["inventory.json"]) == {"a.b": "id-ü"}
    read = {name: text.decode("utf-8", "surrogateescape") for name, text in present.files.items() if "/" in name}
    assert read == {f"root/{name}": text for name, text in root.items()}


def test_before_the_first_event_an_environment_is_empty_and_free(here: Path) -> None:
    repository = Repository(here)
    present = read_present(repository, DEV)
    assert (present.head, dict(present.files)) == ("", {})
    assert (present.lock, present.intent, present.trouble) == (None, None, None)
    assert read_events(repository, DEV) == []


def test_a_part_that_is_not_named_stays_and_one_that_is_emptied_goes(here: Path) -> None:
    repository = Repository(here)
    refs = Refs(repository)
    _append(repository, refs, "begun", lock=LOCK, intent=INTENT, trouble=TROUBLE, card="{}", inventory={"a.b": "1"})
    _append(repository, refs, "renewed", lock=replace(LOCK, pid=4712))
    renewed = read_present(repository, DEV)
    assert renewed.lock is not None and renewed.lock.pid == 4712
    assert set(renewed.files) == {"lock.json", "intent.json", "trouble.json", "card.json", "inventory.json"}
    _append(repository, refs, "released", lock="", intent="")
    released = read_present(repository, DEV)
    assert (released.lock, released.intent, released.trouble) == (None, None, TROUBLE)
    assert set(released.files) == {"trouble.json", "card.json", "inventory.json"}
    _append(repository, refs, "recorded", trouble="", inventory={})
    assert json.loads(read_present(repository, DEV).files["inventory.json"]) == {}
    assert read_present(repository, DEV).trouble is None


def test_the_root_is_replaced_as_a_whole(here: Path) -> None:
    repository = Repository(here)
    refs = Refs(repository)
    _append(repository, refs, "one", lock=LOCK, root={"main.tf.json": "1", "old/backend.tf.json": "1"})
    _append(repository, refs, "kept")
    assert set(read_present(repository, DEV).files) == {"lock.json", "root/main.tf.json", "root/old/backend.tf.json"}
    _append(repository, refs, "two", root={"main.tf.json": "2"})
    files = read_present(repository, DEV).files
    assert (set(files), files["root/main.tf.json"]) == ({"lock.json", "root/main.tf.json"}, b"2")


def test_a_part_that_can_not_be_read_is_a_sentence_that_names_it(here: Path) -> None:
    repository = Repository(here)
    _append(repository, Refs(repository), "broken", lock="{")
    with pytest.raises(Refused, match=r"`lock.json` in the ledger of dev can't be read") as caught:
        _ = read_present(repository, DEV).lock
    assert caught.value.guard == "damaged-ledger"


def test_environments_have_ledgers_of_their_own(here: Path) -> None:
    repository = Repository(here)
    refs = Refs(repository)
    _append(repository, refs, "one", lock=LOCK)
    other = EnvName("dev-two")
    assert read_present(repository, other) == LedgerState(other)
    assert refs.swap(prepare(repository, LedgerState(other), NewEvent(EventKind.LOCKED, "two"))) is Swap.WON
    assert ([event.text for event in read_events(repository, other)], _texts(repository)) == (["two"], ["one"])


def test_events_are_listed_newest_first_and_their_number_costs_no_processes(here: Path) -> None:
    repository = Repository(here)
    _chain(repository, "one")
    alone = Repository(here)
    read_events(alone, DEV)
    _chain(repository, *(f"event {number}" for number in range(2, 12)))
    fresh = Repository(here)
    events = read_events(fresh, DEV)
    assert [event.text for event in events] == [f"event {number}" for number in range(11, 1, -1)] + ["one"]
    assert fresh.git.started == alone.git.started <= 2


def test_an_event_says_what_by_whom_and_in_which_run(here: Path) -> None:
    repository = Repository(here)
    event = NewEvent(EventKind.FORCED, "dev: the lock of bob was broken", "r-7")
    Refs(repository).swap(prepare(repository, LedgerState(DEV), event))
    [read] = read_events(repository, DEV)
    assert (read.kind, read.text, read.by, read.run_id) == (
        "unlocked-by-force", "dev: the lock of bob was broken", "ann", "r-7"
    )  # fmt: skip
    assert abs(read.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert read.sha == repository.resolve_commit(LEDGER)


def test_a_reason_with_line_breaks_can_not_forge_an_event(here: Path) -> None:
    repository = Repository(here)
    _chain(repository, "locked\n\nTfops-Event: recorded\nTfops-By: mallory\nTfops-Run: forged")
    [event] = read_events(repository, DEV)
    assert (event.kind, event.by, event.run_id) == ("locked", "ann", "")


def test_a_foreign_commit_in_the_chain_is_no_event(here: Path) -> None:
    repository = Repository(here)
    _chain(repository, "one")
    tree = git(here, "rev-parse", f"{LEDGER}^{{tree}}")
    foreign = git(here, "commit-tree", tree, "-p", git(here, "rev-parse", LEDGER), "-m", "by hand\n\nTfops-At: soon")
    git(here, "update-ref", LEDGER, foreign)
    repository.git.look_again()
    _chain(repository, "two")
    assert _texts(repository) == ["two", "one"]


def test_the_same_event_twice_makes_two_commits(here: Path) -> None:
    """Two clones that say the same in the same second must not believe that both of them won."""
    repository = Repository(here)
    event = NewEvent(EventKind.BEGUN, "the same", "r-1", lock=LOCK)
    swaps = {prepare(repository, LedgerState(DEV), event).new for _ in range(3)}
    assert len(swaps) == 3


@pytest.mark.parametrize("quirk", [("log.showSignature", "true"), ("color.ui", "always"), ("log.decorate", "full")])
def test_events_are_read_whatever_the_user_likes_to_see_in_a_log(here: Path, quirk: tuple[str, str]) -> None:
    repository = Repository(here)
    _chain(repository, "one", "two")
    git(here, "config", *quirk)
    assert _texts(repository) == ["two", "one"]


def test_git_finds_nothing_wrong_with_the_trees(here: Path) -> None:
    """Sorted as Git sorts: a folder as if its name ended with a slash, bytes and not letters."""
    repository = Repository(here)
    files = {
        "root/main.tf.json": b"1", "root.json": b"2", "root-a": b"3", "root0": b"4", "root/a/b": b"5",
        "root/a.b": b"6", "root/a-b": b"7", "root/a0": b"8", "Z": b"9", "übergröße/日本": b"10", "z\u00e9": b"",
        "a b/ c": b"12",
    }  # fmt: skip
    tree = store_tree(repository, files)
    sha = store_commit(repository, tree, parent=None, message="x")
    git(here, "update-ref", LEDGER, sha)
    checked = subprocess.run(
        ["git", "-C", str(here), "fsck", "--strict", "--full"], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr.replace("notice: HEAD points to an unborn branch", "")) == (0, "")
    listed = git(here, "-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", sha).splitlines()
    assert sorted(listed) == sorted(files)
    assert dict(read_present(repository, DEV).files) == files


@pytest.fixture
def signing(here: Path, tmp_path: Path) -> Path:
    """`here` signs commits with an SSH key that Git trusts."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen here: apt-get install openssh-client")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "allowed").write_text(f"ann@example.com {key.with_suffix('.pub').read_text()}")
    for name, value in (
        ("gpg.format", "ssh"), ("user.signingKey", str(key)), ("commit.gpgSign", "true"),
        ("gpg.ssh.allowedSignersFile", str(tmp_path / "allowed")),
    ):  # fmt: skip
        git(here, "config", name, value)
    return here


def test_where_the_user_signs_commits_the_ledger_is_signed_too(signing: Path) -> None:
    _chain(Repository(signing), "one", "two")
    assert git(signing, "log", "--format=%G?", LEDGER).split() == ["G", "G"]


def test_where_the_user_does_not_sign_nothing_is_signed(signing: Path) -> None:
    git(signing, "config", "commit.gpgSign", "false")
    _chain(Repository(signing), "one")
    assert git(signing, "log", "--format=%G?", LEDGER) == "N"


def test_signed_events_are_read_also_by_who_likes_to_see_signatures(signing: Path) -> None:
    repository = Repository(signing)
    _chain(repository, "one", "two")
    git(signing, "config", "log.showSignature", "true")
    assert _texts(repository) == ["two", "one"]
    assert [event.sha for event in read_events(repository, DEV)] == git(
        signing, "rev-list", "--no-walk=unsorted", LEDGER, f"{LEDGER}~1"
    ).split()


def test_without_a_git_identity_the_login_name_commits(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    monkeypatch.setenv("LOGNAME", "runner")
    _chain(Repository(here), "one")
    assert git(here, "log", "--format=%an %cn", LEDGER) == "runner runner"
    assert [event.by for event in read_events(Repository(here), DEV)] == ["runner"]


def test_a_committer_in_the_environment_is_enough(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI jobs that only ever tag set GIT_COMMITTER_…, and no author."""
    (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "robot")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "robot@example.com")
    _chain(Repository(here), "one")
    assert [event.by for event in read_events(Repository(here), DEV)] == ["robot"]


def _run_at_once(works: list[Callable[[], None]]) -> None:
    """All of them in threads; the first exception is raised here."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_eight_writers_in_four_clones_lose_no_event(clone: Clone, remote: Path) -> None:
    """Two writers of a clone take turns, as the machine's lock makes them; clones race."""
    repositories = [clone(f"clone-{number}") for number in range(4)]
    turns = [threading.Lock() for _ in repositories]

    def write(number: int) -> None:
        repository, turn = repositories[number % 4], turns[number % 4]
        refs = Refs(repository)
        for event in range(5):
            won = False
            while not won:
                with turn:
                    refs.fetch()
                    won = _append(repository, refs, f"{number}-{event}") is Swap.WON

    _run_at_once([lambda number=number: write(number) for number in range(8)])  # type: ignore[misc]
    wanted = {f"{number}-{event}" for number in range(8) for event in range(5)}
    for repository in repositories:
        Refs(repository).fetch()
        assert sorted(_texts(repository)) == sorted(wanted)
    assert git(remote, "rev-list", "--count", LEDGER) == "40"
    assert git(remote, "rev-list", "--merges", "--count", LEDGER) == "0"
