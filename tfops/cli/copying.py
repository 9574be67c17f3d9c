"""Commands that make an environment again: replicate, bisect, restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.options import (
    EngineSwitches,
    Environments,
    FullOption,
    NamedEnvironment,
    Output,
    OutputOption,
    QuietOption,
    WaitOption,
    completion,
    parse_duration,
)
from tfops.cli.run import execute, folder_of, open_project, terminal
from tfops.errors import UsageError

if TYPE_CHECKING:
    from tfops.views.replica import ReplicaResult

AllowDuplicateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-duplicate",
        metavar="ADDRESS",
        help="Make it anew though it may exist. Can be repeated.",
        autocompletion=completion("address"),
    ),
]


def replicate(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    copy: Annotated[str, typer.Argument(metavar="COPY", help="What the copy is to be called.")],
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            metavar="VERSION",
            help="As it was then. Else: as it runs.",
            autocompletion=completion("version"),
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="What is different: inputs.web.name=x, region=eu-west-1. Can be repeated.",
            autocompletion=completion("setting"),
        ),
    ] = None,
    same: Annotated[
        list[str] | None,
        typer.Option(
            "--same",
            metavar="PATH",
            help="What stays as it is, though it could clash. Can be repeated.",
            autocompletion=completion("setting"),
        ),
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch", metavar="PATTERN", help="Its branch. Else: that of ENV.", autocompletion=completion("branch")
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the files and the plan, write nothing.")] = False,
    no_apply: Annotated[bool, typer.Option("--no-apply", help="Commit the files, for a merge request.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Commit, push and apply without asking.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Make a new environment from a version of another one, and prove that it is the same.

    Writes its file and its line in tfops.yaml, commits and pushes them, applies it into a state of its own, and holds
    graph, modules and providers against the original. Asks for what can't be the same: names, address ranges, account,
    region. Exit code 2 when it differs in more than was said.

    \b
    Examples:
      tfops replicate prod prod-dr --dry-run
      tfops replicate prod prod-dr --set region=eu-west-1 --set inputs.size=2
      tfops replicate prod prod-eu --version v12 --no-apply
    """
    ui = terminal(quiet=quiet, full=full)

    def flow() -> "ReplicaResult":
        from tfops.commands.replicate import Extent, ReplicaRequest
        from tfops.commands.replicate import replicate as replicate_from

        if dry_run and no_apply:
            raise UsageError("--dry-run and --no-apply: one of the two")
        extent = Extent.SHOWN if dry_run else Extent.COMMITTED if no_apply else Extent.APPLIED
        asked = ReplicaRequest(env, copy, version, branch, _settings(settings or ()), tuple(same or ()), extent)
        return replicate_from(open_project(ctx), asked, request_of(copy, yes=yes, wait=wait, engine=engine), ui)

    execute("replicate", flow, ui=ui, output=output)


def _settings(words: "list[str] | tuple[()]") -> dict[str, str]:
    """Raises UsageError."""
    found: dict[str, str] = {}
    for word in words:
        path, sign, text = word.partition("=")
        if not (path and sign):
            raise UsageError(f"--set {word}: a path, `=`, and a value", hint="--set inputs.web.name=shop-dr")
        if path in found:
            raise UsageError(f"--set {path}: twice")
        found[path] = text
    return found


def bisect(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    good: Annotated[
        str, typer.Argument(metavar="GOOD", help="A version that is good.", autocompletion=completion("version"))
    ],
    bad: Annotated[
        str, typer.Argument(metavar="BAD", help="A later one that is bad.", autocompletion=completion("version"))
    ],
    probe: Annotated[list[str], typer.Argument(metavar="PROBE", help="A program and its arguments.")],
    place: Annotated[
        str | None,
        typer.Option(
            "--in",
            metavar="ENV",
            help="Where: a free environment. Else: the one that rehearses ENV.",
            autocompletion=completion("environment"),
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="How many steps, and how long. Apply nothing.")] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Forget what an unfinished bisect was told.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Don't destroy at the end.")] = False,
    timeout: Annotated[str, typer.Option("--timeout", metavar="TIME", help="How long a probe may take.")] = "10m",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply and destroy there without asking.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Find the version that broke it: each is brought to a free environment, and a probe says what it is.

    The probe's exit code is 0 for good, 125 for can't say, any other up to 124 for bad. It has TFOPS_ENV,
    TFOPS_VERSION, TFOPS_COMMIT, and TFOPS_OUTPUTS, a file with the outputs. What it said is kept: after an interrupt
    the same command goes on. Exit code 13 when it can't be told.

    \b
    Examples:
      tfops bisect prod v10 v30 --dry-run -- ./probe.sh
      tfops bisect prod v10 v30 --in perf -- curl -fs https://perf.example.com
    """
    ui = terminal(quiet=quiet, full=full)

    def flow() -> object:
        from tfops.commands.bisect import BisectRequest, plan_bisect
        from tfops.commands.bisect import bisect as bisect_in

        seconds, folder = parse_duration(timeout), Path(folder_of(ctx)).absolute()
        asked = BisectRequest(good, bad, tuple(probe), folder, seconds, place, keep, anew)
        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return (plan_bisect if dry_run else bisect_in)(open_project(ctx), asked, request, ui)

    execute("bisect", flow, ui=ui, output=output)


def restore(
    ctx: typer.Context,
    *,
    envs: Environments = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Of the one that is named: its state is lost, make a new one.")
    ] = False,
    allow_duplicate: AllowDuplicateOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --rebuild: don't ask.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    full: FullOption = False,
    output: OutputOption = Output.TEXT,
    quiet: QuietOption = False,
) -> None:
    """Bring everything back that a repository has, in a fresh clone, and say what is missing: states.

    Fetches versions and ledgers, checks them, and looks for each state. Exit code 13 when one is gone, another, or out
    of reach. With --rebuild, what runs gets a new state: what still exists is taken in by id, the rest is made anew.

    \b
    Examples:
      git clone backup.git shop && cd shop && tfops restore
      tfops restore prod
      tfops restore prod --rebuild
    """
    ui = terminal(quiet=quiet, full=full)

    def flow() -> object:
        request = request_of(
            envs[0] if envs else None, yes=yes, wait=wait, engine=engine, allow_duplicate=allow_duplicate
        )
        if not rebuild:
            from tfops.commands.restore import restore as restore_from

            return restore_from(open_project(ctx), envs or (), request, ui)
        from tfops.commands.rebuild import rebuild as rebuild_state

        if len(envs or ()) != 1:
            raise UsageError("--rebuild: name the environment whose state is lost", hint="tfops restore ENV --rebuild")
        return rebuild_state(open_project(ctx), (envs or [""])[0], request, ui)

    execute("restore", flow, ui=ui, output=output)
