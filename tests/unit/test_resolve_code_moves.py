"""Where the `moved` blocks of code bring an address."""

import pytest

from tfops.resolve.code_moves import brought, relevant_moves

MOVES = {
    "disk.a": "disk.b",
    "disk.b": "module.m.disk.b",
    "module.m": "module.n[0]",
    'disk.k["x"]': 'disk.k["y"]',
    "disk.r": "disk.s",
    "disk.s": "disk.r",
    "module.one": 'module.one["eu"]',
    "module.two": 'module.three["eu"]',
}


@pytest.mark.parametrize(
    ("address", "end"),
    [
        ("disk.a", "module.n[0].disk.b"),
        ("disk.a[1]", "module.n[0].disk.b[1]"),
        ("disk.ab", "disk.ab"),
        ("module.m.disk.z", "module.n[0].disk.z"),
        ('disk.k["x"]', 'disk.k["y"]'),
        ('disk.k["z"]', 'disk.k["z"]'),
        ("module.one.disk.a", 'module.one["eu"].disk.a'),
        ('module.one["eu"].disk.a', 'module.one["eu"].disk.a'),
        ('module.two["us"].disk.a', 'module.two["us"].disk.a'),  # an instance got a key, and no other is meant
        ("disk.r", "disk.s"),  # no engine takes a circle; it must end all the same
    ],
)
def test_an_address_is_brought_to_where_the_code_has_it(address: str, end: str) -> None:
    assert brought(address, MOVES) == end


def test_moves_are_kept_as_long_as_they_lead_to_something() -> None:
    declared = {"disk.b": "disk.a", "module.n[0]": "module.m", "disk.z": "disk.y", "disk.c": "disk.b"}
    assert relevant_moves(declared, ["disk.c", "module.n[0].disk.x"]) == {
        "disk.a": "disk.c",
        "disk.b": "disk.c",
        "module.m": "module.n[0]",
    }
