"""The README shows what tfops really prints."""

import re
from pathlib import Path

from bench.readme import TOP, block, demo_session, measured, normalized
from tests.support.engines import require_engine


def test_the_session_in_the_readme_is_what_the_demo_prints() -> None:
    require_engine()
    assert normalized(block((TOP / "README.md").read_text(), "demo")) == normalized(demo_session())


def test_the_numbers_in_the_readme_are_the_ones_that_were_measured() -> None:
    assert block((TOP / "README.md").read_text(), "bench").strip() == measured()


def test_every_link_in_the_documents_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(TOP)}: {target}"
        for path in [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md")), TOP / "CONTRIBUTING.md"]
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text())
        if not Path(path.parent, target).exists()
    ]
    assert broken == []


def test_no_document_and_no_message_installs_the_other_project() -> None:
    """`tfops` on the public index is not ours (docs/how-to/install.md): behind an installer it is a warning only."""
    named = re.compile(r"(pip install|pipx (install|run)|uv tool install|uvx)( -\S+)* ['\"]?tfops(\[|\s|['\"`]|$)")
    warning = re.compile(r"[Nn]ever|don't|somebody else|So `pip")
    texts = [
        *TOP.glob("*.md"),
        *(TOP / "docs").rglob("*.md"),
        *(TOP / "deploy").rglob("*"),
        *(TOP / "tfops").rglob("*.py"),
    ]
    found = [
        f"{path.relative_to(TOP)}:{number}"
        for path in texts if path.is_file()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if named.search(line) and not warning.search(line)
    ]  # fmt: skip
    assert found == []
