"""Which step of a move is left, from what lies in both places."""

import pytest

from tfops.errors import Refused
from tfops.records.names import EnvName
from tfops.records.version import Version
from tfops.resolve.moving import Found, Route, Step, step_of
from tfops.resolve.place import StatePlace, to_place, told_apart
from tfops.resolve.state import RecordedState

RECORDED = RecordedState(Version(3), "l", 7, "local", False, "terraform", "1.11.4")
ROUTE = Route(EnvName("prod"), StatePlace("local", {}), StatePlace("s3", {"bucket": "b"}), RECORDED)
OLD = Found("l", 7, "content")


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        (OLD, Found(), Step.COPY),
        (OLD, Found("l", 7, "content"), Step.COPY),  # copied by hand, or the same place under two names
        (OLD, Found("l", 5, "older"), Step.COPY),
        (OLD, Found("l", 9, "older", "somewhere"), Step.COPY),  # it was here before
        (OLD, Found("another", 1, "content"), Step.COPY),  # killed between the engine's two pushes
        (OLD, Found("l", 8, "content"), Step.MARK),
        (Found("l", 8, "content", "s3 b"), Found("l", 8, "content"), Step.NONE),
        (Found(), Found("l", 9, "newer"), Step.NONE),
    ],
)
def test_what_is_left_to_do(old: Found, new: Found, step: Step) -> None:
    assert step_of(ROUTE, old, new) is step


@pytest.mark.parametrize(
    ("old", "new", "guard"),
    [
        (Found(), Found(), "state-absent"),
        (Found("l", 8, "content", "gcs b"), Found(), "state-absent"),
        (Found("other", 9, "content"), Found(), "state-lineage"),
        (Found("l", 6, "content"), Found(), "state-older"),
        (OLD, Found("other", 1, "other"), "state-exists"),
        (OLD, Found("l", 7, "other"), "state-exists"),
        (OLD, Found("l", 8, "other"), "state-exists"),
    ],
)
def test_nothing_is_written_where_it_could_lose_something(old: Found, new: Found, guard: str) -> None:
    with pytest.raises(Refused) as refused:
        step_of(ROUTE, old, new)
    assert refused.value.guard == guard


def test_the_same_place_reached_otherwise_is_no_move() -> None:
    s3 = {"bucket": "b", "key": "k", "region": "eu-west-1", "use_lockfile": True}
    here = StatePlace("s3", s3)
    assert here.where == StatePlace("s3", s3 | {"dynamodb_table": "t", "profile": "ops", "use_lockfile": False}).where
    assert here.where != StatePlace("s3", s3 | {"key": "other"}).where
    assert StatePlace("swift", {"container": "a"}).where != StatePlace("swift", {"container": "b"}).where


def test_two_places_that_read_alike_are_told_apart_by_what_is_different() -> None:
    """`backend-moved` names both: `in local, tfops.yaml names local` would help nobody."""
    local = [StatePlace("local", {"path": f"../state/{name}/main.tfstate"}) for name in ("dev", "old")]
    assert told_apart(*local) == ("local (path ../state/dev/main.tfstate)", "local (path ../state/old/main.tfstate)")
    s3 = [StatePlace("s3", {"bucket": "b", "key": "k", "endpoint": end}) for end in ("https://a.example", "")]
    assert told_apart(*s3) == ("s3 b k (endpoint https://a.example)", "s3 b k (endpoint not set)")
    pg = [StatePlace("pg", {"conn_str": f"postgres://ann:{word}@db/x", "schema_name": "s"}) for word in ("one", "two")]
    assert told_apart(*pg) == ("pg s (another `conn_str`)", "pg s (a new `conn_str`)")
    assert told_apart(local[0], s3[1]) == ("local", "s3 b k")


def test_a_place_in_words_says_nothing_secret() -> None:
    http = to_place('{"terraform": {"backend": {"http": {"address": "https://ann:pw@states.example/dev"}}}}')
    pg = StatePlace("pg", {"conn_str": "postgres://ann:pw@db/states", "schema_name": "shop_dev"})
    assert (str(http), str(pg)) == ("http https://states.example/dev", "pg shop_dev")
