"""Consent is decided on addresses as they are, and told with the keys masked."""

import pytest

from tfops.addresses import code_of, with_masked_keys
from tfops.engine.mask import Masker
from tfops.flows.road.consent import _Told
from tfops.model import Action, ResourceChange

ONE, TWO, DATABASE = 'a.user["ann-s3cret"]', 'a.user["eve-s3cret"]', 'module.app["s3cret"].s3cret_type.app'


def told(*secrets: str) -> _Told:
    return _Told(None, Masker(secrets))  # type: ignore[arg-type]  # nobody is asked


def changes(*addresses: str) -> list[ResourceChange]:
    return [ResourceChange(address, "a", Action.DELETE) for address in addresses]


@pytest.mark.parametrize(
    ("named", "unnamed"),
    [
        ([ONE], [TWO]),
        (['a.user["ann-(secret)"]'], [TWO]),
        (['a.user["ann-(secret)"]', TWO], []),
        (["a.user"], [ONE, TWO]),
        ([], [ONE, TWO]),
    ],
)
def test_an_address_is_named_as_it_is_or_as_it_is_told(named: list[str], unnamed: list[str]) -> None:
    assert told("s3cret").unnamed(changes(ONE, TWO), frozenset(named)) == unnamed


def test_a_told_address_that_fits_two_names_neither() -> None:
    both = ['a.user["ann"]', 'a.user["eve"]']
    assert told("ann", "eve").unnamed(changes(*both), frozenset(['a.user["(secret)"]'])) == both


def test_keys_are_masked_and_code_is_not() -> None:
    """`docs/how-to/secrets.md`: types, names and modules hide nothing."""
    assert with_masked_keys(DATABASE, Masker(["s3cret", "app"])) == 'module.app["(secret)"].s3cret_type.app'
    assert code_of(DATABASE) == ["module.app", ".s3cret_type.app"]
