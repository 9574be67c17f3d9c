"""What a module's files say about themselves: variables, outputs, and where its own modules come from."""

import contextlib
import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from tfops import exact
from tfops.config.modules.hcl import Block, Expression, JsonExpression, pairs, read_blocks
from tfops.config.modules.terraform_type import ANY, Type, parse_type, read_default
from tfops.dataclass import dataclass

_OF_INTEREST = re.compile(r"^\ufeff?[ \t]*(/\*.*?\*/\s*)*(variable|output)\b", re.MULTILINE)
_OF_INTEREST_JSON = re.compile(r"\"(variable|output)\"\s*:")
# Terraform's functions that look at the disk, and the one whose template may call them; a comment may stand between
# name and parenthesis. https://developer.hashicorp.com/terraform/language/functions
_READS_FILES = re.compile(
    r"\b(file(exists|set|base64|base64sha256|base64sha512|md5|sha1|sha256|sha512)?|templatefile|templatestring|abspath"
    r"|pathexpand)\b(\s|/\*.*?\*/|#[^\n]*\n|//[^\n]*\n)*\(",
    re.DOTALL,
)
_CALL = re.compile(r"\bmodule\b")
_REQUIRES = "required_providers"
_OVERRIDE = re.compile(r"(.*_)?override\.(tf|tofu)(\.json)?")


@dataclass(frozen=True, slots=True)
class Validation:
    """A `validation` block, as it is written."""

    condition: str
    message: str


@dataclass(frozen=True, slots=True)
class Variable:
    """An input of a module. `default_text` is set where only Terraform can say what the default is.

    A `const` one takes nothing but what stands in the call itself. `deprecated` is what to do instead. One that
    `is_untyped` names no type at all.
    """

    name: str
    type: Type = ANY
    has_default: bool = False
    default: Any = None
    default_text: str = ""
    description: str = ""
    sensitive: bool = False
    ephemeral: bool = False
    nullable: bool = True
    const: bool = False
    deprecated: str = ""
    validations: tuple[Validation, ...] = ()
    is_untyped: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """An output of a module. It counts as sensitive unless it says that it isn't."""

    name: str
    description: str = ""
    sensitive: bool = False
    ephemeral: bool = False
    deprecated: str = ""

    @property
    def is_public(self) -> bool:
        return not (self.sensitive or self.ephemeral)


@dataclass(frozen=True, slots=True)
class LocalCall:
    """A `module` block with a relative source."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Interface:
    """What a module takes, gives and calls. `unreadable` files may hold more than is listed here.

    `may_use_aws`: its files speak of AWS, or call a module from elsewhere, which may. `sources` are what it says of the
    providers that it requires, by its own names for them.

    `declarations` are its files with nothing but the `variable` blocks, as they are written, and without those
    validations that look at more than variables: what the engine needs to judge values.
    """

    variables: Mapping[str, Variable] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    calls: tuple[LocalCall, ...] = ()
    unreadable: tuple[str, ...] = ()
    declarations: Mapping[str, str] = field(default_factory=dict)
    may_use_aws: bool = True
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not self.unreadable


_MAY_BE_AWS = re.compile(r"aws|\\u", re.IGNORECASE)  # an escape may be a part of the word


def may_matter(text: str, *, is_json: bool) -> bool:
    """A cheap look, so that only few files are read."""
    return _has_interface(text, is_json=is_json) or _CALL.search(text) is not None or _REQUIRES in text


def _has_interface(text: str, *, is_json: bool) -> bool:
    return (_OF_INTEREST_JSON if is_json else _OF_INTEREST).search(text) is not None


def is_module_file(name: str) -> bool:
    """Whether every engine reads it."""
    return name.endswith((".tf", ".tf.json")) and not name.startswith(".")


def is_tofu_file(name: str) -> bool:
    """Whether OpenTofu reads it, in the place of its namesake; Terraform doesn't see it."""
    return name.endswith((".tofu", ".tofu.json")) and not name.startswith(".")


def is_override(name: str) -> bool:
    """Whether what it says replaces what other files say."""
    return _OVERRIDE.fullmatch(name) is not None


def module_files(names: Iterable[str], *, is_tofu: bool) -> list[str]:
    """The files of a folder that the engine reads."""
    known = set(names)
    if not is_tofu:
        return sorted(filter(is_module_file, known))
    ours = {name for name in known if is_tofu_file(name)}
    replaced = {re.sub(r"\.tofu(\.json)?$", r".tf\1", name) for name in ours}
    return sorted(ours | set(filter(is_module_file, known)) - replaced)


def read_interface(files: Mapping[str, str], *, is_tofu: bool = False) -> Interface:
    """A module's interface, from the texts of its files by name. Never raises: the engine judges what is broken."""
    blocks: list[Block] = []
    declarations: dict[str, str] = {}
    unreadable: list[str] = []
    read = module_files(files, is_tofu=is_tofu)
    for name in sorted(read, key=lambda name: (is_override(name), name)):
        is_json = name.endswith(".json")
        if not may_matter(files[name], is_json=is_json):
            continue
        try:
            found = read_blocks(files[name], is_json=is_json)
            blocks += found
            declarations[name] = declared(found, is_json=is_json)
        except ValueError:
            unreadable.append(name)
    called = _by_name(blocks, "module")
    calls = tuple(_calls(called))
    return Interface(
        variables={name: _variable(block) for name, block in _by_name(blocks, "variable").items()},
        outputs={name: _output(block) for name, block in _by_name(blocks, "output").items()},
        calls=calls,
        unreadable=tuple(unreadable),
        declarations={name: text for name, text in declarations.items() if text},
        may_use_aws=bool(unreadable)
        or len(calls) < len(called)
        or any(_MAY_BE_AWS.search(files[name]) for name in read),
        sources=dict(_sources(blocks)),
    )


