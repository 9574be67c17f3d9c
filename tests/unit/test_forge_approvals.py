"""Which approvals of a merge request count."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tfops.forge.approvals import counted
from tfops.forge.base import Account, Review

HEAD, OTHER = "a" * 40, "b" * 40
_AUTHOR, _BY, _OTHER = Account(90, "author"), Account(7, "ann"), Account(8, "bob")
_NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
_REVIEW = Review(_BY, "approved", HEAD, _NINE, is_official=True)


@pytest.mark.parametrize(
    ("change", "author", "reason"),
    [
        ({}, _AUTHOR, ""),
        ({"by": _AUTHOR}, _AUTHOR, "wrote the merge request"),
        ({"by": replace(_AUTHOR, name="renamed")}, _AUTHOR, "wrote the merge request"),
        ({}, None, "nobody knows who wrote the merge request"),
        ({}, Account(0, ""), "nobody knows who wrote the merge request"),
        ({"by": Account(0, "")}, _AUTHOR, "the account is gone"),
        ({"is_official": False}, _AUTHOR, "may not push to the base"),
        ({"is_dismissed": True}, _AUTHOR, "the approval was dismissed"),
        ({"commit": ""}, _AUTHOR, "the forge doesn't say which commit was approved"),
        ({"commit": OTHER}, _AUTHOR, f"approved {OTHER[:8]}, which isn't what is under review"),
    ],
)
def test_which_approvals_count(change: dict[str, Any], author: Account | None, reason: str) -> None:
    review = replace(_REVIEW, **change)
    found = counted([review], author=author, heads={HEAD})
    assert found.not_counted == (((review.by.name, reason),) if reason else ())
    assert found.by == (() if reason else (review.by,))


def test_an_approval_of_a_commit_with_the_same_digests_counts() -> None:
    assert counted([replace(_REVIEW, commit=OTHER)], author=_AUTHOR, heads={HEAD, OTHER}).by == (_BY,)


def test_the_last_word_of_each_counts_in_whatever_order_they_come() -> None:
    reviews = [
        _REVIEW,
        replace(_REVIEW, verdict="rejected", at=_NINE + timedelta(minutes=1)),
        replace(_REVIEW, by=_OTHER, verdict="rejected"),
        replace(_REVIEW, by=_OTHER, at=_NINE + timedelta(minutes=1)),
    ]
    for order in itertools.permutations(reviews):
        found = counted(order, author=_AUTHOR, heads={HEAD})
        assert (found.by, found.against) == ((_OTHER,), (_BY,))
