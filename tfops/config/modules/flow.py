"""Which of its variables an output of a module needs: what makes a circle of references a real one.

Terraform knows no order of modules, only of single values: two modules may well take outputs from each
other. Only what is certain counts; what can't be read counts as no need, and the engine finds it.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from tfops.config.modules.hcl import Block, read_blocks
from tfops.config.modules.references import references
from tfops.config.values import Path, Reference

Needs = Mapping[str, frozenset[str]]
"""Output to the variables that it needs."""

# A value of a module: (module, "input" or "output", name).
Value = tuple[str, str, str]


def output_needs(files: Mapping[str, str]) -> Needs:
    """The needs of a module, from the texts of its `*.tf` files."""
    graph: dict[str, set[str]] = {}
    for name, text in files.items():
        if not name.endswith(".tf"):
            continue
        with contextlib.suppress(ValueError):
            for item, referred in _items(read_blocks(text, is_json=False)):
                graph.setdefault(item, set()).update(referred)
    outputs = [item for item in graph if item.startswith("output.")]
    return {item.removeprefix("output."): _variables(graph, item) for item in outputs}


def _items(blocks: Iterable[Block]) -> Iterator[tuple[str, set[str]]]:
    """Everything that can be referred to, with what it refers to."""
    for block in blocks:
        if block.kind == "locals":
            yield from ((f"local.{name}", _references(value.text)) for name, value in block.attributes.items())
        else:
            kind = () if block.kind == "resource" else (block.kind,)
            yield ".".join((*kind, *block.labels)), _references(block.text)


def _references(text: str) -> set[str]:
    """`var.x`, `local.y`, `type.name`, `data.type.name`, as far as they are written out."""
    return {".".join(chain[: 3 if chain[0] == "data" else 2]) for chain in references(text)}


def _variables(graph: Mapping[str, set[str]], start: str) -> frozenset[str]:
    seen, todo = set[str](), [start]
    while todo:
        item = todo.pop()
        if item not in seen:
            seen.add(item)
            todo.extend(graph.get(item, ()))
    return frozenset(item.removeprefix("var.") for item in seen if item.startswith("var."))


References = Mapping[tuple[str, str], list[tuple[Path, Reference]]]
"""(module, input) to the references that stand in it."""


def _in_question(references: References) -> set[str]:
    """The modules that could be part of a circle: cheap, and nearly always none."""
    takes = {module: {form.module for other, found in references.items() if other[0] == module for _, form in found}
             for module, _ in references}  # fmt: skip
    while leaves := [module for module, taken in takes.items() if not taken & takes.keys()]:
        for module in leaves:
            del takes[module]
    return set(takes)


def find_circle(references: References, needs: Callable[[str], Needs]) -> tuple[Path, list[Value]] | None:
    """The first circle: where one of its references stands, and the values that wait for each other."""
    modules = _in_question(references)
    references = {place: found for place, found in references.items() if place[0] in modules}
    done = set[Value]()

    def visit(value: Value, way: list[Value]) -> tuple[Path, list[Value]] | None:
        if value in way:
            circle = [*way[way.index(value) :], value]
            first = next(step for step in circle if step[1] == "input")
            return references[first[0], first[2]][0][0], circle
        if value in done:
            return None
        found = next((met for following in after(value) if (met := visit(following, [*way, value]))), None)
        done.add(value)
        return found

    def after(value: Value) -> list[Value]:
        module, kind, name = value
        if kind == "output":
            wanted = needs(module).get(name, frozenset()) if module in modules else ()
            return [(module, "input", need) for need in sorted(wanted) if (module, need) in references]
        return [(form.module, "output", form.output) for _, form in references[module, name]]

    starts: list[Value] = [(module, "input", name) for module, name in references]
    return next((met for start in starts if (met := visit(start, []))), None)
