"""`reconcile`, `prune` and `approve`: what a turn decided, and what it did."""

from __future__ import annotations

from dataclasses import field

from tfops.contacts import TellRule
from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.decision import Decision, SyncReason
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import plain


@dataclass(frozen=True, slots=True)
class Act:
    """How a run of `tfops apply` in a process of its own ended; `version` when one was recorded.

    `text` is one line. Of a failure, `why` is what the engine or a server said, and `hint` the way on.
    """

    env: EnvName
    commit: str
    code: int
    text: str
    version: str = ""
    detail: str = ""
    duration_s: float = 0.0
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """The end of `reconcile`: every decision, and what was done about those that act (nothing in a dry run)."""

    project: str
    decisions: tuple[Decision, ...]
    acts: tuple[Act, ...] = field(default=())
    is_dry_run: bool = False
    drift_every_s: float = 0.0
    tell: tuple[TellRule, ...] = ()

    @property
    def has_damage(self) -> bool:
        """Whether it can't be told of some environment what runs there."""
        return any(found.reason is SyncReason.DAMAGED for found in self.decisions)

    @property
    def out_of_sync(self) -> tuple[Decision, ...]:
        """What is not as its branch says, after all that was done."""
        done = {act.env for act in self.acts if act.code == 0}
        followed = {found.env for found in self.decisions if found.reason is SyncReason.FOLLOWED}
        return tuple(found for found in self.decisions if not (found.is_in_sync or found.env in done - followed))

    def exit_code(self, *, detailed: bool, is_look: bool) -> int:
        """That of the act that ended worst. `is_look`: damage was only looked at, and is no failure of the look."""
        damage = Exit.REFUSED if self.has_damage and not is_look else Exit.DONE
        failed = max((act.code for act in self.acts), default=0) or damage
        return failed or (Exit.CHANGES if detailed and self.out_of_sync else Exit.DONE)


@dataclass(frozen=True, slots=True)
class PruneResult:
    """The end of `prune`: expired previews and orphaned environments, and what became of them."""

    decisions: tuple[Decision, ...]
    acts: tuple[Act, ...] = ()

    @property
    def exit_code(self) -> int:
        return max((act.code for act in self.acts), default=Exit.DONE)


@dataclass(frozen=True, slots=True)
class ApproveResult:
    """The end of `approve`: what was agreed to, and how many more must agree. `is_held_back`: a run without a person
    tried it."""

    env: EnvName
    commit: str
    digest: str
    text: str
    missing: int
    is_held_back: bool = True


@text_report.register(ReconcileResult)
def _reconcile(result: ReconcileResult, view: View) -> draw.Renderable:
    """A line per environment: what was done, or why nothing was."""
    acts = {act.env: act for act in result.acts}
    table = draw.Table("ENVIRONMENT", "RUNS", "WHY", "WHAT")
    for found in sorted(result.decisions, key=lambda found: (found.is_in_sync, not found.acts)):
        add_row(table, draw.Text(found.env, style="bold"), *_cells(found, acts.get(found.env)))
    return draw.Group(table)


def _cells(found: Decision, act: Act | None) -> tuple[draw.Text | str, ...]:
    runs = str(found.current or "-")
    if act is None:
        style = "green" if found.is_in_sync else "cyan" if found.acts else "yellow"
        text = f"would act: {found.text}" if found.acts else found.text
        return runs, draw.Text(found.word, style=style), text
    if act.code == 0:
        return act.version or runs, draw.Text(found.word, style="green"), f"{act.text}: {found.text}"
    return runs, draw.Text(act.detail, style="bold red"), act.text


@text_report.register(PruneResult)
def _prune(result: PruneResult, view: View) -> draw.Renderable:
    if not result.decisions:
        return draw.Text("nothing to prune", style="green")
    acts = {act.env: act for act in result.acts}
    table = draw.Table("ENVIRONMENT", "RUNS", "WHY", "WHAT")
    for found in result.decisions:
        act = acts.get(found.env)
        style = "yellow" if act is None else "green" if act.code == 0 else "bold red"
        done = found.text if act is None else act.text
        add_row(
            table,
            draw.Text(found.env, style="bold"),
            str(found.current or "-"),
            draw.Text(found.word, style=style),
            done,
        )
    is_all = all(found.env in acts for found in result.decisions)
    hint = draw.Text(
        "to take previews down: tfops prune --yes; an orphan by its name: tfops prune ENV --yes", style="dim"
    )
    return draw.Group(table) if is_all else draw.Group(table, hint)


@text_report.register(ApproveResult)
def _approve(result: ApproveResult, view: View) -> draw.Renderable:
    people = "1 more person" if result.missing == 1 else f"{result.missing} more people"
    then = "the next turn applies it" if result.is_held_back else f"now: tfops apply {result.env} --reviewed"
    who = f"{people} must approve it" if result.missing else then
    return draw.Text(f"approved: {plain(result.text)}; {who}")
