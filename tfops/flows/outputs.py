"""Which outputs may be shown and recorded: not declared sensitive, and free of every known secret."""

import json
from typing import Any

from tfops.config.modules.interface import public_outputs_of
from tfops.config.source import LocalSource
from tfops.engine.mask import Masker
from tfops.engine.text import safe_text
from tfops.flows.stack import OpenStack
from tfops.flows.target import Target
from tfops.model import StackState

# A card is read at every listing of details; an output of this size is a file, not a fact.
_LONGEST_JSON = 4096


def visible_outputs(target: Target, stack: OpenStack, state: StackState, hidden: frozenset[str]) -> dict[str, Any]:
    """Module name to its public outputs. `hidden` are texts that the state marks as sensitive.

    Outputs of remote modules are left out: nothing here says which of them are sensitive.
    """
    mask_hidden = Masker(hidden)
    shown: dict[str, Any] = {}
    for name, module in target.environment.modules.items():
        values = state.outputs.get(name)
        if not isinstance(module.source, LocalSource) or not isinstance(values, dict):
            continue
        public = public_outputs_of(stack.modules, module.source.path)
        kept = {key: _masked(value, stack.mask, mask_hidden) for key, value in values.items() if key in public}
        shown[name] = {key: value for key, value in kept.items() if len(json.dumps(value)) <= _LONGEST_JSON}
    return {name: values for name, values in shown.items() if values}


def _masked(value: Any, *masks: Masker) -> Any:
    if isinstance(value, str):
        for mask in masks:
            value = mask(value)
        return safe_text(value, _LONGEST_JSON)
    if isinstance(value, dict):
        return {_masked(key, *masks): _masked(item, *masks) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, *masks) for item in value]
    return value
