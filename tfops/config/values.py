"""The forms that a developer's value can have: a literal, a reference to a module or to another stack, a secret.

A form counts only when it is the whole value: `${module.network.vpc_id}`. Inside a longer string
the same characters are text. What would be a form and isn't meant as one is written `$${module.network.vpc_id}`,
or `{literal: VALUE}`: nothing in VALUE is a form.
"""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any, Literal

from tfops.config.calls import CallError, FunctionCall, call_in, parse_call
from tfops.config.document import Document
from tfops.config.names import did_you_mean, is_input_name, shown
from tfops.dataclass import dataclass
from tfops.records.complaint import Complaint

Path = tuple[str | int, ...]

_WORD = r"[A-Za-z_][A-Za-z0-9_-]*"
_KEY = r'\["[^"\\$%{}]*"\]'
_STEP = rf"(\.{_WORD}|\[[0-9]+\]|{_KEY})"
_PATH = rf"(?P<path>{_WORD}{_STEP}*)"
_OF_MODULE = rf"(?P<key>\[[0-9]+\]|\[\*\]|{_KEY})?"
_MODULE_REFERENCE = re.compile(rf"\$\{{module\.(?P<module>{_WORD}){_OF_MODULE}\.{_PATH}\}}")
_LOCAL = re.compile(rf"\$\{{local\.(?P<name>{_WORD})(?P<inside>{_STEP}*)\}}")
_EACH = re.compile(rf"\$\{{(?P<expression>each\.key|each\.value{_STEP}*|count\.index)\}}")
_STACK_REFERENCE = re.compile(rf"\$\{{stack\.(?P<stack>[A-Za-z0-9][A-Za-z0-9-]*)\.{_PATH}\}}")
_STEPS = re.compile(rf"(?P<first>{_WORD})(\.(?P<second>{_WORD}))?")
_OF_CALL = r"(?:each|count)\.[a-z_]+\b[^}]*"
_OF_NAME = r"(?P<name>(?:git|env|aws)\.[a-z_]+)\s*|(?P<local>local\.[A-Za-z_][^}]*)"
_LOOKS = rf"\{{\s*(?:(?P<word>modules?|stacks?)\b[^}}]*|{_OF_NAME}|(?P<each>{_OF_CALL}))\}}"
_LOOKS_LIKE_REFERENCE = re.compile(rf"\${_LOOKS}")
_ESCAPED = re.compile(rf"\$(?P<text>\$+(?:{_LOOKS}|\{{\s*[A-Za-z_][A-Za-z0-9_:]*\s*\(.*\)\s*\}}))", re.DOTALL)
_SECRET = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9_-]*):(?P<name>[^#]+)(?P<hash>#(?P<key>.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """Another module's output, in the same stack. `key` is in brackets, `[*]` for all, empty for a module that is made
    once."""

    module: str
    path: str
    key: str = ""

    @property
    def expression(self) -> str:
        return f"module.{self.module}{self.key}.{self.path}"

    @property
    def output(self) -> str:
        """The output's name, without what follows inside of it."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class StackOutput:
    """An output of a stack's module. Without `module`: of the one module there that has such an output."""

    stack: str
    module: str
    name: str


@dataclass(frozen=True, slots=True)
class StackReference:
    """Another stack's output, in the same environment."""

    stack: str
    path: str

    def output(self, modules: Container[str]) -> tuple[StackOutput, str]:
        """Which output is meant, and what follows inside of it; `modules` are those of the stack.

        A first word that names a module is that module; otherwise it is an output.
        """
        steps = _STEPS.match(self.path)
        assert steps is not None
        if steps["second"] and steps["first"] in modules:
            return StackOutput(self.stack, steps["first"], steps["second"]), self.path[steps.end() :]
        return StackOutput(self.stack, "", steps["first"]), self.path[steps.end("first") :]


# What only a run knows, and a card keeps: by the names that a developer writes.
RUN_VALUES: Mapping[str, str] = {
    "git.commit": "the commit that an environment was made from",
    "git.branch": "the branch that this commit stands for",
    "env.name": "the environment's name",
    "aws.account_id": "the AWS account that the credentials are for",
    "aws.region": "the AWS region that the environment lives in",
}


@dataclass(frozen=True, slots=True)
class RunValue:
    """A text that the run knows: one of RUN_VALUES."""

    name: str


@dataclass(frozen=True, slots=True)
class EachValue:
    """What is another one each time that a module is made: `each.key`, `each.value.size`, `count.index`."""

    expression: str

    @property
    def kind(self) -> str:
        """The key of the module's call that it needs."""
        return "count" if self.expression.startswith("count.") else "for_each"


@dataclass(frozen=True, slots=True)
class LocalReference:
    """A value of `locals:`; `inside` is what follows the name: `.sizes[0]`."""

    name: str
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept. Never its value."""

    scheme: str
    name: str
    key: str = ""

    @property
    def text(self) -> str:
        """The reference as it is written."""
        return f"{self.scheme}:{self.name}" + (f"#{self.key}" if self.key else "")


_LONGEST_SHOWN = 60


class FormError(ValueError):
    """A value that looks like a form but isn't one, with what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Scheme:
    """How the references of one kind of secret are written. `key` says whether `#key` may or must follow."""

    name: re.Pattern[str]
    what: str
    example: str
    key: Literal["none", "may", "must"] = "none"


_LOCAL_FILE = r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*"

SCHEMES: Mapping[str, Scheme] = {
    "env": Scheme(re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "the name of an environment variable", "env:DB_PASSWORD"),
    "ssm": Scheme(
        re.compile(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(:[A-Za-z0-9_.-]+)?"),
        "the name of a parameter",
        "ssm:/shop/dev/db",
    ),
    "secretsmanager": Scheme(
        re.compile(r"(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@-]+"),
        "the name of a secret",
        "secretsmanager:shop/dev#password",
        "may",
    ),
    "sops": Scheme(re.compile(_LOCAL_FILE), "a file of the repository", "sops:secrets/dev.yaml#db.password", "may"),
    "vault": Scheme(
        re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_@ -][A-Za-z0-9_.@ -]*)+"),
        "a path with its mount",
        "vault:secret/shop/dev#password",
        "must",
    ),
    "exec": Scheme(
        re.compile(r"[A-Za-z_][A-Za-z0-9_-]*"), "the name of a command of tfops.yaml", "exec:NAME#key", "may"
    ),
}

# Files that sops reads as a mapping; of every other file it encrypts the whole as one text.
_SOPS_MAPPINGS = (".yaml", ".yml", ".json", ".env", ".ini")


def is_sops_mapping(path: str) -> bool:
    return path.endswith(_SOPS_MAPPINGS)


Form = Reference | StackReference | RunValue | EachValue | LocalReference | FunctionCall | Secret


def is_form(value: Any) -> bool:
    return isinstance(value, Form)


def is_literal(value: Any) -> bool:
    """Whether a value is `{literal: VALUE}`."""
    return isinstance(value, dict) and list(value) == ["literal"]


def is_whole(value: Any) -> bool:
    """Whether a mapping is one value, which nothing may be merged with: `{from: …}`, `{literal: …}`."""
    return is_literal(value) or (isinstance(value, dict) and list(value) == ["from"] and isinstance(value["from"], str))


def meant(value: Any) -> Any:
    """The value without its escapes. References and secrets stay as they are written."""
    if is_literal(value):
        return value["literal"]
    if isinstance(value, str):
        found = _ESCAPED.fullmatch(value)
        return found["text"] if found else value
    if isinstance(value, dict):
        return {key: meant(item) for key, item in value.items()}
    return [meant(item) for item in value] if isinstance(value, list) else value


def escaped(value: Any) -> Any:
    """How a value is written whose parts must not count as forms: the other way round."""
    if isinstance(value, str):
        looks = _LOOKS_LIKE_REFERENCE.fullmatch(value) or call_in(value) or _ESCAPED.fullmatch(value)
        return f"${value}" if looks else value
    if is_whole(value):
        return {"literal": value}
    if isinstance(value, dict):
        return {key: escaped(item) for key, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value


def parse_form(value: Any) -> Any:
    """`value` as a `Form` when it is one, else unchanged.

    Raises FormError with the complaint when it looks like a form but isn't one.
    """
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, dict) and list(value) == ["from"] and isinstance(value["from"], str):
        return _parse_secret(value["from"])
    return value


def _parse_text(text: str) -> str | Form:
    if not text.startswith("${"):
        return text
    match = _MODULE_REFERENCE.fullmatch(text)
    if match:
        return Reference(match["module"], match["path"], match["key"] or "")
    match = _STACK_REFERENCE.fullmatch(text)
    if match:
        return StackReference(match["stack"], match["path"])
    match = _EACH.fullmatch(text)
    if match:
        return EachValue(match["expression"])
    match = _LOCAL.fullmatch(text)
    if match:
        return LocalReference(match["name"], match["inside"])
    call = call_in(text)
    return _run_value_or_text(text) if call is None else _parse_call(call)


def _run_value_or_text(text: str) -> str | RunValue:
    looks = _LOOKS_LIKE_REFERENCE.fullmatch(text)
    if looks is None:
        return text
    if looks["name"]:
        return _run_value(looks["name"])
    if looks["local"]:
        raise FormError("not a reference: write `${local.NAME}`")
    if looks["each"]:
        raise FormError("write `${each.key}`, `${each.value}`, `${each.value.NAME}` or `${count.index}`")
    if looks["word"].startswith("stack"):
        raise FormError("not a reference: write `${stack.NAME.OUTPUT}` or `${stack.NAME.MODULE.OUTPUT}`")
    raise FormError("not a reference: write `${module.NAME.OUTPUT}`")


def _parse_call(text: str) -> FunctionCall:
    def reference(name: str) -> Form | None:
        found = _parse_text(f"${{{name}}}")
        return None if isinstance(found, str) else found

    try:
        return parse_call(text, reference)
    except CallError as error:
        hint = "; ".join(filter(None, (error.hint, "as text: `$${…}`")))
        raise FormError(f"`{_shortened(text)}`: {error}", hint) from error


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _run_value(name: str) -> RunValue:
    if name not in RUN_VALUES:
        hint = f"{did_you_mean(name, RUN_VALUES)}; as text: `$${{{name}}}`"
        raise FormError(f"no run knows a value `{name}`", hint)
    return RunValue(name)


def _parse_secret(text: str) -> Secret:
    match = _SECRET.fullmatch(text)
    if match is None:
        raise FormError("not a secret: write `{from: env:NAME}`", f"or another kind: {', '.join(SCHEMES)}")
    kind = match["scheme"]
    scheme = SCHEMES.get(kind)
    if scheme is None:
        raise FormError(f"there are no secrets of the kind `{kind}:`", did_you_mean(kind, SCHEMES))
    if not scheme.name.fullmatch(match["name"]):
        raise FormError(f"not {scheme.what}: {shown(match['name'])}", f"for instance: {scheme.example}")
    _require_key(Secret(kind, match["name"], match["key"] or ""), scheme, has_hash=match["hash"] is not None)
    return Secret(kind, match["name"], match["key"] or "")


def _require_key(secret: Secret, scheme: Scheme, *, has_hash: bool) -> None:
    example = f"for instance: {scheme.example}"
    rule = scheme.key
    if secret.scheme == "sops":
        rule = "must" if is_sops_mapping(secret.name) else "none"
        example = example if rule == "must" else f"write: sops:{secret.name}"
    if has_hash and rule == "none":
        raise FormError(f"`{secret.scheme}:{secret.name}` is one value: it has no keys", example)
    if not secret.key and (has_hash or rule == "must"):
        raise FormError(f"`{secret.scheme}:{secret.name}` holds several values: which one?", example)
    if secret.key and not secret.key.isprintable():
        raise FormError("a key has no control characters", example)


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value inside `value` with its path, itself first. Doesn't descend into `{literal: …}`."""
    yield path, value
    if is_literal(value):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, (*path, index))


