"""Whether what runs in one environment may go on to the next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tfops.config.project import Needs, PromotionRule
from tfops.errors import Refused
from tfops.records.difference import Difference, DifferenceKind, Group
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind, Verified, Version, VersionRecord
from tfops.resolve.promotion import SourceFacts, not_the_same, require_promotable, unmeant

STAGING, PROD = EnvName("staging"), EnvName("prod")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
RUNS = VersionRecord(
    STAGING, Version(12), Kind.APPLY, CommitSha("a" * 40), "main", "ann", NOW - timedelta(hours=1), "1 created",
    verified=Verified.PASSED,
)  # fmt: skip
RULE = PromotionRule(STAGING)
SOURCE = SourceFacts(STAGING, RUNS)


def _guard(source: SourceFacts, rule: PromotionRule = RULE) -> str:
    with pytest.raises(Refused) as refused:
        require_promotable(source, rule, NOW)
    assert refused.value.hint
    return refused.value.guard


def test_what_is_verified_whole_and_has_run_long_enough_goes_on() -> None:
    assert require_promotable(SOURCE, replace(RULE, soaked_s=3600), NOW) is RUNS
    assert require_promotable(replace(SOURCE, expected=Version(12)), RULE, NOW) is RUNS


@pytest.mark.parametrize(
    ("source", "guard"),
    [
        (replace(SOURCE, latest=None), "never-applied"),
        (replace(SOURCE, latest=replace(RUNS, kind=Kind.DESTROY)), "never-applied"),
        (replace(SOURCE, latest=replace(RUNS, kind=Kind.ROLLBACK, restores=Version(11))), "source-rolled-back"),
        (replace(SOURCE, expected=Version(11)), "source-moved"),
        (replace(SOURCE, stopped="the apply of 12345678 didn't come to its end"), "source-degraded"),
        (replace(SOURCE, is_whole=False), "source-mixed"),
        (replace(SOURCE, latest=replace(RUNS, verified=Verified.FAILED)), "source-unverified"),
        (replace(SOURCE, latest=replace(RUNS, verified=Verified.NONE)), "source-unverified"),
    ],
)
def test_each_reason_against_it_has_a_name(source: SourceFacts, guard: str) -> None:
    assert _guard(source) == guard


def test_a_part_of_a_commit_is_not_its_commit() -> None:
    part = replace(SOURCE, is_whole=False, latest=replace(RUNS, partial="module.app"))
    with pytest.raises(Refused, match="v12 isn't all of its commit: only module") as refused:
        require_promotable(part, RULE, NOW)
    assert refused.value.guard == "source-mixed"


def test_where_an_apply_is_enough_no_check_is_needed_but_a_failed_one_counts() -> None:
    rule = replace(RULE, needs=Needs.APPLIED)
    latest = replace(RUNS, verified=Verified.NONE)
    assert require_promotable(replace(SOURCE, latest=latest), rule, NOW) is latest
    assert _guard(replace(SOURCE, latest=replace(RUNS, verified=Verified.FAILED)), rule) == "source-unverified"


def test_what_has_not_run_long_enough_says_until_when() -> None:
    with pytest.raises(Refused, match="until 2026-12-01 13:00:00 UTC") as refused:
        require_promotable(SOURCE, replace(RULE, soaked_s=7200), NOW)
    assert (refused.value.guard, "2h" in refused.value.why, "1h are left" in refused.value.why) == (
        "not-soaked", True, True,
    )  # fmt: skip
    with pytest.raises(Refused) as nearly:
        require_promotable(SOURCE, replace(RULE, soaked_s=3610), NOW)
    assert nearly.value.why.endswith("10s are left")


def test_a_rollback_meanwhile_is_told_as_such() -> None:
    latest = replace(RUNS, version=Version(13), kind=Kind.ROLLBACK, restores=Version(11))
    with pytest.raises(Refused, match="staging is v13 now, rolled back to v11: what was looked at was v12"):
        require_promotable(replace(SOURCE, latest=latest, expected=Version(12)), RULE, NOW)


def test_modules_count_whatever_is_different_and_providers_only_where_both_have_them() -> None:
    module = Difference(Group.MODULES, "waf", DifferenceKind.ADDED, None, "waf 1234")
    provider = Difference(Group.PROVIDERS, "hashicorp/aws", DifferenceKind.CHANGED, "5.1.0", "5.2.0")
    more = replace(provider, name="hashicorp/tls", kind=DifferenceKind.ADDED, before=None)
    inputs = Difference(Group.INPUTS, "web.size", DifferenceKind.CHANGED, 1, 3)
    assert unmeant([module, provider, more, inputs, replace(module, name="own", is_meant=True)]) == (module, provider)
    refusal = not_the_same("staging v12", PROD, CommitSha("b" * 40), [module, provider])
    assert refusal.why.splitlines() == [
        "module waf: not there in staging, waf 1234 in prod",
        "provider hashicorp/aws: 5.1.0 in staging, 5.2.0 in prod",
    ]
