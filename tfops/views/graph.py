"""`graph`: environments, their stacks, their modules, and who uses what."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from dataclasses import field
from typing import TypeVar

from tfops.dataclass import dataclass
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.printed import NOT_PRINTED
from tfops.records.version import Version
from tfops.views import draw
from tfops.views.base import View, text_report
from tfops.views.words import plain

Node = TypeVar("Node")

_MOST_USERS = 5
_SHORT = 8


class GraphForm(enum.StrEnum):
    """A tree for people, or the language of a program that draws."""

    TREE = "tree"
    DOT = "dot"
    MERMAID = "mermaid"


@dataclass(frozen=True, slots=True)
class ModuleNode:
    """A module of a stack; `digest` is that of its folder, empty for one from elsewhere."""

    name: str
    source: str
    digest: str

    @property
    def text(self) -> str:
        return f"{self.source} {self.digest[:_SHORT]}".strip()


@dataclass(frozen=True, slots=True)
class StackNode:
    """A stack, and those whose outputs it takes."""

    name: StackName
    needs: tuple[StackName, ...]
    modules: tuple[ModuleNode, ...]


@dataclass(frozen=True, slots=True)
class EnvironmentNode:
    """An environment as it runs; without a version nothing does."""

    env: EnvName
    version: Version | None
    stacks: tuple[StackNode, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.env} {self.version}" if self.version else f"{self.env} (never applied)"

    def place_of(self, stack: StackNode) -> str:
        """`prod`, or in an environment of several stacks `prod/network`."""
        return self.env if stack.name == MAIN_STACK else f"{self.env}/{stack.name}"


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """One content of a module, and which environments and stacks run it."""

    source: str
    digest: str
    used_by: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.source} {self.digest[:_SHORT]}".strip()


@dataclass(frozen=True, slots=True)
class GraphResult:
    """The end of `graph`."""

    project: str
    environments: tuple[EnvironmentNode, ...]
    modules: tuple[ModuleUse, ...]
    form: GraphForm = field(default=GraphForm.TREE, metadata=NOT_PRINTED)


@text_report.register(GraphResult)
def _graph(result: GraphResult, view: View) -> draw.Renderable:
    if result.form is GraphForm.DOT:
        return draw.ExactText("\n".join(_dot(result)))
    if result.form is GraphForm.MERMAID:
        return draw.ExactText("\n".join(_mermaid(result)))
    lines = [draw.Text(plain(result.project), style="bold")]
    lines += [draw.Text(plain(line)) for line in _tree(result.environments)]
    lines += [draw.Text("\nmodules", style="dim")] if result.modules else []
    lines += [draw.Text(plain(line)) for line in _uses(result, view)]
    return draw.Group(*lines)


def _tree(environments: tuple[EnvironmentNode, ...]) -> Iterator[str]:
    for node, (mark, beside) in _branches(environments):
        yield f"{mark}{node.text}"
        for stack, (inner, below) in _branches(node.stacks):
            if stack.name == MAIN_STACK:
                yield from (f"{beside}{branch}{one.name}: {one.text}" for one, (branch, _) in _branches(stack.modules))
                continue
            needs = f", needs {', '.join(stack.needs)}" if stack.needs else ""
            yield f"{beside}{inner}{stack.name}{needs}"
            modules = _branches(stack.modules)
            yield from (f"{beside}{below}{branch}{one.name}: {one.text}" for one, (branch, _) in modules)


def _branches(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, tuple[str, str]]]:
    """Each with what stands before it, and before what is below it."""
    for number, node in enumerate(nodes, 1):
        yield node, ("└── ", "    ") if number == len(nodes) else ("├── ", "│   ")


def _uses(result: GraphResult, view: View) -> Iterator[str]:
    for use, (mark, _) in _branches(result.modules):
        shown = use.used_by if view.full else use.used_by[:_MOST_USERS]
        more = len(use.used_by) - len(shown)
        yield f"{mark}{use.text}: {', '.join(shown)}" + (f" and {more:,} more" if more else "")


def _edges(result: GraphResult) -> Iterator[tuple[str, str, str]]:
    """From what uses to what is used, with what the arrow says."""
    for node in result.environments:
        for stack in node.stacks:
            place = node.place_of(stack)
            if place != node.env:
                yield node.text, place, ""
            yield from ((place, f"{node.env}/{other}", "needs") for other in stack.needs)
            owner = place if place != node.env else node.text
            yield from ((owner, one.text, one.name) for one in stack.modules)


def _names(result: GraphResult) -> Iterator[tuple[str, str]]:
    """Every node once, with its kind."""
    for node in result.environments:
        yield node.text, "environment"
        yield from ((node.place_of(stack), "stack") for stack in node.stacks if stack.name != MAIN_STACK)
    yield from ((use.text, "module") for use in result.modules)


_SHAPES = {"environment": "box", "stack": "folder", "module": "component"}


def _dot(result: GraphResult) -> Iterator[str]:
    yield f"digraph {json.dumps(result.project)} {{"
    yield "  rankdir=LR;"
    yield from (f"  {_quoted(name)} [shape={_SHAPES[kind]}];" for name, kind in _names(result))
    for source, target, label in _edges(result):
        yield f"  {_quoted(source)} -> {_quoted(target)}" + (f" [label={_quoted(label)}];" if label else ";")
    yield "}"


def _quoted(text: str) -> str:
    """As DOT writes it: only quotes and backslashes are special."""
    escaped = plain(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_BRACKETS = {"environment": ("[", "]"), "stack": ("([", "])"), "module": ("[[", "]]")}


def _mermaid(result: GraphResult) -> Iterator[str]:
    """Nodes have numbers: Mermaid takes few characters in a name."""
    yield "flowchart LR"
    numbers: dict[str, str] = {}
    for name, kind in _names(result):
        numbers.setdefault(name, f"n{len(numbers)}")
        start, end = _BRACKETS[kind]
        yield f'  {numbers[name]}{start}"{_safe(name)}"{end}'
    for source, target, label in _edges(result):
        arrow = f'-- "{_safe(label)}" -->' if label else "-->"
        yield f"  {numbers[source]} {arrow} {numbers[target]}"


def _safe(text: str) -> str:
    return plain(text).replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
