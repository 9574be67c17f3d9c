"""The command that begins a project."""

import enum
from typing import Annotated

import typer

from tfops.cli.options import Output, OutputOption
from tfops.cli.run import execute, folder_of, terminal


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
