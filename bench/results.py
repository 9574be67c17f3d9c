"""bench/results.md: read and written by section, so that a part can be measured anew."""

from collections.abc import Mapping
from pathlib import Path

from bench import targets

RESULTS = Path(__file__).with_name("results.md")


def results() -> dict[str, str]:
    """Title to text, as they were measured last; what stands above the first is under the empty title."""
    about, *sections = RESULTS.read_text().split("\n## ") if RESULTS.is_file() else [""]
    return {"": about.strip()} | {title: body.strip() for title, _, body in (one.partition("\n") for one in sections)}


def write_results(texts: Mapping[str, str]) -> None:
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in texts.items() if title)
    RESULTS.write_text(f"{texts['']}\n\n{body}\n")


def write_measured(found: Mapping[str, float]) -> None:
    """Into the table of targets only: what the benches with a file of their own measured."""
    texts = results()
    first = {"": texts.pop(""), targets.TITLE: targets.table(found, texts.pop(targets.TITLE, ""))}
    write_results(first | texts)