def _sources(blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    for terraform in blocks:
        for block in terraform.inner(_REQUIRES) if terraform.kind == "terraform" else ():
            for name, expression in block.attributes.items():
                with contextlib.suppress(ValueError):
                    if source := _source(expression):
                        yield name, source


def _source(expression: Expression) -> str:
    """Beside it may stand what is no literal (`configuration_aliases`)."""
    if isinstance(expression, JsonExpression):
        value = expression.literal()
        return str(value.get("source") or "") if isinstance(value, dict) else ""
    inner = expression.node().inner()
    found = pairs(inner) if inner.kind == "object" else ()
    return next((str(value.literal()) for key, value in found if key == "source"), "")


def declared(blocks: Iterable[Block], *, is_json: bool) -> str:
    """The `variable` blocks of a file as a file of their own; empty when it has none."""
    variables = [block for block in blocks if block.kind == "variable" and len(block.labels) == 1]
    if not is_json:
        return "".join(f"{_judgeable_text(block)}\n" for block in variables)
    bodies = {block.labels[0]: _judgeable_body(block) for block in variables}
    return exact.dumps({"variable": bodies}) if bodies else ""


def _judgeable_text(block: Block) -> str:
    text = block.text
    for inner in block.blocks:
        if not _is_judgeable(inner):
            text = text.replace(inner.text, "", 1)
    return text


def _judgeable_body(block: Block) -> dict[str, Any]:
    body: dict[str, Any] = exact.loads(block.text)
    kept = [exact.loads(inner.text) for inner in block.blocks if _is_judgeable(inner)]
    return {name: value for name, value in body.items() if name != "validation"} | (
        {"validation": kept} if kept else {}
    )


def _is_judgeable(block: Block) -> bool:
    """Whether a validation looks at nothing but variables: the rest isn't there when values are judged.

    One that could read files isn't judged either: its message, or what the engine says of it, would show them.
    """
    if _READS_FILES.search(block.text):
        return False
    try:
        roots = {root for expression in block.attributes.values() for root in expression.roots()}
    except ValueError:
        return False
    return roots <= {"var", "path", "terraform"}


def _by_name(blocks: Iterable[Block], kind: str) -> dict[str, Block]:
    """Blocks of a kind; what an override file says comes last and replaces, attribute by attribute."""
    found: dict[str, Block] = {}
    for block in blocks:
        if block.kind != kind or len(block.labels) != 1:
            continue
        [name] = block.labels
        before = found.get(name)
        found[name] = block if before is None else _overridden(before, block)
    return found


def _overridden(before: Block, after: Block) -> Block:
    attributes = before.attributes | after.attributes
    return dataclasses.replace(before, attributes=attributes, blocks=after.blocks or before.blocks)


def _variable(block: Block) -> Variable:
    default = block.attributes.get("default")
    value, text = read_default(default.literal, default.text) if default else (None, "")
    return Variable(
        name=block.labels[0],
        type=_type(block.attributes.get("type")),
        has_default=default is not None,
        default=value,
        default_text=text,
        description=_text(block.attributes.get("description")),
        sensitive=_flag(block, "sensitive", default=False),
        ephemeral=_flag(block, "ephemeral", default=False),
        nullable=_flag(block, "nullable", default=True),
        const=_flag(block, "const", default=False),
        deprecated=_text(block.attributes.get("deprecated")),
        validations=tuple(_validation(inner) for inner in block.blocks if inner.kind == "validation"),
        is_untyped="type" not in block.attributes,
    )


def _type(expression: Expression | None) -> Type:
    """`any` when it can't be read: then everything is let through, and the engine judges."""
    try:
        return parse_type(expression.node()) if expression else ANY
    except ValueError:
        return ANY


def _validation(block: Block) -> Validation:
    condition, message = block.attributes.get("condition"), block.attributes.get("error_message")
    return Validation(condition.text if condition else "", _text(message) or (message.text if message else ""))


def _output(block: Block) -> Output:
    return Output(
        name=block.labels[0],
        description=_text(block.attributes.get("description")),
        sensitive=_flag(block, "sensitive", default=False),
        ephemeral=_flag(block, "ephemeral", default=False),
        deprecated=_text(block.attributes.get("deprecated")),
    )


def _text(expression: Expression | None) -> str:
    try:
        value = expression.literal() if expression else ""
    except ValueError:
        return ""
    return value.strip() if isinstance(value, str) else ""


def _flag(block: Block, name: str, *, default: bool) -> bool:
    """True for anything that isn't plainly false."""
    expression = block.attributes.get(name)
    if expression is None:
        return default
    try:
        value = expression.literal()
    except ValueError:
        return True
    return value is not False


def _calls(modules: Mapping[str, Block]) -> Iterable[LocalCall]:
    for name, block in modules.items():
        source = _text(block.attributes.get("source"))
        if source.startswith((".", "/")):
            yield LocalCall(name, source)
