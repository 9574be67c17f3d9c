"""Commands about tfops itself: version, help, docs."""

import difflib
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.core import TyperGroup

from tfops import __version__
from tfops.cli.complete import complete_command, complete_page
from tfops.cli.misread import MEANT
from tfops.cli.options import Output, OutputOption
from tfops.cli.run import execute, fail, terminal
from tfops.errors import UsageError
from tfops.views.about import DocumentResult, DocumentsResult, VersionResult


def version(output: OutputOption = Output.TEXT) -> None:
    """Print the version, and where this tfops was installed from.

    \b
    Examples:
      tfops version
      tfops version -o json
    """

    def flow() -> VersionResult:
        from tfops.system.installation import installation

        return VersionResult(__version__, str(installation()))

    execute("version", flow, ui=terminal(), output=output)


def docs(
    page: Annotated[
        str | None, typer.Argument(metavar="PAGE", help="Its name. Left out: the list.", autocompletion=complete_page)
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the documents that came with this tfops: the list of pages, or one of them.

    \b
    Examples:
      tfops docs
      tfops docs go-back
      tfops docs guards | less
    """

    def flow() -> DocumentsResult | DocumentResult:
        from tfops.commands.documents import show_documents

        return show_documents(page)

    execute("docs", flow, ui=terminal(), output=output)


def help_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND", help="A command.", autocompletion=complete_command)
    ] = None,
) -> None:
    """Show the help of tfops, or of a command.

    \b
    Examples:
      tfops help apply
      tfops help state restore
    """
    shown = ctx.find_root()
    above = "tfops"  # the program's own name may be `python -m tfops`
    for word in words or ():
        group = shown.command
        found = group.get_command(shown, word) if isinstance(group, TyperGroup) else None
        if found is None:
            fail("help", _unknown(word, above, _commands_of(shown.command)), output=Output.TEXT)
        shown, above = typer.Context(found, info_name=word, parent=shown), f"{above} {word}"
    typer.echo(shown.get_help())


def _commands_of(command: object) -> Sequence[str]:
    return list(command.commands) if isinstance(command, TyperGroup) else ()


def _unknown(word: str, above: str, names: Sequence[str]) -> UsageError:
    """The word is none of the commands `names` of `above`: `tfops`, or `tfops state`."""
    typed = f"{above} {word}".partition(" ")[2]
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    hint = ", or ".join(f"{above} {name}".replace(" ", " help ", 1) for name in close)
    return UsageError(f"there is no command `{typed}`", state="", hint=hint or MEANT.get(typed) or f"{above} --help")
