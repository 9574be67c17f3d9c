"""`adopt --all`: the root modules of a repository become environments, as they are and where they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.names import EnvName
from tfops.views import draw
from tfops.views.base import View, add_row, text_report
from tfops.views.many import EnvironmentAnswer, environment_plan, error_lines
from tfops.views.words import duration, plain, plural


@dataclass(frozen=True, slots=True)
class FoundRoot:
    """A root module that is to be taken over: `line` is what tfops.yaml says of it, `state` where its state is, in
    words. One that `is_new` has no line yet in the commit."""

    env: EnvName
    path: str
    state: str
    line: Mapping[str, Any]
    is_new: bool = True

    @property
    def workspace(self) -> str:
        return str(self.line.get("workspace") or "")


@dataclass(frozen=True, slots=True)
class NotTaken:
    """What couldn't be taken over of another tool's tree; `line` is 0 where only the file or folder is known."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


@dataclass(frozen=True, slots=True)
class AdoptAllResult:
    """What was found, and how each was taken over. `left_out` are folders to why they aren't among them, `adopted` the
    environments that have versions already. `commit` has the new lines, empty where there are none, and with `is_dry`,
    when nothing was done. Of another tool's tree `files` are those besides tfops.yaml, path to text, `secrets` what
    must be set in the environment."""

    roots: tuple[FoundRoot, ...]
    left_out: Mapping[str, str]
    adopted: tuple[EnvName, ...]
    branch: str
    text: str
    commit: str = ""
    environments: tuple[EnvironmentAnswer, ...] = ()
    is_dry: bool = False
    is_interrupted: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    not_taken: tuple[NotTaken, ...] = ()
    secrets: tuple[str, ...] = ()
    again: str = field(default="tfops adopt --all", metadata={"shown": False})

    @property
    def exit_code(self) -> int:
        """That of the environment that ended worst."""
        if self.is_interrupted:
            return Exit.INTERRUPTED
        return max((one.exit_code for one in self.environments if one.is_failed), default=Exit.DONE)


def root_lines(roots: tuple[FoundRoot, ...]) -> list[str]:
    """A line for each: its name, its folder, where its state is."""
    wide = max((len(one.env) for one in roots), default=0)
    return [f"{one.env:<{wide}}  {one.path}: {one.state}" for one in roots]


@text_report.register(AdoptAllResult)
def _adopt_all(result: AdoptAllResult, view: View) -> draw.Renderable:
    if result.is_dry:
        return draw.Group(*_found(result), *_left_out(result), *_not_taken(result))
    parts: list[draw.Renderable] = []
    for one in result.environments:
        if one.plan is not None and not one.plan.is_empty:
            parts += environment_plan(one, full=view.full)
    parts += [line for one in result.environments if one.error and one.plan is None for line in error_lines(one)]
    if result.environments:
        parts.append(_table(result))
    parts += [*_left_out(result), *_not_taken(result), _last_line(result)]
    if any(one.plan is not None for one in result.environments):
        first = "make `terraform plan` empty there, or give as `inputs:` what -var and TF_VAR_ gave; commit"
        parts.append(draw.Text(plain(f"next: {first}, and go on: {result.again}")))
    elif any(not one.ok for one in result.environments):
        parts.append(draw.Text(plain(f"next: {result.again}")))
    return draw.Group(*parts)


def _found(result: AdoptAllResult) -> Iterator[draw.Text]:
    yield from (draw.Text(plain(line)) for line in root_lines(result.roots))
    if not result.roots:
        yield draw.Text("nothing to take over", style="green")
    if result.text:
        yield draw.Text()
        yield from (draw.Text(plain(f"  {line}"), style="green") for line in result.text.splitlines())
    for path, text in result.files.items():
        yield draw.Text(plain(f"  + {path}"), style="green")
        yield from (draw.Text(plain(f"    {line}"), style="dim") for line in text.splitlines())
    if result.adopted:
        yield draw.Text(f"taken over already: {', '.join(result.adopted)}", style="dim")


def _not_taken(result: AdoptAllResult) -> Iterator[draw.Text]:
    if result.not_taken:
        yield draw.Text("couldn't be taken over:", style="bold")
    yield from (draw.Text(plain(f"  {one}"), style="yellow") for one in result.not_taken)
    if result.secrets:
        yield draw.Text(plain(f"set in the environment: {', '.join(result.secrets)}"), style="yellow")


def _left_out(result: AdoptAllResult) -> Iterator[draw.Text]:
    if result.left_out:
        yield draw.Text("left out:", style="bold")
    yield from (draw.Text(plain(f"  {path}: {why}")) for path, why in result.left_out.items())


def _table(result: AdoptAllResult) -> draw.Renderable:
    table = draw.Table("ENVIRONMENT", "FOLDER", "TIME", "WHAT")
    folders = {one.env: one.path for one in result.roots}
    for one in result.environments:
        style = "bold red" if one.is_failed else "green" if one.ok else "yellow"
        time = duration(one.duration_s) if one.duration_s else ""
        what = draw.Text(plain(one.text), style=style)
        add_row(table, draw.Text(one.env, style="bold"), plain(folders.get(one.env, "")), time, what)
    return table


def _last_line(result: AdoptAllResult) -> draw.Text:
    """`12 environments: 9 taken over, 2 not empty, 1 failed · 3 taken over before`"""
    found = result.environments
    done, failed = sum(one.ok for one in found), [one for one in found if one.is_failed]
    not_empty = sum(one.plan is not None for one in failed)
    counts = [(done, "taken over"), (not_empty, "not empty"), (len(failed) - not_empty, "failed")]
    counts.append((len(found) - done - len(failed), "not begun"))
    text = f"{plural(len(found), 'environment')}: " + ", ".join(f"{count} {word}" for count, word in counts if count)
    text = text if found else "nothing to take over"
    before = f" · {len(result.adopted)} taken over before" if result.adopted else ""
    left = f" · {len(result.left_out)} left out" if result.left_out else ""
    return draw.Text(("interrupted; " if result.is_interrupted else "") + text + before + left, style="dim")
