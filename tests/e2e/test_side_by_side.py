"""Engines that run at the same time: one interrupt reaches all of them, and nothing begins after it."""

import subprocess
import sys
import textwrap
from pathlib import Path

_SCRIPT = textwrap.dedent(
    """\
    import os, sys, threading, time
    from pathlib import Path
    from tfops.errors import EngineFailed
    from tfops.system import following, parallel, signals

    folder, said, ticks = Path(sys.argv[1]), [], []

    def engine(name):
        def run():
            argv = ["sh", "-c", f"trap 'echo {name} stops; exit 3' INT; : > {name}.on; while :; do sleep 0.05; done"]
            code, count = following.follow(
                following.Command(argv, folder, dict(os.environ), folder / f"{name}.out", folder / f"{name}.err"),
                following.Listener(lambda line: None, lambda count, kills: said.append("one by one")),
            )
            if name == "late":
                raise EngineFailed("late failed")
            return name, code, count, (folder / f"{name}.out").read_text()
        return run

    def late():
        while len(said) == 0:
            time.sleep(0.02)
        return engine("late")()

    def interrupt_when_both_run():
        while not all((folder / f"{name}.on").exists() for name in "ab"):
            time.sleep(0.02)
        os.kill(os.getpid(), 2)

    threading.Thread(target=interrupt_when_both_run).start()
    with signals.deferred() as arrived:
        ends = parallel.side_by_side(
            [engine("a"), engine("b"), late],
            on_signal=lambda count, kills: said.append(count),
            on_tick=lambda: ticks.append(signals.is_main_thread()),
        )
        assert not arrived, "the engines heard it, not what waits behind them"
    assert ends[:2] == [("a", 3, 1, "a stops\\n"), ("b", 3, 1, "b stops\\n")], ends
    assert isinstance(ends[2], EngineFailed), "who begins after the interrupt hears of it at once"
    assert said == [1], said
    assert ticks and all(ticks)
    """
)


def test_an_interrupt_reaches_every_engine_once(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


_TELLING = textwrap.dedent(
    """\
    import os, sys
    from pathlib import Path
    from tfops.system import following, parallel

    folder, said = Path(sys.argv[1]), []

    def tell(count, kills):
        print("interrupt sent", file=sys.stderr, flush=True)
        said.append(count)

    def on_line(line):
        before = list(said)
        os.kill(os.getpid(), 2)
        assert said == before, "told in the middle of something else"

    def engine(name, on_line):
        argv = ["sh", "-c", "trap '' INT; echo made; sleep 0.2"]
        return lambda: following.follow(
            following.Command(argv, folder, dict(os.environ), folder / f"{name}.out", folder / f"{name}.err"),
            following.Listener(on_line, tell),
        )

    code, count = engine("alone", on_line)()
    assert (code, count, said) == (0, 1, [1]), (code, count, said)

    def on_tick():
        if not hit:
            hit.append(os.kill(os.getpid(), 2))
            assert said == [1], "told in the middle of something else"

    hit = []
    parallel.side_by_side([engine(name, lambda line: None) for name in "ab"], on_signal=tell, on_tick=on_tick)
    assert said == [1, 1], said
    """
)


def test_what_an_interrupt_did_is_never_told_in_the_middle_of_another_line(tmp_path: Path) -> None:
    """Python refuses to print inside of a print ("reentrant call"), which would end the change as a bug."""
    done = subprocess.run(
        [sys.executable, "-c", _TELLING, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


_TWICE = textwrap.dedent(
    """\
    import os
    from tfops.errors import Interrupted
    from tfops.system import signals

    signals.terminate_as_interrupt()
    done = []
    try:
        try:
            with signals.deferred("It was recorded first."):
                os.kill(os.getpid(), 15)
        finally:
            os.kill(os.getpid(), 15)  # as from somebody who presses Ctrl-C twice
            done.append("what must follow")
    except Interrupted as error:
        assert (error.state, done) == ("It was recorded first.", ["what must follow"]), (error.state, done)
    else:
        raise AssertionError("the signal is forgotten")
    """
)


def test_a_second_signal_does_not_tear_what_the_first_one_makes_end_in_order() -> None:
    done = subprocess.run([sys.executable, "-c", _TWICE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
