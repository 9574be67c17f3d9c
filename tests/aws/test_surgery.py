"""State surgery on a state in S3, whose engine is killed while it holds the state's lock."""

import signal
from pathlib import Path

import pytest

from tests.aws.test_states import shop_in
from tests.faults.world import kill_engines
from tests.support.moto import Moto
from tests.support.proxy import Fault, serve_proxy
from tests.support.sandbox import wait_until

_KEY = "shop/dev/main.tfstate"
ONE = 'module.main.terraform_data.each["one"]'


@pytest.mark.parametrize(("method", "path", "version"), [("PUT", f"{_KEY}?", "v1"), ("DELETE", "tflock", "v2")])
def test_the_lock_of_surgery_that_was_killed_is_released(
    tmp_path: Path, moto: Moto, method: str, path: str, version: str
) -> None:
    """Before the state is written, and after it: told by the state alone."""
    bucket = f"surgery-{version}"
    with serve_proxy(moto.address) as proxy:
        shop = shop_in(tmp_path / "shop", moto, bucket)
        shop.env |= {"AWS_ENDPOINT_URL": proxy.address}
        shop.wish(1, keys=["one"])
        shop.ok("apply", "dev", "--yes")
        slow = Fault("hang", method, path, seconds=60, times=1)
        proxy.faults = [slow]
        with shop.start("state", "rm", "dev", ONE, "--yes") as working:
            wait_until(lambda: slow.hits > 0)
            working.send_signal(signal.SIGKILL)
            kill_engines(shop.workspace)
        assert moto.s3().list_objects_v2(Bucket=bucket, Prefix=f"{_KEY}.tflock")["KeyCount"] == 1
        shop.ok("recover", "dev", "--wait", "20s")
        assert shop.tags()[-1] == f"tfops/dev/{version}"
        assert moto.s3().list_objects_v2(Bucket=bucket, Prefix=f"{_KEY}.tflock")["KeyCount"] == 0
        assert (ONE in shop.ok("state", "list", "dev").out) is (version == "v1")
        shop.ok("apply", "dev", "--yes")
