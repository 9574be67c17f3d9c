"""Commands for who writes an environment's file: validate, fmt, explain, schema."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_environment, complete_module
from tfops.cli.options import (
    EngineOption,
    EngineSwitches,
    Environment,
    FullOption,
    HeadOption,
    Output,
    OutputOption,
    QuietOption,
    SelectionOptions,
    SideBySide,
    VerboseOption,
    WaitOption,
)
from tfops.cli.run import execute, folder_of, open_project, terminal
from tfops.errors import UsageError
from tfops.records.names import EnvName

if TYPE_CHECKING:
    from tfops.commands.review_one import OneReview
    from tfops.views.affected import AffectedResult
    from tfops.views.reversible import ReversibleResult
    from tfops.views.review_result import ReviewResult


WriteOption = Annotated[
    str | None,
    typer.Option("--write", metavar="DIR", help="Write it to this folder too, as the CI job's forge takes files."),
]


def validate(
    ctx: typer.Context,
    *,
    env: Annotated[
        str | None,
        typer.Argument(
            metavar="ENV", help="Only this environment. Left out: all.", autocompletion=complete_environment
        ),
    ] = None,
    chosen: SelectionOptions,
    deep: Annotated[
        bool, typer.Option("--deep", help="Let the engine judge values too: no init, no provider, no credentials.")
    ] = False,
    head: HeadOption = False,
    engine: EngineOption = "",
    write: WriteOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Check tfops.yaml and every environment against the modules: every mistake, in one run.

    \b
    Examples:
      tfops validate              the whole project, as the files lie here
      tfops validate --env 'prod-*'
      tfops validate dev --deep   the engine judges conversions and modules' rules
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.report_files import mistakes_written
        from tfops.commands.validate import validate

        project, selection = open_project(ctx), chosen.selection(env)
        named: Sequence[str] | None = [env] if env else None
        if selection and not selection.everything:
            from tfops.commands.selecting import select

            named = select(project, selection, ui, worktree=not head).environments
        request = request_of(engine=EngineSwitches(engine))
        with mistakes_written(folder_of(ctx), write):
            return validate(project, named, head=head, deep=deep, request=request, ui=ui)

    execute("validate", flow, ui=ui, output=output)


def fmt(
    ctx: typer.Context,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Files or folders. Left out: tfops.yaml and environments/."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing, list what would change: exit 2 when something would.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="The same, and how it would change.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Bring tfops.yaml and the environments' files into one layout. What they say stays the same.

    Two spaces for each level, list items one level in, no blanks at the ends of lines. Comments, quotes and order stay.

    \b
    Examples:
      tfops fmt
      tfops fmt --check            in CI
      tfops fmt --diff environments/prod.yaml
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.fmt import fmt

        return fmt(open_project(ctx), folder_of(ctx), files or (), writes=not (check or diff), compares=diff)

    execute("fmt", flow, ui=ui, output=output)


def explain(
    ctx: typer.Context,
    module: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE", help="A folder below modules/. Left out: all.", autocompletion=complete_module
        ),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what a module takes and gives: types, defaults, descriptions, an example to paste.

    \b
    Examples:
      tfops explain            the modules that there are
      tfops explain network
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import explain

        project = open_project(ctx)
        return explain.explain(project, module) if module else explain.list_modules(project)

    execute("explain", flow, ui=ui, output=output)


def schema(
    ctx: typer.Context,
    write: Annotated[
        str | None, typer.Option("--write", metavar="DIR", help="Write the schemas to this folder.")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make JSON Schemas for tfops.yaml and the environments' files, with the inputs of your modules.

    An editor with a YAML language server then completes and marks mistakes while you type.

    \b
    Examples:
      tfops schema --write .schemas
      # first line of environments/dev.yaml:
      # yaml-language-server: $schema=../.schemas/environment.schema.json
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.explain import schema

        return schema(open_project(ctx), folder_of(ctx), write)

    execute("schema", flow, ui=ui, output=output)


def check(
    ctx: typer.Context,
    env: Environment = None,
    reversible: Annotated[bool, typer.Option("--reversible", help="Is the commit a one-way door?")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Plan it too: replacements, engine versions, disks.")] = False,
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
) -> None:
    """Check a change under review: exit 13 when what runs could not be brought back easily.

    \b
    Examples:
      tfops check prod --reversible          from Git alone
      tfops check prod --reversible --plan   with a plan: knows replacements, too
    """
    ui = terminal()

    def flow() -> "ReversibleResult":
        from tfops.commands.reversible import check_reversible

        if not reversible:
            raise UsageError("nothing to check", hint="tfops check [ENV] --reversible")
        return check_reversible(
            open_project(ctx), env, with_plan=plan, request=request_of(engine=EngineSwitches(engine)), ui=ui
        )

    execute("check", flow, ui=ui, output=output)


BaseOption = Annotated[
    str | None,
    typer.Option(
        "--base",
        metavar="BRANCH",
        help="What the commit is to be merged into, or another commit. Left out: each environment's branch.",
    ),
]


def affected(
    ctx: typer.Context,
    base: BaseOption = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when it touches any environment.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show which environments the checked-out commit touches, and why. No engine is started.

    Compared with the commit where it left the branch: what others did there since doesn't count. In a merge request's
    pipeline the branch is the one that it is to be merged into.

    \b
    Examples:
      tfops affected
      tfops affected --base main
      tfops affected --base v1.2 -o json    against any commit, all environments
    """
    ui = terminal()

    def flow() -> "AffectedResult":
        from tfops.commands.affected import affected as affected_by

        return affected_by(open_project(ctx), base)

    def exit_code(result: "AffectedResult") -> int:
        return result.exit_code(detailed=detailed_exitcode)

    execute("affected", flow, ui=ui, output=output, exit_code=exit_code)


def review(
    ctx: typer.Context,
    *,
    base: BaseOption = None,
    local: Annotated[bool, typer.Option("--local", help="Tell no forge.")] = False,
    only: Annotated[str, typer.Option("--only", hidden=True)] = "",  # one of them, for the others' sake
    side_by_side: SideBySide,
    wait: WaitOption = "0s",
    engine: EngineOption = "",
    full: FullOption = False,
    write: WriteOption = None,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Plan and check every environment that the checked-out commit touches. Nothing is applied.

    Shows for each why it is touched, the plan, the required checks, and the one-way doors. In the pipeline of a merge
    request that is told to the merge request: in one comment, which is kept up to date, and in statuses. The code of
    one from another repository isn't run. Exit code 13 when one can't be planned or doesn't pass.

    \b
    Examples:
      tfops review --local      before you push
      tfops review              in a merge request's pipeline
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> "ReviewResult | OneReview":
        project = open_project(ctx)
        if only:
            from tfops.commands.review_one import review_one

            request = request_of(wait=wait, engine=EngineSwitches(engine), allow_missing=())
            return review_one(project, EnvName(only), request, ui)
        from tfops.cli.passed_on import passed_on
        from tfops.commands.report_files import mistakes_written, write_review
        from tfops.commands.review import review as review_of

        folder = folder_of(ctx)
        with mistakes_written(folder, write):
            result = review_of(project, base, passed_on(ctx), side_by_side.options(ui), ui, is_local=local)
        if write:
            write_review(folder, write, result)
        return result

    execute("review", flow, ui=ui, output=output)
