"""Secrets in AWS: read in few requests, and when they can't be had, all are named with the reason."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.moto import Moto
from tests.support.proxy import Fault, Proxy, serve_proxy
from tests.support.sandbox import Sandbox, new_sandbox


def shop_of(folder: Path, moto: Moto, *, through: str) -> Sandbox:
    """A project whose AWS is reached through a proxy."""
    shop = new_sandbox(folder / "shop", "terraform")
    shop.env |= moto.env | {"AWS_ENDPOINT_URL": through, "AWS_REGION": "eu-west-1"}
    return shop


def wish(shop: Sandbox, references: Sequence[str]) -> None:
    body = {"modules": {"main": {"source": "thing", "inputs": {"value": [{"from": name} for name in references]}}}}
    shop.write("environments/dev.yaml", json.dumps(body))
    shop.commit(f"wants {len(references)} secrets")


def problems(shop: Sandbox, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Reference to reason, from a plan that is refused for its secrets."""
    ran = shop.run("plan", "dev", "-o", "json", env=env)
    assert (ran.code, ran.error["guard"]) == (11, "secret"), ran.err
    assert not (shop.workspace / "roots/dev").exists(), "nothing is rendered without the secrets"
    return dict(line.split(": ", 1) for line in ran.error["why"].splitlines())


def requests(proxy: Proxy) -> Fault:
    """A fault that does nothing but count."""
    fault = Fault("count", "POST", "/")
    proxy.faults.append(fault)
    return fault


def test_a_run_asks_ssm_for_ten_at_a_time_and_for_each_managed_secret_once(tmp_path: Path, moto: Moto) -> None:
    for number in range(12):
        moto.ssm().put_parameter(Name=f"/batch/{number}", Value=f"value-{number}", Type="SecureString")
    body = json.dumps({"one": "first-value", "deep": {"list": ["x", {"two": 2}]}})
    moto.secretsmanager().create_secret(Name="batch/both", SecretString=body)
    names = [f"ssm:/batch/{number}" for number in range(12)]
    keys = ["secretsmanager:batch/both#one", "secretsmanager:batch/both#deep.list.1.two", "secretsmanager:batch/both"]
    with serve_proxy(moto.address) as proxy:
        shop = shop_of(tmp_path, moto, through=proxy.address)
        wish(shop, [*names, names[0], *keys])
        counted = requests(proxy)
        shop.ok("apply", "dev", "--yes")
        assert counted.hits == 3
    [kept] = [item for item in shop.state()["resources"] if item["name"] == "main"]
    expected = [*(f"value-{number}" for number in range(12)), "value-0", "first-value", "2", body]
    assert kept["instances"][0]["attributes"]["input"]["value"] == expected


def test_every_secret_that_cannot_be_had_is_named_with_its_reason(tmp_path: Path, moto: Moto) -> None:
    moto.ssm().put_parameter(Name="/named/there", Value="a-value", Type="SecureString")
    moto.ssm().put_parameter(Name="/named/denied", Value="a-value", Type="SecureString")
    moto.secretsmanager().create_secret(Name="named/json", SecretString='{"right": "a-value"}')
    moto.secretsmanager().create_secret(Name="named/text", SecretString="a-value")
    moto.secretsmanager().create_secret(Name="named/gone", SecretString="a-value")
    moto.secretsmanager().delete_secret(SecretId="named/gone")
    with serve_proxy(moto.address) as proxy:
        shop = shop_of(tmp_path, moto, through=proxy.address)
        wish(
            shop,
            [
                "ssm:/named/there", "ssm:/named/denied", "ssm:/named/missing", "secretsmanager:named/missing",
                "secretsmanager:named/json#wrong", "secretsmanager:named/text#key", "secretsmanager:named/gone",
                "env:NOT_SET",
            ],
        )  # fmt: skip
        proxy.faults.append(Fault("denied", "POST", "/", said="/named/denied"))
        found = problems(shop)
        assert {name: why.partition(" (")[0] for name, why in found.items()} == {
            "env:NOT_SET": "not set",
            "secretsmanager:named/gone": "can't be read: it has no value, or is marked for deletion",
            "secretsmanager:named/json#wrong": "there is no key `wrong` in it",
            "secretsmanager:named/missing": "not found",
            "secretsmanager:named/text#key": "it is not a JSON object, so it has no keys",
            "ssm:/named/denied": "access denied",
            "ssm:/named/missing": "not found",
        }
        assert "a-value" not in str(found)


def test_throttling_is_waited_out_but_not_for_ever(tmp_path: Path, moto: Moto) -> None:
    moto.ssm().put_parameter(Name="/slow/db", Value="a-value", Type="SecureString")
    with serve_proxy(moto.address) as proxy:
        shop = shop_of(tmp_path, moto, through=proxy.address)
        wish(shop, ["ssm:/slow/db"])
        throttled = Fault("throttled", "POST", "/")
        proxy.faults.append(throttled)
        assert problems(shop)["ssm:/slow/db"].startswith("AWS is throttling, also after several tries")
        assert throttled.hits == 3
        throttled.hits, throttled.times = 0, 2
        assert shop.run("plan", "dev").code == 0
        assert throttled.hits == 2


def test_without_credentials_or_an_answer_the_reason_says_so(tmp_path: Path, moto: Moto) -> None:
    shop = shop_of(tmp_path, moto, through=moto.address)
    wish(shop, ["ssm:/a", "secretsmanager:b"])
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    assert {why.partition(" (")[0] for why in problems(shop, none).values()} == {"no valid credentials"}
    silent = problems(shop, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert {why.partition(" (")[0] for why in silent.values()} == {"AWS does not answer"}
    homeless = problems(shop, {"AWS_REGION": ""})
    assert {why.partition(" (")[0] for why in homeless.values()} == {"no AWS region is known"}
