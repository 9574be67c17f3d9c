"""Commands that change nothing: plan, render, status, history, show, doctor."""

from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.options import (
    AllowMissingOption,
    EngineOption,
    EngineSwitches,
    Environment,
    Environments,
    FetchOption,
    FullOption,
    NamedEnvironment,
    OutOption,
    Output,
    OutputOption,
    PlanSwitches,
    QuietOption,
    SelectionOptions,
    SideBySide,
    StackOption,
    VerboseOption,
    VersionArgument,
    WaitOption,
    WorktreeOption,
    completion,
    parse_digest,
    parse_duration,
)
from tfops.cli.run import execute, execute_watching, folder_of, open_project, terminal
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.views.doctor import DoctorResult
    from tfops.views.many import ManyResult
    from tfops.views.plan import PlanResult
    from tfops.views.status import StatusResult
    from tfops.views.verify import VerifyResult

LimitOption = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="Only the newest N.", show_default=False)
]


def plan(
    ctx: typer.Context,
    *,
    env: Environment = None,
    chosen: SelectionOptions,
    side_by_side: SideBySide,
    stack: StackOption = None,
    worktree: WorktreeOption = False,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="COMMIT",
            help="What this commit would do. Else: the checked-out one.",
            autocompletion=completion("branch"),
        ),
    ] = None,
    allow_missing: AllowMissingOption = None,
    of_plan: PlanSwitches,
    checks: Annotated[bool, typer.Option("--checks", help="Run the required checks; exit 13 if one fails.")] = False,
    out: OutOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it in Git, for who is to approve it.")] = False,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 for changes.")] = False,
    wait: WaitOption = "0s",
    engine: EngineOption = "",
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what applying the checked-out commit would do, in one environment or in many.

    \b
    Examples:
      tfops plan dev
      tfops plan --all                     or --env 'prod-*', --label team=web
      tfops plan --affected                before you push
      tfops plan dev --worktree            before you commit
      tfops plan dev --detailed-exitcode   exit 2 when there are changes
      tfops plan prod --against feature    what would that do to prod?
      tfops plan prod --checks             would it pass?
      tfops plan prod --stack app          one stack of several
      tfops plan dev --target module.app   only that, and what it needs
      tfops plan prod --keep               for who is to approve it
      tfops plan prod --out prod.tfplan    for tfops apply prod --plan
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> "PlanResult | ManyResult":
        from tfops.cli.change_options import request_of
        from tfops.commands import plan as flows

        request = request_of(
            env, stacks=stack, wait=wait, engine=EngineSwitches(engine), allow_missing=allow_missing or (),
            of_plan=of_plan,
        )  # fmt: skip
        if worktree and (keep or against is not None):
            raise UsageError("--worktree is for what isn't committed: not with --keep or --against")
        if keep and against is not None:
            raise UsageError("--keep is for the checked-out commit, which can be applied: not with --against")
        if worktree and out is not None:
            raise UsageError("--out is for a plan that can be applied: not with --worktree")
        project = open_project(ctx)
        if selection := chosen.selection(env):
            from tfops.cli.many_apply import require_one
            from tfops.cli.passed_on import passed_on
            from tfops.commands.many import plan_many
            from tfops.commands.selecting import for_commit

            require_one(out=out)
            selected = for_commit(project, selection, ui, worktree=worktree)
            return plan_many(project, selected, passed_on(ctx), side_by_side.options(ui), ui)
        file = None if out is None else folder_of(ctx) / out
        options = flows.PlanOptions(against, worktree, checks, out=file)
        if keep:
            from tfops.commands.note_review import plan_and_keep

            return plan_and_keep(project, request, ui, options)
        return flows.plan(project, request, ui, options)

    def exit_code(result: "PlanResult | ManyResult") -> int:
        from tfops.views.plan import PlanResult

        if isinstance(result, PlanResult):
            return result.exit_code(detailed=detailed_exitcode)
        return result.exit_code_of_plans(detailed=detailed_exitcode)

    execute("plan", flow, ui=ui, output=output, exit_code=exit_code)


