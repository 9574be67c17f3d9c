"""One try: a change is killed somewhere, its recovery maybe too; in the end all must be sound."""

import signal
from dataclasses import dataclass

from tests.faults.world import World
from tfops.system.failpoint import NAMES

# Dying here needs a story to tell: they are reached while recovering.
IN_RECOVERY = ("recovered-begun", "lock-released", "import-planned", "imported", "recovered-told")
IN_MOVE = ("state-copied", "state-marked")
IN_OTHERS = (  # of backend create, providers, adopt, state surgery
    "step-taken", "files-written", "rehearsed", "state-pushed", "state-brought", "surgery-begun",
    "surgery-working", "surgery-done", "transfer-begun", "state-given", "states-written", "states-proven",
)  # fmt: skip
IN_CHANGE = tuple(name for name in NAMES if name not in (*IN_RECOVERY, *IN_MOVE, *IN_OTHERS))
_WITH_ENGINE = ("engine-started", "engine-working")
_TO_THE_GROUP = ("SIGINT+group", "SIGTERM+group", "SIGINT+group+again", "SIGTERM+group+again", "SIGHUP+group")
_SIGNALS = ("SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", *_TO_THE_GROUP)
_GROUP_IS_MEANT = 0.4
_RECOVERY_IS_KILLED = 0.4
_RACE_IS_LOST = 0.2


@dataclass(frozen=True, slots=True)
class Try:
    """What was done to a run, and how the run ended."""

    fault: str
    code: int


def kill_once(world: World, *, number: int) -> Try:
    """Every third try dies at a random moment, the others at a failpoint, all of them in turn."""
    world.said = ""
    world.wish()
    fault, code = _at_random(world) if number % 3 == 2 else _at_failpoint(world, number)
    if world.random.random() < _RECOVERY_IS_KILLED:
        point = world.random.choice((*IN_RECOVERY, "version-pushed", "recorded"))
        world.run("recover", "dev", failpoint=f"{point}:SIGKILL+engine")
        fault += f", recovery at {point}"
    recovered = world.run("recover", "dev", "--wait", "60s")
    assert recovered.code == 0, f"{fault}: recover ended with {recovered.code}\n{recovered.out}{recovered.err}"
    finished = world.finish()
    assert finished.code == 0, f"{fault}: apply ended with {finished.code}\n{finished.out}{finished.err}"
    try:
        world.check()
    except AssertionError as error:
        raise AssertionError(f"try {number}, {fault} (exit {code}): {error}") from None
    return Try(fault, code)


def _at_failpoint(world: World, number: int) -> tuple[str, int]:
    point = IN_CHANGE[number % len(IN_CHANGE)]
    loses_race = point == "claimed" or world.random.random() < _RACE_IS_LOST
    if loses_race:
        world.lose_a_race()
    how = world.random.choice(_SIGNALS)
    if point in _WITH_ENGINE and world.random.random() < 0.6:
        how = "SIGKILL+engine"
    ran = world.run("apply", "dev", "--yes", failpoint=f"{point}:{how}")
    return f"{how} at {point}{', race lost' if loses_race else ''}", ran.code


def _at_random(world: World) -> tuple[str, int]:
    after_s = world.random.uniform(0.2, 1.4)
    number = world.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
    engine_too = number == signal.SIGKILL and world.random.random() < 0.5
    times = 2 if number == signal.SIGINT and world.random.random() < 0.5 else 1
    is_group = number != signal.SIGKILL and world.random.random() < _GROUP_IS_MEANT
    code = world.run_and_signal(
        "apply", "dev", "--yes",
        after_s=after_s, number=number, times=times, engine_too=engine_too, is_group=is_group,
    )  # fmt: skip
    how = ("+engine" if engine_too else "") + ("+group" if is_group else "") + (" twice" if times > 1 else "")
    return f"{signal.Signals(number).name}{how} after {after_s:.1f} s", code
