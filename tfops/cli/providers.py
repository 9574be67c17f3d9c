"""`tfops providers …`: which providers an environment is locked to."""

from collections.abc import Sequence
from typing import Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.groups import group
from tfops.cli.options import (
    EngineOption,
    EngineSwitches,
    NamedEnvironment,
    Output,
    OutputOption,
    QuietOption,
    WaitOption,
)
from tfops.cli.run import execute, open_project, terminal

providers = group("providers")

MirrorOption = Annotated[
    str,
    typer.Option(
        "--mirror",
        metavar="PLACE",
        envvar="TFOPS_PROVIDER_MIRROR",
        show_envvar=False,
        help="A folder or address to read other platforms' checksums from. [env: TFOPS_PROVIDER_MIRROR]",
    ),
]
NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROVIDER", help="Only these: random, hashicorp/random.", show_default=False),
]


@providers.command("lock")
def lock(
    ctx: typer.Context,
    env: NamedEnvironment,
    mirror: MirrorOption = "",
    wait: WaitOption = "0s",
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Write environments/ENV.lock.hcl, for committing.

    For the platforms of tfops.yaml, else for this machine's. What is locked already stays as it is.

    \b
    Examples:
      tfops providers lock dev && git add environments/dev.lock.hcl
    """
    _run(ctx, env, update=False, mirror=mirror, wait=wait, engine=engine, output=output, quiet=quiet)


@providers.command("update", short_help="Move the locked providers to newer versions.")
def update(
    ctx: typer.Context,
    env: NamedEnvironment,
    names: NamesArgument = None,
    mirror: MirrorOption = "",
    wait: WaitOption = "0s",
    engine: EngineOption = "",
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Move the locked providers to the newest versions that the modules allow: all, or those that are named.

    \b
    Examples:
      tfops providers update dev && tfops plan dev --worktree
      tfops providers update dev random
    """
    _run(
        ctx,
        env,
        update=True,
        only=names or (),
        mirror=mirror,
        wait=wait,
        engine=engine,
        output=output,
        quiet=quiet,
    )


def _run(
    ctx: typer.Context,
    env: str,
    *,
    update: bool,
    mirror: str,
    wait: str,
    engine: str,
    output: Output,
    quiet: bool,
    only: Sequence[str] = (),
) -> None:
    ui = terminal(quiet=quiet)

    def flow() -> object:
        from tfops.commands import providers as flows

        request = request_of(env, wait=wait, engine=EngineSwitches(engine))
        return flows.lock(open_project(ctx), request, ui, update=update, mirror=mirror, only=only)

    execute("providers update" if update else "providers lock", flow, ui=ui, output=output)
