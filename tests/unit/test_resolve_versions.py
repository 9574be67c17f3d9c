"""Which version someone means, by name or by going back."""

from collections.abc import Sequence

import pytest

from tests.support.samples import DEV, PROD, make_record
from tfops.errors import Refused, UsageError
from tfops.records.version import Kind, Verified, Version, VersionRecord
from tfops.resolve.versions import content_of, pick_version, version_to_go_back_to

THREE = [make_record(1, "a"), make_record(2, "b"), make_record(3, "c")]


@pytest.mark.parametrize("text", ["v2", "2", "tfops/prod/v2", "tfops/prod/2", "refs/tags/tfops/prod/v2"])
def test_a_version_has_several_names(text: str) -> None:
    assert pick_version(text, PROD, THREE).version == Version(2)


@pytest.mark.parametrize(
    "text", ["", "v", "v0", "v02", "-1", "1.2", "latest", "v2 ", "v2\n", "tfops/prod/", "../v2", "v1234567890", "v٢"]
)
def test_what_cannot_be_a_version_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        pick_version(text, PROD, THREE)
    assert caught.value.what.endswith("is not a version")
    assert (caught.value.why, caught.value.hint) == (
        "a version is written v3, or tfops/prod/v3",
        "tfops history prod",
    )


def test_a_version_of_another_environment_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        pick_version("tfops/dev/v2", PROD, THREE)
    assert caught.value.what == "'tfops/dev/v2' is a version of dev, not of prod"


def test_a_version_that_does_not_exist_is_refused_with_the_last_ones() -> None:
    with pytest.raises(Refused) as caught:
        pick_version("v7", PROD, THREE)
    assert caught.value.guard == "unknown-version"
    assert caught.value.what == "prod has no version v7"
    assert caught.value.why == "there is: `v1`, `v2`, `v3`"
    assert caught.value.hint == "tfops history prod"


def test_an_environment_without_versions_points_to_its_history() -> None:
    with pytest.raises(Refused) as caught:
        pick_version("v1", DEV, [])
    assert caught.value.hint == "tfops history dev"


_VERIFIED = {"+": Verified.PASSED, "!": Verified.FAILED}


def story(text: str) -> list[VersionRecord]:
    """`a b+ c! >1 x` as records: applies of commits a, b (verified) and c (not), a rollback to v1, a destroy."""
    records: list[VersionRecord] = []
    for number, told in enumerate(text.split(), 1):
        verified, word = _VERIFIED.get(told[-1], Verified.NONE), told.rstrip("+!")
        if word.startswith(">"):
            goal = int(word[1:])
            letter = records[goal - 1].commit[0]
            records.append(make_record(number, letter, Kind.ROLLBACK, restores=goal, verified=verified))
        elif word == "x":  # the tag of a destroy is on the commit that it took down
            records.append(make_record(number, records[-1].commit[0], Kind.DESTROY))
        else:
            records.append(make_record(number, word, verified=verified))
    return records


@pytest.mark.parametrize(
    ("told", "expected"),
    [("a", 1), ("a b", 2), ("a+ b+", 2), ("a+ b", 2), ("a+ b!", 1), ("a b >1", 3), ("a b x", 2), ("a b c >1", 4)],
)
def test_after_a_change_that_stopped_half_way_the_default_is_what_ran_before_it(told: str, expected: int) -> None:
    """docs/how-to/go-back.md. What is known to be bad, or was taken down, isn't gone back to."""
    assert version_to_go_back_to(PROD, story(told), is_stopped=True).version.number == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("a b", 1),
        ("a b c", 2),
        ("a b c >2", 1),
        ("a b c >1 d", 1),
        ("a b c >2 >1 d", 1),
        ("a b c d >3 >2", 1),
        ("a b c >2 d", 2),
        ("a b b", 1),
        ("a a b", 2),
        ("a b a", 2),
        ("a x b", 1),
        ("a b x c", 2),
        ("a b c >2 d >5 >2", 1),
    ],
)
def test_going_back_means_the_last_content_before_todays(told: str, expected: int) -> None:
    assert version_to_go_back_to(PROD, story(told)).version == Version(expected)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("a+ b! c!", 1),
        ("a+ b+ c!", 2),
        ("a+ b c", 1),
        ("a b+ c!", 2),
        ("a+ b+ c! >2+ d!", 2),
        ("a+ b+ c! >2! d!", 1),
        ("a+ b! >1+", None),
        ("a+ b+ x", 2),
        ("a+ b! x", 1),
        ("a b c!", None),
        ("a! b+", None),
    ],
)
def test_where_there_are_checks_going_back_means_the_last_verified_content(told: str, expected: int | None) -> None:
    if expected is not None:
        assert version_to_go_back_to(PROD, story(told)).version == Version(expected)
        return
    with pytest.raises(Refused):
        version_to_go_back_to(PROD, story(told))


def test_without_a_verified_version_the_refusal_names_the_one_before() -> None:
    with pytest.raises(Refused) as caught:
        version_to_go_back_to(PROD, story("a b c!"))
    assert (caught.value.guard, caught.value.hint) == (
        "no-verified",
        "name one: tfops rollback prod v2   (see: tfops history prod)",
    )


def test_going_back_twice_goes_further_back_never_forward_again() -> None:
    records = story("a b c d")
    visited = []
    for _ in range(3):
        goal = version_to_go_back_to(PROD, records)
        visited.append(str(goal.version))
        number = len(records) + 1
        records.append(make_record(number, goal.commit[0], Kind.ROLLBACK, restores=goal.version.number))
    assert visited == ["v3", "v2", "v1"]
    with pytest.raises(Refused):
        version_to_go_back_to(PROD, records)


@pytest.mark.parametrize(("told", "expected"), [("a x", 1), ("a b x", 2), ("a b c >2 x", 2), ("a b x x", 2)])
def test_going_back_after_a_destroy_brings_back_what_ran(told: str, expected: int) -> None:
    assert version_to_go_back_to(PROD, story(told)).version == Version(expected)


@pytest.mark.parametrize(
    ("versions", "what", "hint"),
    [
        ([], "prod has never been applied", "tfops apply prod"),
        (story("a"), "prod has no earlier version than v1", "tfops history prod"),
        (story("a a"), "prod has no earlier version than v2", "tfops history prod"),
        (story("a b >1"), "prod has no earlier version than v1", "tfops history prod"),
    ],
)
def test_without_anything_to_go_back_to_it_is_refused(versions: Sequence[VersionRecord], what: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        version_to_go_back_to(PROD, versions)
    assert (caught.value.guard, caught.value.what, caught.value.hint) == ("no-previous", what, hint)


def test_content_is_followed_through_rollbacks_of_rollbacks() -> None:
    records = story("a b >1 >3")
    by_version = {record.version: record for record in records}
    assert content_of(records[3], by_version) is records[0]


def test_a_rollback_to_a_version_that_is_gone_is_its_own_content() -> None:
    alone = make_record(4, "a", Kind.ROLLBACK, restores=1)
    assert content_of(alone, {alone.version: alone}) is alone
