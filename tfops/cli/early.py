"""Completion of what is typed most, answered before typer is there: commands, environments, versions.

Importing it and building a command's options takes several times as long as the answer. Everything else (options,
commands of commands, words behind an option) is left to typer, whose protocol this is; a test holds the two against
each other, shell by shell.
"""

import shlex
import sys
from pathlib import Path

from tfops.cli.rows import ROWS
from tfops.system import environ

VARIABLE = "_TFOPS_COMPLETE"
_ARGS, _ACTION = "_TYPER_COMPLETE_ARGS", "_TYPER_COMPLETE_FISH_ACTION"


def is_asked() -> bool:
    """Whether this process was started by a shell that completes a command line."""
    return bool(environ.variable(VARIABLE))


def answer() -> bool:
    """Print what the shell asks for; False where that is typer's business."""
    shell = environ.variable(VARIABLE).removeprefix("complete_")
    try:
        words, incomplete = _typed(shell)
    except (KeyError, ValueError):
        return False
    found = _offered(words, incomplete, shell)
    if found is None:
        return False
    if shell == "fish" and environ.variable(_ACTION) != "get-args":
        return False
    sys.stdout.write(_formatted(found, shell) + "\n")
    return True


def _typed(shell: str) -> tuple[list[str], str]:
    """The words behind `tfops` that are complete, and the one that isn't. Raises ValueError for what isn't plain."""
    if shell == "bash":
        words, place = shlex.split(environ.variable("COMP_WORDS")), int(environ.variable("COMP_CWORD"))
        return words[1:place], words[place] if place < len(words) else ""
    if shell not in ("zsh", "fish"):
        raise ValueError(shell)
    line = environ.variable(_ARGS)
    words = shlex.split(line)[1:]
    return (words[:-1], words[-1]) if words and not line.endswith(" ") else (words, "")


def _offered(words: list[str], incomplete: str, shell: str) -> list[str] | None:
    if any(word.startswith("-") for word in [*words, incomplete]) or "=" in incomplete:
        return None
    from tfops.cli import candidates

    if not words:  # the other shells show each command's line beside its name
        return [name for name in ROWS if name.startswith(incomplete)] if shell == "bash" else None
    row = ROWS.get(words[0])
    kind = _kind(row.takes.split(), len(words) - 1) if row else ""
    if kind in ("ENV", "SOURCE"):
        return candidates.environments(Path(), incomplete)
    if kind == "VERSION" and candidates.is_environment(words[1]):
        return candidates.versions(Path(), words[1], incomplete)
    return None


def _kind(takes: list[str], place: int) -> str:
    if takes == ["ENVS"]:
        return "ENV"
    return takes[place] if place < len(takes) else ""


def _formatted(found: list[str], shell: str) -> str:
    if shell != "zsh":
        return "\n".join(found)
    listed = "\n".join(f'"{name}"' for name in found)
    return f"_arguments '*: :(({listed}))'" if found else "_files"
