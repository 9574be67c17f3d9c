"""Secrets are masked by value, wherever they turn up, in the forms that they take on the way."""

import re
from collections.abc import Iterable, Iterator

MASK = "(secret)"

# A shorter value would mask half of every text, and is no secret worth the name.
_SHORTEST = 3
# A line of a longer secret: shorter ones are found everywhere.
_SHORTEST_LINE = 6
# By this many first characters a form is looked up.
_START = 3
# A line goes on beyond these: what it is a part of is another value, such as a public key that a private one holds.
_GOES_ON = re.compile(r"[A-Za-z0-9+/]")
_ESCAPED_END = re.compile(r"(\\[nrt]|%0[aAdD9]|\\u000[aAdD9]|\\x0[aAdD9])$")

_Span = tuple[int, int]


class Masker:
    """Replaces secret values in text. More may become known while it is in use, by other threads too."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._forms = _Index()
        self._lines = _Index()
        self._code: frozenset[str] = frozenset()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these, too."""
        fresh = [secret for secret in secrets if len(secret) >= _SHORTEST and secret not in self._known]
        if fresh:
            self._learn(fresh)

    def _learn(self, secrets: Iterable[str]) -> None:
        # Most commands meet no secret: these are the bulk of what masking loads.
        from tfops.engine.forms import written_forms, written_line  # noqa: PLC0415

        for secret in secrets:
            self._known.add(secret)
            for text in {secret, secret.strip()}:
                if len(text) >= _SHORTEST:
                    self._forms.add(written_forms(text))
            lines = secret.splitlines()
            for line in map(str.strip, lines if len(lines) > 1 else ()):
                if len(line) >= _SHORTEST_LINE:
                    self._lines.add(written_line(line))

    def keep(self, texts: Iterable[str]) -> None:
        """Mask nothing that is a part of these: types, names and paths are code, not values."""
        self._code = self._code.union(texts)

    def __call__(self, text: str) -> str:
        pieces, end = [], 0
        for begin, stop in _merged(self._spans(text)):
            pieces += [text[end:begin], MASK]
            end = stop
        return "".join([*pieces, text[end:]])

    def _spans(self, text: str) -> list[_Span]:
        """Where forms stand, but for those inside of a mask or of code: what is masked already stays as it is."""
        found = list(self._forms.places(text))
        found += (span for span in self._lines.places(text) if _stands_alone(text, span))
        if not found:
            return []
        masked = list(_each(MASK, text))
        code = [span for part in self._code for span in _each(part, text)]
        return [
            span
            for span in found
            if not any(_is_inside(span, place) for place in masked)
            and not any(_is_inside(span, place) and span != place for place in code)
        ]


class _Index:
    """Forms by their first characters: a text is gone through once, however many there are."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._by_start: dict[str, list[str]] = {}

    def add(self, forms: set[str]) -> None:
        for form in forms - self._forms:
            self._forms.add(form)
            self._by_start.setdefault(form[:_START], []).append(form)

    def places(self, text: str) -> Iterator[_Span]:
        if not self._forms:
            return
        for begin in range(len(text) - _START + 1):
            for form in self._by_start.get(text[begin : begin + _START], ()):
                if text.startswith(form, begin):
                    yield begin, begin + len(form)


def _each(part: str, text: str) -> Iterator[_Span]:
    start = text.find(part)
    while start >= 0:
        yield start, start + len(part)
        start = text.find(part, start + 1)


def _is_inside(span: _Span, place: _Span) -> bool:
    return place[0] <= span[0] and span[1] <= place[1]


def _stands_alone(text: str, span: _Span) -> bool:
    begin, end = span
    is_begun = begin > 0 and bool(_GOES_ON.match(text[begin - 1])) and not _ESCAPED_END.search(text[:begin][-6:])
    return not is_begun and not (end < len(text) and _GOES_ON.match(text[end]))


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """Spans in order; those that overlap become one, so that no end of a secret stays."""
    merged: list[_Span] = []
    for begin, end in sorted(spans):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
