"""Provider locks of the whole environment: one file, and every root gets the part that it needs.

`docs/reference/environment-yaml.md#the-provider-lock`.
"""

import json
import shutil

from tests.support.provider.mirror import ADDRESS, HOST, HOSTS
from tests.support.ways_back import Story
from tfops.engine.lockfile import locked_versions

SPARE = ADDRESS.replace("demo", "spare")
LOCK = "environments/dev.lock.hcl"
THING = 'resource "demo_thing" "one" { content = "one" }\n'
OTHER = 'resource "demo_thing" "two" {\n  provider = spare\n  content  = "two"\n}\n'


def _needs(**constraints: str) -> str:
    lines = (f'    {name} = {{ source = "tfops/{name}", version = "{rule}" }}\n' for name, rule in constraints.items())
    return "terraform {\n  required_providers {\n" + "".join(lines) + "  }\n}\n"


DEMO, BOTH = _needs(demo=">= 1.0"), _needs(demo=">= 1.0", spare=">= 1.0")


def _write(story: Story, hcl: str, module: str = "main") -> None:
    story.shop.write(f"modules/{module}/main.tf", hcl)
    story.shop.write("environments/dev.yaml", json.dumps({"modules": {"main": {"source": "main"}}}))


def _locked(story: Story, *words: str) -> dict[str, str]:
    """What `providers lock`, or another of its words, writes; committed."""
    story.shop.commit("The modules")
    story.shop.ok("providers", *(words or ("lock", "dev")))
    story.shop.commit("Lock the providers")
    return locked_versions((story.shop.path / LOCK).read_text())


def _apply(story: Story, *args: str) -> str:
    """A version, made where nothing is left of earlier runs but the state, as in a fresh clone."""
    _forget(story)
    return str(story.shop.ok("apply", "dev", "--yes", "-o", "json", *args).result["version"])


def _forget(story: Story) -> None:
    shutil.rmtree(story.shop.workspace / "roots", ignore_errors=True)


def _providers_of(story: Story, version: str) -> dict[str, list[str]]:
    stacks = story.shop.ok("show", "dev", version, "-o", "json").result["card"]["stacks"]
    return {name: sorted(part["providers"]) for name, part in stacks.items()}


def test_a_provider_comes_and_goes_and_every_way_back_finds_it(story: Story) -> None:
    story.mirror.add("1.0.0", name="spare")
    _write(story, DEMO + THING)
    assert _locked(story) == {ADDRESS: "1.0.0"}
    _apply(story)
    _write(story, BOTH + THING + OTHER)
    story.shop.commit("The lock is forgotten")
    lacks = story.shop.run("plan", "dev", "-o", "json").error
    assert (lacks["guard"], lacks["what"]) == (
        "unlocked-provider", "the provider lock lacks tfops/spare, which the modules use",
    )  # fmt: skip
    assert _locked(story) == {ADDRESS: "1.0.0", SPARE: "1.0.0"}
    _apply(story)
    story.mirror.add("2.0.0", name="spare")  # what isn't locked would be this one

    # The last resource goes together with its provider: before it is gone the state needs it, afterwards nothing does.
    _write(story, DEMO + THING)
    assert _locked(story) == {ADDRESS: "1.0.0"}
    gone = _apply(story)
    assert [item["type"] for item in story.state()["resources"]] == ["demo_thing"]
    assert _providers_of(story, gone) == {"main": [ADDRESS, SPARE]}, "spare destroyed it, as it was locked"
    _forget(story)
    assert story.shop.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]

    # Back to where it was, and back again to a version whose lock never had it.
    _forget(story)
    assert story.roll_back("v2", "--yes").outcome.created == ["thing `two`"]
    assert story.verdict("v1") == "ok"
    _forget(story)
    back = story.roll_back("v1", "--yes", "--allow-destroy", "module.main.demo_thing.two")
    assert (back.ran.code, back.outcome.destroyed) == (0, ["thing `two`"])

    # A lock with more than anything needs works everywhere, as where it ran before.
    _write(story, BOTH + THING + OTHER)
    both = _locked(story)
    _write(story, DEMO + THING)
    story.shop.commit("The lock stays")
    assert locked_versions((story.shop.path / LOCK).read_text()) == both
    assert _providers_of(story, _apply(story, "--lift-hold")) == {"main": [ADDRESS]}


def _for_the_other_engine(lock: str) -> str:
    """The same lock as the other engine would write it."""
    [other] = set(HOSTS) - {HOST}
    return lock.replace(HOST, other)


