"""The documents that came with this tfops: in a wheel beside the code, in a checkout in `docs/`."""

from collections.abc import Iterator
from pathlib import Path

import tfops

_PACKAGE = Path(tfops.__file__).parent
_KINDS = ("tutorial", "how-to", "reference", "explanation", "adr")


def pages(folder: Path | None = None) -> dict[str, str]:
    """Name (`how-to/go-back`) to title, in the order of learning; empty when no documents came along."""
    top = folder or _folder()
    return {str(path.relative_to(top).with_suffix("")): _title(path) for path in _files(top)}


def page_names() -> list[str]:
    """The last part of each page's name: what is typed."""
    return sorted(name.rpartition("/")[2] for name in pages())


def page(name: str, folder: Path | None = None) -> str:
    """The Markdown of a page that `pages` names."""
    return ((folder or _folder()) / f"{name}.md").read_text(encoding="utf-8")


def _folder() -> Path:
    shipped = _PACKAGE / "documents"
    return shipped if shipped.is_dir() else _PACKAGE.parent / "docs"


def _files(top: Path) -> Iterator[Path]:
    for kind in _KINDS:
        yield from sorted((top / kind).glob("*.md"))


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next(lines, "").lstrip("# ").strip().replace("`", "")