# Words that Terraform reads as its own inside a `module` block.
_META_ARGUMENTS = frozenset({"source", "version", "providers", "count", "for_each", "depends_on", "lifecycle"})


def input_complaints(
    document: Document, where: Path, inputs: Mapping[str, Any], *, known: list[str]
) -> Iterator[Complaint]:
    """What is wrong with names of inputs, and with the forms in them. `known` are the modules that they may name."""
    for key in inputs:
        if not is_input_name(key) or key in _META_ARGUMENTS:
            yield document.complaint((*where, key), f"{shown(key)} can't name an input")
        for path, value in walk(inputs[key], (*where, key)):
            yield from form_complaints(document, path, value, known=known)


def form_complaints(document: Document, path: Path, value: Any, *, known: list[str]) -> Iterator[Complaint]:
    """What is wrong with a value that looks like a form. `known` are the modules that it may name."""
    try:
        forms = list(flat(parse_form(value)))
    except FormError as error:
        yield document.complaint(path, str(error), error.hint)
        return
    for form in forms:
        if isinstance(form, Reference) and form.module not in known:
            hint = did_you_mean(form.module, known)
            yield document.complaint(path, f"there is no module `{form.module}` in this environment", hint)


def flat(form: Any) -> Iterator[Form]:
    """A form, and those that a call is given; nothing for what is no form."""
    if isinstance(form, Form):
        yield form
    if isinstance(form, FunctionCall):
        yield from (inner for given in form.given for _, inner in forms_in(given))


def parsed_forms(value: Any) -> Any:
    """A value with references and secrets in the place of their texts."""
    form = parse_form(value)
    if is_form(form):
        return form
    if isinstance(value, str) or is_literal(value):
        return meant(value)
    if isinstance(form, dict):
        return {key: parsed_forms(item) for key, item in form.items()}
    return [parsed_forms(item) for item in form] if isinstance(form, list) else form


def forms_in(value: Any, path: Path = ()) -> Iterator[tuple[Path, Form]]:
    """Every reference and secret inside an input, with its path; what a call is given has the call's."""
    if isinstance(value, Form):
        yield from ((path, form) for form in flat(value))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from forms_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from forms_in(item, (*path, index))
