"""Options that go together are one parameter of a command, and stand in its help one by one."""

import inspect
from typing import Annotated, Any, NamedTuple

import pytest
import typer

from tests.unit.test_cli_help import COMMANDS
from tfops.agent.queue import _AT_ONCE
from tfops.cli.changing import apply
from tfops.cli.flag_groups import AllowedGuards, with_groups
from tfops.cli.passed_on import passed_on
from tfops.commands.unattended import _PASSING
from tfops.resolve.guards import GUARDS


class _Pair(NamedTuple):
    one: Annotated[str, typer.Option("--one", help="One.")] = "1"
    two: Annotated[bool, typer.Option("--two", help="Two.")] = False


def _ran(argv: list[str]) -> Any:
    given: list[Any] = []
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.command()
    @with_groups
    def run(ctx: typer.Context, *, name: str, pair: _Pair, allowed: AllowedGuards, last: str = "x") -> None:
        given.append((name, pair, allowed, last))

    app(argv, standalone_mode=False)
    return given[0]


def test_a_command_gets_its_groups() -> None:
    assert _ran(["dev"]) == ("dev", _Pair("1", two=False), frozenset(), "x")
    assert _ran(["dev", "--two", "--one", "2", "--last", "y", "--lift-hold", "--allow-behind"]) == (
        "dev", _Pair("2", two=True), frozenset({"held", "behind"}), "y",
    )  # fmt: skip


def test_a_command_without_groups_stays_itself() -> None:
    def plain(ctx: typer.Context) -> None: ...

    assert with_groups(plain) is plain


def test_apply_has_an_option_for_each_guard() -> None:
    options = inspect.signature(with_groups(apply)).parameters
    assert {guard.option for guard in GUARDS} <= options.keys()
    assert "allowed" not in options


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_what_a_guard_says_of_itself_counts_without_a_person(guard: Any) -> None:
    assert (guard.name in _PASSING, guard.name in _AT_ONCE) == (guard.is_passing, guard.is_outdated)
    assert (guard.is_passing, guard.is_outdated) == (guard.name in ("behind", "held"), guard.name == "behind")


def _typed(command: str, *args: str) -> Any:
    return COMMANDS[command].command.make_context(command, list(args))


def test_what_was_typed_is_passed_on_to_each_of_many() -> None:
    """But for what is about many, and about how the whole answer is given."""
    own = ["--all", "--yes", "--parallel", "3", "--fail-fast", "-o", "json", "--verbose", "--full"]
    typed = ["--lift-hold", "--allow-destroy", "a.b", "--allow-destroy", "c['d']", "--wait", "5m", "--engine", "tofu"]
    found = passed_on(_typed("apply", *own, *typed))
    assert sorted(found) == sorted(typed)
    assert found[found.index("c['d']") - 1] == "--allow-destroy"
    assert passed_on(_typed("plan", "--env", "x*", "--against", "v1")) == ["--against", "v1"]
