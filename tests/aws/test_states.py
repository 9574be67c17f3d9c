"""State in S3 without any provider: its versions and the way back, its locks, and a store that goes wrong."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import require_engine, starts_to_show
from tests.support.moto import REGION, Moto
from tests.support.proxy import Fault, serve_proxy
from tests.support.sandbox import Sandbox, new_sandbox
from tfops.engine.advice import OWN_LOCK

_KEY = "shop/dev/main.tfstate"


def shop_in(folder: Path, moto: Moto, bucket: str, lock: Any = "native", **more: Any) -> Sandbox:
    """A project whose state is in a bucket of its own, versioned; `more` are settings of its backend."""
    moto.make_bucket(bucket)
    moto.s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    settings = {"bucket": bucket, "region": REGION, "lock": lock} | more
    body = {"version": 1, "project": "shop", "backend": {"s3": settings}, "environments": {"dev": {"branch": "main"}}}
    sandbox = new_sandbox(folder, require_engine(), rules=json.dumps(body))
    sandbox.env |= moto.env
    return sandbox


def test_a_lost_or_damaged_state_comes_back_from_s3(tmp_path: Path, moto: Moto) -> None:
    shop = shop_in(tmp_path / "shop", moto, "lost")
    for keys in (["a"], ["a", "b"]):
        shop.wish(1, keys=keys)
        shop.ok("apply", "dev", "--yes")
    moto.s3().delete_object(Bucket="lost", Key=_KEY)
    refused = shop.run("plan", "dev", "-o", "json").error
    assert (refused["guard"], refused["hint"]) == ("state-absent", "to bring it back: tfops state versions dev")

    listed = shop.ok("state", "versions", "dev", "-o", "json").result["entries"]
    assert listed[0]["is_deleted"] and listed[0]["is_current"]
    assert [(entry["version"], entry["resources"]) for entry in listed if entry["version"]] == [("v2", 3), ("v1", 2)]
    asked = shop.run("state", "restore", "dev", "v2")
    assert asked.code == 13 and "next: look at the lines above" in asked.err
    restored = shop.ok("state", "restore", "dev", "v2", "--yes", "-o", "json").result
    assert restored["serial"] > restored["from_serial"]
    assert "No changes" in shop.ok("plan", "dev").out

    moto.s3().put_object(Bucket="lost", Key=_KEY, Body=b"{half a sta")
    shutil.rmtree(shop.workspace / "roots")  # as in a fresh clone
    damaged = shop.ok("state", "versions", "dev", "-o", "json").result["entries"]
    assert damaged[0]["is_damaged"]
    shop.ok("state", "restore", "dev", listed[1]["version_id"], "--yes")
    assert "No changes" in shop.ok("plan", "dev").out

    kinds = [event["kind"] for event in shop.ok("log", "dev", "-o", "json").result["events"]]
    assert kinds.count("state-restored") == 2
    unknown = shop.run("state", "restore", "dev", "v7", "--yes", "-o", "json").error
    assert unknown["guard"] == "unknown-state-version"


@pytest.mark.parametrize("how", ["native", "table"])
def test_a_lock_that_a_dead_run_left_is_named_and_nothing_is_lost(tmp_path: Path, moto: Moto, how: str) -> None:
    shop = shop_in(tmp_path / "shop", moto, f"held-{how}", {"dynamodb": "held"} if how == "table" else "native")
    if how == "table":
        shop.wish(1)
        shop.ok("backend", "create", "--yes")
    shop.wish(1)
    info = {"ID": "4711", "Operation": "OperationTypeApply", "Who": "bob@ci", "Created": "2026-11-24T10:00:00Z"}
    path = f"held-{how}/{_KEY}"
    text = json.dumps(info | {"Path": path, "Version": "1.11.4", "Info": ""})
    lock_id: Any = {"LockID": {"S": path}}
    if how == "table":
        moto.dynamodb().put_item(TableName="held", Item=lock_id | {"Info": {"S": text}})
    else:
        moto.s3().put_object(Bucket="held-native", Key=f"{_KEY}.tflock", Body=text.encode())

    held = shop.run("apply", "dev", "--yes", "--lock-timeout", "1s", "-o", "json")
    assert held.code == 12, held.err
    assert "bob@ci" in held.error["why"] and "2026-11-24" in held.error["why"]
    assert held.error["state"] == "Nothing was changed." and "force-unlock" in held.error["hint"]
    checked = shop.run("backend", "check", "-o", "json").result["buckets"][0]["findings"]
    assert "held by bob@ci since 2026-11-24T10:00:00Z (OperationTypeApply)" in [item["text"] for item in checked]

    unlocked = shop.ok("engine", "dev", "--yes", "-o", "json", "--", "force-unlock", "4711").result
    assert (unlocked["version"], unlocked["operation"]) == (None, "force-unlock 4711")
    assert "force-unlock 4711" in shop.ok("log", "dev").out
    shop.ok("apply", "dev", "--yes")
    assert shop.tags() == ["tfops/dev/v1"]


@pytest.mark.parametrize("lock", ["native", {"dynamodb": "reads"}])
def test_the_state_is_read_back_past_the_engine_where_nothing_but_the_object_counts(
    tmp_path: Path, moto: Moto, lock: Any
) -> None:
    """docs/adr/0030: a lock table also has a checksum that only the engine compares."""
    shop = shop_in(tmp_path / "shop", moto, f"reads-{type(lock).__name__}", lock)
    shop.wish(1)
    if lock != "native":
        shop.ok("backend", "create", "--yes")
    shop.ok("apply", "dev", "--yes")
    shop.wish(2)
    result = shop.ok("apply", "dev", "--yes", "-o", "json").result
    plan_and_apply = 2 + starts_to_show(require_engine())
    assert result["engine_starts"] == plan_and_apply + (lock != "native")
    recorded = shop.ok("show", "dev", "v2", "-o", "json").result["card"]["stacks"]["main"]
    state = json.load(moto.s3().get_object(Bucket=f"reads-{type(lock).__name__}", Key=_KEY)["Body"])
    assert (recorded["lineage"], recorded["serial_after"]) == (state["lineage"], state["serial"])


# One thing is made at once; the other isn't before the test says so, and only then is the state written.
SLOW = """\
variable "value" { type = number }
variable "go" { type = string }
resource "terraform_data" "quick" { input = var.value }
resource "terraform_data" "slow" {
  triggers_replace = var.value
  provisioner "local-exec" { command = "until [ -e '${var.go}' ]; do sleep 0.1; done" }
}
"""


def test_a_dead_engines_lock_that_is_half_gone_or_says_nothing_is_no_dead_end(tmp_path: Path, moto: Moto) -> None:
    """docs/how-to/when-it-stops.md: both of S3's locks, and of them one is left; then one that a writer left empty."""
    shop = shop_in(tmp_path / "shop", moto, "both", ["native", {"dynamodb": "both"}])
    shop.write("modules/slow/main.tf", SLOW)
    go = tmp_path / "go"

    def wish(value: int) -> None:
        inputs = {"value": value, "go": str(go)}
        shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "slow", "inputs": inputs}}}))
        shop.commit(f"want {value}")

    wish(0)
    shop.ok("backend", "create", "--yes")
    item: Any = {"LockID": {"S": f"both/{_KEY}"}}
    for value, forget in (
        (1, lambda: moto.dynamodb().delete_item(TableName="both", Key=item)),
        (2, lambda: moto.s3().delete_object(Bucket="both", Key=f"{_KEY}.tflock")),
    ):
        wish(value)
        assert shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "engine-working:SIGKILL+engine"}).code == -9
        forget()
        go.touch()
        recovered = shop.run("recover", "dev")
        if OWN_LOCK in recovered.err:  # a busy store's answer is lost at times: the engine asks twice, and meets itself
            assert "next: nothing is locked any more: run it again" in recovered.err
            recovered = shop.run("recover", "dev")
        assert recovered.code == 0, recovered.out + recovered.err
        shop.ok("apply", "dev", "--yes")
        go.unlink()
        assert "Contents" not in moto.s3().list_objects_v2(Bucket="both", Prefix=f"{_KEY}.tflock")
        assert "Item" not in moto.dynamodb().get_item(TableName="both", Key=item)
    moto.s3().put_object(Bucket="both", Key=f"{_KEY}.tflock", Body=b"")
    wish(3)
    damaged = shop.run("apply", "dev", "--yes", "-o", "json")
    assert damaged.code == 12 and "aws s3 rm s3://BUCKET/KEY.tflock" in damaged.error["hint"], damaged.out
    moto.s3().delete_object(Bucket="both", Key=f"{_KEY}.tflock")
    go.touch()
    shop.ok("apply", "dev", "--yes")


