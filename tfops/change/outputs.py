"""Which outputs may be shown and recorded: not declared sensitive, and free of every known secret."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tfops.change.stack import OpenStack
from tfops.change.stack_plan import StackResult
from tfops.change.stacks import StackAction
from tfops.config.modules.interface import public_outputs_of
from tfops.config.source import LocalSource
from tfops.engine.mask import Masker
from tfops.engine.text import safe_text
from tfops.exact import number_text
from tfops.records.addresses import qualified

# A card is read at every listing of details; an output of this size is a file, not a fact.
_LONGEST_JSON = 4096


def visible_outputs(ends: Sequence[StackResult]) -> dict[str, Any]:
    """Module name to its public outputs; with several stacks, `stack/module`.

    Outputs of remote modules are left out: nothing here says which of them are sensitive. Texts that any of the
    states marks as sensitive are masked. A number with more digits than readers of JSON keep is text.
    """
    mask_hidden = Masker(frozenset(text for end in ends for text in end.hidden))
    shown = {
        qualified(end.planned.spec.name, name): _visible(end.planned.stack, module.source.path, values, mask_hidden)
        for end in ends
        if end.after is not None and end.planned.spec.action is StackAction.APPLY
        for name, module in end.planned.stack.config.modules.items()
        if isinstance(module.source, LocalSource) and isinstance(values := end.after.outputs.get(name), dict)
    }
    return {name: values for name, values in shown.items() if values}


def _visible(stack: OpenStack, module: str, values: Mapping[str, Any], mask_hidden: Masker) -> dict[str, Any]:
    public = public_outputs_of(stack.modules, module)
    kept = {key: _masked(value, stack.mask, mask_hidden) for key, value in values.items() if key in public}
    return {key: value for key, value in kept.items() if len(json.dumps(value)) <= _LONGEST_JSON}


def _masked(value: Any, *masks: Masker) -> Any:
    if isinstance(value, str):
        for mask in masks:
            value = mask(value)
        return safe_text(value, _LONGEST_JSON)
    if isinstance(value, dict):
        return {_masked(key, *masks): _masked(item, *masks) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, *masks) for item in value]
    return number_text(value) if isinstance(value, Decimal) else value
