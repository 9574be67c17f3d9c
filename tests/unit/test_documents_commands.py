"""What the documents say can be typed: every `tfops …` in a page is a command that exists, with options that exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from tests.unit.test_cli_help import COMMANDS
from tests.unit.test_documents import PAGES, TOP
from tfops.cli.app import app
from tfops.cli.rows import TABLE
from tfops.system import documents

_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^\s*(?:[-\w]+: |- |\$ )*(?:[A-Z_]+=\S+ )*(tfops .*)$", re.MULTILINE)
_INDENTED = re.compile(r"^ {4,}(?:\$ )?(?:[A-Z_]+=\S+ )*(tfops .*)$", re.MULTILINE)
_INLINE = re.compile(r"`(?:[A-Z_]+=\S+ )*(tfops [^`]+)`")
_END = frozenset({"&&", "||", "|", ";", ">", ">>", "2>&1", "then", "(", "&"})
_ROOT = typer.main.get_command(app)
_BEFORE = {name: bool(getattr(param, "is_flag", False)) for param in _ROOT.params for name in param.opts}
_GROUPS = {row.name for row in TABLE if row.is_group}


def _commands(text: str) -> Iterator[str]:
    """Fenced and indented blocks, line by line, and what stands in backticks. Output never begins with `tfops `."""
    for block in _FENCED.finditer(text):
        yield from _LINE.findall(block[2])
    prose = _FENCED.sub("", text)
    yield from _INDENTED.findall(prose)
    yield from _INLINE.findall(prose)


def _words(command: str) -> list[str]:
    """The words behind `tfops`, to the end of this one command; optional parts count as typed."""
    command = re.sub(r"\$\{\{[^}]*\}\}", "VALUE", re.split(r" {3,}", command)[0])
    command = command.replace("[OPTIONS]", "").replace("COMMAND [ARGS]", "")
    try:
        found = shlex.split(re.sub(r"[\[\]]", " ", command) if "['" not in command else command, comments=True)[1:]
    except ValueError:  # an apostrophe in a remark behind it
        found = command.split()[1:]
    words = [word for word in found if word not in ("…", "...")]
    ends = [place for place, word in enumerate(words) if word in _END or word.startswith((">", "("))]
    return words[: ends[0]] if ends else words


def wrong_with(command: str) -> str:
    """Why the CLI doesn't take it, empty where it does."""
    words = _words(command)
    while words and words[0].startswith("-"):
        if words[0] not in _BEFORE:
            return f"no option {words[0]} before a command"
        del words[: 1 if _BEFORE[words[0]] else 2]
    if not words:
        return ""
    name = next((one for one in (" ".join(words[:2]), words[0]) if one in COMMANDS), "")
    if not name:
        return "" if words[0] in _GROUPS and len(words) == 1 else f"no command `{' '.join(words[:2])}`"
    return _wrong_words(name, words[len(name.split()) :])


def _wrong_words(name: str, words: list[str]) -> str:
    params = COMMANDS[name].command.params
    options = {one: param for param in params for one in (*param.opts, *param.secondary_opts) if one.startswith("-")}
    room, rest = sum(99 if param.nargs < 0 else param.nargs for param in params if not param.opts[0].startswith("-")), 0
    pending = iter(words)
    for word in pending:
        option = word.partition("=")[0]
        if word == "--":  # what follows is no option of ours
            rest += len(list(pending))
        elif not word.startswith("-"):
            rest += 1
        elif option in ("-h", "--help"):
            continue
        elif option not in options:
            return f"`{name}` has no option {option}"
        elif not getattr(options[option], "is_flag", False) and "=" not in word:
            next(pending, None)
    return f"`{name}` takes {room} words, not {rest}" if rest > room else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_in_a_page_can_be_typed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name == "CHANGELOG.md":
        text = text.partition("\n## 0.")[0]  # what was released named what was there then
    found = {command: wrong_with(command) for command in _commands(text)}
    assert {command: why for command, why in found.items() if why} == {}


def test_what_can_not_be_typed_is_noticed() -> None:
    assert wrong_with("tfops aply dev") == "no command `aply dev`"
    assert wrong_with("tfops apply dev --yess") == "`apply` has no option --yess"
    assert wrong_with("tfops -D x apply dev") == "no option -D before a command"
    assert wrong_with("tfops state resore dev v1") == "no command `state resore`"
    assert wrong_with("tfops apply dev prod") == "`apply` takes 1 words, not 2"
    assert wrong_with("tfops -C shop apply dev --wait 10m --yes | tee log   # it") == ""


def test_every_page_and_link_that_tfops_itself_shows_is_there() -> None:
    """`tfops docs PAGE` in messages, help and docstrings, whatever the quotes; and in the pages themselves."""
    names = set(documents.page_names()) | {"PAGE"}
    texts = [*(TOP / "tfops").rglob("*.py"), *PAGES]
    named = {
        (path.relative_to(TOP).as_posix(), name)
        for path in texts
        for name in re.findall(r"tfops docs ([a-z][a-z-]+)\b(?!/)", path.read_text(encoding="utf-8"))
    }
    assert {(path, name) for path, name in named if name not in names and name not in {"says", "go"}} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
