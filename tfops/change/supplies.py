"""What a stack takes from others, as it is or as it will be."""

from collections.abc import Iterator, Mapping
from typing import Any

from tfops.change.stack import OpenStack
from tfops.config.modules.interface import is_public_output
from tfops.config.modules.terraform_type import ANY, Type, is_settled, type_at
from tfops.config.values import StackOutput, StackReference, forms_in
from tfops.dataclass import dataclass
from tfops.records.state import StackState
from tfops.render.supply import Supply, kind_in, kind_of
from tfops.resolve.graph import output_in


@dataclass(frozen=True, slots=True)
class OutputSource:
    """A stack that others take from. `kinds` are the types of its modules' outputs as far as they are known, `state`
    is what it has now."""

    stack: OpenStack
    outputs: Mapping[str, Any]
    kinds: Mapping[str, Any]
    state: StackState


@dataclass(frozen=True, slots=True)
class Supplies:
    """By variable: what can be given, and what isn't known before its stack is applied. `public` are all that may be
    shown, known or not."""

    known: Mapping[str, Supply]
    unknown: Mapping[str, StackOutput]
    public: frozenset[StackOutput]


def supplies_for(taker: OpenStack, takes: Mapping[str, StackOutput], givers: Mapping[str, OutputSource]) -> Supplies:
    """What there is for a stack's variables."""
    known: dict[str, Supply] = {}
    public = frozenset(output for output in takes.values() if _is_public(output, givers))
    for variable, output in takes.items():
        found = _find(taker, output, givers)
        if found is not None:
            known[variable] = Supply(*found, is_public=output in public)
    unknown = {variable: output for variable, output in takes.items() if variable not in known}
    return Supplies(known, unknown, public)


def _is_public(output: StackOutput, givers: Mapping[str, OutputSource]) -> bool:
    """As the modules say that lie here by now; those from elsewhere do since the engine has prepared the stack."""
    giver = givers.get(output.stack)
    if giver is None:
        return False
    return is_public_output(giver.stack.modules, giver.stack.config.modules, output, root=giver.stack.engine.root)


def _find(taker: OpenStack, output: StackOutput, givers: Mapping[str, OutputSource]) -> tuple[Any, Any] | None:
    """Value and type of an output. A value alone isn't enough where its user would notice another type."""
    giver = givers.get(output.stack)
    if giver is None:
        return None
    try:
        module, value = output_in(output, giver.outputs)
    except LookupError:
        return None
    known = (
        kind_in(giver.kinds.get(module), output.name),
        kind_of(value),
        _kept_kind(giver.state, module, output.name, value),
    )
    kind = next((kind for kind in known if kind is not None), None)
    if kind is None:
        return (value, "dynamic") if _is_settled(taker, output) else None
    return value, kind


def _kept_kind(state: StackState, module: str, name: str, value: Any) -> Any:
    """The type that the state has of an output, where its value stays."""
    before = state.outputs.get(module)
    is_kept = isinstance(before, dict) and name in before and before[name] == value
    return kind_in(state.output_kinds.get(module), name) if is_kept else None


def stand_ins(taker: OpenStack, supplies: Supplies) -> dict[str, Supply]:
    """Values of no meaning, but sensitive, for the unknown outputs that are: to see what that alone forbids."""
    hidden = {name: output for name, output in supplies.unknown.items() if output not in supplies.public}
    return {
        name: Supply(_EMPTY.get(next(_types(taker, output), ANY).kind, {}), "dynamic", is_public=False)
        for name, output in hidden.items()
    }


_EMPTY: Mapping[str, Any] = {"list": [], "set": [], "tuple": [], "number": 1, "string": "1", "bool": True}


def _is_settled(taker: OpenStack, output: StackOutput) -> bool:
    """Whether the output is converted wherever it is used, because the inputs say of which type they are."""
    return all(map(is_settled, _types(taker, output)))


def _types(taker: OpenStack, output: StackOutput) -> Iterator[Type]:
    """Of which type the inputs are that an output is for."""
    environment = taker.content.environment
    for name, module in taker.config.modules.items():
        for path, form in forms_in(module.values):
            if isinstance(form, StackReference) and environment.output(form)[0] == output:
                interface = taker.modules.of(name, module.source, taker.engine.root)
                variable = interface.variables.get(str(path[0])) if interface else None
                yield type_at(variable.type, path[1:]) if variable else ANY
    for block in taker.config.providers.values():
        forms = (form for _, form in forms_in(dict(block)))
        yield from (ANY for form in forms if isinstance(form, StackReference) and environment.output(form)[0] == output)
