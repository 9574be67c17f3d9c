"""`bisect`: which version broke it, tried in a free environment by a probe of the user's.

Each step brings a version's content there, as a drill does, and asks the probe. What it said is kept in the clone:
the same command goes on after an interrupt.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.change.signing import require_signing
from tfops.commands.bisect_memory import Memory
from tfops.commands.bisect_probe import Probe
from tfops.commands.diff import DiffRequest, diff
from tfops.commands.drill_place import FINDINGS, HERE, DrillPlace, drill_place, in_one_line
from tfops.dataclass import dataclass
from tfops.errors import Interrupted, NotApproved, Refused, TfopsError, UsageError
from tfops.ledger.versions import known_versions, read_card, read_cards
from tfops.records.bisect import Answer, Step
from tfops.records.version import Kind, Version, VersionRecord
from tfops.resolve.bisect import Narrowed, most_steps, narrowed
from tfops.resolve.versions import content_of, pick_version
from tfops.views.bisect import BisectPlanResult, BisectResult, BisectStep
from tfops.views.words import plural

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.request import Request
    from tfops.change.ui import Ui
    from tfops.views.change import ChangeResult

# How many cards say how long a step takes.
_MOST_CARDS = 100


@dataclass(frozen=True, slots=True)
class BisectRequest:
    """What was typed: a version that is good, a later one that is bad, the probe and where it is started from.

    `place` is where (None: the one that tfops.yaml has), `anew` forgets what an unfinished one was told.
    """

    good: str
    bad: str
    probe: tuple[str, ...]
    folder: Path
    probe_timeout_s: float
    place: str | None = None
    keep: bool = False
    anew: bool = False

    def again(self, env: str | None, place: str) -> str:
        return f"tfops bisect {env} {self.good} {self.bad} --in {place} -- {shlex.join(self.probe)}"


@dataclass(frozen=True, slots=True)
class _Bisect:
    """`versions` are those that can be tried, oldest first, from the good one to the bad one."""

    at: DrillPlace
    versions: Sequence[VersionRecord]
    contents: Sequence[VersionRecord]
    probe: Probe
    memory: Memory
    asked: BisectRequest
    steps: dict[Version, Step] = field(default_factory=dict)

    @property
    def good(self) -> VersionRecord:
        return self.versions[0]

    @property
    def bad(self) -> VersionRecord:
        return self.versions[-1]

    def narrowed(self) -> Narrowed:
        """A version that restored another one is what that was: one answer is about both."""
        told = {self._content(version): step.answer for version, step in self.steps.items()}
        places = {place: told[one.version] for place, one in enumerate(self.contents) if one.version in told}
        return narrowed(len(self.versions), places)

    def _content(self, version: Version) -> Version:
        return next(
            content.version
            for record, content in zip(self.versions, self.contents, strict=True)
            if record.version == version
        )


def plan_bisect(project: Project, asked: BisectRequest, request: Request, ui: Ui) -> BisectPlanResult:
    """How many steps it takes at most, and how long, from what the versions took. Changes nothing."""
    run = _prepare(project, asked, request, ui)
    left = run.narrowed()
    between = [run.versions[place] for place in range(left.good + 1, left.bad)]
    cards = [card for _, card in read_cards(project.repository, between[-_MOST_CARDS:]) if card]
    each = sum(card.duration_s for card in cards) / len(cards) if cards else 0.0
    return BisectPlanResult(
        env=run.at.home.env,
        good=run.good.version,
        bad=run.bad.version,
        place=run.at.place.env,
        versions=len(run.versions) - 2,
        answered=len(run.steps),
        most_steps=most_steps(len(left.untried)),
        seconds_each=round(each, 1),
    )


def bisect(project: Project, asked: BisectRequest, request: Request, ui: Ui) -> BisectResult:
    """Find the version; destroy what was made there at the end, unless it is to be kept.

    Raises Refused: `drill` where the place isn't free, `bisect` where another one is unfinished, `probe` where it
    can't run. Interrupted, with what is known kept.
    """
    run = _prepare(project, asked, request, ui)
    run.probe.require_runnable()
    started = time.monotonic()
    try:
        if run.narrowed().next is not None:
            run.at.require_free(run.contents[0])
            _consent(run, yes=request.consent.yes)
            _search(run)
        left = "" if asked.keep else _clean_up(run)
    except (KeyboardInterrupt, Interrupted) as error:
        raise _interrupted(run) from error
    run.memory.forget()
    return _result(run, left, round(time.monotonic() - started, 1))


def _prepare(project: Project, asked: BisectRequest, request: Request, ui: Ui) -> _Bisect:
    again = asked.again(request.env, HERE)
    at = drill_place(project, request, ui, place=asked.place, what="bisect", again=again)
    env = at.home.env
    project.fetch_for_change(at.home.rules)
    require_signing(project, at.home.rules)
    records = known_versions(project.repository, env).versions
    good, bad = (pick_version(word, env, records) for word in (asked.good, asked.bad))
    if bad.version <= good.version:
        what = f"{good.version} is to be good and {bad.version} bad: the good one comes first"
        raise UsageError(what, hint=f"tfops bisect {env} GOOD BAD -- PROBE")
    by_version = {record.version: record for record in records}
    versions = [one for one in records if good.version <= one.version <= bad.version and _can_run(one)]
    if Kind.DESTROY in (good.kind, bad.kind):
        raise Refused("destroyed-version", "a destroyed version can't be probed", hint=f"tfops history {env}")
    probe = Probe(asked.probe, asked.folder, asked.probe_timeout_s)
    memory = Memory.of(project, at, good.version, bad.version, asked.probe, again=asked.again(env, at.place.env))
    steps = {} if asked.anew else memory.read()
    contents = [content_of(one, by_version) for one in versions]
    return _Bisect(at, versions, contents, probe, memory, asked, steps)


def _can_run(record: VersionRecord) -> bool:
    return record.kind is not Kind.DESTROY


def _consent(run: _Bisect, *, yes: bool) -> None:
    """Raises NotApproved."""
    if yes:
        return
    ui, place, count = run.at.ui, run.at.place.env, most_steps(len(run.narrowed().untried))
    question = f"Apply up to {count} versions of {run.at.home.env} in {place}, probe each, and destroy it?"
    if not (ui.is_interactive and ui.confirm(question)):
        hint = "look at what it takes (--dry-run), then run it again with --yes"
        raise NotApproved("the bisect was not approved", hint=hint)


def _search(run: _Bisect) -> None:
    if run.steps:
        run.at.ui.note(f"goes on with what is known: {plural(len(run.steps), 'answer')}")
    while (place := run.narrowed().next) is not None:
        record = run.versions[place]
        run.steps[record.version] = step = _tried(run, record, run.contents[place])
        run.memory.write(run.steps)
        why = f": {step.why}" if step.why else ""
        run.at.ui.note(f"{record.version} is {step.answer}{why}")


def _tried(run: _Bisect, record: VersionRecord, content: VersionRecord) -> Step:
    """Raises Refused (guard `probe`) where the probe can't run, or was killed."""
    started, env = time.monotonic(), run.at.home.env
    try:
        result = run.at.change(
            f"{env} {record.version} in {run.at.place.env}", lambda facts: run.at.content(facts, content)
        )
    except FINDINGS as error:
        return Step(Answer.SKIP, round(time.monotonic() - started, 1), in_one_line(error))
    run.at.ui.phase(f"probing {record.version}")
    try:
        answer = run.probe.answer(_facts(run, record, result), _outputs(run), run.at)
    except TfopsError as error:
        error.state = f"{run.at.place.env} has {env} {record.version}. {_known(run)}"
        raise
    finally:
        run.at.ui.phase("")
    return Step(answer, round(time.monotonic() - started, 1))


