"""The command that makes environments of Terraform folders that are there."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_branch, complete_environment_or_folder, complete_folder
from tfops.cli.options import EngineSwitches, Output, OutputOption, SideBySide, YesAdoptOption
from tfops.cli.run import execute, folder_of, open_project, terminal
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.cli.terminal import Terminal
    from tfops.commands.adopt_all import AdoptAllRequest
    from tfops.commands.adopt_from import AdoptFromRequest


class Tool(enum.StrEnum):
    """Whose tree is read, by what the tool itself prints."""

    TERRAGRUNT = "terragrunt"


def adopt(
    ctx: typer.Context,
    *,
    env: Annotated[
        str | None,
        typer.Argument(
            metavar="ENV",
            help="What the environment is to be called. With --all or --from: the folder to look into.",
            autocompletion=complete_environment_or_folder,
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            help="A Terraform root module with a state. Left out: the environment's `root:`, which stays where it is.",
            autocompletion=complete_folder,
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every root module of the repository, where it is: nothing moves.")
    ] = False,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="GLOB", help="With --all: folders to leave out. Can be repeated."),
    ] = None,
    source: Annotated[
        Tool | None, typer.Option("--from", help="What this tool says of the folder's tree, as environments.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --all or --from: only show what would be written.")
    ] = False,
    side_by_side: SideBySide,
    module: Annotated[
        str | None, typer.Option("--module", metavar="NAME", help="The module's name. Left out: the folder's.")
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch",
            metavar="PATTERN",
            help="Its branch. Left out: the one checked out.",
            autocompletion=complete_branch,
        ),
    ] = None,
    yes: YesAdoptOption = False,
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
) -> None:
    """Take a Terraform folder over as an environment, without touching what it made.

    The first run writes the files and rehearses the first plan. Commit them; the same command again then
    copies the state and records the first version. Refused, with everything as before, unless that plan is empty.

    An environment with `root:` in tfops.yaml is taken over where it is, in one run: nothing moves. With --all every
    root module of the repository gets such a line, in one commit, and is taken over; the same again goes on.

    \b
    Examples:
      tfops adopt prod
      tfops adopt prod ./legacy
      git add -A && git commit -m "Adopt prod" && tfops adopt prod ./legacy
      tfops adopt --all --dry-run
      tfops adopt --all live --skip 'live/sandbox' --yes
      tfops adopt --from terragrunt live --dry-run
    """
    ui = terminal()

    def flow() -> object:
        _require_one_kind(everything=everything, source=source, skip=skip, module=module, branch=branch)
        if everything:
            return _adopt_all(ctx, _all_of(ctx, env, folder, skip, yes=yes, dry_run=dry_run), side_by_side, ui)
        if source is not None:
            return _adopt_from(ctx, _from_of(ctx, source, env, folder, yes=yes, dry_run=dry_run), side_by_side, ui)
        if skip or dry_run or any(side_by_side):
            raise UsageError("--skip, --dry-run, --parallel and --fail-fast are for many", hint="add --all, or --from")
        if env is None:
            raise UsageError("which environment?", hint="tfops adopt ENV [FOLDER], or every root: tfops adopt --all")
        request = request_of(env, yes=yes, engine=engine)
        if folder is None:
            from tfops.commands.adopt_root import adopt_root

            return adopt_root(open_project(ctx), request, ui)
        from tfops.commands.adopt import adopt

        return adopt(open_project(ctx), folder_of(ctx) / folder, request, ui, module=module, branch=branch)

    execute("adopt", flow, ui=ui, output=output)


def _require_one_kind(
    *, everything: bool, source: Tool | None, skip: list[str] | None, module: str | None, branch: str | None
) -> None:
    """Raises UsageError for what makes no sense together."""
    if everything and source is not None:
        raise UsageError("--all and --from: one of the two")
    if source is not None and skip:
        raise UsageError("--skip is for --all", hint="name the folder to look into")
    if (everything or source is not None) and (module or branch):
        raise UsageError("--module and --branch are for one folder")


def _all_of(
    ctx: typer.Context, below: str | None, folder: Path | None, skip: list[str] | None, *, yes: bool, dry_run: bool
) -> "AdoptAllRequest":
    from tfops.commands.adopt_all import AdoptAllRequest
    from tfops.commands.adopt_many import folder_below

    if folder is not None:
        raise UsageError("--all takes one folder to look into, no name", hint=f"tfops adopt --all {folder}")
    where = folder_below(open_project(ctx), folder_of(ctx) / (below or "."))
    return AdoptAllRequest(where, tuple(skip or ()), yes, dry_run, _options(ctx))


def _options(ctx: typer.Context) -> tuple[str, ...]:
    """Those of each `adopt`."""
    from tfops.cli.passed_on import passed_on

    return tuple(passed_on(ctx, only=("engine", "lock_timeout")))


def _from_of(
    ctx: typer.Context, tool: Tool, below: str | None, folder: Path | None, *, yes: bool, dry_run: bool
) -> "AdoptFromRequest":
    from tfops.commands.adopt_from import AdoptFromRequest
    from tfops.commands.adopt_many import folder_below

    if folder is not None:
        raise UsageError("--from takes one folder to look into, no name", hint=f"tfops adopt --from {tool} {folder}")
    where = folder_below(open_project(ctx), folder_of(ctx) / (below or "."))
    return AdoptFromRequest(tool.value, where, yes, dry_run, _options(ctx), str(ctx.params.get("engine") or ""))


def _adopt_from(ctx: typer.Context, asked: "AdoptFromRequest", side_by_side: SideBySide, ui: "Terminal") -> object:
    from tfops.commands.adopt_from import adopt_from

    return adopt_from(open_project(ctx), asked, ui, side_by_side.options(ui))


def _adopt_all(ctx: typer.Context, asked: "AdoptAllRequest", side_by_side: SideBySide, ui: "Terminal") -> object:
    from tfops.commands.adopt_all import adopt_all

    return adopt_all(open_project(ctx), asked, ui, side_by_side.options(ui))
