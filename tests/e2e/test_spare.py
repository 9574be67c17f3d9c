"""A tfops that waits for its command: it runs one, or ends with whoever made it."""

import os
import signal
from pathlib import Path

from tests.support.sandbox import wait_until
from tfops.system.children import Child, WarmProcess


def _version(spare: WarmProcess, folder: Path) -> Child:
    return spare.start(["--version"], folder=folder, files=folder, name="asked")


def _pid(spare: WarmProcess) -> int:
    assert spare._process is not None
    return spare._process.pid


def test_it_runs_what_it_is_told_or_another_does(tmp_path: Path) -> None:
    spare = WarmProcess()
    assert _version(spare, tmp_path).answer()[1].startswith("tfops "), "none was prepared"

    spare.prepare()
    waiting = _pid(spare)
    child = _version(spare, tmp_path)
    assert child.process.pid == waiting
    code, said = child.answer()
    assert (code, said.startswith("tfops ")) == (0, True)
    assert child.stdout.stat().st_mode & 0o777 == 0o600

    spare.prepare()
    os.kill(_pid(spare), signal.SIGKILL)
    wait_until(lambda: spare._process is not None and spare._process.poll() is not None)
    assert _version(spare, tmp_path).answer()[0] == 0, "the one that waited had died"


def test_it_ends_when_nobody_needs_it(tmp_path: Path) -> None:
    spare = WarmProcess()
    spare.prepare()
    process = spare._process
    assert process is not None
    spare.close()
    assert process.returncode == 0
    spare.close()
    assert _version(spare, tmp_path).answer()[0] == 0
