"""Names of modules and classes are made of words that people of this field know, or that docs/README.md explains."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TFOPS = Path(__file__).parents[2] / "tfops"
WORDS = Path(__file__).parents[1] / "data" / "words.txt"

# What modules and classes were called once, and nobody understood.
RETIRED = {
    "beat", "board", "court", "crowd", "custody", "door", "ear", "giver", "ground", "guest", "judge", "lobby", "looks",
    "news", "placed", "road", "scene", "spare", "stay", "survey", "teller", "twin", "wish", "watched",
}  # fmt: skip


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def _names() -> Iterator[tuple[str, str]]:
    """(path, name) of every package, module and class."""
    for path in sorted(TFOPS.rglob("*.py")):
        where = str(path.relative_to(TFOPS))
        yield from ((where, part) for part in (*path.relative_to(TFOPS).parts[:-1], path.stem))
        classes = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef))
        yield from ((where, one.name) for one in classes)


def test_no_module_and_no_class_has_a_name_that_only_we_understand() -> None:
    assert [f"{path}: {name}" for path, name in _names() if _words(name) & RETIRED] == []


def test_a_new_word_is_one_that_somebody_decided_on() -> None:
    """tests/data/words.txt: a word comes in when a newcomer would know it, or docs/README.md#words explains it."""
    known = set(WORDS.read_text().split())
    assert not known & RETIRED
    assert {f"{word} ({path})" for path, name in _names() for word in _words(name) - known} == set()
    assert known - {word for _, name in _names() for word in _words(name)} == set(), "no longer used"
