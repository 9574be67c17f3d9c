"""How far commits are apart, told without Git, against what Git says."""

import itertools
import random
import subprocess
from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tfops.records.names import CommitSha
from tfops.system.repository import Repository

_SHARES = 24


def _history(here: Path, seed: int, *, skew_s: int) -> list[CommitSha]:
    """Random merges, by clocks that are wrong by up to `skew_s`; by one process."""
    dice, lines = random.Random(seed), list[str]()
    for number in range(1, _SHARES + 1):
        at = 1_700_000_000 + number * 100 + dice.randint(-skew_s, skew_s)
        parents = dice.sample(range(1, number), min(number - 1, dice.choice((1, 1, 1, 2, 3))))
        lines += [f"commit refs/heads/b{number}", f"mark :{number}", f"committer ann <a@example.com> {at} +0000"]
        lines += ["data 1", "x", *(f"{'merge' if place else 'from'} :{one}" for place, one in enumerate(parents)), ""]
    subprocess.run(["git", "-C", str(here), "fast-import", "--quiet"], input="\n".join(lines).encode(), check=True)
    return [CommitSha(git(here, "rev-parse", f"b{number}")) for number in range(1, _SHARES + 1)]


@pytest.mark.parametrize("skew_s", [0, 5000])
@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_commit_has_that_another_lacks(here: Path, seed: int, skew_s: int) -> None:
    commits = _history(here, seed, skew_s=skew_s)
    repository = Repository(here)
    pairs = random.Random(seed).sample(list(itertools.permutations(commits, 2)), 60)
    for older, newer in pairs:
        expected = int(git(here, "rev-list", "--count", f"{older}..{newer}"))
        assert repository.count_between(older, newer) == expected
        assert repository.is_ancestor(newer, older) == (expected == 0)
    assert repository.git.started == 0


def test_who_is_far_apart_or_away_is_asked_of_git(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = _history(here, 3, skew_s=0)
    monkeypatch.setattr("tfops.system.commit_walk._MOST", 2)
    repository = Repository(here)
    expected = int(git(here, "rev-list", "--count", f"{commits[0]}..{commits[-1]}"))
    assert repository.count_between(commits[0], commits[-1]) == expected
    assert not repository.is_ancestor(CommitSha("1" * 40), commits[-1])
    assert repository.git.started == 2


def test_a_shallow_clone_says_what_git_says(here: Path, tmp_path: Path) -> None:
    old = commit_file(here, "a", "1")
    for number in range(5):
        new = commit_file(here, "a", f"{number}+")
    git(tmp_path, "clone", "--quiet", "--depth", "3", f"file://{here}", "shallow")
    repository = Repository(tmp_path / "shallow")
    assert not repository.is_ancestor(CommitSha(old), CommitSha(new))
    assert repository.count_between(CommitSha(git(here, "rev-parse", "HEAD~2")), CommitSha(new)) == 2
