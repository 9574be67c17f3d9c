"""What S3 keeps of a state that OpenTofu encrypts, and the way back to it."""

import json
from pathlib import Path
from typing import Any

from tests.support.encryption import PASSPHRASE, STATE_PASSPHRASE, files_with, is_sealed
from tests.support.engines import available_engines, require_tofu
from tests.support.moto import REGION, Moto
from tests.support.sandbox import Sandbox, new_sandbox

_KEY = "shop/dev/main.tfstate"
_CANARY = "canary-of-a-state"


def _block(*names: str, **state: Any) -> dict[str, Any]:
    """Keys of these names, each with a passphrase of its own; states are written with the first."""
    return {
        "key_provider": {
            "pbkdf2": {name: {"passphrase": {"from": f"env:{name.upper()}_PASSPHRASE"}} for name in names}
        },
        "method": {"aes_gcm": {name: {"keys": f"key_provider.pbkdf2.{name}"} for name in names}},
        "state": {"method": f"method.aes_gcm.{names[0]}", "enforced": True, **state},
    }


def _rules(bucket: str, encryption: dict[str, Any]) -> str:
    backend = {"s3": {"bucket": bucket, "region": REGION, "lock": "native", "max_retries": 1}}
    body = {"version": 1, "project": "shop", "backend": backend, "environments": {"dev": {"branch": "main"}}}
    return json.dumps(body | {"encryption": encryption})


def _shop_in(folder: Path, moto: Moto, bucket: str) -> Sandbox:
    """A bucket of its own that keeps what was written."""
    moto.make_bucket(bucket)
    moto.s3().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    sandbox = new_sandbox(folder, require_tofu(), rules=_rules(bucket, _block("state")))
    sandbox.env |= moto.env | STATE_PASSPHRASE
    return sandbox


def _state(moto: Moto, bucket: str) -> Any:
    return json.loads(moto.s3().get_object(Bucket=bucket, Key=_KEY)["Body"].read())


def test_a_lost_sealed_state_comes_back_sealed_and_a_damaged_one_is_not_replaced_in_clear(
    tmp_path: Path, moto: Moto
) -> None:
    shop = _shop_in(tmp_path / "shop", moto, "sealed")
    for keys in (["a"], ["a", _CANARY]):
        shop.wish(1, keys=keys)
        shop.ok("apply", "dev", "--yes")
    listed = shop.ok("state", "versions", "dev", "-o", "json").result["entries"]
    assert [entry["version"] for entry in listed if entry["version"]] == ["v2", "v1"]
    assert all(entry["is_encrypted"] and entry["serial"] for entry in listed)
    moto.s3().delete_object(Bucket="sealed", Key=_KEY)
    for other in (engine for engine in available_engines() if engine != "tofu"):
        refused = shop.run("state", "restore", "dev", "v2", "--yes", "--engine", other, "-o", "json")
        assert refused.error["guard"] == "encryption", refused.out
    restored = shop.ok("state", "restore", "dev", "v2", "--yes", "-o", "json").result
    assert restored["serial"] > restored["from_serial"] and restored["resources"] == 3
    there = _state(moto, "sealed")
    assert is_sealed(there) and there["serial"] == restored["serial"]
    assert shop.run("plan", "dev", "--detailed-exitcode").code == 0

    damaged = moto.s3().put_object(Bucket="sealed", Key=_KEY, Body=b"{half a sta")["VersionId"]
    assert shop.ok("state", "versions", "dev", "-o", "json").result["entries"][0]["is_damaged"]
    stopped = shop.run("state", "restore", "dev", "v1", "--yes", "-o", "json")
    assert stopped.error["guard"] == "state-encrypted", stopped.out
    assert "delete the damaged version" in stopped.error["hint"]
    moto.s3().delete_object(Bucket="sealed", Key=_KEY, VersionId=damaged)
    shop.ok("state", "restore", "dev", "v1", "--yes")
    assert is_sealed(_state(moto, "sealed"))
    assert files_with(shop.path, PASSPHRASE) == files_with(shop.workspace / "runs", _CANARY) == []


def test_a_state_of_an_earlier_key_comes_back_under_todays_or_is_refused(tmp_path: Path, moto: Moto) -> None:
    shop = _shop_in(tmp_path / "shop", moto, "turned")
    shop.wish(1, keys=["a"])
    shop.ok("apply", "dev", "--yes")
    [earlier] = shop.ok("state", "versions", "dev", "-o", "json").result["entries"]
    shop.env |= {"NEXT_PASSPHRASE": "another-passphrase-of-the-tests"}
    fallback = {"method": "method.aes_gcm.state"}
    shop.write("tfops.yaml", _rules("turned", _block("next", "state", fallback=fallback)))
    shop.wish(2, keys=["a"])
    shop.ok("apply", "dev", "--yes")
    shop.ok("state", "restore", "dev", earlier["version_id"], "--yes")
    shop.write("tfops.yaml", _rules("turned", _block("next")))
    shop.commit("The earlier key is forgotten")
    assert "1 to update" in shop.ok("plan", "dev").out, "what was restored is sealed with today's key"
    refused = shop.run("state", "restore", "dev", earlier["version_id"], "--yes")
    assert refused.code != 0 and "can't be decrypted" in refused.err, refused.err
    assert is_sealed(_state(moto, "turned"))
