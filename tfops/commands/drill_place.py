"""Where versions are rehearsed: a free environment that gets the content of another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tfops.change.consent import DRILL
from tfops.change.environment import Place, find_place
from tfops.change.prepare import open_stacks, read_stacks
from tfops.change.request import Consent, Request
from tfops.change.rollback import as_it_runs, intended_target
from tfops.change.run import running
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.story import change
from tfops.change.target import Goal, Target
from tfops.change.task import Task
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, EngineFailed, Refused, StoppedPartWay, TfopsError
from tfops.ledger.chain import read_present
from tfops.ledger.versions import known_versions, read_card
from tfops.records.names import EnvName
from tfops.records.version import Kind, VersionRecord

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.views.change import ChangeResult

# What a step may fail with that says something about the version; anything else is about the place.
FINDINGS = (EngineFailed, StoppedPartWay, ConfigError)
# Where the name of a place stands in a command.
HERE = "{place}"


@dataclass(frozen=True, slots=True)
class DrillPlace:
    """`home` is the environment whose versions are rehearsed, `place` where. `what` is it in a word; `again` is the
    command with another place, in which HERE stands for its name."""

    project: Project
    home: Place
    place: Place
    request: Request
    ui: Ui
    what: str
    again: str

    def content(self, facts: Snapshot, record: VersionRecord, kind: Kind = Kind.APPLY) -> Target:
        return intended_target(facts, Goal(kind, record.commit, record.branch))

    def change(self, what: str, aim: Callable[[Snapshot], Target]) -> ChangeResult:
        """As any other change. Raises what a change raises; FINDINGS are about the version."""
        self.ui.note(f"{self.what}: {what}")
        return change(Task(self.project, self.place, f"{self.what}: {what}", aim, self.request, self.ui))

    def require_free(self, sample: VersionRecord) -> None:
        """Raises Refused (guard `drill`) unless nothing but drills ever left something there; `sample` is one of the
        versions that it will get."""
        reason = self._reason_against(sample)
        if reason:
            raise Refused(
                "drill",
                f"{self.place.env} can't be the place of a {self.what}: {reason}",
                hint=f"name a free environment: {self.again.replace(HERE, 'ENV')}",
            )

    def _reason_against(self, sample: VersionRecord) -> str:
        env, repository = self.place.env, self.project.repository
        if env == self.home.env:
            return "it is the one that is rehearsed"
        rule = self.place.rules.environments[env]
        if rule.protected:
            return "it is protected"
        if rule.rehearses not in (None, self.home.env):
            return f"it is a place for drills of {rule.rehearses}"
        latest, present = known_versions(repository, env).latest, read_present(repository, env)
        stopped = present.trouble or present.intent  # what died is recovered first, as before any change
        if stopped is not None and stopped.rehearses:
            return ""
        if latest is not None and latest.kind is not Kind.DESTROY:
            return "" if read_card(repository, latest).rehearses else f"it runs {latest.version}, made by no drill"
        return "its state isn't empty" if self._has_resources(sample) else ""

    def _has_resources(self, sample: VersionRecord) -> bool:
        with self.project.changing(self.place.env, self.what, wait_s=self.request.wait_s):
            with running(read_snapshot(self.project, self.place), self.request, self.ui) as looking:
                specs = self.content(looking.facts, sample).specs()
                opened = open_stacks(looking, [replace(spec, takes_over=True) for spec in specs])  # only looked at
                read = read_stacks(looking, opened)
            self.ui.phase("")
        return any(one.before.inventory for one in read)

    def clean_up(self, sample: VersionRecord) -> str:
        """Destroy what was made there; why that failed, or nothing."""
        try:
            self.change(f"destroy {self.place.env}", lambda facts: self._what_stands_there(facts, sample))
        except FINDINGS as error:
            self.ui.warn(f"{self.place.env} could not be destroyed: look at it, then run the {self.what} again")
            return f"destroy: {in_one_line(error)}"
        return ""

    def _what_stands_there(self, facts: Snapshot, sample: VersionRecord) -> Target:
        """To be taken down as it was brought there: what came last, with its providers."""
        latest = facts.latest
        if latest is None or latest.kind is Kind.DESTROY:
            return self.content(facts, sample, Kind.DESTROY)
        return as_it_runs(self.content(facts, latest, Kind.DESTROY))


def drill_place(project: Project, request: Request, ui: Ui, *, place: str | None, what: str, again: str) -> DrillPlace:
    """In the place that is named, else the one that tfops.yaml has. Raises Refused (guard `drill`)."""
    home = find_place(project, request.env)
    there = find_place(project, place or _only_place_for(home, again))
    agreed = replace(request, consent=Consent(yes=True, standing=DRILL))
    return DrillPlace(project, home, there.rehearsing(home.env), agreed, ui, what, again)


def _only_place_for(home: Place, again: str) -> EnvName:
    """Raises Refused (guard `drill`) unless tfops.yaml has one."""
    places = [env for env, rule in home.rules.environments.items() if rule.rehearses == home.env]
    if len(places) == 1:
        return places[0]
    cure = again.replace(HERE, places[0] if places else "ENV")
    if places:
        what, hint = f"tfops.yaml has {len(places)} places for drills of {home.env}", f"name one: {cure}"
    else:
        what = f"tfops.yaml has no place for drills of {home.env}"
        hint = f"name one: {cure}, or bind one in tfops.yaml: drill-{home.env}: {{rehearses: {home.env}}}"
    raise Refused("drill", what, hint=hint)


def in_one_line(error: TfopsError) -> str:
    return " ".join(f"{error.what}: {error.why.partition(chr(10))[0]}".split())
