"""Which other stacks a rendered root takes something from, by the names of its variables."""

import re
from collections.abc import Iterable, Mapping

from tfops.records.names import StackName
from tfops.render.words import variable_name

_VARIABLE = re.compile(r"stack_(?P<words>.+)_[0-9a-f]{8}")


def needed_stacks(variables: Iterable[str], stacks: Mapping[StackName, Iterable[str]]) -> tuple[StackName, ...]:
    """Those of `stacks` (with the modules of each) whose outputs the variables stand for.

    A name says `-` as `_`, so that it may begin with the names of several stacks: its digest tells which is meant.
    """
    found = {stack for name in variables if (match := _VARIABLE.fullmatch(name)) for stack in _meant(match, stacks)}
    return tuple(sorted(found))


def _meant(match: re.Match[str], stacks: Mapping[StackName, Iterable[str]]) -> Iterable[StackName]:
    words = match["words"]
    fitting = [stack for stack in stacks if words.startswith(f"{_plain(stack)}_")]
    if len(fitting) < 2:
        return fitting
    sure = [
        stack for stack in fitting if match[0] in _possible(words.removeprefix(_plain(stack)), stack, stacks[stack])
    ]
    return sure or fitting


def _possible(rest: str, stack: StackName, modules: Iterable[str]) -> Iterable[str]:
    """The names that it would have as an output of the stack, with and without the module's name before it."""
    yield variable_name("stack", [stack, rest[1:]])
    for module in modules:
        if rest.startswith(f"_{_plain(module)}_"):
            yield variable_name("stack", [stack, module, rest.removeprefix(f"_{_plain(module)}_")])


def _plain(word: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "_" for char in word)
