"""`backend create` and `backend check`, through the front door, against S3 and DynamoDB on loopback."""

import json
from pathlib import Path
from typing import Any

from tests.support.moto import ACCOUNT, Moto
from tests.support.proxy import Fault, serve_proxy
from tests.support.sandbox import Ran, Sandbox, new_sandbox


def shop(folder: Path, moto: Moto, backend: dict[str, Any], *, prod: dict[str, Any] | None = None) -> Sandbox:
    environments: dict[str, Any] = {"dev": {"branch": "main"}}
    if prod is not None:
        environments["prod"] = {"branch": "release", "backend": prod}
    body = {"version": 1, "project": "shop", "backend": {"s3": backend}, "environments": environments}
    sandbox = new_sandbox(folder, "terraform", rules=json.dumps(body))
    sandbox.env |= moto.env
    sandbox.commit("Start")
    return sandbox


def findings(ran: Ran, bucket: int = 0) -> dict[str, tuple[bool, str]]:
    return {item["topic"]: (item["is_problem"], item["text"]) for item in ran.result["buckets"][bucket]["findings"]}


def test_a_bucket_is_made_checked_and_made_again_without_a_change(tmp_path: Path, moto: Moto) -> None:
    both = ["native", {"dynamodb": "made-locks"}]
    replica = {"bucket": "the-copy", "role": f"arn:aws:iam::{ACCOUNT}:role/copies"}
    moto.make_bucket("the-copy", region="us-west-2")
    moto.s3().put_bucket_versioning(Bucket="the-copy", VersioningConfiguration={"Status": "Enabled"})
    sandbox = shop(
        tmp_path / "shop",
        moto,
        {"bucket": "made-dev", "region": "eu-west-1", "lock": both, "replicate": replica},
        prod={"bucket": "made-prod"},
    )
    before = sandbox.run("backend", "check", "-o", "json")
    assert (before.code, findings(before)["bucket"]) == (10, (True, "there is none"))

    asked = sandbox.run("backend", "create")
    assert asked.code == 13 and "  + create the bucket in eu-west-1" in asked.err
    assert [bucket["Name"] for bucket in moto.s3().list_buckets()["Buckets"] if "made" in bucket["Name"]] == []

    made = sandbox.ok("backend", "create", "--yes", "-o", "json").result["buckets"]
    assert [(bucket["address"], bucket["environments"]) for bucket in made] == [
        ("s3://made-dev", ["dev"]),
        ("s3://made-prod", ["prod"]),
    ]
    assert [len(bucket["done"]) for bucket in made] == [8, 7]
    again = sandbox.ok("backend", "create", "-o", "json").result["buckets"]
    assert [bucket["done"] for bucket in again] == [[], []]

    checked = sandbox.ok("backend", "check", "-o", "json")
    assert findings(checked)["native lock"] == (False, "taken twice: the second time was refused, as it must be")
    assert findings(checked, 1)["table lock"] == (False, "taken twice: the second time was refused, as it must be")
    assert findings(checked)["replication"] == (False, "states are copied to the-copy")
    assert moto.s3().get_bucket_versioning(Bucket="made-dev")["Status"] == "Enabled"
    policy = json.loads(moto.s3().get_bucket_policy(Bucket="made-dev")["Policy"])
    assert [item["Sid"] for item in policy["Statement"]] == ["TfopsKeepVersions", "TfopsKeepStates"], (
        "moto has no TLS, and takes a statement that denies the rest for a locked door"
    )
    assert "over plain HTTP" in findings(checked)["transport"][1]
    assert "not TLS only" in str(made[0]["done"])
    assert "Contents" not in moto.s3().list_objects_v2(Bucket="made-dev")