def test_a_store_that_goes_wrong_loses_nothing(tmp_path: Path, moto: Moto) -> None:
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, "wrong", max_retries=1)  # what stays wrong isn't waited for
        rules = json.loads((shop.path / "tfops.yaml").read_text())
        shop.write("tfops.yaml", json.dumps(rules | {"retry": [{"on": ".", "tries": 1}]}))
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        shop.wish(1, keys=["a", "b"])

        for how in ("503", "cut"):
            proxy.faults = [Fault(how, "GET", "wrong"), Fault(how, "HEAD", "wrong")]
            unreadable = shop.run("apply", "dev", "--yes", "-o", "json")
            assert (unreadable.code, unreadable.error["state"]) == (20, "Nothing was changed."), unreadable.out
        proxy.faults = [Fault("503", "GET", _KEY, times=1), Fault("cut", "HEAD", _KEY, times=1)]
        assert "Plan: 3 to create" in shop.ok("plan", "dev").out, "what goes wrong once is tried again"

        proxy.faults = [Fault("500", "PUT", f"{_KEY}?")]
        stopped = shop.run("apply", "dev", "--yes", "-o", "json")
        assert stopped.code == 21, stopped.out
        assert (shop.workspace / "roots/dev/main/errored.tfstate").exists()
        proxy.faults = []
        shop.ok("recover", "dev")
        assert "No changes" in shop.ok("plan", "dev").out
        shop.ok("apply", "dev", "--yes")
        assert shop.tags() == ["tfops/dev/v1"]
        state = json.loads(moto.s3().get_object(Bucket="wrong", Key=_KEY)["Body"].read())
        assert len(state["resources"]) == 2, "each thing was made once"


