"""A change that stopped half-way, in full: below a version's card and below the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfops.views import draw
from tfops.views.words import age, plain

if TYPE_CHECKING:
    from tfops.records.names import EnvName
    from tfops.records.run import Trouble
    from tfops.views.base import View


def trouble_lines(env: EnvName, trouble: Trouble, view: View) -> Iterator[draw.Text]:
    """What was done, what failed, what is in doubt, what never started, and the way on."""
    since = f"{trouble.kind} of {trouble.commit[:8]} by {trouble.by}, {age(trouble.at, view.now)}"
    yield draw.Text()
    yield draw.Text(plain(f"degraded: {since}: {trouble.receipt}"), style="bold red")
    if trouble.why:
        yield draw.Text(f"  {plain(trouble.why)}")
    lists = (
        ("✓", "done", trouble.done),
        ("✗", "failed", trouble.failed),
        ("?", "in doubt", trouble.in_doubt),
        ("·", "never started", trouble.never_started),
    )
    for sign, name, addresses in lists:
        for address in addresses:
            yield draw.Text.assemble(f"  {sign} ", (f"{name:<13}  ", "dim"), plain(address))
    for action in trouble.actions:
        yield draw.Text.assemble("  » ", (f"action {action.result}  ", "dim"), plain(action.address))
    yield draw.Text.assemble(("  next: ", "dim"), (f"tfops resume {env}", "cyan"))
