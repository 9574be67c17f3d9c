"""What was to be reached, beside what was measured: the first table of bench/results.md."""

from collections.abc import Mapping
from typing import NamedTuple

TITLE = "Targets"


class Target(NamedTuple):
    """One row; `key` is under what a section hands over what it measured. A ratio, or MB where nothing is compared."""

    key: str
    section: str
    work: str
    against: str
    wanted: float


_BY_HAND = "`init`, `plan -out`, `apply` by hand"
_TYPER = "`python -c 'import typer'`"
_REFS = "one `for-each-ref` with the same fields"
_AWS = "`make bench-aws`"
_PEERS = "`make bench-peers`"
TARGETS = (
    Target("aws-apply", _AWS, "`apply`, AWS, 38 resources, Terraform on PATH", _BY_HAND, 0.80),
    Target("aws-apply-embedded", _AWS, "the same, embedded engine", f"{_BY_HAND}, embedded engine", 0.65),
    Target("aws-apply-script", _AWS, "the same, Terraform on PATH", "the usual script with `show -json`", 0.65),
    Target("aws-plan", _AWS, "`plan`, no changes, AWS", "`init`, `plan` by hand", 0.78),
    Target("aws-rollback", _AWS, "`rollback`, AWS", "worktree, `init`, `plan`, `apply`", 0.88),
    Target("aws-if-changed", _AWS, "`apply --if-changed`, nothing else rendered, AWS", "`plan` without changes", 0.05),
    Target("apply-5", "Apply", "`apply`, five built-in resources", _BY_HAND, 2.0),
    Target("rollback-200", "Rollback", "`rollback`, 200 built-in resources", "the script", 1.0),
    Target("own-cpu", "Start", "tfops' and Git's processor time in an apply", _TYPER, 5.0),
    Target("help", "Start", "`--help`", _TYPER, 1.2),
    Target("version", "Start", "`--version`", _TYPER, 1.2),
    Target("complete-environments", "Start", "completion of 1,000 environments", _TYPER, 1.5),
    Target("complete-versions", "Start", "completion of versions", _TYPER, 1.5),
    Target("status", "Status", "`status`, 1,000 environments, 20,000 versions", _REFS, 3.0),
    Target("verdicts", "Verdicts", "`history --verdict`, 20,000 versions", _REFS, 5.0),
    Target("blame", "Blame", "`blame` of what is there since the first of 20,000 versions", _REFS, 3.0),
    Target("reconcile-nothing", "Status", "`reconcile --dry-run`, 1,000 environments, nothing moved", _REFS, 3.0),
    Target("status-after-commit", "Status", "`status` after a commit that touches one module", "nothing newer", 1.2),
    Target("reconcile-after-commit", "Status", "`reconcile --dry-run` after it", "nothing newer", 1.2),
    Target("affected", _PEERS, "`reconcile --dry-run` after it", "`terramate list --changed`", 1.0),
    Target("reconcile-20", "Many", "`reconcile --parallel 2`, 20 environments", f"`xargs -P2` of {_BY_HAND}", 1.5),
    Target("plan-all", "Many", "`plan --all`, 100 environments", "`xargs -P` of `init`, `plan`", 1.5),
    Target("aws-plan-all", _AWS, "`plan --all`, 8 environments, AWS", "`xargs -P` of `init`, `plan`", 0.9),
    Target("apply-all", "Many", "`apply --all --parallel 2`, 20 environments", f"`xargs -P2` of {_BY_HAND}", 1.5),
    Target("diff", "Status", "`diff` of two versions, 1,000 environments, 20,000 versions", _REFS, 3.0),
    Target("graph", "Status", "`graph`, the same", _REFS, 3.0),
    Target("validate", "Validate", "`validate`, 1,000 environments, one changed, warm", _TYPER, 6.0),
    Target("apply-memory", "Memory", "most memory of tfops itself in an apply of 1,000 resources", "", 50.0),
    Target("plan-all-memory", "Many", "most memory of `plan --all` itself, 100 environments", "", 60.0),
    Target("status-memory", "Status", "most memory of `status`, 20,000 versions", "", 80.0),
)
_HEAD = """\
Ratios are medians of pairs on the clock, but for the processor time. Where a target was missed it stands in bold.

| work | against | target | measured | section |
|---|---|---|---|---|"""


def table(measured: Mapping[str, float], before: str) -> str:
    """The whole table; what wasn't measured now stays as it was `before`."""
    known = _cells(before)
    return "\n".join([_HEAD, *(_row(target, measured.get(target.key), known) for target in TARGETS)])


def _row(target: Target, now: float | None, known: Mapping[tuple[str, str], str]) -> str:
    cell = known.get((target.work, target.against), "-") if now is None else _cell(target, now)
    wanted = f"{target.wanted:.2f}" if target.against else f"{target.wanted:.0f} MB"
    return f"| {target.work} | {target.against} | {wanted} | {cell} | {target.section} |"


def _cell(target: Target, now: float) -> str:
    text = f"{now:.2f}" if target.against else f"{now:.0f} MB"
    return f"**{text}**" if float(text.split(maxsplit=1)[0]) > target.wanted else text


def _cells(text: str) -> dict[tuple[str, str], str]:
    rows = (row.split(" | ") for row in text.splitlines() if row.startswith("| "))
    return {(row[0].removeprefix("| "), row[1]): row[3] for row in rows if len(row) == 5}