def _outputs(run: _Bisect) -> Mapping[str, Any]:
    """Of what runs there now: where it ran already (an earlier try was killed), a change has nothing to tell."""
    repository, place = run.at.project.repository, run.at.place.env
    latest = known_versions(repository, place).latest
    return read_card(repository, latest).outputs if latest else {}


def _facts(run: _Bisect, record: VersionRecord, result: ChangeResult) -> Mapping[str, str]:
    return {
        "TFOPS_ENV": run.at.place.env,
        "TFOPS_VERSION": str(record.version),
        "TFOPS_COMMIT": result.commit.sha,
    }


def _clean_up(run: _Bisect) -> str:
    return run.at.clean_up(run.contents[0]) if run.steps else ""


def _known(run: _Bisect) -> str:
    return f"What is known is kept: {plural(len(run.steps), 'answer')}." if run.steps else ""


def _interrupted(run: _Bisect) -> Interrupted:
    env, place = run.at.home.env, run.at.place.env
    return Interrupted(
        "interrupted: the bisect was not finished",
        state=f"{env} is as it was. {place} may hold a version of it. {_known(run)}".strip(),
        hint=f"to go on: {run.asked.again(env, place)}; or: tfops destroy {place}",
    )


def _result(run: _Bisect, left: str, seconds: float) -> BisectResult:
    found = run.narrowed()
    env, suspects = run.at.home.env, [run.versions[place] for place in found.suspects]
    last_good = run.versions[found.good]
    first_bad = suspects[0] if len(suspects) == 1 else None
    difference = None
    if first_bad:
        words = DiffRequest(env, str(last_good.version), str(first_bad.version))
        difference = diff(run.at.project, words, fetch=False, ui=run.at.ui)
    steps = tuple(BisectStep(version, step.answer, step.seconds, step.why) for version, step in run.steps.items())
    return BisectResult(
        env=env,
        place=run.at.place.env,
        good=last_good.version,
        first_bad=first_bad,
        suspects=tuple(record.version for record in suspects),
        steps=steps,
        seconds=seconds,
        diff=difference,
        is_kept=run.asked.keep,
        left=left,
    )
