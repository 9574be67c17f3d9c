"""`affected`: which environments a commit touches, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import CommitSha, EnvName
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.words import plural


@dataclass(frozen=True, slots=True)
class AffectedEnvironment:
    """One that a commit touches: `base` is the commit that it was compared with, `reasons` say why in words.

    `is_removed` says that the commit's tfops.yaml doesn't know it any more.
    """

    env: EnvName
    branch: str
    base: CommitSha
    reasons: tuple[str, ...]
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class AffectedResult:
    """`bases` is branch to the commit where HEAD left it (an empty name: for all environments); `compared` says how
    many environments were looked at, `not_compared` which weren't although they should have been: environment to
    why."""

    commit: CommitSha
    bases: Mapping[str, CommitSha]
    environments: tuple[AffectedEnvironment, ...]
    compared: int
    not_compared: Mapping[EnvName, str] = field(default_factory=dict)

    def exit_code(self, *, detailed: bool) -> Exit:
        return Exit.CHANGES if detailed and self.environments else Exit.DONE


@text_report.register(AffectedResult)
def _affected(result: AffectedResult, view: View) -> draw.Renderable:
    """A line per environment and reason; the name once."""
    bases = ", ".join(f"{branch} ({commit[:8]})" if branch else commit[:8] for branch, commit in result.bases.items())
    if not result.environments:
        against = f" against {bases}" if bases else ""
        text = f"{result.commit[:8]} changes none of {plural(result.compared, 'environment')}{against}"
        return draw.Group(draw.Text(text, style="green"), *not_compared_lines(result.not_compared))
    table = draw.Table("ENVIRONMENT", "BRANCH", "WHY")
    for one in result.environments:
        for number, reason in enumerate(one.reasons):
            name, branch = (one.env, one.branch) if number == 0 else ("", "")
            add_row(table, draw.Text(name, style="bold"), branch, reason)
    count = f"{len(result.environments)} of {plural(result.compared, 'environment')} changed against {bases}"
    return draw.Group(table, draw.Text(count, style="dim"), *not_compared_lines(result.not_compared))


def not_compared_lines(reasons: Mapping[EnvName, str]) -> Iterator[draw.Text]:
    """What isn't known must not look like what isn't touched."""
    for env, why in reasons.items():
        yield draw.Text(f"not compared: {env}: {why}", style="yellow")
