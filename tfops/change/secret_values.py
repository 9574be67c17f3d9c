"""The text that a reference to a secret means, inside of what its place holds."""

import configparser
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.config.document import read_document
from tfops.config.values import walk
from tfops.system.secret_stores import Found, Unavailable, parsed

# Linux takes no longer text in a process's environment (MAX_ARG_STRLEN), the name included.
_MOST_BYTES = 130_000

_SURROGATE = re.compile("[\ud800-\udfff]")
_STEP = re.compile(r'"(?P<quoted>(?:[^"\\]|\\["\\])*)"(?=\.|$)|(?P<plain>[^.]*)')
_SECTION = "the file itself"


def value_in(content: Found, key: str, *, is_compound: bool = False) -> str | Unavailable:
    """The value of a key, or the whole where there is none; or why there is no such text.

    One that `is_compound` is the JSON of a list or an object.
    """
    if isinstance(content, Unavailable):
        return content
    value: Any = content
    if key:
        read = _compound if is_compound else _parsed
        data = read(content) if isinstance(content, str) else content
        if not isinstance(data, dict):
            return Unavailable("it is not a JSON object, so it has no keys", "leave `#key` out, or store an object")
        try:
            value = value_at(data, key)
        except LookupError:
            return Unavailable(f"there is no key `{key}` in it", _key_hint(data, key))
        if value is None:
            return Unavailable(f"the value of `{key}` is null", "give it a value")
    return _usable_compound(value) if is_compound else _usable(value)


def texts_in(text: str) -> Iterator[str]:
    """The texts and numbers in a secret that is JSON."""
    for _, item in walk(_parsed(text)):
        if isinstance(item, str):
            yield item


def _usable_compound(value: Any) -> str | Unavailable:
    found = _compound(value) if isinstance(value, str) else value
    if not isinstance(found, dict | list):
        return Unavailable("its input takes a list, a map or an object, and it is no JSON of one", "store it as JSON")
    return _usable(value if isinstance(value, str) else exact.dumps(value, ensure_ascii=False))


def _compound(text: str) -> Any:
    """With numbers as numbers: it goes on as JSON."""
    try:
        return exact.loads(text)
    except ValueError:
        return None


def _parsed(text: str) -> Any:
    try:
        return parsed(text)
    except ValueError:
        return None


def _key_hint(data: Mapping[str, Any], key: str) -> str:
    """A key with a dot in it, below another one, has to be told from two steps."""
    first, _, rest = key.partition(".")
    inner = data.get(first)
    if isinstance(inner, dict) and rest in inner:
        return f'a key with a dot is written in quotes: {first}."{rest}"'
    return "look for a typing mistake"


def value_at(data: Mapping[str, Any], key: str) -> Any:
    """A key as it is written, else as steps separated by dots; one with dots in it stands in quotes.

    Raises LookupError when it isn't there.
    """
    if key in data:
        return data[key]
    value: Any = data
    for step in _steps(key):
        if isinstance(value, list) and step.isascii() and step.isdecimal():
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value[step]
        else:
            raise LookupError(step)
    return value


def _steps(key: str) -> Iterator[str]:
    at = 0
    while at <= len(key):
        match = _STEP.match(key, at)
        assert match is not None  # its second half fits everything
        yield match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
        at = match.end() + 1


def _usable(value: Any) -> str | Unavailable:
    if isinstance(value, dict | list):
        return Unavailable("it holds several values", "name one of them: #key")
    text = value if isinstance(value, str) else json.dumps(value)
    if "\0" in text:
        return Unavailable("it holds a NUL character, which no environment variable can")
    if _SURROGATE.search(text):
        return Unavailable("it is not Unicode text: it holds half a character, or bytes that are not UTF-8")
    if len(text.encode()) > _MOST_BYTES:
        return Unavailable(f"it is longer than {_MOST_BYTES // 1000} kB")
    return text


def is_in_clear(path: str, text: str, key: str) -> bool:
    """Whether a value in a file of sops stands there as it is: sops leaves out what its rules say.

    An empty text has nothing to encrypt.
    """
    try:
        value = value_at(_as_stored(path, text), key)
    except (LookupError, ValueError, configparser.Error):
        return False
    if isinstance(value, dict | list):
        return False
    return value not in ("", None) and not (isinstance(value, str) and value.startswith("ENC["))


def _as_stored(path: str, text: str) -> Mapping[str, Any]:
    """The keys of a file as it lies in the repository, values encrypted or not."""
    if path.endswith(".json"):
        found = parsed(text)
    elif path.endswith(".env"):
        lines = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
        found = {name.strip(): value.strip() for name, _, value in lines}
    elif path.endswith(".ini"):
        reader = configparser.RawConfigParser(strict=False, default_section=_SECTION)
        reader.optionxform = str  # type: ignore[assignment,method-assign]
        reader.read_string(text)
        found = {name: dict(reader[name]) for name in reader.sections()}
    else:
        found = read_document(path, text).data
    return found if isinstance(found, dict) else {}
