"""Providers of a root module of somebody's own: its lock file, aliases, and blocks that only what is removed needs."""

from pathlib import Path

from tests.support.forms import own_form
from tests.support.provider.mirror import ADDRESS
from tests.support.ways_back import NEEDS_DEMO, OWN_ROOT, OWN_RULES, Story
from tfops.records.rendered import KEPT_PROVIDERS, LOCK_FILE

ONE = 'resource "demo_thing" "one" { content = "one" }\n'
TWO = 'resource "demo_thing" "two" {\n  provider = demo.second\n  content  = "two"\n}\n'
SECOND = 'provider "demo" {\n  alias = "second"\n}\n'


def _root(story: Story) -> Path:
    return story.shop.workspace / "roots/dev/main/modules" / OWN_ROOT


@own_form
def test_a_way_back_takes_down_what_has_an_alias_that_the_past_does_not_have(story: Story) -> None:
    story.version(ONE)
    story.version(ONE + TWO + SECOND)
    assert story.contents() == ["one", "two"]
    back = story.shop.ok("rollback", "dev", "v1", "--yes", "--allow-destroy", "demo_thing.two")
    assert "v3 (content of v1)" in back.out
    assert story.contents() == ["one"]
    # Nothing needs the block any more: the next run hasn't got it.
    story.apply("--lift-hold")
    assert story.contents() == ["one", "two"]
    assert not list(_root(story).glob(f"{KEPT_PROVIDERS}*"))


@own_form
def test_a_resource_and_its_provider_block_go_in_one_commit(story: Story) -> None:
    """By hand, Terraform wants the block back first: "Provider configuration not present"."""
    story.version(ONE + TWO + SECOND)
    story.version(ONE)
    assert story.contents() == ["one"]
    assert "No changes" in story.shop.ok("plan", "dev").out
    assert not list(_root(story).glob(f"{KEPT_PROVIDERS}*"))
    # The last thing of a provider goes with all that the code says of it.
    story.shop.write(f"{OWN_ROOT}/main.tf", 'resource "terraform_data" "x" {}\n')
    story.shop.commit("without the provider")
    story.apply()
    assert story.contents() == []


@own_form
def test_the_lock_file_in_the_folder_counts_and_a_missing_one_is_said(story: Story) -> None:
    story.write(ONE)
    assert f"commit {OWN_ROOT}/{LOCK_FILE}" in story.shop.ok("plan", "dev").err
    lock = (_root(story) / LOCK_FILE).read_text()
    story.shop.write(f"{OWN_ROOT}/{LOCK_FILE}", lock)
    story.shop.commit("Lock the providers")
    story.mirror.add("1.1.0")
    assert f"commit {OWN_ROOT}/{LOCK_FILE}" not in story.shop.ok("plan", "dev").err
    story.apply()
    [stack] = story.shop.ok("show", "dev", "-o", "json").result["card"]["stacks"].values()
    assert (stack["providers"], stack["lock_committed"]) == ({ADDRESS: "1.0.0"}, True)
    refused = story.shop.run("providers", "lock", "dev", "-o", "json").error
    assert refused["guard"] == "own-root" and f"{OWN_ROOT}/{LOCK_FILE}" in refused["what"]
    # The lock of the folder is held to: one that doesn't have the provider is refused, and nothing is written over it.
    story.shop.write(f"{OWN_ROOT}/{LOCK_FILE}", lock.replace("/tfops/demo", "/tfops/other"))
    story.shop.commit("Another lock")
    lacks = story.shop.run("plan", "dev", "-o", "json")
    assert lacks.error["guard"] == "unlocked-provider", lacks.out


@own_form
def test_kept_providers_are_each_roots_own(story: Story) -> None:
    shop = story.shop
    shop.write("tfops.yaml", OWN_RULES.replace(f"root: {OWN_ROOT}", "roots: [live/a, live/b]"))
    for name, version in (("a", "1.0.0"), ("b", "2.0.0")):
        if version != "1.0.0":
            story.mirror.add(version)
        pinned = NEEDS_DEMO.replace(">= 1.0", f"= {version}")
        shop.write(f"live/{name}/main.tf", pinned + ONE.replace("one", name))
        shop.commit(f"{name} with {version}")
    shop.ok("apply", "dev", "--yes")
    for name in ("a", "b"):
        shop.write(f"live/{name}/main.tf", NEEDS_DEMO + ONE.replace("one", name) + ONE.replace("one", f"{name}-2"))
        lock = (shop.workspace / f"roots/dev/{name}/modules/live/{name}" / LOCK_FILE).read_text()
        shop.write(f"live/{name}/{LOCK_FILE}", lock)
    shop.commit("both have more")
    shop.ok("apply", "dev", "--yes")
    names = [part for name in ("a", "b") for part in ("--allow-destroy", f"{name}/demo_thing.{name}-2")]
    shop.ok("rollback", "dev", "v1", "--yes", "--keep-providers", *names)
    stacks = shop.ok("show", "dev", "-o", "json").result["card"]["stacks"]
    assert [stacks[name]["providers"] for name in ("a", "b")] == [{ADDRESS: "1.0.0"}, {ADDRESS: "2.0.0"}]
    assert story.contents() == ["a", "b"]
