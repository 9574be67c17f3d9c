"""Commands that change an environment: apply, rollback, destroy, recover."""

from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_environment
from tfops.cli.flag_groups import AllowedGuards
from tfops.cli.options import (
    AllowActionOption,
    AllowDestroyOption,
    AllowMissingOption,
    AllowStatelessOption,
    EngineOption,
    EngineSwitches,
    Environment,
    FullOption,
    NamedEnvironment,
    NeededVersion,
    OfflineOption,
    Output,
    OutputOption,
    Permissions,
    PlanDigestOption,
    PlanOption,
    PlanSwitches,
    QuietOption,
    RefreshOnlyOption,
    ReviewedOption,
    SelectionOptions,
    SideBySide,
    StackOption,
    VerboseOption,
    VersionArgument,
    WaitOption,
    YesDestroyOption,
    YesDrillOption,
    YesOption,
    YesResumeOption,
    YesRollbackOption,
)
from tfops.cli.run import execute, exit_code_of, folder_of, open_project, terminal
from tfops.errors import UsageError
from tfops.exits import Exit

if TYPE_CHECKING:
    from tfops.views.drill import DrillResult


def apply(
    ctx: typer.Context,
    *,
    env: Environment = None,
    yes: YesOption = False,
    chosen: SelectionOptions,
    side_by_side: SideBySide,
    stack: StackOption = None,
    permissions: Permissions,
    allowed: AllowedGuards,
    until_asked: Annotated[
        bool, typer.Option("--until-asked", hidden=True)
    ] = False,  # of many: shown first, then asked
    only_commit: Annotated[str, typer.Option("--only-commit", hidden=True)] = "",  # of many: the same for all
    unattended: Annotated[
        bool, typer.Option("--unattended", help="Without a person: tfops.yaml's limits; a failure is noted.")
    ] = False,
    max_deletes: Annotated[
        int | None, typer.Option("--max-deletes", min=0, metavar="N", help="Refuse when more would be lost.")
    ] = None,
    plan: PlanOption = None,
    plan_digest: PlanDigestOption = None,
    reviewed: ReviewedOption = False,
    if_changed: Annotated[bool, typer.Option("--if-changed", help="Plan only when Git has something new.")] = False,
    of_plan: PlanSwitches,
    refresh_only: RefreshOnlyOption = False,
    wait: WaitOption = "0s",
    offline: OfflineOption = False,
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make the checked-out commit the running environment, or many.

    Shows the plan, asks, applies exactly that plan, and tags the commit with the new version. The
    guards (--allow-…) can't be overridden for protected environments. What a module or tfops.yaml
    protects is only lost when it is named: --allow-destroy ADDRESS.

    Of many (--all, --env, --label, …) all are planned first, and asked for once. With --yes each is planned
    and applied in one go, and a protected one must be named in full: --env prod.

    \b
    Examples:
      tfops apply dev          plan, ask, apply, tag tfops/dev/v1
      tfops apply              the environment of the branch you are on
      tfops apply dev --yes    in CI: no question
      tfops apply dev --yes --max-deletes 0
      tfops apply dev --yes --if-changed   no engine where Git has nothing new
      tfops apply prod --plan-digest 4c1a95e07b3f   this plan or none
      tfops apply prod --reviewed                   what was reviewed, or nothing
      tfops apply prod --plan prod.tfplan           of: tfops plan --out
      tfops apply prod --stack network --stack app
      tfops apply --env 'prod-*' --label team=web
      tfops apply dev --replace 'module.app.aws_instance.web[0]'
      tfops apply dev --target module.app           only that: the rest waits
      tfops apply dev --refresh-only                what runs, as it is by now
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> object:
        if selection := chosen.selection(env):
            from tfops.cli.many_apply import apply_each, require_one

            require_one(
                unattended=unattended, plan_digest=plan_digest, refresh_only=refresh_only,
                replace=of_plan.replace, target=of_plan.target, plan=plan,
            )  # fmt: skip
            return apply_each(ctx, selection, side_by_side, ui, yes=yes)
        if refresh_only and (reviewed or plan_digest or unattended or any((of_plan.replace, of_plan.target))):
            raise UsageError("--refresh-only is not for --replace, --target, --reviewed, --plan-digest or --unattended")
        if unattended and (of_plan.target or plan):
            raise UsageError("--target and --plan are a person's decision: not with --unattended")
        request = request_of(
            env, stacks=stack,
            yes=yes, wait=wait, engine=engine, offline=offline,
            **permissions.named(), allowed=allowed,
            max_deletes=max_deletes, plan_digest=plan_digest, reviewed=reviewed, only_if_changed=if_changed,
            only_commit=only_commit, of_plan=of_plan, refresh_only=refresh_only,
        )  # fmt: skip
        if plan is not None:
            from tfops.commands.plan_file import with_plan

            request = with_plan(request, folder_of(ctx) / plan)
        if until_asked:
            from tfops.commands.plan import plan_apply

            return plan_apply(open_project(ctx), request, ui)
        if unattended:
            from tfops.commands.unattended import apply_unattended

            return apply_unattended(open_project(ctx), request, ui)
        from tfops.change import targets
        from tfops.commands.apply import telling

        project = open_project(ctx)
        with telling(project, request, ui) as tell:
            return tell(targets.apply(project, request, ui))

    done = (lambda _: int(Exit.DONE)) if until_asked else exit_code_of
    execute("apply", flow, ui=ui, output=output, exit_code=done)


def rollback(
    ctx: typer.Context,
    *,
    env: Environment = None,
    version: VersionArgument = None,
    chosen: SelectionOptions,
    side_by_side: SideBySide,
    stack: StackOption = None,
    yes: YesRollbackOption = False,
    permissions: Permissions,
    allow_stateless: AllowStatelessOption = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what it would do.")] = False,
    show_bridge: Annotated[
        bool, typer.Option("--show-bridge", help="With --plan: the blocks that keep things alive.")
    ] = False,
    ignore_verdict: Annotated[bool, typer.Option("--ignore-verdict", help="Go although it is blocked.")] = False,
    keep_providers: Annotated[
        bool, typer.Option("--keep-providers", help="Old modules and inputs with today's providers.")
    ] = False,
    wait: WaitOption = "0s",
    offline: OfflineOption = False,
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring an earlier version back, as a new version.

    Modules, inputs and provider lock come from the version's commit; branches, backend and guards
    from today. The environment is then held: the next apply needs --lift-hold. What the way back
    deletes or replaces must be named: by typing the environment's name, or with --allow-destroy.

    \b
    Examples:
      tfops rollback dev                  to the previous version
      tfops rollback prod v12 --plan      what it would do and lose
      tfops rollback --all --plan         of each, to its version before
      tfops rollback prod v12             to v12's content, as a new version
      tfops rollback prod v12 --keep-providers
      tfops rollback prod v12 --yes --allow-destroy module.db.aws_db_instance.main
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> object:
        from tfops.change import targets
        from tfops.commands.plan import plan_rollback

        request = request_of(
            env,
            stacks=stack,
            yes=yes,
            wait=wait,
            engine=engine,
            offline=offline,
            allow_stateless=allow_stateless,
            **permissions.named(),
            ignores_verdict=ignore_verdict,
            keeps_providers=keep_providers,
        )
        project = open_project(ctx)
        if selection := chosen.selection(env):
            if not plan:
                raise UsageError("one environment at a time is rolled back", hint="to look at many: --plan")
            from tfops.cli.passed_on import passed_on
            from tfops.commands.many import plan_rollback_many
            from tfops.commands.selecting import for_commit

            selected = for_commit(project, selection, ui)
            return plan_rollback_many(project, selected, passed_on(ctx), side_by_side.options(ui))
        if not plan:
            return targets.rollback(project, version, request, ui)
        return plan_rollback(project, version, request, ui, show_bridge=show_bridge)

    execute("rollback", flow, ui=ui, output=output)


def destroy(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    yes: YesDestroyOption = False,
    allow_destroy: AllowDestroyOption = None,
    allow_action: AllowActionOption = None,
    allow_missing: AllowMissingOption = None,
    wait: WaitOption = "0s",
    offline: OfflineOption = False,
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Destroy everything that the current version made.

    Its history stays, and a later apply makes it anew. Protected environments are refused.

    \b
    Examples:
      tfops destroy dev          shows what goes, asks for the name
      tfops destroy dev --yes
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> object:
        from tfops.change import targets

        request = request_of(
            env,
            yes=yes, wait=wait, engine=engine, offline=offline,
            allow_destroy=allow_destroy, allow_action=allow_action, allow_missing=allow_missing or (),
        )  # fmt: skip
        return targets.destroy(open_project(ctx), request, ui)

    execute("destroy", flow, ui=ui, output=output)


def resume(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    yes: YesResumeOption = False,
    permissions: Permissions,
    allow_stateless: AllowStatelessOption = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    offline: OfflineOption = False,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Finish a change that stopped half-way, or let a held environment go on.

    The same commit, planned again: only what remains is shown, asked for and applied. What was made
    but isn't in the state is taken in first. A fix that is a new commit: tfops apply. Where nothing
    stopped, but the environment is held: the hold is lifted, and nothing else is done.

    \b
    Examples:
      tfops resume prod
      tfops resume prod --yes
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> object:
        from tfops.change import targets
        from tfops.commands import hold

        request = request_of(
            env,
            yes=yes,
            wait=wait,
            engine=engine,
            offline=offline,
            allow_stateless=allow_stateless,
            **permissions.named(),
        )
        project = open_project(ctx)
        lifted = None if offline else hold.lift(project, env)
        return lifted or targets.resume(project, request, ui)

    execute("resume", flow, ui=ui, output=output)


def drill(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    version: NeededVersion,
    place: Annotated[
        str | None,
        typer.Option(
            "--in",
            metavar="ENV",
            help="Where: a free environment. Else: the one that rehearses ENV.",
            autocompletion=complete_environment,
        ),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Don't destroy at the end.")] = False,
    yes: YesDrillOption = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Rehearse the way back to a version in another environment, and measure it.

    There it applies the version, then what runs today, goes back, and destroys everything. The result
    stands by the version in history and show. Exit code 13 when the way back doesn't work.

    \b
    Examples:
      tfops drill prod v41 --in perf
      tfops drill prod v41 --in perf --keep --yes
    """
    ui = terminal(quiet=quiet)

    def flow() -> "DrillResult":
        from tfops.commands import drill

        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return drill.drill(open_project(ctx), version, request, ui, place=place, keep=keep)

    execute("drill", flow, ui=ui, output=output)


def recover(
    ctx: typer.Context,
    env: NamedEnvironment,
    wait: WaitOption = "10m",
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Repair an environment after an interrupted run, or record its version.

    Waits for an engine that still works, saves a state that could not be saved, takes in what was
    made but isn't in the state, and then records the version, closes the intent, or says what is left.
    The commands that change an environment do the same before they begin.

    \b
    Examples:
      tfops recover prod
    """
    ui = terminal(quiet=quiet)

    def flow() -> object:
        from tfops.change import targets

        return targets.recover(open_project(ctx), request_of(env, wait=wait, engine=EngineSwitches(engine)), ui)

    execute("recover", flow, ui=ui, output=output)
