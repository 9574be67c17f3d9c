"""Commands that begin something: a project, an environment out of a folder that is there."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from tfops.cli.change_options import request_of
from tfops.cli.complete import complete_branch, complete_environment, complete_folder
from tfops.cli.options import EngineSwitches, Output, OutputOption, YesAdoptOption
from tfops.cli.run import execute, folder_of, open_project, terminal


class Ci(enum.StrEnum):
    """Whose pipeline is written."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"


def init(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A new folder for the project. Left out: this one.")] = None,
    ci: Annotated[
        Ci | None, typer.Option("--ci", help="Write the pipeline too: review, apply per environment, drift.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Start a project: tfops.yaml, a module, an environment, a Makefile.

    In a new folder it also makes the repository and the first commit. Files that are there are kept, and modules
    that are there are used. Found Terraform folders are named: adopt takes them over. With --ci, in a project
    that exists, only the pipeline is written. Forgejo runs Gitea's.

    \b
    Examples:
      tfops init shop && cd shop && tfops apply dev
      tfops init          in a repository that you have
      tfops init --ci github
    """
    ui = terminal()

    def flow() -> object:
        from tfops.commands.init import init

        return init(folder_of(ctx), name, ui, yes=yes, ci=ci.value if ci else "")

    execute("init", flow, ui=ui, output=output)


def adopt(
    ctx: typer.Context,
    *,
    env: Annotated[
        str,
        typer.Argument(
            metavar="ENV", help="What the environment is to be called.", autocompletion=complete_environment
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER",
            help="A Terraform root module with a state. Left out: the environment's `root:`, which stays where it is.",
            autocompletion=complete_folder,
            show_default=False,
        ),
    ] = None,
    module: Annotated[
        str | None, typer.Option("--module", metavar="NAME", help="The module's name. Left out: the folder's.")
    ] = None,
    branch: Annotated[
        str | None,
        typer.Option(
            "--branch",
            metavar="PATTERN",
            help="Its branch. Left out: the one checked out.",
            autocompletion=complete_branch,
        ),
    ] = None,
    yes: YesAdoptOption = False,
    engine: EngineSwitches,
    output: OutputOption = Output.TEXT,
) -> None:
    """Take a Terraform folder over as an environment, without touching what it made.

    The first run writes the files and rehearses the first plan. Commit them; the same command again then
    copies the state and records the first version. Refused, with everything as before, unless that plan is empty.

    An environment with `root:` in tfops.yaml is taken over where it is, in one run: nothing moves.

    \b
    Examples:
      tfops adopt prod
      tfops adopt prod ./legacy
      git add -A && git commit -m "Adopt prod" && tfops adopt prod ./legacy
    """
    ui = terminal()

    def flow() -> object:
        request = request_of(env, yes=yes, engine=engine)
        if folder is None:
            from tfops.commands.adopt_root import adopt_root

            return adopt_root(open_project(ctx), request, ui)
        from tfops.commands.adopt import adopt

        return adopt(open_project(ctx), folder_of(ctx) / folder, request, ui, module=module, branch=branch)

    execute("adopt", flow, ui=ui, output=output)
