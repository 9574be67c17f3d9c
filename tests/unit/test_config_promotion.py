"""`promote` of an environment in tfops.yaml."""

import pytest

from tests.support.memory_tree import MemoryTree
from tfops.config.project import Needs, PromotionRule
from tfops.config.project_file import load_project
from tfops.errors import ConfigError
from tfops.records.names import EnvName

_RULES = """\
version: 1
project: shop
environments:
  dev: {{branch: develop}}
  staging: {{branch: main, promote: {{from: dev}}}}
  drills: {{rehearses: staging}}
  "preview-{{slug}}": {{branch: "feature/*", config: dev.yaml}}
  prod: {{branch: main, promote: {promote}}}
"""


def _said(promote: str) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_project(MemoryTree({"tfops.yaml": _RULES.format(promote=promote)}))
    return [f"{one.message}; {one.hint}" for one in error.value.complaints]


def test_conditions_are_read_with_what_goes_without_saying() -> None:
    text = "{from: staging, needs: applied, soaked: 2h, checks: [{command: [scripts/slo.sh]}]}"
    rules = load_project(MemoryTree({"tfops.yaml": _RULES.format(promote=text)})).environments
    assert rules[EnvName("staging")].promote == PromotionRule(EnvName("dev"))
    found = rules[EnvName("prod")].promote
    assert found is not None
    assert (found.source, found.needs, found.soaked_s) == ("staging", Needs.APPLIED, 7200)
    assert [check.command for check in found.checks] == [("scripts/slo.sh",)]


@pytest.mark.parametrize(
    ("promote", "words"),
    [
        ("{from: stagin}", ["'stagin' is no other environment with a branch", "did you mean `staging`?"]),
        ("{from: prod}", ["'prod' is no other environment with a branch"]),
        ("{from: drills}", ["'drills' is no other environment with a branch"]),
        ("{from: staging, soaked: soon}", ["`soaked` must be a duration"]),
        ("{from: staging, needs: tested}", ["`needs` must be 'verified' or 'applied'"]),
        ("{needs: verified}", ["`from` is missing"]),
        ("{from: staging, soak: 2h}", ["unknown key `soak`", "did you mean `soaked`?"]),
        ("{from: staging, checks: [{use: checkov}]}", ["rules and tools judge a plan"]),
        ("{from: staging, checks: [{comand: [x]}]}", ["unknown key `comand`", "did you mean `command`?"]),
    ],
)
def test_each_mistake_is_named(promote: str, words: list[str]) -> None:
    said = "\n".join(_said(promote))
    assert all(word in said for word in words), said


def test_a_circle_is_named_and_who_leads_into_it_is_not() -> None:
    rules = _RULES.format(promote="{from: staging}").replace("{from: dev}", "{from: prod}")
    with pytest.raises(ConfigError) as error:
        load_project(MemoryTree({"tfops.yaml": rules}))
    assert [one.message for one in error.value.complaints] == [
        "goes round in a circle: staging from prod from staging",
        "goes round in a circle: prod from staging from prod",
    ]


def test_what_has_no_branch_of_its_own_is_not_promoted_to() -> None:
    place = "rehearses: staging, promote: {from: dev}}"
    rules = _RULES.format(promote="{from: staging}").replace("rehearses: staging}", place)
    with pytest.raises(ConfigError, match="a mistake") as error:
        load_project(MemoryTree({"tfops.yaml": rules}))
    assert error.value.complaints[0].message == "only an environment with a branch of its own is promoted to"
