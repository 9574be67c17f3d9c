"""What is passed on to the engine, and with which options."""

import pytest

from tfops.engine.passing import Effect, read_command
from tfops.errors import Refused, UsageError


@pytest.mark.parametrize(
    ("typed", "effect", "argv"),
    [
        ("state list", Effect.READS, "state list -no-color"),
        ("state show a.b", Effect.READS, "state show -no-color a.b"),
        ("-version", Effect.READS, "version -no-color"),
        ("providers schema -json", Effect.READS, "providers schema -no-color -json"),
        ("providers", Effect.READS, "providers -no-color"),
        ("console", Effect.TALKS, "console"),
        ("state rm a.b", Effect.CHANGES_STATE, "state rm -no-color -lock-timeout=9s a.b"),
        ("state rm -lock-timeout=1s a.b", Effect.CHANGES_STATE, "state rm -no-color -lock-timeout=1s a.b"),
        ("state rm -dry-run a.b", Effect.READS, "state rm -no-color -dry-run a.b"),
        ("state mv --help", Effect.READS, "state mv -no-color --help"),
        ("force-unlock 12", Effect.CHANGES_STATE, "force-unlock -no-color -force 12"),
        ("force-unlock -force 12", Effect.CHANGES_STATE, "force-unlock -no-color -force 12"),
        ("state replace-provider a b", Effect.CHANGES_STATE,
         "state replace-provider -no-color -lock-timeout=9s -auto-approve a b"),
    ],
)  # fmt: skip
def test_a_command_gets_what_tfops_wants_of_every_engine(typed: str, effect: Effect, argv: str) -> None:
    command = read_command(typed.split(), "dev")
    assert command.effect is effect
    assert command.argv("tf", lock_timeout_s=9) == ["tf", *argv.split()]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("apply -auto-approve", "tfops apply dev"),
        ("plan -out=x", "leave it away"),
        ("workspace select x", "tfops status"),
        ("workspace", "tfops status"),
        ("providers lock", "tfops providers lock dev"),
        ("-chdir=/tmp state list", "leave it away"),
        ("state list -state=/tmp/x", "--to-env"),
        ("0.13upgrade", "state list"),
        ("state frobnicate", "state list"),
    ],
)
def test_everything_else_is_refused_with_the_way_to_do_it(typed: str, hint: str) -> None:
    with pytest.raises(Refused) as refused:
        read_command(typed.split(), "dev")
    assert refused.value.guard == "engine-command" and hint in refused.value.hint


def test_nothing_is_no_command() -> None:
    with pytest.raises(UsageError):
        read_command([], "dev")


@pytest.mark.parametrize(
    ("typed", "is_for_programs", "shows_values", "file"),
    [
        ("state pull", True, True, ""),
        ("output -json", True, True, ""),
        ("output --raw url", True, True, ""),
        ("output", False, True, ""),
        ("show", False, True, ""),
        ("show plan.bin", False, True, "plan.bin"),
        ("state push -force x.tfstate", False, False, "x.tfstate"),
        ("state push -", False, False, "-"),
        ("state list x.y", False, False, ""),
    ],
)
def test_what_becomes_of_its_output(typed: str, is_for_programs: bool, shows_values: bool, file: str) -> None:
    command = read_command(typed.split(), "dev")
    assert (command.is_for_programs, command.shows_values, command.file) == (is_for_programs, shows_values, file)
