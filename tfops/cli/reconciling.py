"""Commands that work without a person: reconcile, prune, drift, agent."""

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.options import (
    EngineOption,
    EngineSwitches,
    Environments,
    FullOption,
    NamedEnvironment,
    Output,
    OutputOption,
    QuietOption,
    SelectionOptions,
    SideBySide,
    WaitOption,
    YesApproveOption,
    YesPruneOption,
    parse_digest,
    parse_duration,
)
from tfops.cli.run import execute, execute_silent, open_project, terminal
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.views.drift import DriftResult
    from tfops.views.reconcile import PruneResult, ReconcileResult

if TYPE_CHECKING:
    from tfops.resolve.shard import Shard

_ADDRESS = "127.0.0.1:8420"

ParallelOption = Annotated[
    int, typer.Option("--parallel", min=1, max=64, metavar="N", help="How many environments at once.")
]

PlanToApproveOption = Annotated[
    str | None, typer.Option("--plan-digest", metavar="DIGEST", help="Which plan, when several wait.")
]

VaryingOption = Annotated[
    list[str] | None,
    typer.Option("--varying", metavar="ADDRESS", help="Its values may differ from the plan's.", show_default=False),
]

ShardOption = Annotated[
    str, typer.Option("--shard", metavar="N/M", help="Only the N-th of M parts of the environments.")
]


