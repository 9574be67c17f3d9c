"""Secrets are masked by value, wherever they turn up, in the forms that they take on the way."""

import base64
import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator

from tfops.engine.text import safe_text

MASK = "(secret)"

# A shorter value would mask half of every text, and is no secret worth the name.
_SHORTEST = 3
# A line of a longer secret, and a part of a base64 text: shorter ones are found everywhere.
_SHORTEST_LINE = 6
_SHORTEST_PART = 8
# Where `base64` and PEM break their lines.
_LINE_WIDTHS = (64, 76)


class Masker:
    """Replaces secret values in text. More may become known while it is in use."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these, too."""
        self._forms.update(form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret))

    def __call__(self, text: str) -> str:
        pieces, end = [], 0
        for begin, stop in _merged(self._spans(text)):
            pieces += [text[end:begin], MASK]
            end = stop
        return "".join([*pieces, text[end:]])

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Where forms stand, but for those inside of a mask: what is masked already stays as it is."""
        present = [form for form in self._forms if form in text]
        masked = list(_places(MASK, text)) if present else []
        found = (span for form in present for span in _places(form, text))
        return [span for span in found if not any(begin <= span[0] and span[1] <= end for begin, end in masked)]


def _places(form: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order; those that overlap become one, so that no end of a secret stays."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _forms(secret: str) -> Iterator[str]:
    lines = [line for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE]
    for text in dict.fromkeys([secret, secret.strip(), *lines, *map(str.strip, lines)]):
        if len(text) >= _SHORTEST:
            yield from _written(text)
    yield from _encoded(secret.encode("utf-8", "surrogateescape"))
    if secret.strip() != secret and len(secret.strip()) >= _SHORTEST:
        yield from _encoded(secret.strip().encode("utf-8", "surrogateescape"))


def _written(text: str) -> Iterator[str]:
    """A text as it stands in JSON, in JSON inside of JSON, in HCL, in a URL, in Python's words, on a terminal."""
    yield text
    yield safe_text(text, len(text))
    yield text.replace("${", "$${").replace("%{", "%%{")
    yield repr(text)[1:-1]
    for only_ascii in (True, False):
        once = json.dumps(text, ensure_ascii=only_ascii)[1:-1]
        for escaped in (once, _as_go_escapes(once)):
            yield escaped
            twice = json.dumps(escaped, ensure_ascii=only_ascii)[1:-1]
            yield twice
            yield _as_go_escapes(twice)
    for safe in ("", "/"):
        quoted = urllib.parse.quote(text, safe=safe, errors="surrogateescape")
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    yield urllib.parse.quote_plus(text, errors="surrogateescape")


def _as_go_escapes(text: str) -> str:
    """JSON as Terraform writes it: what HTML could read is escaped, too."""
    for character, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(character, escape)
    return text


def _encoded(content: bytes) -> Iterator[str]:
    """Base64 of the whole, in lines too, and as a part of something longer, wherever it begins there."""
    whole = base64.b64encode(content).decode()
    parts = [whole, whole.rstrip("=")]
    for width in _LINE_WIDTHS:
        lines = [whole[start : start + width] for start in range(0, len(whole), width)]
        parts += [line for line in lines if len(line) >= _SHORTEST_PART]
    parts += [part for offset in range(3) if len(part := _inner(content, offset)) >= _SHORTEST_PART]
    for part in parts:
        yield part
        yield part.replace("+", "-").replace("/", "_")
        yield part.replace("+", "\\u002b")
        yield urllib.parse.quote(part, safe="")


def _inner(content: bytes, offset: int) -> str:
    """The characters of a base64 text that `content` alone decides, `offset` bytes after a multiple of three."""
    whole = base64.b64encode(b"\0" * offset + content).decode().rstrip("=")
    begin = {0: 0, 1: 2, 2: 3}[offset]
    is_cut = (offset + len(content)) % 3 != 0
    return whole[begin : len(whole) - is_cut]
