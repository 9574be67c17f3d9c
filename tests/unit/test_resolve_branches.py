"""Which environment a branch belongs to."""

import pytest

from tfops.config.project import EnvironmentRule
from tfops.errors import Refused
from tfops.records.names import EnvName
from tfops.resolve.branches import environment_of, matches


def mapping(**patterns: str) -> dict[EnvName, EnvironmentRule]:
    return {EnvName(env): EnvironmentRule(pattern) for env, pattern in patterns.items()}


@pytest.mark.parametrize(
    ("pattern", "branch", "does_match"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "main2", False),
        ("main", "x/main", False),
        ("release/*", "release/1.2", True),
        ("release/*", "release/1.2/hotfix", False),
        ("release/*", "release/", True),
        ("release/*", "release", False),
        ("release/**", "release/1.2/hotfix", True),
        ("*", "main", True),
        ("*", "feature/x", False),
        ("**", "feature/x/y", True),
        ("feature/*-eu", "feature/a-b-eu", True),
        ("feature/*-eu", "feature/eu", False),
        ("*/x", "a/x", True),
        ("**/x", "a/b/x", True),
        ("v1.2", "v1x2", False),
        ("a+b", "aab", False),
        ("a+b", "a+b", True),
    ],
)
def test_a_pattern_stands_for_whole_branch_names(pattern: str, branch: str, does_match: bool) -> None:
    assert matches(pattern, branch) is does_match


def test_the_one_environment_that_matches_is_meant() -> None:
    environments = mapping(dev="develop", staging="release/*", prod="main")
    assert [environment_of(branch, environments) for branch in ("develop", "release/2", "main")] == [
        "dev",
        "staging",
        "prod",
    ]


def test_a_branch_without_an_environment_is_refused_with_the_mapping() -> None:
    with pytest.raises(Refused) as caught:
        environment_of("feature/x", mapping(dev="develop", prod="main"))
    assert caught.value.guard == "no-environment"
    assert caught.value.what == "no environment is bound to branch `feature/x`"
    assert caught.value.why == "tfops.yaml maps develop -> dev, main -> prod"


def test_two_patterns_that_match_one_branch_are_refused() -> None:
    with pytest.raises(Refused) as caught:
        environment_of("release/1", mapping(staging="release/*", prod="**"))
    assert caught.value.guard == "ambiguous-branch"
    assert caught.value.what == "branch `release/1` matches 2 environments: staging, prod"
    assert caught.value.why == "tfops.yaml maps release/* -> staging, ** -> prod"


@pytest.mark.parametrize("branch", ["", "--force", "a b", "a..b", "a\nb", "x.lock", "é", "\x1b[31m"])
def test_a_hostile_branch_name_is_refused_and_shown_harmlessly(branch: str) -> None:
    with pytest.raises(Refused) as caught:
        environment_of(branch, mapping(dev="**"))
    assert caught.value.guard == "branch-name"
    assert caught.value.what.isprintable()
