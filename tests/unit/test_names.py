"""Names of modules and classes are words that people of this field know; our own are in docs/README.md#words."""

import ast
import re
from pathlib import Path

TFOPS = Path(__file__).parents[2] / "tfops"

# What modules and classes were called once, and nobody understood.
RETIRED = {
    "beat", "board", "court", "crowd", "custody", "door", "ground", "judge", "looks", "placed", "road", "scene",
    "spare", "survey", "wish", "watched",
}  # fmt: skip


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def test_no_module_and_no_class_has_a_name_that_only_we_understand() -> None:
    found = []
    for path in sorted(TFOPS.rglob("*.py")):
        names = [
            path.stem,
            *(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)),
        ]
        found += [f"{path.relative_to(TFOPS)}: {name}" for name in names if _words(name) & RETIRED]
    assert found == []
