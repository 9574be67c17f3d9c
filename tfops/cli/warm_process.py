"""A tfops that has imported what a turn needs, and waits to be told its command: `python -m tfops.cli.warm_process`.

Much of a short command is the start of Python. The agent makes one of these ahead of time (`WarmProcess` in
`system/children.py`), so that a push event is answered at once. Everything else is as in any other process: it runs one
command, and ends. When its standard input ends without a command, it ends too: nobody needs it any more.
"""

import importlib
import json
import os
import sys

from tfops.cli import main

_NEEDED = ("tfops.cli.app", "tfops.cli.run", "tfops.agent.turn", "tfops.views.envelope")
_PIECE = 65536


def wait_and_run() -> None:
    """Read `{argv, folder, stdout, stderr}` as JSON, become that, and run it."""
    for name in _NEEDED:
        importlib.import_module(name)
    text = b"".join(iter(lambda: os.read(0, _PIECE), b""))
    if not text:
        return
    job = json.loads(text)
    os.chdir(job["folder"])
    _redirect(os.open(os.devnull, os.O_RDONLY), 0)
    _redirect(os.open(job["stdout"], os.O_WRONLY | os.O_APPEND), 1)
    _redirect(os.open(job["stderr"], os.O_WRONLY | os.O_APPEND), 2)
    sys.argv = ["tfops", *job["argv"]]
    main()


def _redirect(opened: int, number: int) -> None:
    os.dup2(opened, number)
    os.close(opened)


if __name__ == "__main__":
    wait_and_run()
