"""What a person sees while they wait: the time goes on, and stands there however long the address is."""

import io
import time

import pytest
from rich.console import Console

from tfops.cli.terminal import Terminal
from tfops.engine.events import masked, parse_event
from tfops.records.addresses import natural
from tfops.records.engine_events import ResourceEvent, SaidEvent, Step
from tfops.records.names import EnvName
from tfops.records.plan import Action, Plan, ResourceChange
from tfops.views.live import Groups, Work, live_line, shortened
from tfops.views.many_lines import EnvironmentLine, many_lines
from tfops.views.progress import finished_line

LONG = 'module.platform.module.databases["eu-central-1"].module.instance.aws_db_instance.main["reporting-replica"]'


def test_an_address_is_shortened_in_its_middle() -> None:
    short = shortened(LONG, 40)
    assert (len(short), short.startswith("module.platf"), short.endswith('["reporting-replica"]')) == (40, True, True)
    assert shortened("a.b", 40) == "a.b"


@pytest.mark.parametrize("width", [40, 60, 76, 200])
def test_the_time_is_never_what_is_cut(width: int) -> None:
    works = [Work("a.b", "delete", 95.0), Work(LONG, "create", 90.0)]
    line = live_line(works, done=3, planned=7, now_s=102.9, width=width)
    assert len(line) <= width
    assert ": creating, 12 s" in line, "the one that takes longest"
    assert width < 60 or (line.startswith("3 of 7 done · modul") and line.endswith("(and 1 more)"))


@pytest.mark.parametrize("step", [Step.COMPLETED, Step.ERRORED])
def test_a_finished_line_fits_on_one(step: Step) -> None:
    line = finished_line(ResourceEvent(step, LONG, "create", elapsed_s=3), with_id=False, width=80)
    assert len(line.plain) <= 80
    assert line.plain.endswith("after 3 s")


def _create(address: str) -> ResourceChange:
    return ResourceChange(address, "x_y", Action.CREATE)


def test_hundreds_alike_are_told_in_one_line() -> None:
    many = [_create(f"module.a.x_y.z[{number}]") for number in range(300)]
    groups = Groups.of(Plan((*many, _create("x_y.single")), (), "", is_empty=False, unchanged=0))
    assert groups.take("x_y.single", "create") == (False, None)
    assert [groups.take(change.address, "create") for change in many[:-1]] == [(True, None)] * 299
    assert [line.plain for line in groups.rest()] == ["  ✓ module.a.x_y.z[…]: 299 of 300 created"]
    told = [groups.take(change.address, "create")[1] for change in many]
    assert told[-1] is not None and told[-1].plain == "  ✓ module.a.x_y.z[…]: 300 created"
    assert groups.rest() == []


def test_numbers_are_sorted_as_people_count() -> None:
    addresses = ["a.b[12]", "a.b[2]", 'a.b["x"]', "a.b[007]", "a.a10", "a.a9"]
    assert sorted(addresses, key=natural) == ["a.a9", "a.a10", "a.b[2]", "a.b[007]", "a.b[12]", 'a.b["x"]']


def test_what_a_provisioner_says_is_an_event_and_masked() -> None:
    line = (
        '{"type": "provision_progress", "hook": {"resource": {"addr": "a.b"}, '
        '"provisioner": "local-exec", "output": "token hush\\u001b[2J"}}'
    )
    event = parse_event(line)
    assert event is not None
    assert masked(event, lambda text: text.replace("hush", "***")) == SaidEvent("a.b", "token *** [2J")


def _shown(terminal: Terminal) -> str:
    file = terminal.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_the_clock_goes_on_though_the_engine_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    terminal = Terminal(given=Console(file=io.StringIO(), force_terminal=True, width=80))
    terminal.phase("planning dev")
    now[0] += 5
    assert terminal.now().plain == "planning dev… 5 s"
    terminal.engine_event(ResourceEvent(Step.STARTED, LONG, "create"))
    now[0] += 7.5
    assert terminal.now().plain.endswith(": creating, 7 s")
    terminal.engine_event(ResourceEvent(Step.RUNNING, LONG, "create", elapsed_s=10))
    now[0] += 5
    assert terminal.now().plain.endswith(": creating, 12 s"), "the engine's tens of seconds change nothing"
    terminal.stop()


def test_what_provisioners_say_is_shown_to_who_asks_for_it() -> None:
    for is_verbose in (False, True):
        terminal = Terminal(verbose=is_verbose, given=Console(file=io.StringIO(), width=80))
        terminal.engine_event(SaidEvent("a.b", "built 3 packages"))
        assert ("a.b: built 3 packages" in _shown(terminal)) is is_verbose


@pytest.mark.parametrize("ending", [KeyboardInterrupt, EOFError])
def test_what_follows_a_question_that_got_no_answer_begins_its_own_line(
    monkeypatch: pytest.MonkeyPatch, ending: type[BaseException]
) -> None:
    def given(*_: object) -> str:
        raise ending

    monkeypatch.setattr("builtins.input", given)
    terminal = Terminal(given=Console(file=io.StringIO(), width=80))
    try:
        assert terminal.confirm("Apply to dev?") is False
    except KeyboardInterrupt:
        assert ending is KeyboardInterrupt
    assert _shown(terminal).endswith("[y/N] \n")


def _environments(count: int) -> list[EnvironmentLine]:
    """The first one failed, the next five are done, three are worked on, the rest waits."""
    lines = [EnvironmentLine(EnvName(f"web-{number:03}")) for number in range(count)]
    for number, line in enumerate(lines[:9]):
        line.since_s, line.is_over, line.is_failed = 90.0, number < 6, number == 0
        line.text = "planning web" if number >= 6 else "changes"
    return lines


def test_each_environment_has_a_line_that_fits() -> None:
    lines = [line.plain for line in many_lines(_environments(12), now_s=102.0, width=40, height=24)]
    assert len(lines) == 12
    assert max(map(len, lines)) <= 40
    assert (lines[0], lines[1], lines[6], lines[11]) == (
        "✗ web-000  changes", "✓ web-001  changes", "» web-006  planning web 12 s", "· web-011  waiting",
    )  # fmt: skip


def test_of_too_many_environments_the_rest_is_counted() -> None:
    lines = [line.plain for line in many_lines(_environments(300), now_s=102.0, width=80, height=24)]
    assert [line[:9] for line in lines[:-1]] == ["✗ web-000", "» web-006", "» web-007", "» web-008"]
    assert lines[-1] == "5 of 300 done, 291 waiting"
