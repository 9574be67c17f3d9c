"""How a value is written on the way: by Terraform, JSON, HCL, YAML, URLs, base64, shells, and by two of them at once.

Each writer is one function from a text to the text that stands between its quotes. What a writer has nothing to escape
in stays as it is, so an ordinary password has few forms, however many writers there are.
"""

import base64
import html
import json
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterable, Iterator

from tfops.engine.text import safe_text

Writer = Callable[[str], str]

# A part of a base64 text that is shorter is found everywhere.
_SHORTEST_PART = 8
# Where `base64` and PEM break their lines.
_LINE_WIDTHS = (64, 76)


def written_forms(text: str) -> set[str]:
    """The text as one writer or two writers in a row put it down, in base64 too."""
    plain = _normalized(text)
    once = _by_each(plain, _WRITERS)
    coded = {part for one in plain for part in _encoded(_bytes(one))}
    within = {part for one in once | coded for part in (*_whole(_bytes(one)), *_parts(_bytes(one)))}
    wide = {part for one in plain for part in _parts(one.encode("utf-16-le", "surrogatepass"))}  # PowerShell
    return _by_each(once, _WRITERS) | _by_each(coded | within | wide, _CODE_WRITERS)


def written_line(text: str) -> set[str]:
    """The same for a line of something longer, by one writer."""
    return _by_each(_normalized(text), _WRITERS)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _normalized(text: str) -> set[str]:
    """Terraform normalizes to NFC, some file systems to NFD."""
    return {text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}


def _by_each(texts: set[str], writers: Iterable[Writer]) -> set[str]:
    return {writer(text) for writer in writers for text in texts} | texts


class _Table(dict[int, str]):
    """What `str.translate` asks for each character, remembered."""

    def __init__(self, short: dict[str, str], long: Callable[[str], str], is_kept: Callable[[str], bool]) -> None:
        super().__init__({ord(character): escape for character, escape in short.items()})
        self._long, self._is_kept = long, is_kept

    def __missing__(self, number: int) -> str:
        character = chr(number)
        escape = character if self._is_kept(character) else self._long(character)
        self[number] = escape
        return escape


def _escaping(short: dict[str, str], long: Callable[[str], str], *, is_kept: Callable[[str], bool]) -> Writer:
    """A writer with short escapes for some characters and a long one for all others that aren't kept."""
    table = _Table(short, long, is_kept)
    return lambda text: text.translate(table)


def _replacing(*pairs: tuple[str, str]) -> Writer:
    def write(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return write


def _units(pattern: str) -> Callable[[str], str]:
    """Escapes by UTF-16 unit: `\\ud83d\\ude00`."""

    def write(character: str) -> str:
        units = character.encode("utf-16-be", "surrogatepass")
        return "".join(pattern.format(int.from_bytes(units[i : i + 2])) for i in range(0, len(units), 2))

    return write


def _point(small: str, middle: str, large: str) -> Callable[[str], str]:
    """Escapes by code point, of three widths."""

    def write(character: str) -> str:
        number = ord(character)
        return (small if number <= 0xFF else middle if number <= 0xFFFF else large).format(number)

    return write


def _of_bytes(pattern: str) -> Callable[[str], str]:
    def write(character: str) -> str:
        return "".join(pattern.format(byte) for byte in character.encode("utf-8", "surrogateescape"))

    return write


def _percent(safe: str, *, plus: bool = False, lower: bool = False) -> Writer:
    def write(text: str) -> str:
        quoted = urllib.parse.quote(text, safe=safe + (" " if plus else ""), errors="surrogateescape")
        quoted = quoted.replace(" ", "+") if plus else quoted
        return re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted) if lower else quoted

    return write


def _is_ascii(c: str) -> bool:
    return " " <= c <= "~"


def _is_printable(c: str) -> bool:
    return c.isprintable()


def _is_yaml(c: str) -> bool:
    return "\x20" <= c <= "\x7e" or "\xa0" <= c <= "\ud7ff" or (c >= "\ue000" and c not in "\ufeff\ufffe\uffff")


def _is_go_yaml(c: str) -> bool:
    return c <= "\uffff" and _is_yaml(c)


def _is_not_control(c: str) -> bool:
    return c >= " "


