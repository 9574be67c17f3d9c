"""`replicate`: a copy of an environment, and the proof that it is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.difference import Difference, DifferenceKind, Group
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.version import Version, VersionRecord
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.diff import difference_text
from tfops.views.plan_lines import plan_report
from tfops.views.words import plain, plural

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class ReplicaProof:
    """What the copy is made of, and in what it differs from the original; `is_meant` is what was said."""

    resources: int
    modules: int
    providers: int
    differences: tuple[Difference, ...]
    not_compared: tuple[Group, ...] = ()

    @property
    def unmeant(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if not one.is_meant)


@dataclass(frozen=True, slots=True)
class ReplicaResult:
    """The end of `replicate`. `files` are path to text, `settings` what is different, path to value.

    `commit` is empty where it was only shown, `plan` None where it was only committed; `version` and `proof` are None
    unless it was applied.
    """

    env: EnvName
    of: VersionRecord
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    branch: str
    plan: Plan | None
    commit: str = ""
    version: Version | None = None
    proof: ReplicaProof | None = None

    @property
    def exit_code(self) -> Exit:
        """A copy that differs in what nobody said."""
        return Exit.CHANGES if self.proof and self.proof.unmeant else Exit.DONE

    @property
    def original(self) -> str:
        return f"{self.of.env} {self.of.version}"


@text_report.register(ReplicaResult)
def _replica(result: ReplicaResult, view: View) -> draw.Renderable:
    if result.proof:
        return draw.Group(*_proof_lines(result, result.proof, view))
    return draw.Group(*(_committed_lines(result) if result.commit else _shown_lines(result, view)))


def _shown_lines(result: ReplicaResult, view: View) -> Iterator[draw.Renderable]:
    for path, text in result.files.items():
        if path.endswith(".lock.hcl"):
            yield draw.Text(f"+ {path}", style="green")
        elif path.endswith(f"/{result.env}.yaml") or f"/{result.env}/" in path:
            yield draw.Text(f"+ {path}", style="green")
            yield from (draw.Text(f"    {plain(line)}") for line in text.splitlines())
        else:
            yield draw.Text(f"~ {path}", style="yellow")
            lines = (line.strip() for line in text.splitlines())
            yield from (draw.Text(f"    {plain(line)}") for line in lines if line.startswith(f"{result.env}:"))
    if result.plan:
        yield draw.Text()
        yield plan_report(result.plan, full=view.full)
    yield draw.Text(f"\nNothing was written. {result.env} would be a copy of {result.original}.", style="bold")


def _committed_lines(result: ReplicaResult) -> Iterator[draw.Renderable]:
    yield draw.Text.assemble(("✓ ", "bold green"), (f"{result.env}, a copy of {result.original}", "bold"))
    yield draw.Text(f"  committed on {result.branch} as {result.commit[:8]}: {len(result.files)} files")
    yield draw.Text(f"Next: push it; when it is on {result.env}'s branch: tfops apply {result.env}", style="bold")
    yield draw.Text(f"Then: tfops diff {result.of.env} {result.env}", style="bold")


def _proof_lines(result: ReplicaResult, proof: ReplicaProof, view: View) -> Iterator[draw.Renderable]:
    count = ", ".join(
        plural(number, noun)
        for number, noun in (
            (proof.resources, "resource"),
            (proof.modules, "module"),
            (proof.providers, "provider"),
        )
    )
    name = f"{result.env} {result.version}"
    if proof.unmeant:
        yield draw.Text.assemble(("✗ ", "bold red"), (f"{name} is not what {result.original} is", "bold"))
    else:
        yield draw.Text.assemble(
            ("✓ ", "bold green"), (f"{name} is {result.original}", "bold"), (f" · the same {count}", "dim")
        )
    yield from (_difference_line(one, view) for one in proof.differences)
    if proof.not_compared:
        yield draw.Text(f"  not compared: {', '.join(proof.not_compared)}", style="yellow")
    if proof.unmeant:
        yield draw.Text(f"Next: tfops diff {result.of.env} {result.env}", style="bold")


def _difference_line(one: Difference, view: View) -> draw.Text:
    text = difference_text(one, None if view.full else _LONGEST)
    kind = "" if one.kind is DifferenceKind.CHANGED else f"{one.kind} "
    mark, said = (("~ ", "dim"), "  (as you said)") if one.is_meant else (("✗ ", "red"), "")
    return draw.Text.assemble("  ", mark, plain(f"{one.group}: {kind}{text}"), (said, "dim"))
