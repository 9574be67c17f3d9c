"""Which ids prove that two addresses are one thing, and what the versions between recorded about it."""

import pytest

from tfops.records.addresses import hidden_id
from tfops.resolve.identity import Since, Trail, can_be_imported, is_telling, moved_addresses, still_alive


@pytest.mark.parametrize("known", ["", "none", "NONE", "-", "null", hidden_id("none"), hidden_id("-")])
def test_a_constant_says_nothing(known: str) -> None:
    assert not is_telling(("disk", known))
    assert not can_be_imported("disk.a", known)


@pytest.mark.parametrize("kind", ["random_password", "random_integer", "local_file"])
def test_nor_does_an_id_that_any_other_thing_of_the_type_may_have(kind: str) -> None:
    assert not is_telling((kind, "4711"))


@pytest.mark.parametrize("address", ["random_password.a", "module.m.tls_private_key.b[0]", 'null_resource.c["x"]'])
def test_types_without_an_import_by_id_are_known(address: str) -> None:
    assert not can_be_imported(address, "4711")
    assert can_be_imported("random_uuid.a", "4711")


def test_an_id_that_was_shared_in_any_version_proves_nothing_in_all() -> None:
    trail = Trail({"rule.new": "r"}, {})
    trail.step_back({"rule.new": "r", "rule.other": "r"}, {}, {})
    since = trail.step_back({"rule.old": "r"}, {}, {})
    assert ("rule", "r") in since.shared
    found = moved_addresses(["rule.old"], ["rule.new"], then={"rule.old": "r"}, now={"rule.new": "r"}, since=since)
    assert found == {}


def test_recorded_moves_are_followed_through_the_versions() -> None:
    trail = Trail({"disk.c": "none"}, {})
    assert trail.step_back({"disk.b": "none"}, {}, {"disk.c": "disk.b"}).moved == {"disk.b": "disk.c"}
    since = trail.step_back({"disk.a": "none"}, {}, {"disk.b": "disk.a"})
    assert since.moved == {"disk.a": "disk.c"}
    found = moved_addresses(["disk.a"], ["disk.c"], then={"disk.a": "none"}, now={"disk.c": "none"}, since=since)
    assert found == {"disk.a": "disk.c"}


def test_a_trail_ends_where_the_address_was_empty_in_between() -> None:
    trail = Trail({"disk.b": "d-9"}, {})
    trail.step_back({"disk.x": "d-0"}, {}, {})
    assert trail.step_back({"disk.b": "d-1"}, {}, {}).moved == {}
    assert trail.step_back({"disk.a": "d-1"}, {}, {"disk.b": "disk.a"}).moved == {}


def test_what_a_way_back_made_anew_is_followed_from_the_version_that_it_brought_back() -> None:
    """v1 has a key, v2 moves it, v3 destroys it, v4 brings v2 back: from there to v1 it moves again."""
    trail = Trail({"key.b": "none"}, {})
    assert trail.step_back({}, {}, {}, number=3, restored=2).moved == {}
    assert trail.step_back({"key.b": "none"}, {}, {}, number=2).moved == {}
    assert trail.step_back({"key.a": "none"}, {}, {"key.b": "key.a"}, number=1).moved == {"key.a": "key.b"}


def test_what_was_let_go_after_a_way_back_had_made_it_anew_is_followed_too() -> None:
    trail = Trail({}, {"key.b": "none"})
    assert trail.step_back({"key.b": "none"}, {}, {}, number=4).let_go == {"key.b": "key.b"}
    assert trail.step_back({}, {}, {}, number=3, restored=2).let_go == {}
    assert trail.step_back({"key.b": "none"}, {}, {}, number=2).let_go == {"key.b": "key.b"}
    assert trail.step_back({"key.a": "none"}, {}, {"key.b": "key.a"}, number=1).let_go == {"key.a": "key.b"}


def test_a_recorded_move_counts_more_than_an_id() -> None:
    since = Since(moved={"disk.a": "disk.c"})
    then, now = {"disk.a": "d-1", "disk.b": "d-2"}, {"disk.c": "d-9", "disk.d": "d-1"}
    assert moved_addresses(then, now, then=then, now=now, since=since) == {"disk.a": "disk.c"}


def test_what_was_let_go_is_found_by_its_id_then_by_its_address() -> None:
    then = {"disk.a": "d-1", "disk.b": "d-2"}
    assert still_alive(
        then, then=then, forgotten={"disk.x": "d-1", "disk.a": "d-7", "disk.b": "d-8"}, now={}, since=Since()
    ) == {
        "disk.a": "d-1",
        "disk.b": "d-8",
    }


def test_what_was_let_go_is_found_where_the_versions_say_that_it_had_moved() -> None:
    """Let go at another address than it had then, with an id that says nothing."""
    trail = Trail({}, {"key.b": "none"})
    assert trail.step_back({}, {"key.b": "none"}, {}).let_go == {}
    assert trail.step_back({"key.b": "none"}, {}, {}).let_go == {"key.b": "key.b"}
    since = trail.step_back({"key.a": "none"}, {}, {"key.b": "key.a"})
    assert since.let_go == {"key.a": "key.b"}
    assert still_alive(["key.a"], then={"key.a": "none"}, forgotten={"key.b": "none"}, now={}, since=since) == {
        "key.a": "none"
    }


def test_what_a_state_has_again_is_not_out_there_but_a_constant_proves_nothing() -> None:
    then = {"disk.a": "d-1", "key.a": "none"}
    forgotten = {"disk.a": "d-1", "key.a": "none"}
    assert still_alive(then, then=then, forgotten=forgotten, now={"disk.z": "d-1", "key.z": "none"}, since=Since()) == {
        "key.a": "none"
    }
