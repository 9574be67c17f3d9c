"""Commands that work without a person: reconcile, drift."""

from typing import Annotated

import typer

from tfops.cli.complete import complete_environment
from tfops.cli.options import EngineOption, Output, OutputOption, QuietOption, WaitOption, parse_duration
from tfops.cli.run import execute, open_project, terminal
from tfops.results import DriftResult, ReconcileResult

_OUT_OF_SYNC = 2
_NOT_SEEN = 20

Environments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENV]...", help="Only these environments.", autocompletion=complete_environment),
]
ParallelOption = Annotated[
    int, typer.Option("--parallel", min=1, max=64, metavar="N", help="How many environments at once.")
]


def reconcile(
    ctx: typer.Context,
    envs: Environments = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done, and why.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when something is out of sync in the end.")
    ] = False,
    parallel: ParallelOption = 4,
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
      tfops reconcile --dry-run --detailed-exitcode   exit 2 when something is out of sync
    """
    ui = terminal(quiet=quiet)

    def flow() -> ReconcileResult:
        from tfops.agent.turn import reconcile as turn

        return turn(open_project(ctx), envs or (), dry_run=dry_run, parallel=parallel, engine=engine, ui=ui)

    def exit_code(result: ReconcileResult) -> int:
        failed = max((act.code for act in result.acts), default=0)
        return failed or (_OUT_OF_SYNC if detailed_exitcode and result.out_of_sync else 0)

    execute("reconcile", flow, ui=ui, output=output, exit_code=exit_code)


def drift(
    ctx: typer.Context,
    envs: Environments = None,
    everything: Annotated[bool, typer.Option("--all", help="Every environment that runs.")] = False,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 for drift.")] = False,
    wait: WaitOption = "0s",
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Show what in the real world differs from the version that was applied.

    Changes nothing. What it found is in the ledger, for status and for the agent, which mends it where
    tfops.yaml says `drift: heal`.

    \b
    Examples:
      tfops drift prod
      tfops drift --all --detailed-exitcode    exit 2 when something drifted
    """
    ui = terminal(quiet=quiet)

    def flow() -> DriftResult:
        from tfops.flows.drift import drift as look
        from tfops.flows.stack import EngineOptions

        project, options = open_project(ctx), EngineOptions(engine)
        return look(project, envs or (), everything=everything, engine=options, wait_s=parse_duration(wait), ui=ui)

    def exit_code(result: DriftResult) -> int:
        if any(found.error for found in result.environments):
            return _NOT_SEEN
        return _OUT_OF_SYNC if detailed_exitcode and result.has_drift else 0

    execute("drift", flow, ui=ui, output=output, exit_code=exit_code)
