"""Named places in a change where the fault suite makes tfops die. They do nothing else.

`TFOPS_FAILPOINT=<name>:<signal>[+engine][+group][+again]` sends this process the signal at that place; with `+engine`
a running engine gets SIGKILL first; with `+group` the whole process group gets the signal, as from Ctrl-C on a
terminal; with `+again` a second time, a moment later. Used by `make faults` (docs/explanation/faults.md).
"""

import os
import signal
import threading

from tfops.system import environ

_A_MOMENT_S = 0.03

NAMES = (
    "locked-here",
    "fetched",
    "settled",
    "claimed",
    "targeted",
    "rendered",
    "prepared",
    "state-read",
    "planned",
    "consented",
    "intent-stored",
    "intent-pushed",
    "begun",
    "surgery-begun",
    "surgery-done",
    "surgery-working",
    "transfer-begun",
    "state-given",
    "states-written",
    "states-proven",
    "engine-started",
    "engine-working",
    "engine-ended",
    "state-read-back",
    "verified",
    "card-written",
    "version-stored",
    "version-pushed",
    "recorded",
    "recovered-begun",
    "lock-released",
    "import-planned",
    "imported",
    "recovered-told",
    "state-copied",
    "state-marked",
    "step-taken",
    "files-written",
    "rehearsed",
    "state-pushed",
    "state-brought",
)

_engine_pid = 0


def engine_is(pid: int) -> None:
    """Remember the engine's process, 0 when none runs."""
    global _engine_pid  # noqa: PLW0603 - one engine at a time, and only the fault suite reads it
    _engine_pid = pid


def reach(name: str) -> None:
    """Die here, if the fault suite says so."""
    wanted, _, how = environ.variable("TFOPS_FAILPOINT").partition(":")
    if wanted != name:
        return
    number, *ways = how.split("+")
    if "engine" in ways and _engine_pid:
        os.kill(_engine_pid, signal.SIGKILL)
    send = os.killpg if "group" in ways else os.kill
    whom, what = os.getpgrp() if "group" in ways else os.getpid(), getattr(signal, number or "SIGKILL")
    if "again" in ways:
        later = threading.Timer(_A_MOMENT_S, send, (whom, what))
        later.daemon = True
        later.start()
    send(whom, what)
