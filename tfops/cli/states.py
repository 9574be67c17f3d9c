"""`tfops state …`: what a state holds, surgery on it, and what S3 keeps of it. For emergencies."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple, NoReturn

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_environment, complete_version
from tfops.cli.flag_groups import with_groups
from tfops.cli.groups import group
from tfops.cli.options import (
    EngineSwitches,
    FetchOption,
    NamedEnvironment,
    OneStackOption,
    Output,
    OutputOption,
    WaitOption,
    completion,
)
from tfops.cli.passing import execute_passing
from tfops.cli.run import execute, folder_of, open_project, terminal

state = group("state")

_Addresses = Annotated[
    list[str], typer.Argument(metavar="ADDRESS...", help="Resources or modules.", autocompletion=completion("address"))
]
_Address = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="A resource or a module.", autocompletion=completion("address"))
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Change the state without asking.")]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what it would do.")]


class _How(NamedTuple):
    """In which stack, and how: what all of these have."""

    engine: EngineSwitches
    stack: OneStackOption = ""
    wait: WaitOption = "0s"
    output: OutputOption = Output.TEXT


@state.command("list", short_help="List what a state holds.")
@with_groups
def list_(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    addresses: Annotated[
        list[str] | None,
        typer.Argument(metavar="ADDRESS", help="Only below these.", autocompletion=completion("address")),
    ] = None,
    how: _How,
) -> None:
    """List the addresses in the state, as the engine has them. Takes no lock.

    \b
    Examples:
      tfops state list dev
      tfops state list prod module.app --stack app
    """
    _pass_on(ctx, "state list", env, how, ["state", "list"], addresses or ())


@state.command("show", short_help="Show one resource in the state.")
@with_groups
def show(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    address: _Address,
    how: _How,
) -> None:
    """Show one resource's attributes; what is secret is masked. Takes no lock.

    \b
    Examples:
      tfops state show dev module.app.aws_instance.web
    """
    _pass_on(ctx, "state show", env, how, ["state", "show"], [address])


@state.command("pull", short_help="Print the whole state, not masked.")
@with_groups
def pull(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    how: _How,
) -> None:
    """Print the state as the backend has it, every secret in clear: `umask 077` before it goes to a file.

    \b
    Examples:
      tfops state pull dev > dev.tfstate
      tfops state pull prod --stack app | jq .serial
    """
    _pass_on(ctx, "state pull", env, how, ["state", "pull"])


@state.command("rm", short_help="Let things out of the state, alive.")
@with_groups
def rm(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    addresses: _Addresses,
    dry_run: _DryRun = False,
    yes: _Yes = False,
    how: _How,
) -> None:
    """Take resources out of the state. They stay alive, and nobody looks after them.

    Under the environment's lock, with a backup, recorded as a version. Code that still has them makes
    a second one of each at the next apply.

    \b
    Examples:
      tfops state rm dev module.app.aws_instance.web --dry-run
      tfops state rm dev module.app --yes
    """
    words = ["state", "rm", *_dry(is_dry=dry_run)]
    _pass_on(ctx, "state rm", env, how, words, addresses, yes=yes)


@state.command("mv", short_help="Move things to another address.")
@with_groups
def mv(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="Resource or module.", autocompletion=completion("address"))
    ],
    target: Annotated[str, typer.Argument(metavar="TO", help="Its new address.", autocompletion=completion("address"))],
    to_env: Annotated[
        str, typer.Option("--to-env", metavar="ENV", help="Into this environment.", autocompletion=complete_environment)
    ] = "",
    dry_run: _DryRun = False,
    yes: _Yes = False,
    how: _How,
) -> None:
    """Give a resource or a module another address in the state.

    Under the environment's lock, with a backup, recorded as a version: ways back know of the move.
    Between stacks (network/module.x app/module.x) and environments (--to-env) both are planned, as their
    branches have them, and both plans must be empty; else both states are put back.

    \b
    Examples:
      tfops state mv dev module.app module.web --dry-run
      tfops state mv dev 'module.app.aws_vpc.all[0]' module.app.aws_vpc.main
      tfops state mv prod network/module.dns app/module.dns
      tfops state mv dev module.queue module.queue --to-env shared
    """
    from tfops.records.addresses import in_its_stack

    at, own = in_its_stack(source, how.stack)
    to, new = in_its_stack(target, "" if to_env else at)
    if to_env or to != at:
        _transfer(ctx, (env, at, own), (to_env or env, to, new), how, dry_run=dry_run, yes=yes)
    words = ["state", "mv", *_dry(is_dry=dry_run)]
    _pass_on(ctx, "state mv", env, how._replace(stack=at), words, [own, new], yes=yes)


@state.command("import", short_help="Take a real thing into the state.")
@with_groups
def import_(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    address: _Address,
    known: Annotated[str, typer.Argument(metavar="ID", help="What its provider knows it by.")],
    dry_run: _DryRun = False,
    yes: _Yes = False,
    how: _How,
) -> None:
    """Take one real thing into the state, at an address that what runs has.

    Under the environment's lock, with a backup, recorded as a version. What only a new commit has:
    `imports:` in the environment's file. A whole folder: tfops adopt.

    \b
    Examples:
      tfops state import dev module.app.aws_instance.web i-0abc123 --dry-run
      tfops state import dev module.app.aws_instance.web i-0abc123
    """
    if dry_run:
        _plan_import(ctx, env, address, known, how)
    _pass_on(ctx, "state import", env, how, ["import"], [address], known, yes=yes)


@state.command("push", short_help="Make a file the state.")
@with_groups
def push(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A state, from `state pull` or a backup.")],
    force: Annotated[bool, typer.Option("--force", help="Also an older one, or another.")] = False,
    yes: _Yes = False,
    how: _How,
) -> None:
    """Make a file the state. The engine refuses an older one without --force.

    Under the environment's lock, with a backup, recorded as a version.

    \b
    Examples:
      tfops state push dev fixed.tfstate
    """
    words = ["state", "push", *(["-force"] if force else [])]
    _pass_on(ctx, "state push", env, how, words, (), file, yes=yes)


def _transfer(
    ctx: typer.Context,
    source: tuple[str, str, str],
    goal: tuple[str, str, str],
    how: _How,
    *,
    dry_run: bool,
    yes: bool,
) -> NoReturn:
    """From one state to another; each end is environment, stack, address."""
    ui = terminal()

    def flow() -> object:
        from tfops.change.transfer import End, transfer

        request = request_of(yes=yes, wait=how.wait, engine=how.engine)
        return transfer(open_project(ctx), End.of(*source), End.of(*goal), request, ui, is_dry=dry_run)

    execute("state mv", flow, ui=ui, output=how.output)


def _plan_import(ctx: typer.Context, env: str, address: str, known: str, how: _How) -> NoReturn:
    ui = terminal()

    def flow() -> object:
        from tfops.commands.engine import in_one_stack, plan_import

        at, [own] = in_one_stack([address], how.stack)
        request = request_of(env, wait=how.wait, engine=how.engine)
        return plan_import(open_project(ctx), own, known, request, ui, stack=at)

    execute("state import", flow, ui=ui, output=how.output, exit_code=lambda _: 0)


def _dry(*, is_dry: bool) -> list[str]:
    return ["-dry-run"] if is_dry else []


def _pass_on(
    ctx: typer.Context,
    name: str,
    env: str,
    how: _How,
    words: Sequence[str],
    addresses: Sequence[str] = (),
    *more: str,
    yes: bool = False,
) -> NoReturn:
    """One command of the engine. An address may have its stack before it: `network/module.vpc`."""
    ui = terminal()

    def flow() -> object:
        from tfops.commands.engine import engine as pass_on
        from tfops.commands.engine import in_one_stack

        at, own = in_one_stack(addresses, how.stack)
        request = request_of(env, yes=yes, wait=how.wait, engine=how.engine)
        return pass_on(open_project(ctx), [*words, *own, *more], request, ui, stack=at, here=folder_of(ctx))

    execute_passing(name, flow, ui=ui, output=how.output)


@state.command("versions", short_help="List what S3 keeps of a state.")
def versions(
    ctx: typer.Context,
    env: NamedEnvironment,
    stack: OneStackOption = "",
    everything: Annotated[bool, typer.Option("--all", help="More than the newest 20.")] = False,
    fetch: FetchOption = True,
    output: OutputOption = Output.TEXT,
) -> None:
    """List the state's versions in S3: when, which serial, how much it holds, which version left it.

    \b
    Examples:
      tfops state versions prod
      tfops state versions prod --stack network
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import states

        return states.versions(open_project(ctx), env, stack=stack, everything=everything, fetch=fetch, ui=ui)

    execute("state versions", flow, ui=ui, output=output)


@state.command("restore")
@with_groups
def restore(
    ctx: typer.Context,
    *,
    env: NamedEnvironment,
    version: Annotated[
        str,
        typer.Argument(
            metavar="VERSION", help="S3's version id, its beginning, or v3.", autocompletion=complete_version
        ),
    ],
    stack: OneStackOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    wait: WaitOption = "0s",
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make an earlier content the state again. Nothing else is changed, in AWS or in Git.

    For a state that was damaged or deleted. To go back to an earlier version of the environment use
    tfops rollback. The ledger tells who restored what.

    \b
    Examples:
      tfops state restore prod v12
      tfops state restore prod Yp4nEG4cbsnq
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands import states

        request = request_of(env, yes=yes, wait=wait, engine=engine)
        return states.restore(open_project(ctx), env, version, request, ui, stack=stack)

    execute("state restore", flow, ui=ui, output=output)