def shard_of(text: str) -> "Shard":
    """Raises UsageError for what is no part."""
    from tfops.resolve.shard import parse_shard

    try:
        return parse_shard(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def reconcile(
    ctx: typer.Context,
    envs: Environments = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, and why.")] = False,
    only_decide: Annotated[bool, typer.Option("--only-decide", hidden=True)] = False,  # the agent's: note, don't act
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when something is out of sync in the end.")
    ] = False,
    parallel: ParallelOption = 4,
    shard: ShardOption = "1/1",
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Make every environment what its branch says, once; say why where that isn't done.

    One turn of the agent, for a schedule. It looks at the remote once, applies the heads that change
    an environment, and leaves what tfops.yaml, a hold or a lock says to leave.

    \b
    Examples:
      tfops reconcile                                 every environment
      tfops reconcile dev staging
      tfops reconcile --dry-run --detailed-exitcode   exit 2 when out of sync
    """
    ui = terminal(quiet=quiet)

    def flow() -> "ReconcileResult":
        from tfops.agent.turn import Turn
        from tfops.agent.turn import reconcile as take_turn

        turn = Turn(shard_of(shard), parallel, engine, dry_run=dry_run or only_decide, notes=not dry_run)
        return take_turn(open_project(ctx), envs or (), turn, ui)

    def exit_code(result: "ReconcileResult") -> int:
        return result.exit_code(detailed=detailed_exitcode, is_look=only_decide)

    execute("reconcile", flow, ui=ui, output=output, exit_code=exit_code)


def approve(
    ctx: typer.Context,
    env: NamedEnvironment,
    plan_digest: PlanToApproveOption = None,
    varying: VaryingOption = None,
    yes: YesApproveOption = False,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Agree to a plan: one that was reviewed, or one that a run without a person may not apply by itself.

    Shows the plan that waits, and asks. The yes is in the ledger; it counts for that plan of that code only, and for
    one apply. Without --plan-digest: what was held back (tfops status says why), else what was kept of the checked-out
    commit, else the newest.

    A value that is new at each planning, a timestamp for instance, makes each plan another one. The turn
    that finds that says which, and --varying lets it differ.

    \b
    Examples:
      tfops approve prod
      tfops approve prod --plan-digest 4c1a95e07b3f --yes
      tfops approve prod --varying module.app.terraform_data.built
    """
    ui = terminal(full=full)

    def flow() -> object:
        from tfops.commands.approve import approve as agree

        digest = parse_digest(plan_digest)
        return agree(open_project(ctx), env, ui, digest=digest, varying=varying or (), yes=yes)

    execute("approve", flow, ui=ui, output=output)


def prune(
    ctx: typer.Context,
    envs: Environments = None,
    yes: YesPruneOption = False,
    parallel: ParallelOption = 4,
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """List what can be pruned: previews without a branch or past their time, and environments without a line.

    With --yes previews are destroyed. What tfops.yaml doesn't have any more is only destroyed when it is
    named; its history stays.

    \b
    Examples:
      tfops prune
      tfops prune --yes
      tfops prune old-env --yes
    """
    ui = terminal(quiet=quiet)

    def flow() -> "PruneResult":
        from tfops.agent.prune import prune as take_down

        return take_down(open_project(ctx), envs or (), yes=yes, parallel=parallel, engine=engine, ui=ui)

    execute("prune", flow, ui=ui, output=output)


def drift(
    ctx: typer.Context,
    *,
    envs: Environments = None,
    chosen: SelectionOptions,
    side_by_side: SideBySide,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 for drift.")] = False,
    wait: WaitOption = "0s",
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Show what in the real world differs from the version that was applied.

    Of many, those that run are looked at side by side. Changes nothing.
    What it found is in the ledger, for status and for the agent, which heals it where
    tfops.yaml says `drift: heal`.

    \b
    Examples:
      tfops drift prod
      tfops drift --all --detailed-exitcode    exit 2 when something drifted
    """
    ui = terminal(quiet=quiet)

    def flow() -> "DriftResult":
        project, selection = open_project(ctx), chosen.selection(*(envs or ()))
        if selection is None and len(envs or ()) < 2:
            from tfops.commands.drift import drift as look

            return look(project, next(iter(envs or ()), None), request_of(wait=wait, engine=EngineSwitches(engine)), ui)
        from tfops.cli.passed_on import passed_on
        from tfops.commands import drift_many as many

        wanted = many.named(project, envs or ()) if selection is None else many.selected(project, selection, ui)
        return many.drift_many(project, wanted, passed_on(ctx), side_by_side.options(ui))

    def exit_code(result: "DriftResult") -> int:
        return result.exit_code(detailed=detailed_exitcode)

    execute("drift", flow, ui=ui, output=output, exit_code=exit_code)


class LogFormat(enum.StrEnum):
    """How the agent says what happens."""

    TEXT = "text"
    JSON = "json"


def agent(
    ctx: typer.Context,
    interval: Annotated[str, typer.Option("--interval", metavar="TIME", help="How often to look.")] = "30s",
    parallel: ParallelOption = 4,
    listen: Annotated[str, typer.Option("--listen", metavar="ADDR", help="Where to serve HTTP, or none.")] = _ADDRESS,
    hook_secret_file: Annotated[
        Path | None, typer.Option("--hook-secret-file", metavar="FILE", help="Else: TFOPS_HOOK_SECRET.")
    ] = None,
    shard: ShardOption = "1/1",
    grace: Annotated[
        str, typer.Option("--grace", metavar="TIME", help="How long running changes may take when it stops.")
    ] = "10m",
    log_format: Annotated[LogFormat, typer.Option("--log-format", help="How to say what happens.")] = LogFormat.TEXT,
    engine: EngineOption = "",
) -> None:
    """Watch the remote, and make every environment what its branch says, continuously.

    Looks every --interval, and at once when a push event arrives at /hook. Serves /healthz, /readyz,
    /status and /metrics. Any number of agents, laptops and CI jobs can run side by side.

    \b
    Examples:
      tfops agent
      tfops agent --interval 10s --hook-secret-file /run/secrets/hook
      tfops agent --shard 1/3
    """
    ui = terminal(quiet=True)

    def flow() -> None:
        from tfops.agent.log import Log
        from tfops.agent.loop import AgentOptions
        from tfops.agent.start import parse_address, read_secret, run_agent

        options = AgentOptions(
            max(parse_duration(interval), 1.0), parallel, parse_duration(grace), shard_of(shard), engine
        )
        run_agent(
            open_project(ctx), options,
            listen=parse_address(listen), secret=read_secret(hook_secret_file),
            log=Log(log_format is LogFormat.JSON), ui=ui,
        )  # fmt: skip

    execute_silent("agent", flow, ui=ui)
