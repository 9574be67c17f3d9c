"""`python -m tfops` as a fork of a process that has imported it: whole commands, without half a second of imports each.

Everything else is a process' own: arguments, folder, environment, standard streams, signals, handlers of its end.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NoReturn, TextIO

import tfops

_TOP = Path(__file__).parents[2]
_SLOW = ("boto3", "hcl2", "jsonschema")  # what tfops imports late


def run_warm(
    args: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_s: float, module: str = "tfops"
) -> tuple[int, str, str]:
    """Run `python -m MODULE ARGS` to its end. Returns exit code (negative: the signal), output and errors."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as caller:
        caller.connect(_host())
        wish = json.dumps({"argv": [module, *args], "cwd": str(cwd), "env": dict(env)}).encode()
        socket.send_fds(caller, [b"-"], [out.fileno(), err.fileno()])
        caller.sendall(wish)
        caller.shutdown(socket.SHUT_WR)
        caller.settimeout(timeout_s)
        with caller.makefile("r") as answers:
            pid = int(answers.readline())
            try:
                code = int(answers.readline())
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise
        return code, _text(out), _text(err)


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()


@cache
def _host() -> str:
    """The socket where runs are asked for. Whoever serves there ends with this process."""
    env = {"HOME": os.devnull, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
    argv = [sys.executable, "-m", "tests.support.warm"]
    process = subprocess.Popen(argv, cwd=_TOP, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    door = process.stdout.readline().strip()
    assert door, "the warm process did not start"
    atexit.register(process.communicate)
    return door


def _serve() -> list[str]:
    """Fork for each caller, until standard input ends. Returns in the forks only: the command line."""
    _import_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    folder = Path(tempfile.mkdtemp(prefix="tfops-warm-"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "door"))
        listener.listen()
        print(folder / "door", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            caller, _ = listener.accept()
            with caller:
                if os.fork() == 0:
                    listener.close()
                    return _be_tfops(caller)
    shutil.rmtree(folder)
    os._exit(0)


def _import_all() -> None:
    for module in pkgutil.walk_packages(tfops.__path__, "tfops."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in _SLOW:
        importlib.import_module(name)
    gc.freeze()


def _be_tfops(caller: socket.socket) -> list[str]:
    """Fork once more: one becomes tfops, the other tells the caller how it ended."""
    _, streams, _, _ = socket.recv_fds(caller, 1, 2)
    with caller.makefile("rb") as wishes:
        wish = json.loads(wishes.read())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        caller.sendall(f"{pid}\n".encode())
        caller.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())
        os._exit(0)
    caller.close()
    os.setpgid(0, 0)  # as a shell starts a job: a signal to its group reaches nobody else
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has it ignored
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["env"])
    tempfile.tempdir = None  # it is asked for once
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout, sys.stderr = (_as_stream(stream, number) for number, stream in enumerate(streams, 1))
    argv: list[str] = wish["argv"]
    return argv


def _as_stream(descriptor: int, number: int) -> TextIO:
    os.dup2(descriptor, number)
    os.close(descriptor)
    return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _run(argv: list[str]) -> int:
    """`python -m …`. Returns its exit code."""
    sys.argv = argv
    try:
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End as the interpreter does, but don't take apart what was imported: that costs more than the command."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _end(_run(_serve()))
