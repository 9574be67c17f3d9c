"""`restore`: what Git alone brought back, and what of the states is missing."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.records.version import VersionRecord
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import plain, plural


class LedgerCondition(enum.StrEnum):
    """How an environment's history is. `missing`: versions were copied without `refs/tfops/*`."""

    WHOLE = "whole"
    DAMAGED = "damaged"
    MISSING = "missing"
    NONE = "none"


class StateCondition(enum.StrEnum):
    """How the state of what runs is. `lacks`: it is there, but not all that the version has is in it; `other`: one is
    there that isn't the version's; `none`: nothing runs."""

    HERE = "here"
    ABSENT = "absent"
    LACKS = "lacks"
    OTHER = "other"
    UNREACHABLE = "unreachable"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RestoredEnvironment:
    """One environment. `findings` are what is wrong with its ledger, `why` with its state; `backend` is where the card
    has it."""

    env: EnvName
    latest: VersionRecord | None
    ledger: LedgerCondition
    findings: tuple[str, ...]
    state: StateCondition
    why: str = ""
    backend: str = ""

    @property
    def is_whole(self) -> bool:
        is_known = self.ledger in (LedgerCondition.WHOLE, LedgerCondition.NONE)
        return is_known and self.state in (StateCondition.HERE, StateCondition.NONE)


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """The end of `restore`."""

    project: str
    remote: str
    environments: tuple[RestoredEnvironment, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.DONE if all(one.is_whole for one in self.environments) else Exit.NOT_PASSED


@text_report.register(RestoreResult)
def _restore(result: RestoreResult, view: View) -> draw.Renderable:
    table = draw.Table("ENVIRONMENT", "RUNS", "HISTORY", "STATE")
    for one in result.environments:
        runs = str(one.latest.version) if one.latest else "-"
        style = "green" if one.is_whole else "yellow"
        add_row(table, one.env, runs, one.ledger, draw.Text(_state_words(one), style=style))
    return draw.Group(table, *_advice(result))


def _state_words(one: RestoredEnvironment) -> str:
    version, kind = one.latest.version if one.latest else "", one.backend.partition(" ")[0]
    words = {
        StateCondition.HERE: f"as {version} left it ({kind})",
        StateCondition.ABSENT: f"gone: not where {version} left it ({kind})",
        StateCondition.LACKS: f"lacks what {version} has",
        StateCondition.OTHER: f"not the one of {version}",
        StateCondition.UNREACHABLE: "can't be read",
        StateCondition.NONE: "nothing runs",
    }
    return words[one.state]


def _advice(result: RestoreResult) -> Iterator[draw.Renderable]:
    for one in result.environments:
        lines = list(_advice_for(one))
        if lines:
            yield draw.Text(f"\n{one.env}", style="bold")
        for line in lines:
            yield draw.Indented(draw.Text(plain(line)), 2)
    if all(one.is_whole for one in result.environments):
        yield draw.Text("\n✓ all of it is here. Next: tfops status", style="green")


def _advice_for(one: RestoredEnvironment) -> Iterator[str]:
    env = one.env
    if one.ledger is LedgerCondition.MISSING:
        yield "its versions were copied without its ledger: nothing can be changed before it is there"
        yield "from the old repository: git clone --mirror OLD all.git; git -C all.git push --mirror NEW"
        yield f"if it is lost for good, and nobody holds {env}: tfops unlock {env} --force"
    yield from one.findings[:5]
    if len(one.findings) > 5:
        yield f"and {plural(len(one.findings) - 5, 'more finding')}: tfops verify {env}"
    if one.state is StateCondition.ABSENT and one.backend == "local":
        yield "its state is a file of the clone that applied it, and of no other"
        yield f"if that clone is there: copy its .git/tfops/state/{env} to the same place here"
        yield f"if it is lost: tfops restore {env} --rebuild (takes in by id what still exists)"
    elif one.state is StateCondition.LACKS:
        yield one.why
        if one.backend.startswith("s3 "):
            yield f"look for an earlier one: {_search(one)}"
        yield f"if it is lost: tfops restore {env} --rebuild (takes in by id what still exists)"
    elif one.state is StateCondition.ABSENT:
        yield f"look for it: {_search(one)}"
        yield f"if it is lost: tfops restore {env} --rebuild (takes in by id what still exists)"
    elif one.why:
        yield one.why


def _search(one: RestoredEnvironment) -> str:
    return f"tfops state versions {one.env}" if one.backend.startswith("s3 ") else "`backend` in tfops.yaml"
