"""One run in an environment: what it knows, what it was told, where it may write, what it must not show."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.snapshot import Snapshot
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.mask import Masker
from tfops.errors import TfopsError
from tfops.records.card import AwsCaller
from tfops.records.names import MAIN_STACK

if TYPE_CHECKING:
    from tfops.change.check_facts import CheckContext
    from tfops.records.hook import HookOutcome, HookPoint
    from tfops.records.tries import FailedTry


class HooksAround(Protocol):
    """Programs of the project's own that run around a change, as `tfops.change.hooks.Hooks`."""

    outcomes: "list[HookOutcome]"

    def at(
        self, point: "HookPoint", context: "CheckContext | None" = None, *, code: int = 0, error: str = ""
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Run:
    """`folder` is its own, and gone when it ends well; its name is the run's id.

    What stacks hide from each other goes through `mask`. What else their states hold that is sensitive is masked by
    `shown` in what engines say, but not in what is recorded: a card's ids must tell things apart. `hooks` run around
    it, where there are any; `tries` are those of engines that failed, and were followed by another. `ending` is what is
    done at its end, whichever that is.
    """

    facts: Snapshot
    folder: Path
    request: Request
    ui: Ui
    mask: Masker = field(default_factory=Masker)
    shown: Masker = field(default_factory=Masker)
    hooks: HooksAround | None = None
    tries: "list[FailedTry]" = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    ending: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _callers: list[AwsCaller | None] = field(default_factory=list)

    def caller(self, ask: Callable[[], AwsCaller | None]) -> AwsCaller | None:
        """Who AWS takes us for: asked once, however many stacks there are."""
        if not self._callers:
            self._callers.append(ask())
        return self._callers[0]

    def failed_try(self, failed: "FailedTry") -> None:
        """An engine failed with an error that passes: it is said, and kept. Called beside others."""
        self.tries.append(failed)
        name = "" if failed.stack == MAIN_STACK else f"{failed.stack}: "
        self.ui.warn(f"{name}{failed.text}")

    @property
    def hook_outcomes(self) -> "tuple[HookOutcome, ...]":
        """How the hooks ended that ran so far."""
        return tuple(self.hooks.outcomes) if self.hooks else ()

    def at(self, *points: "HookPoint") -> None:
        """Run the hooks of these points. Raises HookFailed."""
        for point in points if self.hooks else ():
            assert self.hooks is not None
            self.hooks.at(point)

    @property
    def project(self) -> Project:
        return self.facts.project

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def seconds(self) -> float:
        """How long it has worked."""
        return round(time.monotonic() - self.started, 3)


@contextlib.contextmanager
def running(facts: Snapshot, request: Request, ui: Ui) -> Iterator[Run]:
    """A run on top of what was read; one that has claimed the environment goes by its claim's id.

    An error that ends it tells of the `tries`.
    """
    lock = facts.present.lock
    claim = lock.run_id if lock and not lock.is_manual else ""
    with facts.project.workspace.run(facts.env, claim) as folder, contextlib.ExitStack() as ending:
        run = Run(facts, folder, request, ui, ending=ending)
        try:
            yield run
        except TfopsError as error:
            error.tries = tuple(run.tries)
            raise
