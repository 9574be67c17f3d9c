"""`tfops docs`: a message may name a page to somebody who installed a wheel."""

import re
from pathlib import Path

import pytest

from tfops.commands.documents import show_documents
from tfops.errors import ProjectError, UsageError
from tfops.system import documents
from tfops.views.about import DocumentResult, DocumentsResult

TOP = Path(__file__).parent.parent.parent


def _pages(place: Path) -> list[Path]:
    return sorted(place.rglob("*.md")) if place.is_dir() else [place]


def test_every_page_is_listed_with_its_title() -> None:
    listed = show_documents(None)
    assert isinstance(listed, DocumentsResult)
    assert listed.pages["how-to/go-back"] == "Go back to an earlier version"
    assert len(listed.pages) == len([path for path in (TOP / "docs").rglob("*.md") if path.parent != TOP / "docs"])
    assert all(listed.pages.values())


@pytest.mark.parametrize("asked", ["go-back", "how-to/go-back", "docs/how-to/go-back.md", "how-to/go-back.md#the-hold"])
def test_a_page_is_found_by_name_and_by_link(asked: str) -> None:
    found = show_documents(asked)
    assert isinstance(found, DocumentResult)
    assert found.page == "how-to/go-back"
    assert found.text.startswith("# Go back")


def test_a_decision_is_found_by_number() -> None:
    found = show_documents("0014")
    assert isinstance(found, DocumentResult)
    assert found.page == "adr/0014-state-buckets"


@pytest.mark.parametrize(
    ("asked", "hint"), [("gaurds", "did you mean `guards`?"), ("../../README", "tfops docs"), ("", "tfops docs")]
)
def test_a_page_that_is_not_there(asked: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        show_documents(asked)
    assert caught.value.hint == hint


def test_without_documents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(documents, "_folder", lambda: tmp_path)
    with pytest.raises(ProjectError):
        show_documents("go-back")


def test_no_message_names_a_file_of_the_documents_and_every_page_that_one_names_is_there() -> None:
    names = set(documents.page_names())
    for path in (TOP / "tfops").rglob("*.py"):
        texts = re.findall(r'"(?:[^"\\]|\\.)*"', path.read_text().replace('"""', ""))
        assert not [text for text in texts if re.search(r"docs/\w+/\w", text) and "http" not in text], path
        assert not {name for text in texts for name in re.findall(r"tfops docs ([a-z-]+)", text)} - names, path


def test_every_decision_has_a_number_of_its_own_and_is_listed() -> None:
    pages = sorted(path.name for path in (TOP / "docs/adr").glob("*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    listed = re.findall(r"\[(\d{4}): .*\]\(adr/(.*)\)", (TOP / "docs/README.md").read_text())
    assert listed == [(name[:4], name) for name in pages]
    for name in pages:
        assert (TOP / "docs/adr" / name).read_text().startswith(f"# {name[:4]}: "), name


_WIDEST = 120
PAGES = [
    path
    for top in ("docs", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
    for path in _pages(TOP / top)
]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    for name, story in re.findall(r"`(tests/[\w/.*-]+)(?:::(\w+))?`", page.read_text(encoding="utf-8")):
        assert list(TOP.glob(name)), name
        if story:
            assert f"\ndef {story}(" in (TOP / name).read_text(encoding="utf-8"), f"{name}::{story}"


def _anchors(page: Path) -> set[str]:
    """What GitHub and GitLab make of a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    heads = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head) for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_into_a_page_leads_to_a_heading(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)#([^)\s]+)\)", page.read_text(encoding="utf-8")):
        there = page.parent / target if target else page
        assert there.suffix != ".md" or anchor in _anchors(there), f"{target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_can_be_read_in_a_terminal(page: Path) -> None:
    """Tables, links and what a program printed can't be wrapped; everything else is."""
    is_code, long = False, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        is_code ^= line.lstrip().startswith("```")
        is_free = is_code or line.startswith(("|", "    ")) or "](" in line or "://" in line
        if len(line) > _WIDEST and not is_free:
            long.append(number)
    assert long == []
