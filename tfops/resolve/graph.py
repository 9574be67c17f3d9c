"""In which order the stacks of an environment are worked on, and what one of them draws in.

`needs` is each stack with the stacks whose outputs it takes; that there is no circle, the configuration says.
"""

import graphlib
from collections.abc import Iterable, Mapping
from typing import Any

from tfops.config import names
from tfops.config.values import StackOutput
from tfops.errors import Refused
from tfops.records.names import EnvName, StackName

Needs = Mapping[StackName, frozenset[StackName]]
Waves = tuple[tuple[StackName, ...], ...]


def waves(needs: Needs) -> Waves:
    """Stacks in groups: each needs only those of earlier groups. To destroy, go through them backwards."""
    sorter = graphlib.TopologicalSorter(needs)
    sorter.prepare()
    found = []
    while sorter.is_active():
        ready = sorter.get_ready()
        found.append(tuple(sorted(ready)))
        sorter.done(*ready)
    return tuple(found)


def with_needed(needs: Needs, stacks: Iterable[StackName]) -> frozenset[StackName]:
    """These stacks and everything that they need, and that needs, and so on."""
    found: set[StackName] = set()
    todo = list(stacks)
    while todo:
        stack = todo.pop()
        if stack not in found:
            found.add(stack)
            todo += needs[stack]
    return frozenset(found)


def with_dependents(needs: Needs, stacks: Iterable[StackName]) -> frozenset[StackName]:
    """These stacks and everything that needs them: what a failure stops, what must be destroyed before them."""
    users = {stack: frozenset(user for user in needs if stack in needs[user]) for stack in needs}
    return with_needed(users, stacks)


def narrowed(needs: Needs, kept: frozenset[StackName]) -> Needs:
    """The same graph with only some of its stacks."""
    return {stack: needed & kept for stack, needed in needs.items() if stack in kept}


def require_stacks(asked: Iterable[str], env: EnvName, needs: Needs) -> tuple[StackName, ...]:
    """The stacks that `--stack` names. Raises Refused (guard `unknown-stack`) with the nearest names."""
    for name in asked:
        if name not in needs:
            why, hint = names.why_and_hint(name, needs, see=f"tfops inventory {env}")
            raise Refused("unknown-stack", f"{env} has no stack {names.shown(name)}", why=why, hint=hint)
    return tuple(StackName(name) for name in asked)


def output_in(wanted: StackOutput, outputs: Mapping[str, Any]) -> tuple[str, Any]:
    """An output's module and value in what a stack's state gives: module to output to value.

    Raises LookupError when it isn't there (not applied yet), and when several modules have it.
    """
    having = [
        (module, values[wanted.name])
        for module, values in outputs.items()
        if isinstance(values, dict) and wanted.name in values and wanted.module in ("", module)
    ]
    if len(having) != 1:
        count = "no module has it yet" if not having else f"{len(having)} modules have it"
        raise LookupError(f"output `{wanted.name}` of stack `{wanted.stack}`: {count}")
    return having[0]
