"""A team's day: twelve environments in three accounts on one branch, through the pipeline as it is written."""

import json
from pathlib import Path
from typing import Any

from tests.support.moto import REGION, Moto
from tests.support.pipelines import steps_of, type_line
from tests.support.sandbox import new_sandbox, with_remote

_ACCOUNTS = ("111111111111", "222222222222", "333333333333")
_ENVS = {f"{team}-{number}": account for team, account in zip("abc", _ACCOUNTS, strict=True) for number in range(1, 5)}


def _wants(value: str) -> str:
    return json.dumps({"modules": {"main": {"source": "thing", "inputs": {"value": value}}}})


def test_the_documented_pipeline_serves_twelve_environments_in_three_accounts(tmp_path: Path, moto: Moto) -> None:
    moto.make_bucket("twelve")
    rules: dict[str, Any] = {
        "version": 1,
        "project": "shop",
        "backend": {"s3": {"bucket": "twelve", "region": REGION, "lock": "native"}},
        "environments": {
            env: {
                "branch": "main",
                "account": account,
                "region": REGION,
                "assume_role": f"arn:aws:iam::{account}:role/deploy",
            }
            for env, account in _ENVS.items()
        },
    }
    shop = new_sandbox(tmp_path / "shop", "terraform", rules=json.dumps(rules))
    shop.env |= moto.env
    for env in _ENVS:
        shop.write(f"environments/{env}.yaml", _wants("one"))
    shop.commit("Begin")
    with_remote(shop, tmp_path / "remote.git")
    shop.ok("init", "--ci", "gitlab")
    shop.commit("The pipeline")
    shop.git("push", "--quiet", "origin", "main")

    apply, envs = steps_of(shop, "gitlab", "apply-main")
    assert envs == sorted(_ENVS)
    for env in envs:
        type_line(shop, *apply, env={"ENV": env})
    cards = {env: shop.ok("show", env, "-o", "json").result["card"] for env in envs}
    assert {env: card["aws"]["account"] for env, card in cards.items()} == _ENVS
    kept = moto.s3().list_objects_v2(Bucket="twelve")["Contents"]
    assert {one["Key"] for one in kept} == {f"shop/{env}/main.tfstate" for env in _ENVS}

    shop.git("switch", "--quiet", "-c", "topic")
    for env in ("b-2", "c-4"):
        shop.write(f"environments/{env}.yaml", _wants("two"))
    shop.commit("Two of twelve")
    (validate, review), _ = steps_of(shop, "gitlab", "review")
    type_line(shop, validate)
    said = type_line(shop, review, "--local", "--base", "main").out
    assert "2 of 12 environments changed" in said and "b-2" in said and "c-4" in said

    shop.git("switch", "--quiet", "main")
    shop.git("merge", "--quiet", "--no-ff", "topic")
    shop.git("push", "--quiet", "origin", "main")
    for env in envs:
        type_line(shop, *apply, env={"ENV": env})
    assert sorted(shop.tags()) == sorted(f"tfops/{env}/v{number}" for env in _ENVS for number in (1, 2))
    plans = {env: shop.ok("show", env, "-o", "json").result["card"]["plan"] for env in envs}
    assert {env for env, plan in plans.items() if plan["update"]} == {"b-2", "c-4"}
    (drift,), _ = steps_of(shop, "gitlab", "drift")
    type_line(shop, drift)