def test_one_lock_serves_both_engines(story: Story) -> None:
    """docs/reference/engines.md. The other engine's entries are written by hand; test_tofu.py has it write them."""
    story.mirror.add("1.0.0", name="spare")
    _write(story, BOTH + THING + OTHER)
    _locked(story)
    theirs = _for_the_other_engine((story.shop.path / LOCK).read_text())
    story.shop.write(LOCK, theirs)
    story.shop.commit("Only the other engine's")
    lacks = story.shop.run("plan", "dev", "-o", "json").error
    assert (lacks["guard"], "made with the other engine" in lacks["why"]) == ("unlocked-provider", True)
    other_only = story.shop.run("providers", "update", "dev", "spare", "-o", "json").error
    assert other_only["what"] == "the provider 'spare' is locked for the other engine only"
    others = dict.fromkeys(locked_versions(theirs), "1.0.0")
    for name in ("demo", "spare"):
        story.mirror.add("2.0.0", name=name)
    assert _locked(story) == {ADDRESS: "1.0.0", SPARE: "1.0.0", **others}
    before = (story.shop.path / LOCK).read_text()
    assert not story.shop.ok("providers", "lock", "dev", "-o", "json").result["is_written"]
    assert (story.shop.path / LOCK).read_text() == before
    assert _providers_of(story, _apply(story)) == {"main": [ADDRESS, SPARE]}
    assert _locked(story, "update", "dev", "spare") == {ADDRESS: "1.0.0", SPARE: "2.0.0", **others}
    assert "To run one version: tfops providers update dev" in story.shop.ok("providers", "update", "dev").out
    assert locked_versions((story.shop.path / LOCK).read_text()) == {ADDRESS: "2.0.0", SPARE: "2.0.0", **others}


def test_stacks_with_different_providers_share_one_lock(story: Story) -> None:
    story.mirror.add("1.0.0", name="spare")
    story.shop.write("modules/main/main.tf", DEMO + THING)
    story.shop.write("modules/other/main.tf", _needs(spare=">= 1.0") + OTHER)
    for name, module in (("app", "main"), ("net", "other")):
        story.shop.write(f"environments/dev/{name}.yaml", json.dumps({"modules": {"main": {"source": module}}}))
    assert _locked(story) == {ADDRESS: "1.0.0", SPARE: "1.0.0"}
    assert _providers_of(story, _apply(story)) == {"app": [ADDRESS], "net": [SPARE]}
    _forget(story)
    assert story.shop.ok("plan", "dev", "-o", "json").result["plan"]["is_empty"]


def test_a_newer_release_is_taken_on_request_and_another_build_never(story: Story) -> None:
    """`docs/reference/commands.md`: `providers update ENV PROVIDER`."""
    story.mirror.add("1.0.0", name="spare")
    _write(story, BOTH + THING + OTHER)
    _locked(story)
    _apply(story)
    for name in ("demo", "spare"):
        story.mirror.add("2.0.0", name=name)
    _write(story, _needs(demo=">= 2.0", spare=">= 1.0") + THING + OTHER)
    story.shop.commit("A newer demo")
    for command in ("plan dev", "providers lock dev"):
        moved = story.shop.run(*command.split(), "-o", "json")
        assert (moved.code, "tfops providers update" in moved.error["hint"]) == (20, True)
    unknown = story.shop.run("providers", "update", "dev", "dema", "-o", "json").error
    assert (unknown["guard"], "demo" in unknown["hint"]) == ("unknown-provider", True)
    assert _locked(story, "update", "dev", "demo") == {ADDRESS: "2.0.0", SPARE: "1.0.0"}
    _apply(story)
    before = (story.shop.path / LOCK).read_text()
    story.shop.ok("providers", "update", "dev", "tfops/demo")
    assert (story.shop.path / LOCK).read_text() == before, "nothing newer, nothing written"

    story.mirror.add("2.0.0", build="not the one of the release")
    shutil.rmtree(story.shop.workspace / "plugin-cache")
    _forget(story)
    for command in ("plan dev", "providers lock dev", "providers update dev demo"):
        other = story.shop.run(*command.split(), "-o", "json")
        assert other.error["guard"] == "provider-build", other.out
    assert (story.shop.path / LOCK).read_text() == before
    story.mirror.add("2.0.0")
    assert _locked(story, "update", "dev", "spare") == {ADDRESS: "2.0.0", SPARE: "2.0.0"}
