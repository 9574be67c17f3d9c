"""Another source for a module in an environment's file, everything else byte by byte as it was."""

import copy
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from tfops.config.document import read_document
from tfops.config.lines import scalar_text


def with_source(text: str, module: str, source: str) -> str:
    """`text` with another `source` of a module. Raises ValueError where that can't be done safely."""
    _, value = _pair(text, module, "source")
    changed = text[: value.start_mark.index] + scalar_text(source) + text[value.end_mark.index :]
    wanted = copy.deepcopy(read_document("", text).data)
    wanted["modules"][module]["source"] = source
    return _safe(changed, wanted)


def without_version(text: str, module: str) -> str:
    """`text` without a module's `version`, with the line that it had to itself. Raises ValueError as `with_source`."""
    block, value = _pair(text, module, "version")
    place = next(index for index, (key, _) in enumerate(block.value) if key.value == "version")
    key = block.value[place][0]
    if not block.flow_style:
        lines = text.splitlines(keepends=True)
        del lines[key.start_mark.line : value.end_mark.line + 1]
        changed = "".join(lines)
    elif place + 1 < len(block.value):
        changed = text[: key.start_mark.index] + text[block.value[place + 1][0].start_mark.index :]
    else:
        before = block.value[place - 1][1].end_mark.index if place else key.start_mark.index
        changed = text[:before] + text[value.end_mark.index :]
    wanted = copy.deepcopy(read_document("", text).data)
    del wanted["modules"][module]["version"]
    return _safe(changed, wanted)


def _pair(text: str, module: str, key: str) -> tuple[MappingNode, ScalarNode]:
    """The module's block, and the value of a key in it."""
    block = _value(_value(YAML(typ="safe", pure=True).compose(text), "modules"), module)
    value = _value(block, key)
    if not isinstance(block, MappingNode) or not isinstance(value, ScalarNode):
        raise ValueError("its form is unusual")
    return block, value


def _value(node: Node | None, key: str) -> Node | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _safe(changed: str, wanted: Any) -> str:
    found = read_document("", changed)
    if found.complaints or found.data != wanted:
        raise ValueError("its form is unusual")
    return changed
