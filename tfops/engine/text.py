"""Text from plans, states and providers, made safe to show.

A resource's key or a provider's message may hold terminal escapes, bidirectional overrides or
zero-width characters; `-no-color` doesn't remove them.
"""

import unicodedata

_LONGEST = 2000
_REMOVED = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def safe_text(text: str, longest: int = _LONGEST) -> str:
    """One line without control and format characters, cut to `longest` characters."""
    plain = "".join(c if unicodedata.category(c) not in _REMOVED else " " for c in text[: longest + 1])
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def safe_lines(text: str, longest: int = _LONGEST) -> str:
    """The same for a text of several lines."""
    return "\n".join(safe_text(line, longest) for line in text.splitlines())
