"""Where state is kept in the fault suite: on disk, over HTTP, in S3, in PostgreSQL; all of them real servers."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.moto import REGION, serve_moto
from tests.support.ports import free_port, wait_for_port
from tests.support.state_server import serve_states


@dataclass(frozen=True, slots=True)
class Backend:
    """Lines of tfops.yaml, and what the engine needs in its environment."""

    name: str
    rules: str
    env: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def serve_s3() -> Iterator[Backend]:
    """moto's server with a bucket; locking by S3's own conditional writes."""
    with serve_moto() as moto:
        moto.make_bucket("states")
        rules = f"backend:\n  s3: {{bucket: states, region: {REGION}, lock: native}}\n"
        yield Backend("s3", rules, moto.env)


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextlib.contextmanager
def serve_postgres() -> Iterator[Backend]:
    """A cluster of its own on loopback, run by a user that PostgreSQL accepts."""
    programs = _postgres_programs()
    if programs is None:
        message = "no PostgreSQL server here: apt-get install postgresql"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="tfops-pg-"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    initdb = [*as_user, str(programs / "initdb"), "-D", str(folder / "data"), "-U", "tf", "-A", "trust"]
    subprocess.run(initdb, cwd="/", check=True, capture_output=True)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    argv = [*as_user, str(programs / "postgres"), "-D", str(folder / "data"), *options.split()]
    server = subprocess.Popen(argv, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        rules = 'backend:\n  pg: {schema_name: "{project}_{env}_{stack}"}\n'
        yield Backend("pg", rules, {"PG_CONN_STR": f"postgres://tf@127.0.0.1:{port}/postgres?sslmode=disable"})
    finally:
        stop = [*as_user, str(programs / "pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop"]
        subprocess.run(stop, cwd="/", check=False, capture_output=True)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def serve(name: str) -> Iterator[Backend]:
    """The backend called `name`, for the `with` block."""
    with contextlib.ExitStack() as stack:
        if name == "http":
            yield Backend(name, stack.enter_context(serve_states()).backend())
        elif name == "s3":
            yield stack.enter_context(serve_s3())
        elif name == "pg":
            yield stack.enter_context(serve_postgres())
        else:
            yield Backend("local", "")
