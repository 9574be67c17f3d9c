"""The short form of `make soak`."""

from pathlib import Path

from tests.soak.idle import new_project, soak


def test_an_idle_turn_is_one_git_process_and_nothing_grows(tmp_path: Path) -> None:
    soaked = soak(new_project(tmp_path, envs=5), turns=120, envs=5, samples=6)
    assert soaked.surveys == 1, "what moved was decided once"
    # A sample may fall between a look's process and its answer.
    assert abs(soaked.git_processes_per_turn - 1) < 0.05, "one ls-remote"
    first, *_, last = soaked.samples
    assert last.memory_mb - first.memory_mb < 3
    assert last.handles - first.handles <= 7, "those of a question under way, and the pipe of the one that waits"
    assert last.children - first.children <= 2, "a look under way, and the one that waits to decide"
