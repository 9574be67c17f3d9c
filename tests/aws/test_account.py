"""The account guard, through the front door."""

import json
from pathlib import Path

from tests.support.moto import ACCOUNT, Moto
from tests.support.sandbox import new_sandbox


def test_an_account_is_checked_without_the_aws_provider_where_nothing_uses_it(tmp_path: Path, moto: Moto) -> None:
    rules = {"version": 1, "project": "shop"}
    rules["environments"] = {"dev": {"branch": "main", "account": ACCOUNT, "region": "eu-west-1"}}
    sandbox = new_sandbox(tmp_path / "shop", "terraform", rules=json.dumps(rules))
    sandbox.env |= moto.env
    sandbox.wish(1)
    sandbox.ok("apply", "dev", "--yes")
    card = sandbox.ok("show", "dev", "-o", "json").result["card"]
    assert (card["aws"]["account"], list(card["stacks"]["main"]["providers"])) == (ACCOUNT, [])

    # of a change that stopped nobody knows what it left in the state
    fails = 'provisioner "local-exec" {\n    command = "exit 3"\n  }'
    sandbox.write("modules/thing/fails.tf", f'resource "terraform_data" "fails" {{\n  {fails}\n}}\n')
    sandbox.commit("Fails")
    assert sandbox.run("apply", "dev", "--yes").code == 21
    sandbox.env["TF_CLI_CONFIG_FILE"] = str(tmp_path / "no-providers.tfrc")
    (tmp_path / "no-providers.tfrc").write_text(
        'provider_installation {\n  filesystem_mirror {\n    path = "/nowhere"\n  }\n}\n'
    )
    assert "hashicorp/aws" in sandbox.run("plan", "dev").err
    [root] = sandbox.workspace.glob("roots/dev/main/main.tf.json")
    assert json.loads(root.read_text())["provider"]["aws"][0]["allowed_account_ids"] == [ACCOUNT]


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


def test_who_names_no_account_is_told_it_by_aws_where_a_value_wants_it(tmp_path: Path, moto: Moto) -> None:
    sandbox = new_sandbox(tmp_path / "shop", "terraform")
    sandbox.env |= moto.env | {"AWS_REGION": "eu-west-1"}
    sandbox.wish({"account": "${aws.account_id}", "region": "${aws.region}"})
    sandbox.ok("apply", "dev", "--yes")
    card = sandbox.ok("show", "dev", "-o", "json").result["card"]
    known = {"aws.account_id": ACCOUNT, "aws.region": "eu-west-1"}
    assert (card["aws"]["account"], card["stacks"]["main"]["run_values"]) == (ACCOUNT, known)
    nowhere = {name: "" for name in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    sandbox.wish("${aws.region}")
    refused = sandbox.run("plan", "dev", "-o", "json", env=nowhere)
    assert refused.error["guard"] == "no-region"
