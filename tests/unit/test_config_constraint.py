"""Version constraints mean what they mean to Terraform."""

import pytest

from tfops.config.constraint import Constraint, parse_version


@pytest.mark.parametrize(
    ("constraint", "allowed", "refused"),
    [
        ("", ["0.1", "99.0.0"], []),
        ("  ", ["1.0.0"], []),
        ("1.6.2", ["1.6.2"], ["1.6.1", "1.6.3", "1.6"]),
        ("= 1.6", ["1.6.0", "1.6"], ["1.6.1"]),
        ("!= 1.6.2", ["1.6.1", "1.6.3"], ["1.6.2"]),
        ("> 1.6", ["1.6.1", "1.7.0"], ["1.6.0", "1.5.9"]),
        (">= 1.6", ["1.6.0", "2.0.0"], ["1.5.9"]),
        (">=1.6", ["1.6.0"], ["1.5.9"]),
        ("< 1.10", ["1.9.8", "1.6.0"], ["1.10.0", "1.11.4"]),
        ("<= 1.6.2", ["1.6.2", "1.6.1"], ["1.6.3"]),
        ("~> 1.9", ["1.9.0", "1.11.4"], ["1.8.9", "2.0.0"]),
        ("~> 1.9.2", ["1.9.2", "1.9.10"], ["1.9.1", "1.10.0"]),
        ("~> 1.9.0", ["1.9.0", "1.9.9"], ["1.10.0"]),
        (">= 1.6, < 2", ["1.6.0", "1.99.0"], ["1.5.0", "2.0.0"]),
        (">= 1.6, != 1.7.1, < 2", ["1.7.0", "1.7.2"], ["1.7.1"]),
        (">= v1.6", ["v1.6.0"], ["1.5.0"]),
    ],
)
def test_a_constraint_allows_and_refuses(constraint: str, allowed: list[str], refused: list[str]) -> None:
    found = Constraint(constraint)
    assert [version for version in [*allowed, *refused] if found.allows(version)] == allowed


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("latest", "latest"),
        (">= 1.6,", ""),
        ("=> 1.6", "=> 1.6"),
        ("^1.6", "^1.6"),
        ("1.x", "1.x"),
        (">= 1.6 < 2", ">= 1.6 < 2"),
        ("1.2.3.4", "1.2.3.4"),
        (">=", ">="),
    ],
)
def test_what_is_no_constraint_is_refused_by_its_term(text: str, term: str) -> None:
    with pytest.raises(ValueError) as caught:
        Constraint(text)
    assert str(caught.value) == f"`{term}` is not a version constraint (like `>= 1.6, < 2`)"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.11.4", (1, 11, 4)),
        ("v1.6", (1, 6, 0)),
        ("2", (2, 0, 0)),
        ("1.12.0-rc1", (1, 12, 0)),
        ("1.8.3+ent", (1, 8, 3)),
        (" 1.6.0\n", (1, 6, 0)),
    ],
)
def test_versions_become_three_numbers(text: str, numbers: tuple[int, int, int]) -> None:
    assert parse_version(text) == numbers


@pytest.mark.parametrize("text", ["", "v", "one", "1.2.3.4", "1..2", "-1", "1.2 .3"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_version(text)
