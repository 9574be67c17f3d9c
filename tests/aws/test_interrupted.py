"""Signals to the whole group (`tests/support/group.py`) while a bucket is made, and while a state is brought back."""

import signal
from pathlib import Path

import pytest

from tests.aws.test_states import shop_in
from tests.support.group import job
from tests.support.moto import Moto
from tests.support.proxy import Fault, serve_proxy

_KEY = "shop/dev/main.tfstate"


def test_a_bucket_is_made_in_whole_steps(tmp_path: Path, moto: Moto) -> None:
    shop = shop_in(tmp_path / "shop", moto, "in-steps", {"dynamodb": "in-steps"})
    moto.s3().delete_bucket(Bucket="in-steps")
    shop.wish(1)
    create = ("backend", "create", "--yes", "-o", "json")
    for how, taken in (("SIGINT+group", 1), ("SIGTERM+group+again", 1)):
        ran = shop.run(*create, env={"TFOPS_FAILPOINT": f"step-taken:{how}"})
        assert ran.code == 130, ran.out
        assert ran.error["state"].startswith(f"{taken} of "), ran.out
        assert ran.error["state"].endswith(" steps were taken; the next run goes on from there."), ran.out
    left = [len(bucket["done"]) for bucket in shop.ok(*create).result["buckets"]]
    assert left == [int(ran.error["state"].split()[2]) - 1]
    found = shop.ok("backend", "check", "-o", "json").result["buckets"][0]["findings"]
    assert [one["text"] for one in found if one["is_problem"]] == []


@pytest.mark.parametrize("way", ["ctrl-c", "killpg"])
def test_a_state_is_brought_back_before_an_interrupt_is_heard(tmp_path: Path, moto: Moto, way: str) -> None:
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, f"back-{way}")
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        for keys in (["a"], ["a", "b"]):
            shop.wish(1, keys=keys)
            shop.ok("apply", "dev", "--yes")
        moto.s3().delete_object(Bucket=f"back-{way}", Key=_KEY)

        restore = ("state", "restore", "dev", "v2", "--yes")
        slow = Fault("hang", "PUT", f"{_KEY}?", seconds=3, times=1)
        proxy.faults = [slow]
        with job(shop, *restore) as running:
            running.wait_until(lambda: slow.hits > 0)
            running.press() if way == "ctrl-c" else running.kill_group(signal.SIGTERM)
            assert (running.end(), "The change was finished and recorded first." in running.text) == (
                130,
                True,
            ), running.text
        proxy.faults = []
        assert "No changes" in shop.ok("plan", "dev").out
        assert shop.ok("status", "-o", "json").result["environments"][0]["lock"] is None
        kinds = [event["kind"] for event in shop.ok("log", "dev", "-o", "json").result["events"]]
        assert kinds.count("state-restored") == 1