def test_a_bucket_that_is_gone_is_named(tmp_path: Path, moto: Moto) -> None:
    shop = shop_in(tmp_path / "shop", moto, "going")
    shop.wish(1)
    moto.s3().delete_bucket(Bucket="going")
    gone = shop.run("plan", "dev", "-o", "json")
    assert gone.code == 20 and "does not exist" in gone.error["why"].replace("\n", " ")
    assert gone.error["hint"] == "the state's bucket isn't there: tfops backend check"


def test_the_locks_of_all_stacks_are_looked_at(tmp_path: Path, moto: Moto) -> None:
    shop = shop_in(tmp_path / "shop", moto, "two-stacks", "native")
    (shop.path / "environments/dev.yaml").unlink(missing_ok=True)
    for stack in ("app", "net"):
        shop.write(f"environments/dev/{stack}.yaml", "modules: {main: {source: thing, inputs: {value: 1}}}\n")
    shop.commit("Two stacks")
    shop.ok("apply", "dev", "--yes")
    info = {"ID": "4711", "Operation": "OperationTypeApply", "Who": "bob@ci", "Created": "2026-11-24T10:00:00Z"}
    moto.s3().put_object(Bucket="two-stacks", Key="shop/dev/net.tfstate.tflock", Body=json.dumps(info).encode())
    [bucket] = shop.run("backend", "check", "-o", "json").result["buckets"]
    assert bucket["environments"] == ["dev"]
    held = {item["topic"]: item["hint"] for item in bucket["findings"] if item["topic"].startswith("lock of ")}
    assert held == {"lock of dev/net": "if that run is gone: tfops recover dev"}
