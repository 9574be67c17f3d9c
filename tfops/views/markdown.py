"""Text from anyone inside of Markdown, so that it stays text on every forge.

Only code spans and fences are silent everywhere: in them a forge makes no mention, no reference (`closes #1`), no link
and no HTML, and a line that begins with a slash is no order to GitLab. Their delimiter is longer than any run of
backticks inside.
"""

import re

from tfops.views.words import plain

_TICKS = re.compile(r"`+")
_PIPES = re.compile(r"(\\*)\|")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&+,;=%-]+")
_LONGEST = 300


def cut(text: str) -> str:
    """One line of printable characters; an ellipsis stands for what is too much."""
    return plain(shortened(text, _LONGEST))


def shortened(text: str, longest: int) -> str:
    """The same without making it printable."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def code(text: str) -> str:
    """A code span; a dash for no text."""
    shown = cut(text)
    if not shown.strip():
        return "-"
    ticks = "`" * (_longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def code_in_table(text: str) -> str:
    """The same in a cell: `|` ends it in backticks too, unless an odd number of backslashes stands before it."""
    return _PIPES.sub(lambda found: found[1] + ("\\|" if len(found[1]) % 2 == 0 else "\\\\|"), code(text))


def fence_for(lines: list[str]) -> str:
    """The delimiter of a fence around the lines."""
    return "`" * max(3, 1 + max(map(_longest_run, lines), default=0))


def link(text: str, address: str) -> str:
    """A link to an address that a CI system gave; our text alone where it is no plain address."""
    return f"[{text}]({address})" if _ADDRESS.fullmatch(address) else text


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0) if "`" in text else 0
