"""Two applies at once with nothing between them but the backend's own lock: the clones share no remote."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.backends import serve_postgres
from tests.support.engines import require_engine
from tests.support.moto import REGION, Moto
from tests.support.sandbox import new_sandbox

# Both stop right before their engines apply, and go on together.
_STOP = {"TFOPS_FAILPOINT": "begun:SIGSTOP"}


@contextlib.contextmanager
def _backend(kind: str, moto: Moto) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The `backend:` of tfops.yaml, and what the engine needs in its environment."""
    if kind == "pg":
        with serve_postgres() as server:
            yield {"pg": {"schema_name": "{project}_{env}_{stack}"}}, server.env
        return
    bucket = f"race-{kind}"
    moto.make_bucket(bucket)
    lock = "native" if kind == "native" else {"dynamodb": bucket}
    yield {"s3": {"bucket": bucket, "region": REGION, "lock": lock}}, moto.env


@pytest.mark.parametrize("kind", ["native", "table", "pg"])
def test_one_of_two_racing_applies_wins_and_the_other_changes_nothing(tmp_path: Path, moto: Moto, kind: str) -> None:
    with _backend(kind, moto) as (backend, env):
        body = {"version": 1, "project": "shop", "backend": backend, "environments": {"dev": {"branch": "main"}}}
        racers = [new_sandbox(tmp_path / name, require_engine(), rules=json.dumps(body)) for name in ("a", "b")]
        for racer in racers:
            racer.env |= env
            racer.wish(racer.path.name, keys=[f"{racer.path.name}{number}" for number in range(20)])
        if kind == "table":
            racers[0].ok("backend", "create", "--yes")
        racers[0].ok("plan", "dev")  # PostgreSQL refuses one of two who make a schema at the same moment
        started = [racer.start("apply", "dev", "--yes", "-o", "json", env=_STOP) for racer in racers]
        for process in started:  # both have planned, and consented
            assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
        for process in started:
            process.send_signal(signal.SIGCONT)
        said = [process.communicate(timeout=240) for process in started]
        codes = [process.returncode for process in started]
        assert sorted(codes) in ([0, 12], [0, 20]), said

        winner, loser = (racers[0], racers[1]) if codes[0] == 0 else (racers[1], racers[0])
        assert json.loads(said[codes.index(max(codes))][0])["error"]["state"] == "Nothing was changed."
        assert (winner.tags(), loser.tags()) == (["tfops/dev/v1"], [])
        inventory = winner.ok("inventory", "dev", "-o", "json").result["environments"]["dev"]
        assert len(inventory) == 21
        assert "No changes" in winner.ok("plan", "dev").out, "the state is the winner's, whole"