def test_what_a_bucket_has_is_never_weakened(tmp_path: Path, moto: Moto) -> None:
    s3, name = moto.s3(), "strict"
    moto.make_bucket(name)
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/state"}}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    audit = {"AWS": "arn:aws:iam::111122223333:role/audit"}
    own = {"Sid": "Audit", "Effect": "Allow", "Principal": audit, "Action": "s3:GetObject"}
    own["Resource"] = f"arn:aws:s3:::{name}/*"
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    keep: Any = {"ID": "keep", "Status": "Enabled", "Filter": {"Prefix": ""}}
    keep["NoncurrentVersionExpiration"] = {"NoncurrentDays": 900}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [keep]})

    sandbox = shop(tmp_path / "shop", moto, {"bucket": name, "region": "eu-west-1", "lock": "native"})
    done = sandbox.ok("backend", "create", "--yes", "-o", "json").result["buckets"][0]["done"]
    assert [text.partition(" ")[0] for text in done] == ["keep", "block", "add"]
    assert own in json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert [item["ID"] for item in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]] == ["keep"]
    checked = findings(sandbox.ok("backend", "check", "-o", "json"))
    assert checked["encryption"] == (False, "aws:kms alias/state")
    assert checked["readers"][1].endswith("by the policy: arn:aws:iam::111122223333:role/audit")


def test_a_check_names_every_weakness_and_who_holds_a_lock(tmp_path: Path, moto: Moto) -> None:
    moto.make_bucket("weak")
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::weak/*"}
    moto.s3().put_bucket_policy(Bucket="weak", Policy=json.dumps({"Statement": [everyone]}))
    expire: Any = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
    moto.s3().put_bucket_lifecycle_configuration(Bucket="weak", LifecycleConfiguration={"Rules": [expire]})
    info = {"ID": "1", "Operation": "OperationTypeApply", "Who": "bob@ci", "Created": "2026-11-24T10:00:00Z"}
    moto.s3().put_object(Bucket="weak", Key="shop/dev/main.tfstate.tflock", Body=json.dumps(info).encode())

    with serve_proxy(moto.address) as proxy:
        proxy.faults = [Fault("unconditional", "PUT", "tflock")]
        sandbox = shop(tmp_path / "shop", moto, {"bucket": "weak", "region": "eu-west-1", "lock": "native"})
        ran = sandbox.run("backend", "check", "-o", "json", env={"AWS_ENDPOINT_URL": proxy.address})
    assert ran.code == 10
    found = findings(ran)
    problems = {topic for topic, (is_problem, _) in found.items() if is_problem}
    assert problems == {"versioning", "encryption", "public access", "policy", "lifecycle", "readers", "native lock"}
    assert "this store ignores conditional writes" in found["native lock"][1]
    assert found["lock of dev"][1] == "held by bob@ci since 2026-11-24T10:00:00Z (OperationTypeApply)"


def test_what_aws_refuses_is_said_with_the_way_on(tmp_path: Path, moto: Moto) -> None:
    moto.make_bucket("elsewhere", region="us-west-2")
    sandbox = shop(tmp_path / "shop", moto, {"bucket": "elsewhere", "region": "eu-west-1", "lock": "native"})
    checked = findings(sandbox.run("backend", "check", "-o", "json"))
    assert checked["bucket"] == (True, "it is in us-west-2, tfops.yaml says eu-west-1")
    refused = sandbox.run("backend", "create", "--yes", "-o", "json").error
    assert (refused["guard"], refused["hint"]) == (
        "bucket-region",
        "in tfops.yaml: region: us-west-2, or another bucket",
    )

    anonymous = {name: "" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    lost = sandbox.run("backend", "create", "-o", "json", env=anonymous).error
    assert lost["why"] == "Unable to locate credentials" and lost["hint"].startswith("log in:")
    nobody = sandbox.run("backend", "create", "-o", "json", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}).error
    assert nobody["guard"] == "aws" and nobody["hint"].startswith("check the network")

    local = new_sandbox(tmp_path / "local", "terraform")
    local.commit("Start")
    none = local.run("backend", "create", "-o", "json").error
    assert none["what"] == "the backend is `local`: there is no bucket"
