"""Stacks get ready to be planned, side by side: rendered, initialized, their states read and held against the card."""

from collections.abc import Iterable, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import Any

from tfops.change.fetched_modules import moved_modules, moved_warning
from tfops.change.missing import Missing, find_missing
from tfops.change.project import Project
from tfops.change.stack import EngineOptions, OpenStack, open_stack
from tfops.change.stacks import StackJob
from tfops.change.state_places import require_own_state
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.mask import Masker
from tfops.errors import Refused, TfopsError
from tfops.ledger.chain import read_present
from tfops.ledger.origin import require_ledger
from tfops.records.names import EnvName
from tfops.records.state import StackState
from tfops.resolve.state import require_engine_for, require_known_state
from tfops.system import failpoint
from tfops.system.parallel import side_by_side


@dataclass(frozen=True, slots=True)
class StackWithState:
    """A stack that stands ready, with its state and the texts in it that are sensitive.

    `moved` are modules from elsewhere that are other ones than those that the cards speak of, `missing` what the latest
    card has and the state lacks.
    """

    job: StackJob
    stack: OpenStack
    before: StackState
    hidden: frozenset[str]
    moved: tuple[str, ...] = ()
    missing: Missing = field(default_factory=Missing)


def _say_other_engine(opened: Sequence[tuple[StackJob, OpenStack]], ui: Ui) -> None:
    """Before anybody is asked: what one of the two products keeps in a state the other may drop without a word."""
    for job, stack in opened:
        engine, recorded = stack.engine.engine, job.recorded
        if recorded and not recorded.is_empty and recorded.engine_name not in ("", engine.name):
            before = f"{recorded.engine_name} {recorded.engine_version}"
            ui.warn(f"{recorded.version} was applied with {before}, this is {engine}: --engine {recorded.engine_name}")
            return


def open_stacks(
    project: Project, jobs: Sequence[StackJob], *, folder: Path, engine: EngineOptions, ui: Ui
) -> list[tuple[StackJob, OpenStack]]:
    """All stacks of a change, rendered; what is secret in one is masked in all."""
    masks = {"mask": Masker(), "shown": Masker()}
    last = next((job.recorded.engine_name for job in jobs if job.recorded and not job.recorded.is_empty), "")
    opened = [
        (job, open_stack(project, job.content, job.stack, folder=folder, options=engine, ui=ui, prefer=last, **masks))
        for job in jobs
    ]
    failpoint.reach("rendered")
    return opened


def _require_known_state(project: Project, env: EnvName, job: StackJob, state: StackState) -> None:
    """As `require_known_state`; in a fork, whose ledger isn't here, that is why the state isn't (`missing-ledger`)."""
    try:
        require_known_state(env, job.recorded, state)
    except Refused:
        require_ledger(project.repository, env, read_present(project.repository, env).head)
        raise


def read_stacks(
    project: Project,
    opened: Sequence[tuple[StackJob, OpenStack]],
    ui: Ui,
    *,
    allow_missing: frozenset[str] | None = None,
) -> list[StackWithState]:
    """Each stack's state, held against the latest card."""
    env = opened[0][0].content.environment.name
    ui.phase(f"preparing {env}")
    done = results_of(side_by_side([partial(_prepare, stack) for _, stack in opened], on_signal=ui.engine_signal))
    failpoint.reach("state-read")
    for job, (state, _) in zip((job for job, _ in opened), done, strict=True):
        if job.recorded is None and not job.takes_over:
            require_own_state(project, env, job.stack, state)
        _require_known_state(project, env, job, state)
    for job, stack in opened:
        require_engine_for(job.recorded, stack.engine.engine.name, stack.engine.engine.version)
    _say_other_engine(opened, ui)
    for (_, stack), (state, hidden) in zip(opened, done, strict=True):
        stack.hide_found(hidden, state.inventory)
    states = [(job, stack, state) for (job, stack), (state, _) in zip(opened, done, strict=True)]
    missing = find_missing(project, states, allow_missing, ui)
    _say_let_go(missing, ui)
    _say_unlocked(opened, ui)
    ready = [
        StackWithState(job, stack, state, hidden, moved_modules(job, stack.engine.modules()), lacks)
        for (job, stack), (state, hidden), lacks in zip(opened, done, missing, strict=True)
    ]
    for one in ready:
        if one.moved:
            ui.warn(moved_warning(one.moved, one.job))
    return ready


def _say_let_go(missing: Iterable[Missing], ui: Ui) -> None:
    for address, known in sorted(pair for one in missing for pair in one.let_go.items()):
        identity = f" (id {known})" if known else ""
        ui.warn(f"{address}{identity} is in no state any more: what it stands for is left to itself")


def _prepare(stack: OpenStack) -> tuple[StackState, frozenset[str]]:
    stack.engine.prepare()
    failpoint.reach("prepared")
    return stack.engine.pull_state()


def _say_unlocked(opened: Sequence[tuple[StackJob, OpenStack]], ui: Ui) -> None:
    env = opened[0][0].content.environment.name
    unlocked = [stack.engine.locked_providers() for job, stack in opened if job.content.lock is None]
    providers = {name: version for found in unlocked for name, version in found.items()}
    if providers:
        named = ", ".join(f"{name.rpartition('/')[2]} {version}" for name, version in sorted(providers.items()))
        ui.note(f"the providers of {env} are not locked ({named}): tfops providers lock {env}")


def results_of(outcomes: Sequence[Any]) -> list[Any]:
    """The results; the first failure is raised."""
    for outcome in outcomes:
        if isinstance(outcome, TfopsError):
            raise outcome
    return list(outcomes)
