"""A hint that names an option or a word becomes a command that can be typed: the one that was just run, with that."""

import difflib
import re
import shlex
from collections.abc import Sequence

_MEANT = re.compile(r"did you mean `(?P<word>[^`]+)`\?")
_OPTION = r"--[a-z][a-z-]+(?: '[^']*'| (?:\d+\w|[A-Z]{2,}|embedded|terraform|tofu)\w*)?"
_NAMED = re.compile(r"(?P<name>--[a-z-]+)(?P<value> [^-\s]\S*)?")
_NAMES_ADDRESSES = "--allow-"
_AT_THE_END = re.compile(rf"(?P<words>.*?)(?P<options>(?:(?<!\S){_OPTION}\s?)+)(?P<rest>\)|, of .*)?$", re.DOTALL)
_NAMELESS = "name the environment"
# What stands before the options is their command already.
_HAS_COMMAND = re.compile(r"(tfops|git|terraform) [^():;,]*$")
# Ours, not the person's: the command line of a run that the agent started, and of one of many that are asked for at
# once, from there on.
_UNATTENDED = "--unattended"
_ONE_OF_MANY = ("--yes", "--until-asked")


def typed_in_full(hint: str, argv: Sequence[str]) -> str:
    """The hint, its options behind the command line `argv` (without the program); as it is when it has a command."""
    if meant := _MEANT.fullmatch(hint):
        return _with_word(meant["word"], argv) or hint
    if hint.startswith(_NAMELESS):
        return hint.replace(_NAMELESS, f"{_NAMELESS}: {_with_environment(argv)}", 1)
    found = _AT_THE_END.match(hint)
    if found is None or not argv or _HAS_COMMAND.search(found["words"]):
        return hint
    options, rest = found["options"].strip(), found["rest"] or ""
    own, passed_on = _parted(argv)
    command = f"tfops {_as_typed(own, without=options)} {options}{passed_on}{rest}"
    words = found["words"].rstrip().replace(", add:", ":").replace(", or add:", ", or:")
    if not words:
        return command
    return f"{words} {command}" if words.endswith(":") else f"{words}: {command}".replace(" with: ", ": ")


def _parted(argv: Sequence[str]) -> tuple[Sequence[str], str]:
    """What is tfops' own, and what follows `--`: a program's, to which no option may be added."""
    place = list(argv).index("--") if "--" in argv else len(argv)
    passed_on = shlex.join(argv[place:])
    return argv[:place], f" {passed_on}" if passed_on else ""


def _with_word(meant: str, argv: Sequence[str]) -> str:
    """The command line with `meant` in the place of the word that is most like it; empty where there is none."""
    others = [word for word in argv[1:] if word != meant and not word.startswith("-")]
    close = difflib.get_close_matches(meant, others, n=1, cutoff=0.5)
    return shlex.join(["tfops", *(meant if word in close else word for word in argv)]) if close else ""


def _with_environment(argv: Sequence[str]) -> str:
    """The command line with `ENV` behind the command: the first word that is no option and no option's value."""
    own = 0
    while own < len(argv) and argv[own].startswith("-"):
        own += 1 if "=" in argv[own] else 2
    return shlex.join(["tfops", *argv[: own + 1], "ENV", *argv[own + 1 :]])


def _as_typed(argv: Sequence[str], *, without: str) -> str:
    """The command line without those options, and their values; an option that names addresses stays: others follow."""
    words = list(argv)
    if _UNATTENDED in words:
        words = words[: next(index for index, word in enumerate(words) if word.startswith("-"))]
    elif _ONE_OF_MANY[-1] in words:
        words = words[: words.index(_ONE_OF_MANY[-1])]
        words = words[:-1] if words[-1:] == [_ONE_OF_MANY[0]] else words
    takes_value = {found["name"]: bool(found["value"]) for found in _NAMED.finditer(without)}
    kept, rest = list[str](), iter(words)
    for word in rest:
        name, is_joined = word.partition("=")[0], "=" in word
        if name not in takes_value or (takes_value[name] and name.startswith(_NAMES_ADDRESSES)):
            kept.append(word)
        elif takes_value[name] and not is_joined:
            next(rest, None)
    return shlex.join(kept)
