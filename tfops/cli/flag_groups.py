"""Options that go together, as one parameter of a command: typer sees each, the command sees the group."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_type_hints

import typer


class AllowedGuards(frozenset[str]):
    """The guards of `apply` that a person overrides, by name. An option for each row of GUARDS."""

    @staticmethod
    def parameters() -> Iterator[inspect.Parameter]:
        from tfops.resolve.guards import GUARDS

        for guard in sorted(GUARDS, key=lambda guard: not guard.is_liftable_anywhere):
            option = Annotated[bool, typer.Option(guard.flag, help=guard.help)]
            yield _parameter(guard.option, option, default=False)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "AllowedGuards":
        from tfops.resolve.guards import GUARDS

        return cls(guard.name for guard in GUARDS if values[guard.option])


def with_groups(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with the options of its groups in their place. A group is a NamedTuple, which may hold
    groups, or as `AllowedGuards`."""
    signature = inspect.signature(command, eval_str=True)
    groups = {name: param.annotation for name, param in signature.parameters.items() if _is_group(param.annotation)}
    if not groups:
        return command

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        for name, kind in groups.items():
            given[name] = _made(kind, {param.name: given.pop(param.name) for param in _parameters(kind)})
        return command(**given)

    params = [
        param.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, own in signature.parameters.items()
        for param in (_parameters(groups[name]) if name in groups else [own])
    ]
    run.__signature__ = signature.replace(parameters=params)  # type: ignore[attr-defined]
    run.__annotations__ = {param.name: param.annotation for param in params}
    return run


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and (hasattr(kind, "_fields") or hasattr(kind, "parameters"))


def _parameters(kind: Any) -> Iterator[inspect.Parameter]:
    if hasattr(kind, "parameters"):
        yield from kind.parameters()
        return
    for name, annotation in get_type_hints(kind, include_extras=True).items():
        if _is_group(annotation):
            yield from _parameters(annotation)
        else:
            yield _parameter(name, annotation, default=kind._field_defaults[name])


def _made(kind: Any, values: Mapping[str, Any]) -> Any:
    if hasattr(kind, "of"):
        return kind.of(values)
    fields = get_type_hints(kind, include_extras=True).items()
    return kind(**{name: _made(field, values) if _is_group(field) else values[name] for name, field in fields})


def _parameter(name: str, annotation: Any, *, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
