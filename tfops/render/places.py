"""Which line of a rendered root is which input: where the engine points at the root, people look for their own file."""

import json
import re

_KEY = re.compile(r'(?P<indent> *)(?P<key>"(?:[^"\\]|\\.)*"): ')
_INDENT = 2
# Of a value that can't be converted, OpenTofu 1.12 gives the place of the variable's declaration for its place.
_NAMED = re.compile(r"not suitable for module\.(?P<module>[^.\s\[]+)\.var\.(?P<name>[^\s,]+)")
_NOT_INPUTS = ("source", "version", "providers", "for_each", "count", "depends_on")


def named_input(said: str) -> tuple[str, str] | None:
    """The module and its input that the engine names in its words, where it is one that the root calls."""
    found = _NAMED.search(" ".join(said.split()))
    return (found["module"], found["name"]) if found else None


def path_at(main: str, line: int) -> tuple[str, ...]:
    """Where in an environment's file it stands what a line of the rendered main file was made from.

    Empty for a line that no module's input, source or version stands in. The file is written with an indent, so that a
    line's indent says how deep its key is.
    """
    found: list[str] = []
    for match in filter(None, map(_KEY.match, main.splitlines()[:line])):
        found[len(match["indent"]) // _INDENT - 1 :] = [json.loads(match["key"])]
    if found[:1] != ["module"]:
        return ()
    return tuple(_in_the_environment(*found[1:3]))


def _in_the_environment(module: str = "", key: str = "") -> list[str]:
    if not module:
        return []
    inputs = [] if key in _NOT_INPUTS else ["inputs"]
    return ["modules", module, *inputs, key] if key else ["modules", module]
