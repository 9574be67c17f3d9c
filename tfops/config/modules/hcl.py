"""The blocks of a `*.tf` or `*.tf.json` file. Expressions stay unread until someone asks what they are."""

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from tfops import exact
from tfops.config.modules.references import references
from tfops.config.modules.structure import NOWHERE, Part, Span, read_structure
from tfops.config.modules.tokens import SyntaxMistake, plain
from tfops.dataclass import dataclass
from tfops.exact import Number, is_number, to_number

if TYPE_CHECKING:
    from lark import Token, Tree


class Expression(Protocol):
    """The right side of `name = …`."""

    @property
    def text(self) -> str:
        """As it is written."""

    def literal(self) -> Any:
        """Its value. Raises ValueError when only Terraform could say what that is."""

    def node(self) -> "Node":
        """Its tree, to read a type from. Raises ValueError when it has none."""

    def roots(self) -> set[str]:
        """The first names of all that it refers to. Raises ValueError when it can't be read."""


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" { … }`; `span` is where it stands in a `*.tf` file."""

    kind: str
    labels: tuple[str, ...]
    attributes: dict[str, Expression] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)
    text: str = ""
    span: Span = NOWHERE

    def inner(self, kind: str) -> list["Block"]:
        """The blocks of a kind inside of it; JSON writes them like attributes."""
        written = self.attributes.get(kind)
        if not isinstance(written, JsonExpression):
            return [block for block in self.blocks if block.kind == kind]
        return [_json_block(kind, body, ()) for body, _ in _labelled(written.value, 0)]


def read_blocks(text: str, *, is_json: bool) -> list[Block]:
    """The top-level blocks of a file. Raises SyntaxMistake, a ValueError, where no engine would read it either."""
    if is_json:
        try:
            return list(_json_blocks(text))
        except ValueError as error:
            raise SyntaxMistake(getattr(error, "pos", 0)) from error
    return [_block(part, text) for part in read_structure(text).parts]


def read_attributes(text: str) -> dict[str, Expression]:
    """What a `*.tfvars` file says. Raises ValueError where no engine would read it either."""
    return {name: HclExpression(text[span.start : span.end]) for name, span in read_structure(text).attributes.items()}


@dataclass(frozen=True, slots=True)
class Node:
    """A part of python-hcl2's tree, with the text that it was made from."""

    tree: "Tree[Token]"
    source: str

    @property
    def kind(self) -> str:
        return str(self.tree.data)

    @property
    def raw(self) -> str:
        meta = self.tree.meta
        return "" if meta.empty else self.source[meta.start_pos : meta.end_pos]

    @property
    def text(self) -> str:
        return self.raw.strip()

    def children(self) -> list["Node"]:
        """Inner nodes without line ends and comments."""
        from lark import Tree  # noqa: PLC0415 - only who parses HCL pays for it

        found = (child for child in self.tree.children if isinstance(child, Tree))
        return [Node(child, self.source) for child in found if child.data != "new_line_or_comment"]

    def literal(self) -> Any:
        """Its value. Raises ValueError when only Terraform could say what that is."""
        return literal(self)

    def inner(self) -> "Node":
        """Without the wrappers that mean nothing: an `expr_term`, parentheses."""
        node = self
        while node.kind == "expr_term" and len(node.children()) == 1:
            [node] = node.children()
        return node


def parse_hcl(text: str) -> Node:
    """The body of a file. Raises ValueError, whatever python-hcl2 stumbles over."""
    import hcl2  # noqa: PLC0415 - costs 0.1 s, and most commands never need it

    whole = text if text.endswith("\n") else text + "\n"
    try:
        tree = hcl2.parses_to_tree(plain(whole))
    except Exception as error:
        raise ValueError(f"not valid HCL: {str(error).splitlines()[0]}") from error
    return Node(tree, whole).children()[0]


def parse_expression(text: str) -> Node:
    """One expression by itself. Raises ValueError."""
    [attribute] = parse_hcl(f"x = {text}\n").children()
    return attribute.children()[-1]


def _block(part: Part, text: str) -> Block:
    attributes: dict[str, Expression] = {
        name: HclExpression(text[span.start : span.end]) for name, span in part.attributes.items()
    }
    inner = [_block(one, text) for one in part.parts]
    return Block(part.kind, part.labels, attributes, inner, text[part.span.start : part.span.end], part.span)


@dataclass(frozen=True, slots=True)
class HclExpression:
    """An expression of a `*.tf` file, as it is written."""

    text: str

    def literal(self) -> Any:
        return literal(self.node())

    def node(self) -> Node:
        return parse_expression(self.text)

    def roots(self) -> set[str]:
        return {reference[0] for reference in references(self.text)}


