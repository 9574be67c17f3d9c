"""What a process said is heard to its end, however late we come to listen. The processes here are played."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, cast

import pytest

from tfops.system import answer


class _Played:
    """A process that does one thing whenever somebody asks whether it has ended. None: it hasn't."""

    def __init__(self, *acts: Callable[["_Played"], int | None]) -> None:
        self._acts = list(acts)
        self.stdin = None
        self.stdout, self.said = _pipe()
        self.stderr, self.complaints = _pipe()
        self.code: int | None = None

    def poll(self) -> int | None:
        if self.code is None and self._acts:
            self.code = self._acts.pop(0)(self)
        return self.code

    def wait(self, timeout: float | None = None) -> int:
        if self.poll() is None:
            raise subprocess.TimeoutExpired("played", timeout or 0)
        assert self.code is not None
        return self.code

    def close(self) -> None:
        for pipe in (self.said, self.complaints, self.stdout, self.stderr):
            pipe.close()


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", 0), os.fdopen(writing, "wb", 0)


def _ends_saying(text: bytes, *, leaves_open: bool = False) -> Callable[[_Played], int]:
    def act(played: _Played) -> int:
        played.said.write(text)
        if not leaves_open:
            played.said.close()
            played.complaints.close()
        return 0

    return act


def _goes_on(_: _Played) -> None:
    return None


@pytest.fixture
def play() -> Iterator[Callable[..., _Played]]:
    played: list[_Played] = []

    def begin(*acts: Callable[[_Played], int | None]) -> _Played:
        played.append(_Played(*acts))
        return played[-1]

    yield begin
    for one in played:
        one.close()


def _hear(played: _Played, **options: Any) -> answer.Answer:
    child = cast("subprocess.Popen[bytes]", played)
    return answer.hear(child, stdin=b"", **{"timeout_s": 60, **options})


@pytest.mark.parametrize("looks_before", [0, 1, 2])
def test_the_last_words_are_heard_when_it_ended_after_we_looked(
    play: Callable[..., _Played], looks_before: int
) -> None:
    heard = _hear(play(*[_goes_on] * looks_before, _ends_saying(b"the-secret\n")))
    assert heard == answer.Answer(b"the-secret\n", b"", is_cut=False)


def test_the_last_words_are_heard_though_its_time_was_up_when_we_came_back(
    play: Callable[..., _Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 10_000, 100))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(now)))
    assert _hear(play(_goes_on, _ends_saying(b"the-secret"))).stdout == b"the-secret"


def test_one_that_goes_on_is_cut_off_when_its_time_is_up(play: Callable[..., _Played]) -> None:
    assert _hear(play(), timeout_s=0.0).is_cut


def test_one_is_cut_off_when_nobody_wants_it_any_more(play: Callable[..., _Played]) -> None:
    looks = iter([True, True, False])
    assert _hear(play(), goes_on=lambda: next(looks)).is_cut
    assert list(looks) == [], "asked again and again"


def test_one_that_closed_its_pipes_and_goes_on_is_cut_off_too(play: Callable[..., _Played]) -> None:
    def closes(played: _Played) -> None:
        played.said.close()
        played.complaints.close()

    assert _hear(play(closes), timeout_s=0.2).is_cut


def test_what_says_too_much_is_cut_even_when_it_has_ended(play: Callable[..., _Played]) -> None:
    assert _hear(play(_ends_saying(b"x" * 101)), most_bytes=100).is_cut
    assert not _hear(play(_ends_saying(b"x" * 100)), most_bytes=100).is_cut


def test_whoever_keeps_the_pipes_open_is_not_waited_for_without_end(
    play: Callable[..., _Played], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "_POLL_S", 0.001)
    assert _hear(play(_ends_saying(b"done", leaves_open=True))) == answer.Answer(b"done", b"", is_cut=False)


def test_a_long_answer_is_heard_in_full(play: Callable[..., _Played]) -> None:
    pieces = [str(n).encode() * 1000 for n in range(8)]

    def says(piece: bytes) -> Callable[[_Played], None]:
        def act(played: _Played) -> None:
            played.said.write(piece)

        return act

    assert _hear(play(*map(says, pieces), _ends_saying(b"end"))).stdout == b"".join([*pieces, b"end"])
