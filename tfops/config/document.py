"""YAML 1.2 with the place of every value.

Built on ruamel.yaml's node graph instead of its objects: the graph keeps marks, original text and
duplicate keys, and building the values here bounds what an alias can blow up to.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import field
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tfops.config.yaml_words import problem_of
from tfops.dataclass import dataclass
from tfops.exact import Number, is_number, number_text, to_number
from tfops.records.complaint import Complaint, Mark

Path = tuple[str | int, ...]

_MAX_BYTES = 1_000_000
_MAX_VALUES = 50_000
_MOST_BITS = 512
_MOST_EXPONENT = 10_000

_SURROGATE = re.compile("[\ud800-\udfff]")


class WrittenInt(int):
    """A number whose text in the file, `written`, is not what becomes of it: `0012` is 12."""

    written: str

    def __repr__(self) -> str:
        return self.written


class WrittenFloat(float):
    """The same with a fraction or an exponent: `1.10` is 1.1."""

    written: str

    def __repr__(self) -> str:
        return self.written


class WrittenDecimal(Decimal):
    """The same where a float would lose digits: `3.141592653589793238460` is 3.14159265358979323846."""

    written: str

    def __repr__(self) -> str:
        return self.written


Written = WrittenInt | WrittenFloat | WrittenDecimal


def as_written(value: Number, written: str) -> Number:
    """The number, with its text where that would be lost."""
    if number_text(value) == written:
        return value
    kept: Written
    match value:
        case int():
            kept = WrittenInt(value)
        case float():
            kept = WrittenFloat(value)
        case _:
            kept = WrittenDecimal(value)
    kept.written = written
    return kept


@dataclass(slots=True)
class Document:
    """A file's data with the place of each value, and what is wrong with the file as YAML."""

    path: str
    data: Any = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)

    def mark(self, path: Path) -> Mark:
        """The place of a value, or of the nearest thing around it that has one."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.marks:
                return self.marks[path[:length]]
        return Mark(self.path, 1, 1)

    def complaint(self, path: Path, message: str, hint: str = "") -> Complaint:
        return self.complaint_at(self.mark(path), message, hint)

    def complaint_at(self, mark: Mark, message: str, hint: str = "") -> Complaint:
        lines = self.lines.get(mark.path, [])
        line = lines[mark.line - 1] if mark.line <= len(lines) else ""
        return Complaint(mark, message, line, hint)


def read_document(path: str, text: str) -> Document:
    """Parse one file; mistakes end up in `complaints`, never in an exception."""
    document = Document(path, lines={path: text.splitlines()})
    problem = _unreadable(text)
    if problem:
        document.complaints.append(document.complaint((), problem))
        return document
    try:
        reader = YAML(typ="safe", pure=True)
        reader.composer.warn_double_anchors = False  # legal: the latter counts from there on
        node = reader.compose(text)
    except MarkedYAMLError as error:
        found = problem_of(error, document.lines[path])
        mark = Mark(path, found.line, found.column)
        document.complaints.append(document.complaint_at(mark, f"not valid YAML: {found.message}", found.hint))
    except (YAMLError, RecursionError, ValueError) as error:
        document.complaints.append(document.complaint((), f"not valid YAML: {str(error).splitlines()[0]}"))
    else:
        if node is not None:
            document.data = _Builder(document).build(node, ())
    return document


def _unreadable(text: str) -> str:
    if len(text) > _MAX_BYTES:
        return f"the file is larger than {_MAX_BYTES // 1000} kB"
    if any("\udc80" <= character <= "\udcff" for character in text):
        return "the file is not UTF-8 text"
    return ""


class _TooLarge(Exception):
    pass


class _Builder:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._scalars = SafeConstructor(loader=YAML(typ="safe", pure=True))
        self._count = 0

    def build(self, node: Node, path: Path) -> Any:
        try:
            return self._value(node, path)
        except (_TooLarge, RecursionError):
            self._complain(node, "the file unfolds to too many values (aliases inside aliases?)")
            return None

    def _mark(self, node: Node) -> Mark:
        return Mark(self._document.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def _complain(self, node: Node, message: str, hint: str = "") -> None:
        self._document.complaints.append(self._document.complaint_at(self._mark(node), message, hint))

    def _value(self, node: Node, path: Path) -> Any:
        self._count += 1
        if self._count > _MAX_VALUES:
            raise _TooLarge
        self._document.marks[path] = self._mark(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, item, key_node in self._pairs(node):
            if key in built:
                self._complain(key_node, f"`{key}` is there twice")
                continue
            built[key] = self._value(item, (*path, key))
            self._document.marks[(*path, key)] = self._mark(key_node)
        return built

    def _pairs(self, node: MappingNode) -> Iterator[tuple[str, Node, Node]]:
        for key_node, item in node.value:
            if not isinstance(key_node, ScalarNode):
                self._complain(key_node, "a key must be text")
            elif key_node.tag == "tag:yaml.org,2002:merge":
                self._complain(key_node, "merge keys (`<<`) are not supported", "inherit with: extends: FILE")
            else:
                yield str(key_node.value), item, key_node

    def _scalar(self, node: Node) -> Any:
        try:
            value = self._scalars.construct_object(node)
            if isinstance(value, float):
                value = _exactly(value, str(node.value))
        except (ConstructorError, ValueError, ArithmeticError, KeyError, IndexError):
            self._complain(node, f"`{node.value}` can't be read as a value")
            return None
        if isinstance(value, datetime.date | datetime.datetime):
            return str(node.value)
        problem = _problem(node, value)
        if problem:
            self._complain(node, problem)
            return None
        return as_written(value, str(node.value)) if is_number(value) else value


def _exactly(value: float, written: str) -> Any:
    """What a float's text means, with all its digits; the words for what is none stay floats."""
    return value if written.lower().lstrip("+-") in (".inf", ".nan") else to_number(written.replace("_", ""))


def _problem(node: Node, value: Any) -> str:
    if _is_no_number(value):
        return f"`{node.value[:40]}` is not a number that Terraform knows"
    if isinstance(value, str) and _SURROGATE.search(value):
        return "the text holds half a character (a lone surrogate)"
    if value is None or isinstance(value, str | Number):
        return ""
    return f"values of the kind `{node.tag}` are not supported"


def _is_no_number(value: Any) -> bool:
    """Infinite, not a number, or beyond the 512 bits that Terraform computes with."""
    if isinstance(value, float | Decimal):
        number = Decimal(value)
        return not number.is_finite() or abs(number.adjusted()) > _MOST_EXPONENT
    return isinstance(value, int) and value.bit_length() > _MOST_BITS
