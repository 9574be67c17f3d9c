"""A command line that isn't understood: what is wrong in a sentence, and what to type instead."""

import json
import signal
import sys
from collections.abc import Iterator

import pytest

from tfops.cli.app import app, run
from tfops.cli.misread import MEANT
from tfops.cli.run import Ready


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """`run` is a process's whole life: at its end it hears no signal any more. Ours goes on, and has children."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["tfops", *line.split()])
    with pytest.raises(SystemExit) as left:
        run()
    said = capsys.readouterr()
    return int(str(left.value.code)), said.out, said.err


@pytest.mark.parametrize(
    ("line", "what", "step"),
    [
        ("undo", "there is no command `undo`", "tfops rollback ENV"),
        ("state ls prod", "there is no command `ls`", "tfops state list ENV"),
        ("stauts", "there is no command `stauts`", "tfops status, or tfops state"),
        ("xyzzy", "there is no command `xyzzy`", "tfops --help"),
        ("--engine tofu apply dev", "no such option: --engine", "tfops apply --engine …"),
        ("-y destroy dev", "no such option: -y", "tfops destroy -y …"),
        ("apply dev -target=module.app", "no such option: -t", "tfops apply --target=module.app"),
        ("apply dev dev.tfplan", "got unexpected extra argument (dev.tfplan)", "tfops apply ENV --plan FILE"),
        ("plan dev -refresh=false", "no such option: -r", "tfops plan --refresh=false"),
        ("apply --foo", "no such option: --foo", "tfops apply --help"),
        ("hold", "`ENV` is missing", "tfops hold ENV --reason TEXT"),
        ("hold dev", "`--reason TEXT` is missing", "tfops hold ENV --reason TEXT"),
        ("state restore dev", "`VERSION` is missing", "tfops state restore ENV VERSION"),
        ("log -o yaml", "invalid value for '--output' / '-o': 'yaml' is not one of 'text', 'json'", "tfops log --help"),
        ("apply --max-deletes x", "invalid value for '--max-deletes': it must be a valid integer", "apply --help"),
        ("show dev v1 v2", "got unexpected extra argument (v2)", "tfops show --help"),
        ("help nothing", "there is no command `nothing`", "tfops --help"),
        ("help aply", "there is no command `aply`", "tfops help apply"),
        ("help state versoins", "there is no command `state versoins`", "tfops help state versions"),
        ("help state ls", "there is no command `state ls`", "tfops help state list"),
        ("help state nothing", "there is no command `state nothing`", "tfops state --help"),
        ("secrets", "there is no command `secrets`", "tfops docs secrets"),
        ("docs nothing", "there is no page `nothing`", "tfops docs"),
    ],
)  # fmt: skip
def test_a_usage_error_says_what_is_wrong_and_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, line: str, what: str, step: str
) -> None:
    code, out, err = _typed(monkeypatch, capsys, line)
    assert (code, out) == (64, "")
    assert err.splitlines()[0] == f"✗ usage: {what}"
    assert step in err.splitlines()[1]


@pytest.mark.parametrize("line", ["-o json undo", "undo -o json", "--output=json undo", "status -ojson --foo"])
def test_a_usage_error_is_json_where_json_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    code, out, _ = _typed(monkeypatch, capsys, line)
    said = json.loads(out)
    assert (code, said["exit_code"], said["error"]["name"]) == (64, 64, "usage")


def test_the_output_is_chosen_before_or_behind_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in ("version -o json", "-o json version", "--output json version", "-o text version -o json"):
        assert json.loads(_typed(monkeypatch, capsys, line)[1])["command"] == "version"
    assert _typed(monkeypatch, capsys, "-o json version -o text")[1].startswith("tfops ")


def test_help_of_a_command_is_what_its_option_shows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("apply", "state restore", "backend"):
        asked = _typed(monkeypatch, capsys, f"help {command}")
        assert asked == _typed(monkeypatch, capsys, f"{command} --help")
    assert "tfops [OPTIONS] COMMAND" in _typed(monkeypatch, capsys, "help")[1]


def test_no_word_that_is_explained_is_a_command() -> None:
    assert not {command.name for command in app.registered_commands} & set(MEANT)


def test_an_answer_that_cannot_be_written_is_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """docs/reference/exit-codes.md: 74."""

    def full() -> Ready:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tfops.cli.app._parsed", full)
    monkeypatch.setattr("tfops.cli.app.signals.ignore_all", lambda: None)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with pytest.raises(SystemExit) as ended:
        run()
    assert ended.value.code == 74
    said = capsys.readouterr().err
    assert "answer-lost: the answer can't be written" in said
    assert "No space left on device" in said and "What the command did stays done." in said
