"""A warm process of which every start of the provider is a fork: a tenth of a second instead of half a second.

An engine starts a provider six times in a plan and an apply, and gRPC takes its time to import. So the
executable in the mirror only hands its standard streams to this process, and lives until the fork ends.
"""

import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.support.provider.demo import WORLD
from tests.support.provider.versions import main

_TOP = Path(__file__).parents[3]

# What the provider's framework imports late.
_SLOW = ("tf.provider", "tf.gen.grpc_controller_pb2_grpc", "tf.gen.grpc_stdio_pb2_grpc", "cryptography.x509")

# What the engine starts. It says which version it is and which world is meant, and ends with the fork.
_LAUNCHER = """\
#!{python} -IS
import os, socket

with socket.socket(socket.AF_UNIX) as door:
    door.connect({door!r})
    words = "\\n".join(({version!r}, os.environ[{world!r}]))
    socket.send_fds(door, [words.encode()], [1, 2])
    door.recv(1)
"""


def launcher(door: Path, version: str) -> str:
    return _LAUNCHER.format(python=sys.executable, door=str(door), version=version, world=WORLD)


@contextlib.contextmanager
def provider_host() -> Iterator[Path]:
    """The path of the socket where starts are asked for; the process lives for the `with` block."""
    with tempfile.TemporaryDirectory() as folder:
        door = Path(folder, "door")
        env = {"HOME": folder, "PATH": os.environ["PATH"]}
        argv = [sys.executable, "-m", "tests.support.provider.host", str(door)]
        with subprocess.Popen(argv, cwd=_TOP, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            try:
                yield door
            finally:
                process.terminate()


def serve(door: Path) -> None:
    """Fork for each caller, until standard input ends: then whoever started this is gone."""
    for module in _SLOW:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(sys.stdin.fileno(),), daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(door))
        listener.listen()
        print("ready", flush=True)
        while True:
            caller, _ = listener.accept()
            with caller:
                words, streams, _, _ = socket.recv_fds(caller, 4096, 2)
                if os.fork() == 0:
                    listener.close()
                    _be_provider(caller, words.decode(), streams)
            for stream in streams:
                os.close(stream)


def _be_provider(caller: socket.socket, words: str, streams: list[int]) -> None:
    """Serve as the process that the engine believes it started; end when that one is killed, or with the host.

    An engine that is killed leaves its providers alive.
    """
    version, os.environ[WORLD] = words.split("\n")
    os.dup2(streams[0], 1)
    os.dup2(streams[1], 2)
    for watched in (caller.fileno(), sys.stdin.fileno()):
        threading.Thread(target=_end_with, args=(watched,), daemon=True).start()
    with contextlib.suppress(Exception):
        main(version)
    os._exit(0)


def _end_with(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