def render(
    ctx: typer.Context,
    env: Environment = None,
    diff: Annotated[
        str | None,
        typer.Option("--diff", metavar="VERSION", help="Against a version.", autocompletion=completion("version")),
    ] = None,
    worktree: WorktreeOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the Terraform root module that a commit becomes.

    \b
    Examples:
      tfops render dev
      tfops render prod --diff v12
      tfops render dev --worktree --output json
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import rendering

        if diff is not None:
            return rendering.render_diff(open_project(ctx), env, diff, worktree=worktree, ui=ui)
        return rendering.render(open_project(ctx), env, worktree=worktree)

    execute("render", flow, ui=ui, output=output)


def status(
    ctx: typer.Context,
    *,
    envs: Environments = None,
    chosen: SelectionOptions,
    fetch: FetchOption = True,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again when it changes, until Ctrl-C.")] = False,
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="With --watch: how often to look.")] = "5s",
    output: OutputOption = Output.TEXT,
) -> None:
    """Show every environment: version, commit, when, by whom, and what to know about it.

    \b
    Examples:
      tfops status
      tfops status prod
      tfops status --label team=web
      tfops status --watch
      tfops status --output json
    """
    ui = terminal()

    def flow() -> "StatusResult":
        from tfops.commands.status import status as status_of

        project, named = open_project(ctx), envs or None
        selection = chosen.selection(*(envs or ()))
        if selection and not selection.everything:
            from tfops.commands.selecting import select

            selected = select(project, selection, ui)
            named = list(selected.environments)
            if not selected.environments:
                ui.note(selected.text)
        return status_of(project, named, fetch=fetch, ui=ui, with_labels=output is Output.JSON)

    if watch:
        execute_watching("status", flow, ui=ui, output=output, every_s=max(parse_duration(every), 1.0))
    else:
        execute("status", flow, ui=ui, output=output)


def history(
    ctx: typer.Context,
    env: Environment = None,
    verdict: Annotated[bool, typer.Option("--verdict", help="What going back to each version comes to.")] = False,
    full: Annotated[bool, typer.Option("--full", help="All versions, not only the newest 100.")] = False,
    limit: LimitOption = None,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the versions of an environment, newest first.

    \b
    Examples:
      tfops history dev
      tfops history dev --limit 5
      tfops history prod --verdict    can it be brought back, and at what price
    """
    ui = terminal(full=full)

    def flow() -> object:
        from tfops.commands.history import history as history_of

        return history_of(open_project(ctx), env, verdict=verdict, limit=limit, fetch=fetch, ui=ui)

    execute("history", flow, ui=ui, output=output)


def show(
    ctx: typer.Context,
    env: Environment = None,
    version: VersionArgument = None,
    review: Annotated[
        str | None,
        typer.Option("--review", metavar="DIGEST", help="The reviewed plan with this digest instead, or `latest`."),
    ] = None,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show the identity card of a version: who, what, when, with which engine, and what it holds.

    With --review: a plan that was reviewed, who agreed to it, and when.

    \b
    Examples:
      tfops show dev          the current version
      tfops show dev v2
      tfops show dev v2 --output json
      tfops show prod --review 4c1a95e07b3f
    """
    ui = terminal(full=full)

    def flow() -> object:
        if review is not None:
            from tfops.commands.show_review import show_review

            if version is not None:
                raise UsageError("a version or --review: one of the two")
            return show_review(open_project(ctx), env, "" if review == "latest" else parse_digest(review), ui)
        from tfops.commands.show import show as show_of

        return show_of(open_project(ctx), env, version, with_labels=output is Output.JSON)

    execute("show", flow, ui=ui, output=output)


def log(
    ctx: typer.Context,
    env: Environment = None,
    limit: LimitOption = None,
    fetch: FetchOption = True,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show it again when it changes, until Ctrl-C.")
    ] = False,
    every: Annotated[str, typer.Option("--every", metavar="TIME", help="With --follow: how often to look.")] = "5s",
    output: OutputOption = Output.TEXT,
) -> None:
    """Show every event of an environment: applied, failed, locked, unlocked by force, recovered.

    \b
    Examples:
      tfops log prod
      tfops log prod --follow
      tfops log prod --output json
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.log import log as log_of

        return log_of(open_project(ctx), env, limit=limit, fetch=fetch, ui=ui)

    if follow:
        execute_watching("log", flow, ui=ui, output=output, every_s=max(parse_duration(every), 1.0))
    else:
        execute("log", flow, ui=ui, output=output)


def inventory(
    ctx: typer.Context,
    env: Environment = None,
    everything: Annotated[bool, typer.Option("--all", help="All environments.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """Show what an environment is made of: addresses and ids, without asking its backend.

    \b
    Examples:
      tfops inventory prod
      tfops inventory --all | grep i-0abc
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.inventory import inventory as inventory_of

        return inventory_of(open_project(ctx), env, everything=everything, fetch=fetch, ui=ui)

    execute("inventory", flow, ui=ui, output=output)


def verify(ctx: typer.Context, env: NamedEnvironment, output: OutputOption = Output.TEXT) -> None:
    """Check an environment's ledger and tags against each other: nothing rewritten, missing or foreign.

    \b
    Examples:
      tfops verify prod
    """
    ui = terminal()

    def flow() -> "VerifyResult":
        from tfops.commands.verify import verify

        return verify(open_project(ctx), env, ui)

    execute("verify", flow, ui=ui, output=output)


def doctor(ctx: typer.Context, engine: EngineOption = "", output: OutputOption = Output.TEXT) -> None:
    """Check this machine and this project: engine, Git, remote, configuration, folders.

    \b
    Examples:
      tfops doctor
    """
    ui = terminal()

    def flow() -> "DoctorResult":
        from tfops.commands.doctor import doctor

        return doctor(folder_of(ctx), engine)

    execute("doctor", flow, ui=ui, output=output)
