"""One command in many environments at the same time: a `tfops` of its own for each, none lost when another fails."""

import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Protocol

from tfops.change.project import Project
from tfops.dataclass import dataclass
from tfops.errors import Refused, TfopsError
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.system import environ, signals
from tfops.system.capacity import engines_at_once
from tfops.system.children import Child, start_tfops
from tfops.system.pool import wait_for_any
from tfops.views.many import EnvironmentAnswer

_TICK_S = 0.1
_MOST_TOLD = 4000
_MOST_LINES = 3


class Watcher(Protocol):
    """Whoever sees how it goes on."""

    def watching(self, envs: Sequence[EnvName]) -> contextlib.AbstractContextManager[None]:
        """Around the work in all of them."""

    def started(self, env: EnvName) -> None: ...

    def said(self, env: EnvName, line: str) -> None:
        """The newest line of what it tells."""

    def ended(self, answer: EnvironmentAnswer) -> None: ...

    def tick(self) -> None:
        """Called again and again meanwhile."""

    def stopping(self, envs: Sequence[EnvName]) -> None:
        """An interrupt was passed on to what runs."""


Read = Callable[[EnvName, Mapping[str, Any]], EnvironmentAnswer]


@dataclass(frozen=True, slots=True)
class ManyOptions:
    """How many at once (None: as many as there is room for), whether one that fails stops the rest, who watches."""

    watcher: Watcher
    parallel: int | None = None
    fail_fast: bool = False

    @property
    def size(self) -> int:
        return self.parallel or engines_at_once()


@dataclass(slots=True)
class _Running:
    child: Child
    told: str = ""

    def newest_line(self) -> str:
        """What it told last, where that is new; else nothing."""
        with contextlib.suppress(OSError), self.child.stderr.open("rb") as file:
            file.seek(max(self.child.stderr.stat().st_size - _MOST_TOLD, 0))
            lines = [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
            if lines and lines[-1] != self.told:
                self.told = lines[-1]
                return self.told.strip()
        return ""


@dataclass(slots=True)
class Ended:
    """The answers so far, by environment; what was never started has none."""

    answers: dict[EnvName, EnvironmentAnswer] = field(default_factory=dict)
    is_interrupted: bool = False

    def of(self, envs: Iterable[EnvName]) -> tuple[EnvironmentAnswer, ...]:
        """In that order; what was not started says so."""
        code = Exit.INTERRUPTED if self.is_interrupted else Exit.DONE
        return tuple(self.answers.get(env) or EnvironmentAnswer(env, False, code, "not started") for env in envs)


def run_side_by_side(project: Project, jobs: Mapping[EnvName, Sequence[str]], read: Read, how: ManyOptions) -> Ended:
    """Run `tfops ARGS` for each environment, in the work tree as it lies here, and `read` what it printed as JSON.

    An interrupt is passed on to all that runs, and nothing new starts. What ends badly stops no other, unless they
    is to `fail_fast`: then what runs is finished, and the rest isn't begun.
    """
    ended = Ended()
    with (
        project.workspace.scratch() as folder,
        how.watcher.watching(tuple(jobs)),
        signals.collected() as arrived,
    ):
        starter = _Starter(project.repository.root, folder, min(how.size, len(jobs)))
        _work(starter, deque(jobs.items()), read, how, ended, arrived)
        ended.is_interrupted = bool(arrived)
    return ended


@dataclass(frozen=True, slots=True)
class _Starter:
    """Where a `tfops` runs, where its output goes, and how many there are at once."""

    top: Path
    files: Path
    count: int

    def start(self, env: EnvName, args: Sequence[str]) -> Child:
        env_of_it = {environ.SIDE_BY_SIDE: str(self.count)}
        return start_tfops((*args, "--output", "json"), folder=self.top, files=self.files, name=env, env=env_of_it)


def _work(
    starter: _Starter,
    waiting: "deque[tuple[EnvName, Sequence[str]]]",
    read: Read,
    how: ManyOptions,
    ended: Ended,
    arrived: Sequence[int],
) -> None:
    running: dict[EnvName, _Running] = {}
    heard = 0
    while running or waiting:
        if arrived or (how.fail_fast and any(one.is_failed for one in ended.answers.values())):
            waiting.clear()
        while waiting and len(running) < how.size:
            env, args = waiting.popleft()
            running[env] = _Running(starter.start(env, args))
            how.watcher.started(env)
        wait_for_any([one.child for one in running.values()], longest_s=_TICK_S)
        how.watcher.tick()
        if len(arrived) > heard:
            _pass_on(running, how.watcher)
            heard = len(arrived)
        for env, one in list(running.items()):
            if line := one.newest_line():
                how.watcher.said(env, line)
            if not one.child.is_running:
                del running[env]
                ended.answers[env] = _answer(env, one.child, read)
                how.watcher.ended(ended.answers[env])


def _pass_on(running: Mapping[EnvName, _Running], watcher: Watcher) -> None:
    """Each engine saves its state, each run tells the ledger how far it got; it knows what a second one means."""
    watcher.stopping(tuple(running))
    for one in running.values():
        one.child.stop()


def _answer(env: EnvName, child: Child, read: Read) -> EnvironmentAnswer:
    code, text = child.answer()
    body = _parsed(text)
    if body is None:
        lines = child.stderr.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why, state, hint = "\n".join(lines[-_MOST_LINES:]), "What it did isn't known.", f"tfops status {env}"
        error = {"name": "no-answer", "what": "ended without an answer", "why": why, "state": state, "hint": hint}
        return EnvironmentAnswer(env, False, code or Exit.BUG, str(error["what"]), child.seconds, error=error)
    if not body.get("ok"):
        return replace(failed(env, code, body["error"]), duration_s=child.seconds)
    return replace(read(env, body["result"]), exit_code=code, duration_s=child.seconds)


def failed(env: EnvName, code: int, error: Mapping[str, Any]) -> EnvironmentAnswer:
    """What a command that ended badly comes to: the guard that said no, or the error's name."""
    return EnvironmentAnswer(env, False, code, str(error.get("guard") or error.get("name") or "error"), error=error)


def refused(env: EnvName, error: TfopsError) -> EnvironmentAnswer:
    """The same for what was decided here."""
    parts: dict[str, str] = {"guard": error.guard} if isinstance(error, Refused) else {}
    parts |= {"what": error.what, "why": error.why, "state": error.state, "hint": error.hint}
    return failed(env, error.exit_code, {"name": error.name, **parts})


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
