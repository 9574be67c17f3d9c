"""Commands that take a change through the environments: promote, patch."""

from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.options import (
    EngineSwitches,
    FullOption,
    NamedEnvironment,
    Output,
    OutputOption,
    Permissions,
    PlanDigestOption,
    QuietOption,
    ReviewedOption,
    SelectionOptions,
    SideBySide,
    VerboseOption,
    WaitOption,
    YesOption,
    completion,
)
from tfops.cli.run import execute, open_project, terminal

if TYPE_CHECKING:
    from tfops.views.patch import PatchMarkdown, PatchResult
    from tfops.views.promotion import PromotionResult

LiftHoldOption = Annotated[bool, typer.Option("--lift-hold", help="Go on after a rollback.")]


def promote(
    ctx: typer.Context,
    *,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="The environment whose version it is.", autocompletion=completion("environment")
        ),
    ],
    env: NamedEnvironment,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what it would do.")] = False,
    yes: YesOption = False,
    lift_hold: LiftHoldOption = False,
    permissions: Permissions,
    plan_digest: PlanDigestOption = None,
    reviewed: ReviewedOption = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Apply what runs and is verified in one environment to the next.

    Not the branch's newest commit: the one that runs in SOURCE, with the same modules and providers, and
    with ENV's own inputs. ENV's branch is moved forward to it where it has to be; where it can't be, a
    merge request is opened in a job of a forge. Order and conditions: `promote` in tfops.yaml.

    \b
    Examples:
      tfops promote staging prod          plan, ask, apply
      tfops promote staging prod --plan   what it would do and leave behind
      tfops promote staging prod --yes    in CI: no question
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> "PromotionResult":
        from tfops.commands.promote import promote as promoted

        request = request_of(
            env, yes=yes, wait=wait, engine=engine, plan_digest=plan_digest, reviewed=reviewed,
            **permissions.named(), allowed=("held",) if lift_hold else (),
        )  # fmt: skip
        return promoted(open_project(ctx), source, request, ui, plan=plan)

    execute("promote", flow, ui=ui, output=output)


def patch(
    ctx: typer.Context,
    *,
    module: Annotated[
        str,
        typer.Option(
            "--module",
            metavar="MODULE",
            help="A folder below modules/, or a source: terraform-aws-modules/vpc/aws.",
            autocompletion=completion("module"),
        ),
    ],
    plan: Annotated[bool, typer.Option("--plan", help="Only show who uses it, and what it would do.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a patch stopped.")] = False,
    yes: YesOption = False,
    chosen: SelectionOptions,
    side_by_side: SideBySide,
    permissions: Permissions,
    lift_hold: LiftHoldOption = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    markdown: Annotated[bool, typer.Option("--markdown", help="The report for a merge request or a ticket.")] = False,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring one module's change to all environments that use it, in waves.

    All are planned side by side and asked for once. The first wave is applied from the checked-out commit;
    what has `promote` in tfops.yaml follows when the environment before it runs and is verified. It stops at
    the first wave in which something fails, says what is done and what isn't, and goes on with --resume.

    \b
    Examples:
      tfops patch --module network --plan   who uses it, and what would change
      tfops patch --module network
      tfops patch --module network --resume
      tfops patch --module terraform-aws-modules/vpc/aws --yes --markdown
    """
    ui = terminal(quiet=quiet, verbose=verbose, full=full)

    def flow() -> "PatchResult | PatchMarkdown":
        from tfops.cli.passed_on import passed_on, typed_again
        from tfops.cli.versions import require_one_form
        from tfops.commands.patch import patch as patched
        from tfops.commands.patch_target import PatchRequest
        from tfops.resolve.selection import Selection
        from tfops.views.patch import PatchMarkdown

        require_one_form(output, markdown=markdown)
        selection = chosen.selection() or Selection(everything=True)
        request_of(  # what can't be read is said here, and not by each
            yes=yes, wait=wait, engine=engine, **permissions.named(), allowed=("held",) if lift_hold else (),
        )  # fmt: skip
        for_plan = passed_on(ctx, only=("engine", "wait", "allow_missing"))
        asked = PatchRequest(
            module, selection, typed_again(ctx), passed_on(ctx), for_plan, yes=yes, resumes=resume, only_plans=plan
        )
        found = patched(open_project(ctx), asked, side_by_side.options(ui), ui)
        return PatchMarkdown(found) if markdown else found

    execute("patch", flow, ui=ui, output=output)
