"""Commands about what versions hold, and how they differ: logs, diff, blame, output, graph."""

from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.options import Environment, Environments, FetchOption, NamedEnvironment, Output, OutputOption, completion
from tfops.cli.run import execute, open_project, terminal
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.views.diff import DiffResult
    from tfops.views.diff_markdown import DiffMarkdown


def diff(
    ctx: typer.Context,
    env: Environment = None,
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="OTHER",
            help="A version of it, or another environment. Left out: the head of its branch.",
            autocompletion=completion("environment_or_version"),
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION", help="The second version. Left out: what runs.", autocompletion=completion("version")
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="For a merge request or a ticket.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Long values and all commits.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what differs: between two versions, two environments, or what runs and the head of its branch.

    Two environments: exit 2 when they differ in more than `same_but` in tfops.yaml names.

    \b
    Examples:
      tfops diff prod v11 v12   what changed, why, by whom, and the way back
      tfops diff prod v11       against what runs
      tfops diff staging prod   their running versions
      tfops diff prod           what runs, and what its branch wishes for
    """
    ui = terminal(full=full)

    def flow() -> "DiffResult | DiffMarkdown":
        from tfops.commands.diff import DiffRequest
        from tfops.commands.diff import diff as diff_of

        require_one_form(output, markdown=markdown)
        found = diff_of(open_project(ctx), DiffRequest(env, other, version), fetch=fetch, ui=ui)
        if not markdown:
            return found
        from tfops.views.diff_markdown import DiffMarkdown

        return DiffMarkdown(found)

    execute("diff", flow, ui=ui, output=output)


def logs(
    ctx: typer.Context,
    env: Environment = None,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION", help="The run that made it. Left out: the newest.", autocompletion=completion("version")
        ),
    ] = None,
    run: Annotated[str, typer.Option("--run", metavar="ID", help="A run by its id, or a part of it.")] = "",
    lists: Annotated[bool, typer.Option("--list", help="Which runs are kept.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what the engine printed in a run, masked, from any clone.

    Runs that stop are kept; all of them with `logs: {keep: all}` in tfops.yaml.

    \b
    Examples:
      tfops logs prod          the newest that is kept
      tfops logs prod v12      the run that made v12
      tfops logs prod --list
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.logs import LogsRequest
        from tfops.commands.logs import logs as logs_of

        return logs_of(open_project(ctx), LogsRequest(env, version, run, lists), fetch=fetch, ui=ui)

    execute("logs", flow, ui=ui, output=output)


def blame(
    ctx: typer.Context,
    env: NamedEnvironment,
    thing: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="A resource's address, or an input: inputs.web.size.",
            autocompletion=completion("address"),
        ),
    ],
    full: Annotated[bool, typer.Option("--full", help="Long values and all commits.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show which version, commit and person made a resource or an input what it is.

    \b
    Examples:
      tfops blame prod module.app.aws_instance.web
      tfops blame prod inputs.web.size
    """
    ui = terminal(full=full)

    def flow() -> object:
        from tfops.commands.blame import blame as blame_of

        return blame_of(open_project(ctx), env, thing, fetch=fetch, ui=ui)

    execute("blame", flow, ui=ui, output=output)


def output(
    ctx: typer.Context,
    env: Environment = None,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="Only this one: url, web.url, network/vpc.id.", autocompletion=completion("output")
        ),
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="The bare text of one output, for a script.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The values as JSON, and nothing around them.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what the applied version gave. Sensitive outputs are named, their values are never stored.

    \b
    Examples:
      tfops output dev
      tfops output dev web.url
      curl "$(tfops output dev url --raw)"
      tfops output dev --json
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.output import output as output_of
        from tfops.views.output import OutputForm

        require_one_form(output, raw=raw, json=as_json)
        form = OutputForm.RAW if raw else OutputForm.JSON if as_json else OutputForm.TABLE
        return output_of(open_project(ctx), env, name, fetch=fetch, ui=ui, form=form)

    execute("output", flow, ui=ui, output=output)


def graph(
    ctx: typer.Context,
    envs: Environments = None,
    dot: Annotated[bool, typer.Option("--dot", help="As Graphviz reads it.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid reads it.")] = False,
    full: Annotated[bool, typer.Option("--full", help="All users of a module, not only the first 5.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show environments, their stacks and modules as they run, and who uses what.

    \b
    Examples:
      tfops graph
      tfops graph staging prod
      tfops graph --dot | dot -Tsvg > graph.svg
      tfops graph --mermaid
    """
    ui = terminal(full=full)

    def flow() -> object:
        from tfops.commands.graph import graph as graph_of
        from tfops.views.graph import GraphForm

        require_one_form(output, dot=dot, mermaid=mermaid)
        form = GraphForm.DOT if dot else GraphForm.MERMAID if mermaid else GraphForm.TREE
        return graph_of(open_project(ctx), envs or (), fetch=fetch, ui=ui, form=form)

    execute("graph", flow, ui=ui, output=output)


def require_one_form(output: Output, **asked: bool) -> None:
    """Raises UsageError where an answer is asked for in two forms at once."""
    names = [f"--{name}" for name, is_asked in asked.items() if is_asked]
    names += ["--output json"] if output is Output.JSON else []
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)}: one of the two")
