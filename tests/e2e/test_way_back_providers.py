"""Going back across providers, modules and locks: by hand, and with tfops. The page quotes what is found here."""

import json
import shutil
import subprocess
from pathlib import Path

from tests.support.forms import both_forms
from tests.support.outcomes import record
from tests.support.ways_back import NEEDS_DEMO, Story, look
from tfops.records.rendered import LOCK_FILE

ORDERS = 'resource "demo_thing" "orders" { content = "orders" }\n'
LARGE = 'resource "demo_thing" "orders" {\n  content = "orders"\n  size    = "L"\n}\n'
MORE = 'resource "demo_extra" "more" { content = "more" }\n'

pytestmark = both_forms


def _upgraded(story: Story, hcl: str) -> None:
    """v1 is locked to 1.0.0, v2 to 2.0.0."""
    story.write(ORDERS)
    story.lock_providers()
    story.apply()
    story.mirror.add("2.0.0")
    story.write(hcl)
    story.lock_providers()
    story.apply()


def test_a_provider_that_raised_a_schema_version(story: Story, tmp_path: Path) -> None:
    _upgraded(story, LARGE)
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert by_hand.errors == ("Resource instance managed by newer provider version",)
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("keep-providers", True)
    kept = story.roll_back("v1", "--yes", "--keep-providers")
    assert (kept.ran.code, kept.outcome.changed, kept.outcome.destroyed) == (0, ["thing `orders`"], [])
    assert [thing["size"] for thing in look(story.world).values()] == [None]
    record(
        story,
        "a provider that raised a resource's schema version",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with `--keep-providers`: {kept}",
    )


def test_what_ran_with_kept_providers_is_run_with_them_from_then_on(story: Story) -> None:
    _upgraded(story, LARGE)
    kept = story.shop.ok("rollback", "dev", "v1", "--yes", "--keep-providers", "-o", "json").result["version"]
    assert story.shop.ok("drift", "dev", "-o", "json").result["environments"][0]["changes"] == []
    story.version(LARGE, "--lift-hold")
    assert story.verdict(kept) != "keep-providers", "it ran with the providers of today"
    assert story.roll_back(kept, "--yes").ran.code == 0
    assert story.shop.run("destroy", "dev", "--yes").code == 0


def test_a_drill_across_a_raised_schema_is_rehearsed_with_kept_providers(story: Story) -> None:
    rules = (story.shop.path / "tfops.yaml").read_text()
    story.shop.write("tfops.yaml", rules.replace("environments:\n", "environments:\n  perf: {rehearses: dev}\n"))
    _upgraded(story, LARGE)
    drill = story.shop.ok("drill", "dev", "v1", "--yes", "-o", "json").result["drill"]
    assert (drill["is_ok"], drill["why"]) == (True, "")
    assert story.shop.ok("inventory", "perf", "-o", "json").result["environments"]["perf"] == {}


def test_a_provider_that_added_the_type(story: Story, tmp_path: Path) -> None:
    _upgraded(story, MORE + ORDERS)
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    newer, no_schema = by_hand.errors
    assert newer == "Resource instance managed by newer provider version"
    assert "this is a bug in" in no_schema
    refused = story.roll_back("v1", "--yes")
    assert (refused.refusal, refused.outcome.is_still) == ("keep-providers", True)
    kept = story.roll_back("v1", "--yes", "--keep-providers", "--allow-destroy", "module.main.demo_extra.more")
    assert (kept.ran.code, kept.outcome.destroyed, kept.outcome.changed) == (0, ["extra `more`"], [])
    record(
        story,
        "a provider that added the type",
        verdict=verdict,
        by_hand=by_hand,
        with_tfops=f"{refused}; with `--keep-providers`, and the extra named: {kept}",
    )


def test_a_version_without_a_lock_file(story: Story, tmp_path: Path) -> None:
    story.version(ORDERS)
    story.roots["v1"].pop(LOCK_FILE)
    story.mirror.add("2.0.0")
    story.write(LARGE)
    story.lock_providers()
    story.apply()
    script = story.by_hand(tmp_path / "by-hand")
    verdict = story.verdict("v1")
    by_hand = script.apply("v1")
    assert 'version     = "2.0.0"' in (script.root / LOCK_FILE).read_text()
    back = story.roll_back("v1", "--yes")
    record(
        story,
        "a missing lock file",
        verdict=verdict,
        by_hand=f"runs with 2.0.0, not with 1.0.0: {by_hand}",
        with_tfops=str(back),
    )


def test_a_module_version_that_floats(story: Story, tmp_path: Path) -> None:
    modules = _repository(tmp_path / "modules", story)
    _release(modules, ORDERS, story)
    _use(modules, story, "main")
    story.apply()
    _release(modules, ORDERS.replace('"orders" }', '"other" }'), story)
    _use(modules, story, "main", "second")
    story.apply()
    verdict = story.verdict("v1")
    by_hand = story.by_hand(tmp_path / "by-hand").apply("v1")
    assert [thing["content"] for thing in by_hand.after.values()] == ["other"]
    back = story.roll_back("v1", "--yes", "--allow-destroy", "module.second.demo_thing.orders")
    record(
        story,
        "a module version that floats",
        verdict=verdict,
        by_hand="brings back `other`, where v1 had `orders`",
        with_tfops=str(back),
    )


def _repository(folder: Path, story: Story) -> Path:
    subprocess.run(["git", "init", "--quiet", str(folder)], env=story.shop.env, check=True)
    return folder


def _release(modules: Path, hcl: str, story: Story) -> None:
    (modules / "main.tf").write_text(NEEDS_DEMO + hcl)
    for argv in (["add", "-A"], ["commit", "--quiet", "-m", "Release"]):
        subprocess.run(["git", *argv], cwd=modules, env=story.shop.env, check=True)


def _use(modules: Path, story: Story, *names: str) -> None:
    """An environment whose modules come from that repository, whatever it holds by then."""
    source = {"source": f"git::file://{modules}"}
    if story.own:
        story.shop.write(f"{story.own}/main.tf.json", json.dumps({"module": dict.fromkeys(names, source)}))
    else:
        story.shop.write("environments/dev.yaml", json.dumps({"modules": dict.fromkeys(names, source)}))
    story.shop.commit(f"Use {', '.join(names)}")
    shutil.rmtree(story.root / ".terraform", ignore_errors=True)
