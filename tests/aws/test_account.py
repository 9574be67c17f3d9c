"""The account guard, through the front door."""

import json
from pathlib import Path

from tests.support.moto import ACCOUNT, Moto
from tests.support.sandbox import new_sandbox


def test_nothing_is_planned_against_another_account(tmp_path: Path, moto: Moto) -> None:
    role = "arn:aws:iam::999999999999:role/deploy"
    environments = {
        "dev": {"branch": "main", "account": "111111111111", "region": "eu-west-1"},
        "prod": {"branch": "main", "account": ACCOUNT, "assume_role": role},
    }
    rules = json.dumps({"version": 1, "project": "shop", "environments": environments})
    sandbox = new_sandbox(tmp_path / "shop", "terraform", rules=rules)
    sandbox.env |= moto.env | {"AWS_REGION": "eu-west-1"}
    sandbox.write("environments/prod.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
    sandbox.wish(1)

    for command in ("plan", "apply"):
        refused = sandbox.run(command, "dev", "-o", "json")
        assert (refused.code, refused.error["guard"]) == (11, "wrong-account")
        assert refused.error["what"].endswith(f"account 111111111111, these credentials are for {ACCOUNT}")
    assumed = sandbox.run("plan", "prod", "-o", "json").error
    assert (assumed["guard"], assumed["why"]) == (
        "wrong-account",
        "arn:aws:sts::999999999999:assumed-role/deploy/tfops",
    )
    assert not list(sandbox.workspace.glob("roots/*/*/*"))
