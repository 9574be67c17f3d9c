"""A hint that names an option becomes a command that can be typed: the one that was just run, with that option."""

import re
import shlex
from collections.abc import Sequence

_OPTION = r"--[a-z][a-z-]+(?: '[^']*'| (?:\d+\w|[A-Z]{2,}|embedded)\w*)?"
_AT_THE_END = re.compile(rf"(?P<words>.*?)(?P<options>(?:(?<!\S){_OPTION}\s?)+)(?P<rest>\)|, of .*)?$", re.DOTALL)
# What stands before the options is their command already.
_HAS_COMMAND = re.compile(r"(tfops|git|terraform) [^():;,]*$")
# Ours, not the person's: the command line of a run that the agent started.
_UNATTENDED = "--unattended"


def typed_in_full(hint: str, argv: Sequence[str]) -> str:
    """The hint, its options behind the command line `argv` (without the program); as it is when it has a command."""
    found = _AT_THE_END.match(hint)
    if found is None or not argv or _HAS_COMMAND.search(found["words"]):
        return hint
    options, rest = found["options"].strip(), found["rest"] or ""
    command = f"tfops {_as_typed(argv, without=options)} {options}{rest}"
    words = found["words"].rstrip().replace(", add:", ":").replace(", or add:", ", or:")
    if not words:
        return command
    return f"{words} {command}" if words.endswith(":") else f"{words}: {command}".replace(" with: ", ": ")


def _as_typed(argv: Sequence[str], *, without: str) -> str:
    words = list(argv)
    if _UNATTENDED in words:
        words = words[: next(index for index, word in enumerate(words) if word.startswith("-"))]
    return shlex.join(word for word in words if word not in without.split())