@dataclass(frozen=True, slots=True)
class JsonExpression:
    """A value of a `*.tf.json` file."""

    value: Any

    @property
    def text(self) -> str:
        return _unwrapped(self.value) if isinstance(self.value, str) else exact.dumps(self.value)

    def literal(self) -> Any:
        return self.value

    def node(self) -> Node:
        return parse_expression(self.text)

    def roots(self) -> set[str]:
        if not isinstance(self.value, str) or not re.search(r"[$%]\{", self.value):
            return set()
        is_whole = self.text != self.value
        return HclExpression(self.text if is_whole else exact.dumps(self.value)).roots()


def _unwrapped(text: str) -> str:
    return text[2:-1] if text.startswith("${") and text.endswith("}") else text


def literal(node: Node) -> Any:
    """The value of an expression that is one. Raises ValueError for everything else."""
    inner = node.inner()
    reader = _LITERALS.get(inner.kind)
    if reader is None:
        raise ValueError(f"not a literal value: {inner.text[:60]}")
    return reader(inner)


_WORDS = {"true": True, "false": False, "null": None}


def _string(node: Node) -> str:
    if any(part.children() for part in node.children()):
        raise ValueError("not a literal value: it has a template inside")
    return "".join(unescape(part.raw) for part in node.children())


_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})|\\(.)|(\$\$|%%)(?=\{)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t"}


def unescape(text: str) -> str:
    """The text that a quoted string of HCL stands for."""

    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code:
            return chr(int(code, 16))
        return match[4][0] if match[4] else _SIGNS.get(match[3], match[3])

    return _ESCAPE.sub(one, text)


def _heredoc(node: Node) -> str:
    first, *lines = node.text.split("\n")
    kept = [line.rstrip("\r") for line in lines[:-1]]
    text = "".join(f"{line}\n" for line in kept)
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        raise ValueError("not a literal value: it has a template inside")
    text = text.replace("$${", "${").replace("%%{", "%{")
    return textwrap.dedent(text) if first.startswith("<<-") else text


def _negative(node: Node) -> Any:
    value = literal(node.children()[-1])
    if not node.text.startswith("-") or not is_number(value):
        raise ValueError(f"not a literal value: {node.text[:60]}")
    return value.copy_negate() if isinstance(value, Decimal) else -value  # minus would round to 28 digits


def pairs(node: Node) -> Iterator[tuple[str, Node]]:
    """The entries of an object: key and value."""
    for element in node.children():
        key, value = element.children()
        inner = key.children()[0].inner()
        yield (_string(inner) if inner.kind == "string" else inner.text), value


def _number(text: str) -> Number:
    value = to_number(text)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


_LITERALS: dict[str, Callable[[Node], Any]] = {
    "int_lit": lambda node: int(node.text),
    "float_lit": lambda node: _number(node.text),
    "literal_value": lambda node: _WORDS[node.text],
    "string": _string,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "unary_op": _negative,
    "tuple": lambda node: [literal(item) for item in node.children()],
    "object": lambda node: {key: literal(value) for key, value in pairs(node)},
}


def _json_blocks(text: str) -> Iterator[Block]:
    """JSON has no labels: how deep the names go depends on the kind of block.

    A file may be a list of bodies, and a name may stand twice.
    https://github.com/hashicorp/hcl/blob/main/json/spec.md#blocks
    """
    for found in as_list(exact.loads(text, objects=_every)):
        for kind, value in found.items() if isinstance(found, dict) else ():
            for body, labels in _labelled(value, _LABELS.get(kind, 0)):
                yield _json_block(kind, body, labels)


def _every(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    """Blocks of one kind under the same name twice are several blocks: none of them may get lost."""
    found: dict[str, Any] = {}
    for name, value in entries:
        found[name] = [*as_list(found[name]), *as_list(value)] if name in found else value
    return found


_LABELS = {
    "variable": 1, "output": 1, "module": 1, "provider": 1, "check": 1,
    "resource": 2, "data": 2, "ephemeral": 2, "action": 2,
}  # fmt: skip


def _labelled(value: Any, depth: int, labels: tuple[str, ...] = ()) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    for item in as_list(value):
        if not isinstance(item, dict):
            continue
        if depth == 0:
            yield item, labels
        else:
            for label, inner in item.items():
                yield from _labelled(inner, depth - 1, (*labels, label))


def _json_block(kind: str, body: dict[str, Any], labels: tuple[str, ...]) -> Block:
    block = Block(kind, labels, text=exact.dumps(body))
    for name, value in body.items():
        if name == "validation":
            block.blocks.extend(_json_block(name, inner, ()) for inner, _ in _labelled(value, 0))
        else:
            block.attributes[name] = JsonExpression(value)
    return block


def as_list(value: Any) -> list[Any]:
    """One block or several: HCL and JSON syntax write both."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
