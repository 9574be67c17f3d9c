"""Values are made without pydantic where they are plain, and are those that typer would have made."""

import enum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.exceptions import TyperException

from tfops.cli.plain_values import take_plain_values


class _Size(enum.StrEnum):
    SMALL = "small"
    LARGE = "large"


def _command() -> Any:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    def run(  # noqa: PLR0913, PLR0917 - typer reads them
        words: list[str],
        one: Annotated[str, typer.Option()] = "",
        more: Annotated[list[str] | None, typer.Option()] = None,
        size: Annotated[_Size, typer.Option()] = _Size.SMALL,
        count: Annotated[int | None, typer.Option(min=1)] = None,
        folder: Annotated[Path, typer.Option()] = Path(),
        is_on: Annotated[bool, typer.Option("--on/--off")] = True,
    ) -> None:
        given.append((words, one, more, size, count, folder, is_on))

    return typer.main.get_command(app)


given: list[Any] = []


def _ran(argv: list[str], *, plain: bool) -> Any:
    command = _command()
    if plain:
        take_plain_values(command)
    given.clear()
    try:
        command.main(argv, prog_name="run", standalone_mode=False)
    except TyperException as error:
        return type(error), str(error)
    return [[(type(value), value) for value in values] for values in given]


@pytest.mark.parametrize(
    "argv",
    [
        ["a"],
        ["a", "b", "--one", "1", "--more", "x", "--more", "y", "--size", "large", "--count", "3", "--off"],
        ["a", "--folder", "/tmp"],
        ["a", "--size", "huge"],
        ["a", "--count", "0"],
        ["a", "--count", "many"],
        ["a", "--one"],
        ["\udcff"],
        ["a", "--one", "\udcff"],
        [],
    ],
)
def test_values_and_mistakes_are_those_of_typer(argv: list[str]) -> None:
    assert _ran(argv, plain=True) == _ran(argv, plain=False)
