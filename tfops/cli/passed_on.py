"""The options of this command line, for a command that runs in an environment of many."""

import shlex
from collections.abc import Collection, Iterator
from typing import Any

import typer

# What is about many, or about how the whole answer is given.
_OWN = frozenset(
    {
        "env", "envs", "version", "everything", "globs", "label", "affected", "changed_since", "parallel", "fail_fast",
        "yes", "plan", "quiet", "verbose", "full", "output", "detailed_exitcode", "module", "resume", "markdown",
        "write",
    }
)  # fmt: skip


# What only one run of a command is, for the line that goes on from there.
_ONCE = frozenset({"plan", "resume", "yes", "quiet", "verbose", "full", "output", "markdown"})


def passed_on(ctx: typer.Context, only: Collection[str] | None = None) -> list[str]:
    """What was typed, option by option, of those that `only` names; a new option of a command is passed on without a
    word here."""
    params = [param for param in ctx.command.params if only is None or param.name in only]
    return [word for param in params if param.name not in _OWN and _is_typed(ctx, param) for word in _words(param, ctx)]


def typed_again(ctx: typer.Context) -> str:
    """The command line for who goes on: the same environments and permissions, asked for anew."""
    params = [param for param in ctx.command.params if param.name not in _ONCE and _is_typed(ctx, param)]
    return shlex.join(("tfops", str(ctx.info_name), *(word for param in params for word in _words(param, ctx))))


def _is_typed(ctx: typer.Context, param: Any) -> bool:
    source = ctx.get_parameter_source(param.name)
    return source is not None and source.name == "COMMANDLINE"


def _words(param: Any, ctx: typer.Context) -> Iterator[str]:
    value = ctx.params[param.name]
    if isinstance(value, bool):
        yield (param.opts if value else param.secondary_opts)[0]
        return
    values: Collection[Any] = value if isinstance(value, list | tuple) else (value,)
    for one in values:
        yield from (param.opts[0], str(one))
