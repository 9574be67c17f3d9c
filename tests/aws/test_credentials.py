"""AWS credentials are used, and nothing of them is found in what is written, said, or on command lines."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_leaks import everything_written
from tests.support.engines import engine_program, require_engine
from tests.support.moto import ACCOUNT, REGION, Moto
from tests.support.sandbox import Sandbox, new_sandbox, with_remote

_KEY, _SECRET, _SESSION = "AKIACANARYCANARYCANA", "canary/secret+key=with/everything+inside", "canary-session-token"
_WEB_TOKEN = "canary.web.identity"
# What STS gives for a role, by the form that it has at AWS and at moto.
_GIVEN = re.compile(rb"ASIA[A-Z0-9]{16}|FQoGZXIvYXdz[A-Za-z0-9+/]{16}")


def _shop(folder: Path, moto: Moto) -> Sandbox:
    """The engine is called by a script that writes down its command line."""
    role = f"arn:aws:iam::{ACCOUNT}:role/tfops"
    # The engine asks no address of the environment's for a web identity, only the backend's own.
    backend: dict[str, Any] = {"bucket": "logged-in", "region": REGION, "lock": "native", "assume_role": role}
    backend |= {"endpoints": {"sts": moto.address}}
    rules = {"version": 1, "project": "shop", "backend": {"s3": backend}, "environments": {"dev": {"branch": "main"}}}
    moto.make_bucket("logged-in")
    shop = new_sandbox(folder / "shop", require_engine(), rules=json.dumps(rules))
    script = folder / "engine"
    script.write_text(
        f'#!/bin/sh\necho "$0 $@" >> "{folder}/command-lines"\nexec "{engine_program(shop.env["TFOPS_ENGINE"])}" "$@"\n'
    )
    script.chmod(0o755)
    named = {name: value for name, value in moto.env.items() if not name.startswith(("AWS_ACCESS", "AWS_SECRET"))}
    shop.env |= named | {"TFOPS_ENGINE": str(script), "AWS_REGION": REGION}
    return shop


def _leaks(places: Iterator[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    canaries = [text.encode() for text in (_KEY, _SECRET, _SESSION, _WEB_TOKEN)]
    return [
        (where, found)
        for where, content in places
        for found in [*(text for text in canaries if text in content), *_GIVEN.findall(content)]
    ]


def test_credentials_are_used_and_written_nowhere(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, moto: Moto
) -> None:
    shop = _shop(tmp_path, moto)
    token = tmp_path_factory.mktemp("outside") / "token"
    token.write_text(_WEB_TOKEN)
    kinds = {
        "keys": {"AWS_ACCESS_KEY_ID": _KEY, "AWS_SECRET_ACCESS_KEY": _SECRET, "AWS_SESSION_TOKEN": _SESSION},
        "web identity": {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
            "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/ci",
            "AWS_ROLE_SESSION_NAME": "job-17",
        },
    }
    said = ""
    shop.wish(0)
    remote = with_remote(shop, tmp_path / "hub.git")
    for number, (kind, env) in enumerate(kinds.items(), start=1):
        shop.wish(number)
        shop.git("push", "--quiet")
        for command in (("backend", "check"), ("apply", "dev", "--yes", "--verbose"), ("show", "dev")):
            ran = shop.run(*command, env=env)
            assert command[0] == "backend" or ran.code == 0, f"{kind}: {ran.out}{ran.err}"
            said += ran.out + ran.err
        gone = shop.run("apply", "dev", "--yes", "-o", "json", env=env | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
        assert gone.code in (11, 20), gone.out
        said += gone.out + gone.err
    assert shop.tags() == ["tfops/dev/v1", "tfops/dev/v2"]
    lines = (tmp_path / "command-lines").read_text()
    assert " apply " in lines and " init " in lines, "the script is what ran"
    places = [*everything_written(tmp_path, [shop.path, remote]), ("said", said.encode())]
    assert _leaks(iter(places)) == []
