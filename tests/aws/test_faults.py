"""S3 that goes wrong at each step of a change: nothing is lost or left locked, and the message says what to do.

The cheaper half, S3 that doesn't answer at all, is told in test_states.py.
"""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.aws.test_states import SLOW, shop_in
from tests.support.moto import Moto
from tests.support.proxy import Fault, serve_proxy
from tests.support.sandbox import wait_until

_KEY = "shop/dev/main.tfstate"
_LOCK = f"{_KEY}.tflock"


def test_what_s3_refuses_or_forgets_is_said_and_the_next_run_goes_on(tmp_path: Path, moto: Moto) -> None:
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, "wronged", max_retries=1)
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        shop.wish(1, keys=["a"])
        for how, hint in (
            ("expired", "no valid credentials: log in"),
            ("forbidden", "the identity lacks this permission, or it is another account's"),
            ("moved", "the state's bucket is in another region than tfops.yaml says: tfops backend check"),
        ):
            proxy.faults = [Fault(how, "GET", "wronged"), Fault(how, "HEAD", "wronged")]
            refused = shop.run("plan", "dev", "-o", "json")
            assert (refused.code, refused.error["state"]) == (20, "Nothing was changed."), refused.out
            assert refused.error["hint"].startswith(hint), refused.out

        proxy.faults = [Fault("lost", "PUT", _LOCK, times=1)]
        unheard = shop.run("apply", "dev", "--yes", "--lock-timeout", "0s", "-o", "json")
        assert (unheard.code, unheard.error["state"]) == (20, "Nothing was changed."), unheard.out
        assert unheard.error["why"] == "the state's lock was this run's own: the store took it, but its answer was lost"

        # As when a session ends during a long apply: neither the state nor the lock can be written any more.
        proxy.faults = [Fault("expired", "PUT", f"{_KEY}?"), Fault("expired", "GET", _LOCK)]
        stopped = shop.run("apply", "dev", "--yes", "-o", "json")
        assert stopped.code == 21 and "ExpiredToken" in stopped.error["why"], stopped.out
        assert (shop.workspace / "roots/dev/main/errored.tfstate").exists()
        proxy.faults = []
        recovered = shop.ok("recover", "dev")
        assert "the state that could not be saved is saved now" in recovered.out
        assert "Contents" not in moto.s3().list_objects_v2(Bucket="wronged", Prefix=_LOCK), "its own lock is released"
        assert "dev is now v1" in shop.ok("apply", "dev", "--yes").out
        state = json.loads(moto.s3().get_object(Bucket="wronged", Key=_KEY)["Body"].read())
        assert len(state["resources"]) == 2, "each thing was made once"


def test_a_lock_that_someone_takes_away_in_the_middle_is_said(tmp_path: Path, moto: Moto) -> None:
    """The state's write is slow, and meanwhile somebody breaks the lock; later the release of another is refused."""
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, "fenced")
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        shop.wish(1, keys=["a"])
        slow = Fault("hang", "PUT", f"{_KEY}?", seconds=2, times=1)
        proxy.faults = [slow]
        with shop.start("apply", "dev", "--yes", "-o", "json") as process:
            wait_until(lambda: slow.hits > 0 or process.poll() is not None, timeout_s=120)
            moto.s3().delete_object(Bucket="fenced", Key=_LOCK)
            out, _ = process.communicate(timeout=120)
        error = json.loads(out)["error"]
        assert process.returncode == 21 and "Error releasing the state lock" in error["why"], out
        assert error["state"].startswith("Stopped part-way: 2 of 2 changes done."), out
        proxy.faults = []
        assert "dev is now v1" in shop.ok("resume", "dev", "--yes").out

        shop.wish(2, keys=["a"])
        proxy.faults = [Fault("forbidden", "GET", _LOCK)]
        assert shop.run("apply", "dev", "--yes").code == 21
        proxy.faults = []
        assert "left by the run that stopped, was released" in shop.ok("recover", "dev").out
        assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out


@pytest.mark.parametrize(
    ("how", "method", "skip"), [("lost", "PUT", 0), ("forbidden", "GET", 0), ("forbidden", "GET", 1)]
)
def test_a_recovery_leaves_no_lock_of_its_own(tmp_path: Path, moto: Moto, how: str, method: str, skip: int) -> None:
    """It takes the lock to see whether it is free, and to import: the answer may be lost, or the release be refused."""
    bucket = f"looked-{how}-{skip}"
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, bucket, max_retries=1)
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        shop.write("modules/slow/main.tf", SLOW)
        inputs = {"value": 1, "go": str(tmp_path / "go")}
        shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "slow", "inputs": inputs}}}))
        shop.commit()
        assert shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "engine-working:SIGKILL+engine"}).code == -9
        (tmp_path / "go").touch()
        moto.s3().delete_object(Bucket=bucket, Key=_LOCK)
        proxy.faults = [Fault(how, method, _LOCK, times=1, skip=skip)]
        recovered = shop.run("recover", "dev")
        assert (recovered.code, proxy.faults[0].hits) == (0 if skip == 0 else 11, 1), recovered.err
        assert skip == 0 or "What was taken in stays." in recovered.err
        assert "Contents" not in moto.s3().list_objects_v2(Bucket=bucket, Prefix=_LOCK)
        shop.ok("recover", "dev")
        shop.ok("apply", "dev", "--yes")
        assert shop.tags() == ["tfops/dev/v1"]


def test_a_store_that_never_answers_is_left_by_an_interrupt(tmp_path: Path, moto: Moto) -> None:
    """The engine doesn't hear the first one while it asks for the state: the second ends it, and nothing is left."""
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, "silent")
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        shop.wish(1, keys=["a"])
        shop.ok("apply", "dev", "--yes")
        shop.wish(2, keys=["a"])
        silent = Fault("hang", "GET", _KEY, seconds=600)
        proxy.faults = [silent]
        with shop.start("apply", "dev", "--yes", "-o", "json") as process:
            wait_until(lambda: silent.hits > 0 or process.poll() is not None, timeout_s=120)
            process.send_signal(signal.SIGINT)
            time.sleep(4)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        assert (process.returncode, json.loads(out)["error"]["name"]) == (130, "interrupted"), out
        proxy.faults = []
        assert "dev is now v2" in shop.ok("apply", "dev", "--yes").out
