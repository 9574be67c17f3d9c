"""Commands about modules from elsewhere: what is behind, and copies of them in the project."""

from typing import Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_environment, complete_vendored
from tfops.cli.options import EngineOption, EngineSwitches, FullOption, Output, OutputOption, QuietOption
from tfops.cli.run import execute, open_project, terminal
from tfops.errors import UsageError


def outdated(
    ctx: typer.Context,
    envs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ENV", help="Only these environments. Left out: all.", autocompletion=complete_environment
        ),
    ] = None,
    providers: Annotated[
        bool, typer.Option("--providers/--no-providers", help="Look for newer releases of locked providers, too.")
    ] = True,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Show which modules from elsewhere, and which locked providers, have newer releases.

    Tags of Git repositories and versions of registries are asked for, each once. Exit code 2: something is behind;
    13: nothing is, as far as could be asked.

    \b
    Examples:
      tfops outdated
      tfops outdated prod --no-providers
      tfops outdated --full             what is current, too
    """
    ui = terminal(quiet=quiet, full=full)

    def flow() -> object:
        from tfops.commands.outdated import outdated

        return outdated(open_project(ctx), envs or (), ui, providers=providers)

    execute("outdated", flow, ui=ui, output=output)


def vendor(
    ctx: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODULE",
            help="An environment, a source (terraform-aws-modules/vpc/aws), or a module's name in a file. With "
            "--check: a folder below modules/. Left out there: all copies.",
            autocompletion=complete_vendored,
        ),
    ] = None,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="What the copy's folder is called.")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing, say which copies aren't what was fetched: exit 2 for any.")
    ] = False,
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Copy modules from elsewhere into modules/, and call them from there.

    Where a copy is from, and the digest of what was fetched, stands in its .tfops-source.yaml. The environments' files
    get the new source; comments and everything else stay.

    \b
    Examples:
      tfops vendor prod                          all that prod's files name
      tfops vendor terraform-aws-modules/vpc/aws
      tfops vendor --check                       in CI
    """
    ui = terminal(quiet=quiet)

    def flow() -> object:
        from tfops.commands import vendor as flows

        if check:
            if name:
                raise UsageError("`--as` names a new copy, and `--check` makes none")
            return flows.check(open_project(ctx), what or ())
        if not what:
            raise UsageError("which module?", hint="tfops vendor ENV, or a source: tfops outdated --full lists them")
        request = request_of(engine=EngineSwitches(engine))
        return flows.vendor(open_project(ctx), what, name, request, ui)

    execute("vendor", flow, ui=ui, output=output)
