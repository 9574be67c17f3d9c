"""The whole life of an environment with the real AWS provider, S3 state and S3's own lock: one story, told once."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.moto import ACCOUNT, REGION, Moto
from tests.support.sandbox import Sandbox, new_sandbox

_RULES = {
    "version": 1,
    "project": "story",
    "backend": {"s3": {"bucket": "story-tfstate", "region": REGION, "lock": "native"}},
    "environments": {"dev": {"branch": "main", "account": ACCOUNT, "region": REGION}},
}

# A bucket with a version of its own, and a parameter: the least that tells everything.
_MODULE = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "image" { type = string }
variable "buckets" { type = set(string) }
resource "aws_ssm_parameter" "image" {
  name           = "/story/image"
  type           = "String"
  insecure_value = var.image
}
resource "aws_s3_bucket" "data" {
  for_each = var.buckets
  bucket   = each.key
}
output "image" { value = aws_ssm_parameter.image.insecure_value }
"""


def wish(shop: Sandbox, image: str, *buckets: str) -> None:
    inputs = {"image": image, "buckets": list(buckets)}
    shop.write("environments/dev.yaml", json.dumps({"modules": {"app": {"source": "app", "inputs": inputs}}}))
    shop.commit(f"{image} {' '.join(buckets)}")


def state_of(moto: Moto) -> Any:
    return json.loads(moto.s3().get_object(Bucket="story-tfstate", Key="story/dev/main.tfstate")["Body"].read())


def put_state(moto: Moto, state: Any) -> None:
    moto.s3().put_object(Bucket="story-tfstate", Key="story/dev/main.tfstate", Body=json.dumps(state).encode())


def with_schema_of_parameters(state: Any, version: int) -> Any:
    """The same state with another schema version for one type of the AWS provider."""
    changed = json.loads(json.dumps(state))
    for resource in changed["resources"]:
        if resource["type"] == "aws_ssm_parameter":
            resource["instances"][0]["schema_version"] = version
    return changed


def buckets(moto: Moto) -> set[str]:
    return {item["Name"] for item in moto.s3().list_buckets()["Buckets"] if item["Name"].startswith("story-data")}


@pytest.mark.timeout(900)  # six plans and four applies with a provider of 700 MB
def test_the_life_of_an_environment(tmp_path: Path, moto: Moto, aws_env: dict[str, str]) -> None:
    shop = new_sandbox(tmp_path / "shop", "terraform", rules=json.dumps(_RULES))
    shop.env |= aws_env
    shop.write("modules/app/main.tf", _MODULE)
    wish(shop, "1.0", "story-data-a")
    shop.ok("backend", "create", "--yes")
    shop.ok("providers", "lock", "dev")
    shop.commit("Lock the providers")

    shop.ok("apply", "dev", "--yes")
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert card["aws"] == {"account": ACCOUNT, "arn": f"arn:aws:sts::{ACCOUNT}:user/moto"}
    assert card["stacks"]["main"]["backend"] == "s3 story-tfstate"
    assert card["stacks"]["main"]["lineage"] == state_of(moto)["lineage"]
    assert not (shop.workspace / "state/dev/main.tfstate").exists()

    wish(shop, "2.0", "story-data-a", "story-data-b")
    shop.ok("apply", "dev", "--yes")
    assert buckets(moto) == {"story-data-a", "story-data-b"}

    # As a provider of a later version leaves a state: today's can't read it, and nothing may be done with it.
    written = state_of(moto)
    put_state(moto, with_schema_of_parameters(written, 99))
    newer = shop.run("rollback", "dev", "--yes", "-o", "json")
    assert newer.code == 20 and newer.error["hint"].startswith("a newer provider wrote this state"), newer.out
    assert buckets(moto) == {"story-data-a", "story-data-b"}
    put_state(moto, written)

    keys: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    ssm = boto3.client("ssm", endpoint_url=moto.address, **keys)
    ssm.put_parameter(Name="/story/image", Value="by hand", Overwrite=True)
    refused = shop.run("rollback", "dev", "--yes", "-o", "json")
    assert refused.code == 13 and 'module.app.aws_s3_bucket.data["story-data-b"]' in refused.error["what"]
    assert ssm.get_parameter(Name="/story/image")["Parameter"]["Value"] == "by hand"

    shop.ok("rollback", "dev", "--yes", "--allow-destroy", 'module.app.aws_s3_bucket.data["story-data-b"]')
    assert buckets(moto) == {"story-data-a"}
    assert ssm.get_parameter(Name="/story/image")["Parameter"]["Value"] == "1.0"

    # Nothing of AWS in the modules any more: its provider takes down what the state has, where the account says.
    shop.write("modules/other/main.tf", 'resource "terraform_data" "other" {}\n')
    shop.write("environments/dev.yaml", json.dumps({"modules": {"app": {"source": "other"}}}))
    shop.commit("Without AWS")
    shop.ok("apply", "dev", "--yes", "--lift-hold")
    assert buckets(moto) == set() and [one["type"] for one in state_of(moto)["resources"]] == ["terraform_data"]
    [root] = shop.workspace.glob("roots/dev/main/main.tf.json")
    assert json.loads(root.read_text())["provider"]["aws"][0]["allowed_account_ids"] == [ACCOUNT]
    shop.ok("destroy", "dev", "--yes")
    assert state_of(moto)["resources"] == [] and "provider" not in json.loads(root.read_text())
    history = shop.ok("history", "dev", "-o", "json").result["entries"]
    assert [entry["record"]["kind"] for entry in history] == ["destroy", "apply", "rollback", "apply", "apply"]
    locks = moto.s3().list_objects_v2(Bucket="story-tfstate", Prefix="story/dev/main.tfstate.tflock")
    assert "Contents" not in locks, "the lock is released"
