"""`docs`: the pages that came with this tfops, so that a message can name one to somebody who installed a wheel."""

from tfops.config.names import did_you_mean
from tfops.errors import ProjectError, UsageError
from tfops.system import documents
from tfops.views.about import DocumentResult, DocumentsResult


def show_documents(asked: str | None) -> DocumentsResult | DocumentResult:
    """The list of pages, or the one that is asked for: by name, by the last part of it, or by a link (`…/x.md#y`).

    Raises UsageError for a page that isn't there, ProjectError where no documents came along.
    """
    pages = documents.pages()
    if not pages:
        raise ProjectError(
            "the documents did not come with this tfops", hint="install it anew, from its wheel", state=""
        )
    if asked is None:
        return DocumentsResult(pages)
    name = _page(asked, pages)
    return DocumentResult(name, documents.page(name))


def _page(asked: str, pages: dict[str, str]) -> str:
    wanted = asked.partition("#")[0].removeprefix("./").removeprefix("docs/").removesuffix(".md").strip("/")
    short = {name.rpartition("/")[2]: name for name in pages}
    if wanted in pages:
        return wanted
    if wanted in short:
        return short[wanted]
    numbered = [name for name in pages if name.startswith(f"adr/{wanted}-")]
    if numbered:
        return numbered[0]
    hint = did_you_mean(wanted, [*short, *pages]) if wanted else ""
    raise UsageError(f"there is no page `{asked}`", state="", hint=hint if hint.startswith("did") else "tfops docs")
