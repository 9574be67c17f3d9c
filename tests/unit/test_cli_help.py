"""What `--help` says, held against what is so."""

from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from tfops.cli.app import app


def _commands() -> Iterator[tuple[str, typer.Context]]:
    root = typer.Context(typer.main.get_command(app), info_name="tfops")
    assert isinstance(root.command, TyperGroup)
    for name in root.command.list_commands(root):
        command = root.command.get_command(root, name)
        assert command is not None
        found = typer.Context(command, info_name=name, parent=root)
        if isinstance(command, TyperGroup):
            for below in command.list_commands(found):
                part = command.get_command(found, below)
                assert part is not None
                yield f"{name} {below}", typer.Context(part, info_name=below, parent=found)
        else:
            yield name, found


COMMANDS = dict(_commands())


def _help_of(command: str, option: str) -> str:
    return next(getattr(param, "help", "") for param in COMMANDS[command].command.params if option in param.opts)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_usage_has_no_brackets_in_brackets_and_every_line_fits(name: str) -> None:
    shown = COMMANDS[name].get_help()
    assert "[[" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_yes_says_what_it_does_in_each_command() -> None:
    said = {
        name: _help_of(name, "--yes")
        for name, ctx in COMMANDS.items()
        if any("--yes" in p.opts for p in ctx.command.params)
    }
    assert set(said) >= {
        "apply",
        "rollback",
        "destroy",
        "resume",
        "drill",
        "prune",
        "adopt",
        "backend move",
        "state restore",
    }
    assert "Destroy" in said["prune"]
    assert "rollback" not in said["prune"] + said["destroy"] + said["resume"]
    assert "named" in said["rollback"]
