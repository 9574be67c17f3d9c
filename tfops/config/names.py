"""Which names are allowed. One allow-list each, because names become paths, refs and arguments."""

import difflib
import re
from collections.abc import Iterable

PROJECT_FILE = "tfops.yaml"

_ENVIRONMENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+@-]*")
_PATTERN = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9._/+@*-]*")
_PROTECTED = re.compile(r"[A-Za-z_*][A-Za-z0-9_*-]*(\.[A-Za-z_*][A-Za-z0-9_*-]*)*")
_LOCAL_SOURCE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")

ENVIRONMENT_RULE = "lower-case letters, digits and `-` (not at the ends), at most 63"
MODULE_RULE = "letters, digits, `_` and `-`, beginning with a letter or `_`"
BRANCH_RULE = "letters, digits and `._/+@-`, without `..`, not beginning with `-`, `.` or `/`"


def is_environment_name(text: str) -> bool:
    return _ENVIRONMENT.fullmatch(text) is not None


def is_module_name(text: str) -> bool:
    return _MODULE.fullmatch(text) is not None


def is_input_name(text: str) -> bool:
    """Whatever Terraform takes for the name of a variable: of any length, in any script."""
    return text.replace("-", "_").isidentifier() and not text.startswith("-")


def is_branch_name(text: str) -> bool:
    return _BRANCH.fullmatch(text) is not None and _has_sound_parts(text)


def is_branch_pattern(text: str) -> bool:
    """A branch name in which `*` stands for a part of a path element, and `**` for anything."""
    return _PATTERN.fullmatch(text) is not None and _has_sound_parts(text)


def is_local_source(text: str) -> bool:
    """A path below `modules/` that can't climb out of it."""
    return _LOCAL_SOURCE.fullmatch(text) is not None


def is_protect_pattern(text: str) -> bool:
    """A type, or an address without keys; `*` stands for anything."""
    return _PROTECTED.fullmatch(text) is not None


def _has_sound_parts(text: str) -> bool:
    if ".." in text or text.endswith(".lock"):
        return False
    return all(part and not part.startswith(".") and not part.endswith(".") for part in text.split("/"))


def shown(text: str) -> str:
    """A name that may be hostile, quoted so that it can't act on the terminal."""
    return ascii(text) if len(text) <= 80 else ascii(text[:77]) + "…"


def one_line(text: str) -> str:
    """What a person gave as a reason, without line ends and what else moves a cursor: it stands in tables."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


_THERE_IS = "there is: "


def why_and_hint(wrong: str, known: Iterable[str], *, see: str) -> tuple[str, str]:
    """Of an error about a name: what there is, and the question for what was meant, else the command `see`."""
    answer = did_you_mean(wrong, known)
    return ("", answer) if answer and not answer.startswith(_THERE_IS) else (answer, see)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """`did you mean …?`, or the list of what there is, or nothing when there is nothing."""
    names = sorted(known)
    close = difflib.get_close_matches(wrong, names, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"`{name}`" for name in close) + "?"
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names[:8])
    return f"{_THERE_IS}{listed}" + (f" and {len(names) - 8} more" if len(names) > 8 else "")
