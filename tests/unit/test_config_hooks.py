"""`hooks` of tfops.yaml: what they become, and what is wrong with them."""

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, said
from tfops.config.hooks import Hook
from tfops.config.project_file import load_project
from tfops.records.hook import HookPoint
from tfops.records.names import EnvName

_HEAD = "version: 1\nproject: shop\n"
_DEV = "environments: {dev: {branch: main}}\n"


def load(text: str, env: str = "dev") -> tuple[Hook, ...]:
    return load_project(MemoryTree({"tfops.yaml": _HEAD + text})).environments[EnvName(env)].hooks


def test_a_hook_is_read_with_its_defaults_and_its_conditions() -> None:
    text = """\
hooks:
  after_apply:
    - {command: [scripts/tell.sh, now]}
    - name: migrate
      command: [scripts/migrate.sh]
      if: {commands: [apply, promote], exit_codes: [2], environments: ["d*"]}
      env: [DATABASE_URL, PG*]
      timeout: 10m
      on_failure: warn
  before_init: [{command: [a]}]
"""
    assert load(text + _DEV) == (
        Hook(HookPoint.BEFORE_INIT, "a", ("a",)),
        Hook(HookPoint.AFTER_APPLY, "scripts/tell.sh now", ("scripts/tell.sh", "now")),
        Hook(
            at=HookPoint.AFTER_APPLY,
            name="migrate",
            command=("scripts/migrate.sh",),
            commands=("apply", "promote"),
            exit_codes=(2,),
            variables=("DATABASE_URL", "PG*"),
            timeout_s=600.0,
            stops=False,
        ),
    )


def test_hooks_are_for_the_environments_that_they_name_and_an_environments_point_replaces_the_projects() -> None:
    text = """\
hooks:
  before_plan: [{command: [all]}, {command: [prods], if: {environments: ["prod*"]}}]
  after_plan: [{command: [all]}]
environments:
  dev: {branch: main}
  prod-eu: {branch: eu}
  prod-us: {branch: us, hooks: {before_plan: [{command: [own]}], after_plan: []}}
"""
    names = {env: [hook.name for hook in load(text, env)] for env in ("dev", "prod-eu", "prod-us")}
    assert names == {"dev": ["all", "all"], "prod-eu": ["all", "prods", "all"], "prod-us": ["own"]}


@pytest.mark.parametrize(
    ("hooks", "complaint"),
    [
        ("{befor_plan: []}", "unknown key `befor_plan`"),
        ("{before_plan: [{}]}", "`command` is missing"),
        ("{before_plan: [{command: []}]}", "`command` is empty"),
        ("{before_plan: [{command: a}]}", "`command` must be a list"),
        ("{before_plan: [{command: [a], timout: 1m}]}", "unknown key `timout`"),
        ("{before_plan: [{command: [a], timeout: 2h}]}", "`timeout` must be a duration from 1s to 1h"),
        ("{before_plan: [{command: [a], env: ['*']}]}", "not the name of a variable"),
        ("{before_plan: [{command: [a], on_failure: degrade}]}", "`on_failure` must be 'fail' or 'warn'"),
        ("{before_plan: [{command: [a], if: {commands: [aply]}}]}", "'aply' runs no hooks"),
        ("{before_plan: [{command: [a], if: {command: [apply]}}]}", "unknown key `command`"),
        ("{before_plan: [{command: [a], if: {exit_codes: [2]}}]}", "there is no exit code yet at `before_plan`"),
        ("{after_plan: [{command: [a], if: {exit_codes: [256]}}]}", "must be at most 255"),
        ("{on_error: [{command: [a], on_failure: warn}]}", "a hook of `on_error` only warns"),
    ],
)
def test_a_mistake_is_named_with_its_place(hooks: str, complaint: str) -> None:
    [found] = said(complaints_of(lambda: load(f"hooks: {hooks}\n{_DEV}")))
    assert complaint in found and found.startswith("tfops.yaml:3:")


def test_an_environments_own_hooks_name_no_environments() -> None:
    text = "environments: {dev: {branch: main, hooks: {on_error: [{command: [a], if: {environments: [dev]}}]}}}\n"
    [found] = said(complaints_of(lambda: load(text)))
    assert "these are hooks of one environment already" in found


def test_what_is_close_to_a_key_is_proposed() -> None:
    found = complaints_of(lambda: load("hooks: {befor_plan: []}\n" + _DEV))
    assert "before_plan" in found[0].hint
    found = complaints_of(lambda: load("hooks: {before_plan: [{command: [a], timout: 1m}]}\n" + _DEV))
    assert "timeout" in found[0].hint
    found = complaints_of(lambda: load("hooks: {after_plan: [{command: [a], if: {exit_code: [1]}}]}\n" + _DEV))
    assert "exit_codes" in found[0].hint
