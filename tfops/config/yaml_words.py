"""What is wrong with a file as YAML, in words for people who don't know how a parser works.

ruamel.yaml says it in a parser's words (`expected <block end>, but found '<block mapping start>'`), and of what is
never closed it names the end of the file instead of where it was opened.
"""

import re

from ruamel.yaml.error import MarkedYAMLError

from tfops.dataclass import dataclass

_OPEN = re.compile(r"<stream end>|end of stream")
_WORDS = (
    (r"mapping values are not allowed here", "a `:` that can't be here", "wrong indentation? or quote the whole text"),
    (r"sequence entries are not allowed here", "a `-` that can't be here", "a list begins on a line of its own"),
    (r"expected <block end>, but found .*", "this doesn't fit what is before it", "wrong indentation or quotes?"),
    (r"found character '\\t' that cannot start any token", "a tab where a space must be", ""),
    (r"found character '(.)' that cannot start any token", r"a text can't begin with `\1`", "put it in quotes"),
    (r"found undefined alias '(.*)'", r"`*\1` names nothing above it", "put a text that begins with `*` in quotes"),
    (r"but found another document", "a second document begins here: a file has one", ""),
    (r"could not find expected ':'", "a `:` is missing after this", ""),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` and `column` from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


def problem_of(error: MarkedYAMLError, lines: list[str]) -> Problem:
    """Where to look, and what is wrong there."""
    for number, line in enumerate(lines, start=1):
        if line.startswith("<<<<<<< "):
            return Problem(number, 1, "a merge conflict that isn't resolved")
    said = error.problem or error.context or "unreadable"
    at, opened = error.problem_mark or error.context_mark, error.context_mark
    if opened is not None and _OPEN.search(said):
        return Problem(opened.line + 1, opened.column + 1, "what begins here is never closed")
    if opened is not None and "could not find expected ':'" in said:
        at = opened
    message, hint = _in_words(said)
    return Problem(at.line + 1, at.column + 1, message, hint) if at else Problem(1, 1, message, hint)


def _in_words(said: str) -> tuple[str, str]:
    for pattern, message, hint in _WORDS:
        if found := re.fullmatch(pattern, said.replace("\t", r"\t")):
            return found.expand(message), hint
    return said, ""
