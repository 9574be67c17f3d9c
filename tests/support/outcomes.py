"""The table of docs/explanation/rollback.md: what the tests found is what the page says.

With TFOPS_WRITE_DOCS=1 a test writes its own line; without, it fails when the line says anything else.
"""

import os
import tempfile
from pathlib import Path

from filelock import FileLock

from tests.support.ways_back import Story

PAGE = Path(__file__).parents[2] / "docs/explanation/rollback.md"
_START, _END = "<!-- outcomes -->\n", "<!-- /outcomes -->"
_HEAD = (
    "| going back across | by hand: old content, `init`, `apply` | `history --verdict` | `tfops rollback` |\n"
    "|---|---|---|---|\n"
)

ROWS = (
    "a resource that was added later with `prevent_destroy`",
    "a `moved` block",
    "`removed { destroy = false }`",
    "`removed { destroy = false }`, of types without an import by id",
    "`removed { destroy = false }`, of what an import would replace at once",
    "a replacement, then `removed { destroy = false }`",
    "a `moved` block, then `removed { destroy = false }`, where ids say nothing",
    "a user who left, another who came: a password each, and all ids alike",
    "a `prevent_destroy` that only the past has, on what must be replaced",
    "a provider that raised a resource's schema version",
    "a provider that added the type",
    "another place for the state",
    "a newer Terraform",
    "a newer state format",
    "a module version that floats",
    "a missing lock file",
    "an engine version that can't be turned back",
    "changes by hand since",
    "the next pipeline run",
)


_OTHER_WORDS = {"OpenTofu": "Terraform", "Resource instance cannot be": "Instance cannot be"}


def record(story: Story, row: str, *, by_hand: object, verdict: str, with_tfops: str) -> None:
    """What a test found for a row, as a line of the page, which quotes Terraform. A root module that somebody wrote by
    hand has the same line, with its own addresses."""
    found = f"| {row} | {by_hand} | {verdict} | {with_tfops} |"
    for tofu, terraform in _OTHER_WORDS.items():
        found = found.replace(tofu, terraform)
    if story.own:
        assert story.at(lines()[row]) == found
        return
    if os.environ.get("TFOPS_WRITE_DOCS"):
        with FileLock(Path(tempfile.gettempdir(), "tfops-outcomes.lock")):
            _write(lines() | {row: found})
    assert lines()[row] == found, "the page is stale: run the test with TFOPS_WRITE_DOCS=1"


def lines() -> dict[str, str]:
    """The lines of the table, by row."""
    table = PAGE.read_text().partition(_START)[2].partition(_END)[0].removeprefix(_HEAD)
    return {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines()}


def _write(found: dict[str, str]) -> None:
    before, _, rest = PAGE.read_text().partition(_START)
    table = "".join(f"{found[row]}\n" for row in ROWS if row in found)
    PAGE.write_text(f"{before}{_START}{_HEAD}{table}{_END}{rest.partition(_END)[2]}")