_C = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}
_JSON = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_GO_JSON = {**_JSON, "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_OLD_GO_JSON = {**_GO_JSON, "\b": "\\u0008", "\f": "\\u000c"}  # Go before 1.22
_HCL = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_YAML = {**_C, '"': '\\"', "\0": "\\0", "\x1b": "\\e", "\x85": "\\N", "\xa0": "\\_", "\u2028": "\\L", "\u2029": "\\P"}
_OPEN_YAML = {character: escape for character, escape in _YAML.items() if character != "\xa0"}
_SHELL_QUOTED = {c: f"\\{c}" for c in '$`"\\'}
_SHELL_BARE = {c: f"\\{c}" for c in " !\"#$&'()*,;<>?[\\]^`{|}~"}
_ANSI = {**_C, "'": "\\'", "\x1b": "\\E"}

_TEMPLATE = _replacing(("${", "$${"), ("%{", "%%{"))
_POINT_U = _point("\\u{:04x}", "\\u{:04x}", "\\U{:08x}")
_POINT_X = _point("\\x{:02x}", "\\u{:04x}", "\\U{:08x}")
_POINT_X_UPPER = _point("\\x{:02X}", "\\u{:04X}", "\\U{:08X}")


def _hcl(*, is_kept: Callable[[str], bool]) -> Writer:
    quoted = _escaping(_HCL, _POINT_U, is_kept=is_kept)
    return lambda text: _TEMPLATE(quoted(text))


_WRITERS: tuple[Writer, ...] = (
    lambda text: safe_text(text, len(text)),
    _TEMPLATE,
    _hcl(is_kept=_is_printable),
    _hcl(is_kept=_is_ascii),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    _escaping(_GO_JSON, _units("\\u{:04x}"), is_kept=_is_not_control),
    _escaping(_OLD_GO_JSON, _units("\\u{:04x}"), is_kept=_is_not_control),
    _escaping(_GO_JSON, _units("\\u{:04x}"), is_kept=_is_ascii),
    _escaping(_JSON, _units("\\u{:04X}"), is_kept=_is_ascii),
    lambda text: repr(text)[1:-1],
    lambda text: ascii(text)[1:-1],
    lambda text: repr(text.encode("utf-8", "surrogateescape"))[2:-1],
    _escaping({**_C, '"': '\\"'}, _POINT_X, is_kept=_is_printable),  # Go's %q
    _escaping({**_C, '"': '\\"'}, _POINT_X, is_kept=_is_ascii),
    _escaping(_OPEN_YAML, _POINT_X_UPPER, is_kept=_is_yaml),
    _escaping(_OPEN_YAML, _POINT_X_UPPER, is_kept=_is_go_yaml),
    _escaping(_YAML, _POINT_X_UPPER, is_kept=_is_ascii),
    _escaping(_OPEN_YAML, _POINT_X, is_kept=_is_yaml),
    _escaping(_OPEN_YAML, _POINT_X, is_kept=_is_go_yaml),
    _escaping(_YAML, _POINT_X, is_kept=_is_ascii),
    _replacing(("'", "''")),  # YAML, SQL, PowerShell
    _replacing(('"', '""')),  # CSV, PowerShell
    _replacing(("'", "'\\''")),
    _replacing(("'", "'\"'\"'")),
    _escaping(_SHELL_QUOTED, str, is_kept=bool),
    _escaping({**_SHELL_QUOTED, "!": "\\!"}, str, is_kept=bool),
    _escaping(_SHELL_BARE, str, is_kept=bool),
    _escaping(_ANSI, _of_bytes("\\{:03o}"), is_kept=_is_ascii),
    _escaping(_ANSI, _of_bytes("\\x{:02x}"), is_kept=_is_ascii),
    _escaping(_ANSI, _of_bytes("\\{:03o}"), is_kept=_is_printable),
    _percent(""),
    _percent("", lower=True),
    _percent("/"),
    _percent("/", lower=True),
    _percent("", plus=True),
    _percent("", plus=True, lower=True),
    _percent("!'()*"),  # JavaScript's encodeURIComponent
    _percent(";/?:@&=+$,#!'()*"),  # encodeURI
    _percent("$&+=:@"),  # Go's PathEscape
    _percent("$&+,/:;=@"),  # a path in Go's URL
    _percent("$&+,;="),  # a name or password in Go's URL
    _replacing(("%", "%25")),
    lambda text: html.escape(text, quote=False),
    html.escape,
    _replacing(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")),
    _replacing(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;")),
    _replacing(("+", "\\u002b")),
)


# What changes one of the characters of a base64 text.
_CODE_WRITERS: tuple[Writer, ...] = (
    _percent(""),
    _percent("", lower=True),
    _percent("/"),
    _percent("/="),
    _percent("+="),
    _percent("+/"),
    _replacing(("/", "\\/")),
    _replacing(("+", "\\u002b")),
    _replacing(("=", "\\u003d")),
)


def _encoded(content: bytes) -> Iterator[str]:
    """As a whole, in lines too, and as a part of something longer, wherever it begins there."""
    yield from _whole(content)
    yield from _parts(content)
    whole = base64.b64encode(content).decode()
    for width in _LINE_WIDTHS:
        lines = (whole[start : start + width] for start in range(0, len(whole), width))
        yield from (line for line in lines if len(line) >= _SHORTEST_PART)


def _whole(content: bytes) -> Iterator[str]:
    """Base64, for URLs and without padding too, and hex."""
    whole = base64.b64encode(content).decode()
    for form in (whole, whole.rstrip("=")):
        yield from (form, form.replace("+", "-").replace("/", "_"))
    yield from (content.hex(), content.hex().upper())


def _parts(content: bytes) -> Iterator[str]:
    """What of a base64 text `content` alone decides, for each way to lie in it; for URLs too."""
    for offset in range(3):
        part = _inner(content, offset)
        if len(part) >= _SHORTEST_PART:
            yield part
            yield part.replace("+", "-").replace("/", "_")


def _inner(content: bytes, offset: int) -> str:
    """The characters of a base64 text that `content` alone decides, `offset` bytes after a multiple of three."""
    whole = base64.b64encode(b"\0" * offset + content).decode().rstrip("=")
    begin = {0: 0, 1: 2, 2: 3}[offset]
    is_cut = (offset + len(content)) % 3 != 0
    return whole[begin : len(whole) - is_cut]
