"""`tfops` as a fork of a process that has imported it: whole commands, without half a second of imports each."""

import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from typing import BinaryIO, NoReturn

import tfops.cli.app
import tfops.flows.changes
from tests.support.sandbox import Ran, Sandbox


class ForkedSandbox(Sandbox):
    """A sandbox whose commands start warm. Only for a program with one thread."""

    def run(self, *args: str, env: Mapping[str, str] | None = None, timeout_s: float = 120) -> Ran:  # noqa: ARG002 - an engine that hangs is seen by who waits
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                self._be_tfops(args, self.env | dict(env or {}), out, err)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            return Ran(code, _text(out), _text(err))

    def _be_tfops(self, args: tuple[str, ...], env: dict[str, str], out: BinaryIO, err: BinaryIO) -> NoReturn:
        code = 1
        try:
            os.chdir(self.path)
            os.environ.clear()
            os.environ.update(env)
            for stream, number in ((out, 1), (err, 2)):
                os.dup2(stream.fileno(), number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.argv = ["tfops", *args]
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            tfops.cli.app.run()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode()
