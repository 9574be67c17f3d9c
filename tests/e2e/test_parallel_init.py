"""Several environments are initialized at once on an empty provider cache: one fills it, the others wait."""

import time
from pathlib import Path

from filelock import FileLock

from tests.support.provider.mirror import ADDRESS
from tests.support.sandbox import Sandbox, wait_until
from tests.support.ways_back import NEEDS_DEMO, RULES, Story

_ENVIRONMENTS = ("dev", "staging", "prod")


def _stand_ready(shop: Sandbox) -> bool:
    """Whether each of them has its root and would initialize it next."""
    roots = shop.workspace / "roots"
    return all((roots / env / "main/terraform.tfvars.json").exists() for env in _ENVIRONMENTS)


def test_environments_that_start_at_once_fill_the_cache_one_after_the_other(story: Story, tmp_path: Path) -> None:
    shop, cache = story.shop, tmp_path / "cache"
    cache.mkdir()
    shop.env["TF_PLUGIN_CACHE_DIR"] = str(cache)
    dev = "dev: {branch: main}\n"
    shop.write("tfops.yaml", RULES.replace(dev, f"{dev}  staging: {{branch: main}}\n  prod: {{branch: main}}\n"))
    shop.write("modules/main/main.tf", NEEDS_DEMO + 'resource "demo_thing" "orders" { content = "orders" }\n')
    for env in _ENVIRONMENTS:
        shop.write(f"environments/{env}.yaml", "modules: {main: {source: main}}\n")
    shop.commit("Three environments")

    with FileLock(cache / ".lock"):
        running = [shop.start("plan", env) for env in _ENVIRONMENTS]
        wait_until(lambda: _stand_ready(shop) or any(process.poll() is not None for process in running), timeout_s=120)
        time.sleep(1)
        assert not list(cache.glob("registry*")), "nobody fills a cache that somebody else holds"
    ends = [process.communicate(timeout=240) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ends
    assert all("1 to create" in out for out, _ in ends)
    [found] = cache.glob(f"{ADDRESS}/*/*/terraform-provider-*")
    [given] = story.mirror.folder.glob(f"{ADDRESS}/*/*/terraform-provider-*")
    assert found.read_bytes() == given.read_bytes()


def test_an_init_leaves_what_is_in_the_cache_alone(story: Story, tmp_path: Path) -> None:
    """Another engine may be starting it: installed again, it would be gone for a moment."""
    shop, cache = story.shop, tmp_path / "cache"
    cache.mkdir()
    shop.env["TF_PLUGIN_CACHE_DIR"] = str(cache)
    dev = "dev: {branch: main}\n"
    shop.write("tfops.yaml", RULES.replace(dev, f"{dev}  prod: {{branch: main}}\n"))
    shop.write("modules/main/main.tf", NEEDS_DEMO + 'resource "demo_thing" "orders" { content = "orders" }\n')
    for env in ("dev", "prod"):
        shop.write(f"environments/{env}.yaml", "modules: {main: {source: main}}\n")
    shop.commit("Two environments")
    shop.ok("plan", "dev")
    [installed] = [path for path in cache.glob(f"{ADDRESS}/*/*") if path.is_dir()]  # OpenTofu's lock lies beside it
    before = installed.lstat()
    shop.ok("plan", "prod")
    after = installed.lstat()
    assert (after.st_ino, after.st_ctime_ns) == (before.st_ino, before.st_ctime_ns)
