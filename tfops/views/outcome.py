"""What became of a reviewed plan, for the comment on its merge request and for its status."""

from typing import NamedTuple

from tfops.errors import NOTHING_CHANGED, NotAsReviewed, Refused, TfopsError
from tfops.records.names import EnvName
from tfops.views.change import ChangeResult
from tfops.views.markdown import code, cut, fence_for, link

_MOST_LINES = 40


class Outcome(NamedTuple):
    """`line` is plain words, `note` Markdown."""

    is_fine: bool
    line: str
    note: str


def applied(result: ChangeResult, *, job: str) -> Outcome:
    """`applied as v12: 1 created, …`"""
    line = "nothing to do, it runs already"
    if result.version is not None:
        line = f"applied as {result.version}: {result.plan.headline()}"
    return Outcome(True, line, f"**{code(result.env)}: {line}**, plan {code(result.plan.digest[:12])}.{_where(job)}")


def failed(env: EnvName, error: TfopsError, *, job: str) -> Outcome:
    """With the reasons: what the plan does otherwise than the reviewed one, line by line."""
    name = error.guard if isinstance(error, Refused) else error.name
    verb = "not applied" if error.state == NOTHING_CHANGED else "not as it should be"
    verb += ", it is not what was reviewed" if isinstance(error, NotAsReviewed) else ""
    lines = [*error.why.splitlines(), error.state, f"next: {error.hint}" if error.hint else ""]
    shown = [cut(line) for line in (error.what, *lines[:_MOST_LINES]) if line]
    shown += [f"and {len(lines) - _MOST_LINES} more lines"] if len(lines) > _MOST_LINES else []
    fence = fence_for(shown)
    whole = "\n".join((f"{fence}text", *shown, fence))
    head = f"**{code(env)}: {verb}** ({code(name)}).{_where(job)}"
    return Outcome(False, f"{verb} ({name}): {error.what}", f"{head}\n\n{whole}\n")


def _where(job: str) -> str:
    return f" In full in {link('the job', job)}." if job else ""
