"""Changing `tfops.yaml` the way that a person would: one line more, everything else byte by byte as it was."""

from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tfops import exact
from tfops.config.document import read_document
from tfops.config.lines import scalar_text

_YAML_ENDS = "\r\n"


def with_environment(text: str, name: str, block: Mapping[str, Any]) -> str:
    """`text` with one environment more, as `with_environments`."""
    return with_environments(text, {name: block})


def with_environments(text: str, blocks: Mapping[str, Mapping[str, Any]]) -> str:
    """`text` with more environments, below the others: for each a line with its block. Raises ValueError when that
    can't be done safely."""
    if not blocks:
        return text
    environments = _value(YAML(typ="safe", pure=True).compose(text), "environments")
    if not isinstance(environments, MappingNode) or not environments.value:
        raise ValueError("`environments` holds no environment to stand beside")
    lines = environment_lines(blocks)
    changed = _inside(text, environments, lines) if environments.flow_style else _below(text, environments, lines)
    _require_only(text, changed, blocks)
    return changed


def environment_lines(blocks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each environment, without an indent."""
    return [f"{name}: {inline_text(block)}" for name, block in blocks.items()]


def with_providers(text: str, providers: Mapping[str, Mapping[str, Any]]) -> str:
    """`text` with more providers, each on a line. Raises ValueError when that can't be done safely."""
    if not providers:
        return text
    lines = [f"  {name}: {exact.dumps(settings, ensure_ascii=False)}\n" for name, settings in providers.items()]
    old = read_document("", text)
    node = _value(YAML(typ="safe", pure=True).compose(text), "providers")
    if node is None:
        changed = f"{text.rstrip()}\n\nproviders:\n{''.join(lines)}"
    elif isinstance(node, MappingNode) and node.value and not node.flow_style:
        indent = " " * node.value[0][0].start_mark.column
        at = _last_line(node) + 1
        before = text.splitlines(keepends=True)
        changed = "".join([*before[:at], *(indent + line.lstrip() for line in lines), *before[at:]])
    else:
        raise ValueError("`providers` is written in one line")
    wanted = {**old.data, "providers": {**(old.data.get("providers") or {}), **providers}}
    if read_document("", changed).data != wanted:
        raise ValueError("its form is unusual")
    return changed


def inline_text(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar_text(key)}: {inline_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline_text, value))}]"
    is_pattern = isinstance(value, str) and "*" in value
    return exact.dumps(value, ensure_ascii=False) if is_pattern else scalar_text(value)


def _value(node: Node | None, key: str) -> Node | None:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _inside(text: str, environments: MappingNode, entries: Sequence[str]) -> str:
    end = environments.end_mark.index - 1
    return f"{text[:end].rstrip()}, {', '.join(entries)}{text[end:]}"


def _below(text: str, environments: MappingNode, entries: Sequence[str]) -> str:
    lines = text.splitlines(keepends=True)
    last = _last_line(environments)
    first_key = environments.value[0][0]
    ending = "\r\n" if lines[last].endswith("\r\n") else "\n"
    if not lines[last].endswith(tuple(_YAML_ENDS)):
        lines[last] += ending
    indent = " " * first_key.start_mark.column
    lines[last + 1 : last + 1] = [indent + entry + ending for entry in entries]
    return "".join(lines)


def _last_line(node: Node) -> int:
    """The last line that belongs to a node: a block's own end is behind the comments that follow it."""
    while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        if isinstance(node, SequenceNode):
            node = last
        else:
            key, node = last
            if isinstance(node, ScalarNode) and not node.value:
                return int(key.end_mark.line)
    return int(node.end_mark.line) - (1 if node.end_mark.column == 0 else 0)


def _require_only(before: str, after: str, blocks: Mapping[str, Mapping[str, Any]]) -> None:
    """The change must be nothing but the new environments."""
    old, new = read_document("", before), read_document("", after)
    wanted = old.data
    wanted["environments"] |= blocks
    if new.complaints or new.data != wanted:
        raise ValueError("its form is unusual")
