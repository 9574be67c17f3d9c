"""Provider locks with the real provider: made, kept, enforced; what can't be had is said."""

import json
from pathlib import Path

from tests.support.sandbox import new_sandbox
from tfops.engine.lockfile import locked_versions


def requiring(name: str, version: str = ">= 0") -> str:
    return json.dumps(
        {"terraform": {"required_providers": {name: {"source": f"hashicorp/{name}", "version": version}}}}
    )


def test_a_lock_is_made_kept_and_enforced(tmp_path: Path, aws_env: dict[str, str]) -> None:
    shop = new_sandbox(tmp_path / "shop", "terraform")
    shop.env |= aws_env
    shop.write("modules/thing/versions.tf.json", requiring("aws"))
    shop.wish(1)
    path = shop.path / "environments/dev.lock.hcl"

    made = shop.ok("providers", "lock", "dev", "-o", "json").result
    [move] = made["moves"]
    assert made["is_written"] and move["before"] == ""
    assert locked_versions(path.read_text()) == {"registry.terraform.io/hashicorp/aws": move["after"]}
    assert not shop.ok("providers", "update", "dev", "-o", "json").result["is_written"]
    before = path.read_text()
    shop.commit("Lock the providers")
    assert "lock" not in shop.ok("plan", "dev").err, "a locked environment is not told to lock"

    rules = {"version": 1, "project": "shop", "environments": {"dev": {"branch": "main"}}}
    shop.write("tfops.yaml", json.dumps(rules | {"platforms": ["linux_amd64", "plan9_386"]}))
    unknown = shop.run("providers", "lock", "dev", "-o", "json")
    assert unknown.code == 20 and "not available for" in unknown.error["why"]
    assert path.read_text() == before, "nothing is written when a platform is missing"

    shop.write("tfops.yaml", json.dumps(rules))
    shop.write("modules/thing/versions.tf.json", requiring("aws", "~> 4.0"))
    shop.commit("An older provider")
    unfit = shop.run("plan", "dev", "-o", "json")
    assert unfit.code == 20
    assert unfit.error["hint"].endswith("tfops providers update ENV, then commit")
    shop.write("modules/thing/versions.tf.json", requiring("nowhere"))
    absent = shop.run("providers", "lock", "dev", "-o", "json")
    assert absent.code == 20 and "hashicorp/nowhere" in absent.error["why"]
    assert "can't be downloaded" in absent.error["hint"]
