"""Objects are read by their id, through signals, deaths of the reading process, forks, and with either hash."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tests.support.sandbox import wait_until
from tfops.errors import ProjectError
from tfops.records.commit import Person
from tfops.records.names import CommitSha
from tfops.system.git_objects import ObjectReader, ObjectUnreadable
from tfops.system.repository import Repository
from tfops.system.trees import GitTree


def _child(reader: ObjectReader) -> "subprocess.Popen[bytes]":
    assert reader._process is not None
    return reader._process


@pytest.mark.parametrize("hash_name", ["sha1", "sha256"])
def test_commits_trees_blobs_and_tags_are_read_with_either_hash(tmp_path: Path, hash_name: str) -> None:
    folder = tmp_path / hash_name
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main", f"--object-format={hash_name}")
    (folder / "run").write_bytes(b"\0\n\xff" * 70_000)
    (folder / "run").chmod(0o755)
    (folder / "to").symlink_to("run")
    commit = commit_file(folder, "modules/a/main.tf", "# a\n")
    git(folder, "tag", "-m", "Inner", "inner")
    git(folder, "tag", "-m", "Outer", "outer", "inner")
    reader = ObjectReader(folder)
    assert reader.commit(commit).tree == git(folder, "rev-parse", "HEAD^{tree}")
    assert reader.commit(git(folder, "rev-parse", "outer")) == reader.commit(commit)
    assert reader.blob(git(folder, "rev-parse", "HEAD:run")) == b"\0\n\xff" * 70_000
    listed = [line.split() for line in git(folder, "ls-tree", "HEAD").splitlines()]
    found = [(f"{entry.mode:06o}", entry.object_id, entry.name) for entry in reader.tree(reader.commit(commit).tree)]
    assert found == [(mode, object_id, name) for mode, _, object_id, name in listed]
    tree = GitTree.of_commit(Repository(folder), CommitSha(commit))
    assert {str(entry.path): entry.is_link for entry in tree.entries("")} == {
        "run": False,
        "to": True,
        "modules/a/main.tf": False,
    }


def test_a_signal_to_the_whole_group_leaves_the_reading_process_alone(here: Path) -> None:
    reader = ObjectReader(here)
    reader.commit(git(here, "rev-parse", "HEAD"))
    assert os.getsid(_child(reader).pid) == _child(reader).pid != os.getsid(0)


def test_a_reading_process_that_died_is_followed_by_another(here: Path) -> None:
    commit = git(here, "rev-parse", "HEAD")
    reader = ObjectReader(here)
    before = reader.read(commit)
    first = _child(reader)
    first.kill()
    first.wait()
    assert reader.read(commit) == before
    assert _child(reader) is not first


def test_an_answer_that_was_broken_off_is_not_taken_for_the_next_one(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big, small = commit_file(here, "modules/big", "x" * 3_000_000), commit_file(here, "modules/small", "y")
    ids = [git(here, "rev-parse", f"{commit}:modules") for commit in (big, small)]
    reader = ObjectReader(here)

    def pressed(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tfops.system.git_objects._answer", pressed)
        with pytest.raises(KeyboardInterrupt):
            reader.blob(git(here, "rev-parse", f"{big}:modules/big"))
    assert [len(reader.tree(object_id)) for object_id in ids] == [1, 2]


def test_threads_share_one_process(here: Path) -> None:
    ids = [git(here, "rev-parse", f"{commit_file(here, 'modules/m', str(n))}:modules/m") for n in range(8)]
    reader = ObjectReader(here)
    heard: dict[int, set[bytes]] = {n: set() for n in range(8)}

    def ask(number: int) -> None:
        for _ in range(50):
            heard[number].add(reader.blob(ids[number]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {n: {str(n).encode()} for n in range(8)}


def test_a_fork_asks_a_process_of_its_own(here: Path) -> None:
    commit = git(here, "rev-parse", "HEAD")
    reader = ObjectReader(here)
    before = reader.read(commit)
    pid = os.fork()
    if pid == 0:
        ok = reader._process is None and all(reader.read(commit) == before for _ in range(3))
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert reader.read(commit) == before


def test_the_reading_process_ends_with_whoever_asks_it(here: Path) -> None:
    commit = git(here, "rev-parse", "HEAD")
    asking = (
        "import sys, pathlib; from tfops.system.git_objects import ObjectReader\n"
        "reader = ObjectReader(pathlib.Path('.')); reader.read(sys.argv[1])\n"
        "print(reader._process.pid, flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-W", "error", "-c", asking, commit]
    for number in (0, signal.SIGKILL):
        with subprocess.Popen(argv, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asker:
            assert asker.stdout is not None
            reading = int(asker.stdout.readline())
            assert asker.stdin is not None
            asker.stdin.close() if not number else asker.send_signal(number)
            assert asker.wait() == -number
        wait_until(lambda reading=reading: not Path(f"/proc/{reading}").exists())  # type: ignore[misc]


def test_what_is_missing_or_of_another_kind_is_named(here: Path) -> None:
    reader = ObjectReader(here)
    with pytest.raises(ObjectUnreadable, match="the object 123412341234 is not in this clone"):
        reader.read("1234" * 10)
    with pytest.raises(ObjectUnreadable, match="is a commit, not a blob"):
        reader.blob(git(here, "rev-parse", "HEAD"))
    with pytest.raises(ObjectUnreadable, match="is a tree, not a commit"):
        reader.commit(git(here, "rev-parse", "HEAD^{tree}"))
    with pytest.raises(ProjectError, match="commit 12341234 is not in this clone"):
        Repository(here).commit(CommitSha("1234" * 10))


def test_a_damaged_object_is_told_in_gits_own_words(here: Path) -> None:
    blob = git(here, "rev-parse", f"{commit_file(here, 'modules/a', 'a')}:modules/a")
    damaged = here / ".git/objects" / blob[:2] / blob[2:]
    damaged.chmod(0o600)
    damaged.write_bytes(b"not zlib")
    with pytest.raises(ObjectUnreadable, match="can't read the object") as caught:
        ObjectReader(here).blob(blob)
    assert blob in caught.value.why
    assert ObjectReader(here).commit(git(here, "rev-parse", "HEAD")).subject == "Write modules/a"


@pytest.mark.parametrize(
    ("author", "person", "year"),
    [
        ("Ann Lee <ann@example.com> 1700000000 +0100", Person("Ann Lee", "ann@example.com"), 2023),
        ("Ann <ann@example.com> 99999999999999999999 +0000", Person("Ann", "ann@example.com"), 1970),
        ("<> 0 +0000", Person("", ""), 1970),
        ("nobody at all", Person("", ""), 1970),
    ],
)
def test_strange_authors_are_read(here: Path, author: str, person: Person, year: int) -> None:
    raw = f"tree {git(here, 'rev-parse', 'HEAD^{tree}')}\nauthor {author}\ncommitter {author}\n\nFirst\nline\n\nBody\n"
    argv = ["git", "-C", str(here), "hash-object", "-t", "commit", "--literally", "-w", "--stdin"]
    sha = subprocess.run(argv, input=raw, capture_output=True, text=True, check=True).stdout.strip()
    commit = Repository(here).commit(CommitSha(sha))
    assert (commit.author, commit.authored_at.year, commit.subject) == (person, year, "First line")


def test_another_encoding_and_a_signature_are_no_obstacle(here: Path) -> None:
    git(here, "-c", "i18n.commitEncoding=latin1", "commit", "--quiet", "--allow-empty", "-m", "Größe")
    latin = git(here, "rev-parse", "HEAD")
    raw = git(here, "cat-file", "commit", git(here, "rev-parse", "HEAD~1"))
    signed = raw.replace("\n\n", "\ngpgsig -----BEGIN\n tree of words\n -----END\n\n", 1)
    argv = ["git", "-C", str(here), "hash-object", "-t", "commit", "-w", "--stdin"]
    sha = subprocess.run(argv, input=signed, capture_output=True, text=True, check=True).stdout.strip()
    reader = ObjectReader(here)
    assert reader.commit(latin).subject == "Größe".encode().decode("latin1")  # as its encoding says
    assert reader.commit(sha).tree == git(here, "rev-parse", "HEAD~1^{tree}")
