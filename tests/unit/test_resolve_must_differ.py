"""What an environment and its copy can't share, guessed from values."""

import pytest

from tfops.resolve.must_differ import Names, is_address_range, must_differ

_NAMES = Names("prod", "prod-dr")


def test_names_ranges_and_places_must_be_decided_about() -> None:
    inputs = {
        "inputs.web.name": "shop-prod",
        "inputs.web.size": 3,
        "inputs.web.note": "production, reproduced",
        "inputs.web.network": "${module.prod.id}",
        "inputs.net.cidrs": ["10.0.0.0/16", "10.1.0.0/16"],
        "inputs.net.open": ["0.0.0.0/0", "203.0.113.5/32"],
        "inputs.db.password": {"from": "ssm:/shop/prod/db"},
        "inputs.db.text": {"literal": "prod"},
    }
    line = {"branch": "prod", "region": "eu-west-1", "assume_role": "arn:aws:iam::1:role/prod", "deletes": 3}
    line |= {"labels": {"tier": "prod"}}
    found = {one.path: one.proposal for one in must_differ(inputs, line, _NAMES)}
    assert found == {
        "region": None,
        "assume_role": "arn:aws:iam::1:role/prod-dr",
        "inputs.web.name": "shop-prod-dr",
        "inputs.net.cidrs": None,
        "inputs.db.password": {"from": "ssm:/shop/prod-dr/db"},
        "inputs.db.text": {"literal": "prod-dr"},
    }


@pytest.mark.parametrize(
    ("text", "is_range"),
    [
        ("10.0.0.0/16", True), ("fd00::/8", True), ("10.0.0.1/8", True),
        ("0.0.0.0/0", False), ("10.0.0.1/32", False), ("10.0.0.1", False), ("v1/16", False),
    ],
)  # fmt: skip
def test_a_range_is_neither_everything_nor_one_address(text: str, is_range: bool) -> None:
    assert is_address_range(text) is is_range
