"""Actions (Terraform 1.14 and later): work at apply that no resource stands for, with a provider that has one."""

import dataclasses
import os
from pathlib import Path

import pytest

from tests.support.acts import require_acts_provider
from tests.support.group import job
from tests.support.ways_back import RULES, Story, new_story
from tfops.engine.embedded import library_path

SAY = """\
terraform {{
  required_providers {{
    acts = {{ source = "tfops/acts" }}
  }}
}}
action "acts_say" "before" {{
  config {{ text = "before-{value}" }}
}}
action "acts_say" "after" {{
  count = 2
  config {{ text = "after-${{count.index}}-{value}" }}
}}
resource "terraform_data" "t" {{
  input = "{value}"
  lifecycle {{
    action_trigger {{
      events  = [before_create, before_update]
      actions = [action.acts_say.before]
    }}
    action_trigger {{
      events  = [after_create, after_update]
      actions = [action.acts_say.after[0], action.acts_say.after[1]]
    }}
  }}
}}
"""
ACTION = "module.main.action.acts_say"


@dataclasses.dataclass(frozen=True, slots=True)
class Acts:
    """A project whose module runs actions, and what they said."""

    story: Story
    log: Path

    def write(self, value: str) -> None:
        self.story.shop.write("modules/main/main.tf", SAY.format(value=value))
        self.story.shop.write("environments/dev.yaml", "modules: {main: {source: main}}\n")
        self.story.shop.commit(f"Say {value}")

    def fail(self, text: str, *, does: bool) -> None:
        self._mark("fail", text, does=does)

    def wait(self, text: str, *, does: bool) -> None:
        self._mark("wait", text, does=does)

    def _mark(self, what: str, text: str, *, does: bool) -> None:
        mark = self.log.with_name(f"{self.log.name}.{what}-{text}")
        mark.touch() if does else mark.unlink()

    @property
    def said(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []


@pytest.fixture
def acts(tmp_path: Path, provider_door: Path) -> Acts:
    if not library_path():
        message = "actions need Terraform 1.14 or newer, the extra `terraform` of tfops-cli"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    rules = RULES.replace("env: [DEMO_WORLD]", "env: [DEMO_WORLD, ACTS_LOG]")
    story = new_story(tmp_path / "story", "embedded", provider_door, rules=rules)
    require_acts_provider(story.mirror.folder)
    log = tmp_path / "said"
    story.shop.env["ACTS_LOG"] = str(log)
    return Acts(story, log)


def test_actions_are_planned_shown_run_and_recorded(acts: Acts) -> None:
    shop = acts.story.shop
    acts.write("one")
    plan = shop.ok("plan", "dev").out
    assert f"» run {ACTION}.before  before create" in plan
    assert plan.index(f"{ACTION}.before") < plan.index(f"{ACTION}.after[0]") < plan.index(f"{ACTION}.after[1]")
    assert "3 actions to run" in plan
    planned = shop.ok("plan", "dev", "-o", "json").result["plan"]
    assert planned["actions"][0] == {
        "address": f"{ACTION}.before",
        "action_type": "acts_say",
        "trigger": "module.main.terraform_data.t",
        "event": "before create",
    }
    ran = shop.ok("apply", "dev", "--yes", "--verbose")
    assert f"{ACTION}.after[1]: saying after-1-one" in ran.err
    assert acts.said == ["before-one", "after-0-one", "after-1-one"]
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert [(one["address"], one["result"]) for one in card["actions"]] == [
        (f"{ACTION}.before", "done"),
        (f"{ACTION}.after[0]", "done"),
        (f"{ACTION}.after[1]", "done"),
    ]
    assert "3 actions run" in shop.ok("history", "dev").out

    rules = (shop.path / "tfops.yaml").read_text()
    shop.write("tfops.yaml", rules + "actions: {ask: [acts_say.after]}\n")
    acts.write("two")
    refused = shop.run("apply", "dev", "--yes", "-o", "json")
    assert (refused.code, refused.error["name"]) == (13, "not-approved")
    assert f"--allow-action '{ACTION}.after[1]'" in refused.error["hint"]
    named = [word for number in (0, 1) for word in ("--allow-action", f"{ACTION}.after[{number}]")]
    shop.ok("apply", "dev", "--yes", *named)
    assert acts.said[3:] == ["before-two", "after-0-two", "after-1-two"]

    invoked = shop.ok("invoke", "dev", f"{ACTION}.before", f"{ACTION}.after[0]", "--yes", "-o", "json").result
    assert [one["result"] for one in invoked["actions"]] == ["done", "done"]
    assert acts.said[6:] == ["before-two", "after-0-two"]
    assert f"{ACTION}.before done; {ACTION}.after[0] done" in shop.ok("log", "dev").out
    old = shop.run("invoke", "dev", f"{ACTION}.before", "--yes", "--engine", "terraform", "-o", "json")
    assert old.code in (10, 11, 20)


def test_an_action_that_failed_is_not_forgotten(acts: Acts) -> None:
    """Its resource is done, so that the next plan is empty: only the receipt knows."""
    shop = acts.story.shop
    acts.write("one")
    acts.fail("after-0-one", does=True)
    failed = shop.run("apply", "dev", "--yes", "-o", "json")
    assert failed.code == 21
    trouble = shop.ok("log", "dev", "-o", "json").result["trouble"]
    assert [(one["address"], one["result"]) for one in trouble["actions"]] == [
        (f"{ACTION}.after[0]", "failed"),
        (f"{ACTION}.after[1]", "never run"),
    ]
    assert "degraded" in shop.ok("status").out
    again = shop.run("resume", "dev", "--yes", "-o", "json")
    assert (again.code, acts.said) == (21, ["before-one", "after-0-one", "after-0-one"])
    acts.fail("after-0-one", does=False)
    done = shop.ok("resume", "dev", "--yes", "-o", "json").result
    assert (done["version"], acts.said[3:]) == ("v1", ["after-0-one", "after-1-one"])
    card = shop.ok("show", "dev", "-o", "json").result["card"]
    assert {one["result"] for one in card["actions"]} == {"done"}


def test_an_interrupt_stops_an_action_and_begins_no_other(acts: Acts) -> None:
    """As Ctrl-C on a terminal, to the whole group: `docs/how-to/when-it-stops.md`."""
    shop = acts.story.shop
    acts.write("one")
    shop.ok("apply", "dev", "--yes")
    both = ("invoke", "dev", f"{ACTION}.before", f"{ACTION}.after[0]", "--yes")
    for fault in ("rendered:SIGTERM+group+again", "state-read:SIGINT+group"):
        ran = shop.run(*both, "-o", "json", env={"TFOPS_FAILPOINT": fault})
        assert (ran.code, ran.error["state"]) == (130, "Nothing was changed."), ran.out
        assert len(acts.said) == 3, "nothing was begun"

    acts.wait("before-one", does=True)
    with job(shop, *both) as running:
        running.wait_until(lambda: len(acts.said) == 4)
        running.press()
        assert (running.end(), "interrupted while an action ran" in running.text) == (130, True), running.text
    acts.wait("before-one", does=False)
    [told] = [one["text"] for one in shop.ok("log", "dev", "-o", "json").result["events"] if "failed" in one["text"]]
    assert told.endswith(f"{ACTION}.before failed; {ACTION}.after[0] never run")
    assert shop.ok("status", "-o", "json").result["environments"][0]["lock"] is None
    shop.ok(*both)
    assert acts.said[4:] == ["before-one", "after-0-one"]


def test_a_run_that_died_before_its_actions_says_so(acts: Acts) -> None:
    shop = acts.story.shop
    acts.write("one")
    acts.fail("after-0-one", does=True)
    assert shop.run("apply", "dev", "--yes", env={"TFOPS_FAILPOINT": "engine-ended:SIGKILL"}).code == -9
    recovered = shop.ok("recover", "dev")
    assert f"{ACTION}.after[0]" in recovered.out + recovered.err
    acts.write("two")  # a newer commit: its own actions run, what the first never ran is said and kept
    shop.ok("apply", "dev", "--yes")
    assert acts.said[2:] == ["before-two", "after-0-two", "after-1-two"]
