"""Which stack addresses are in, for a command of the engine."""

import pytest

from tfops.commands.engine import in_one_stack
from tfops.errors import UsageError


def test_a_stack_is_named_beside_it_or_by_every_address() -> None:
    assert in_one_stack(["module.a", "module.b"], "") == ("", ["module.a", "module.b"])
    assert in_one_stack(["module.a", "module.b"], "net") == ("net", ["module.a", "module.b"])
    assert in_one_stack(["net/module.a", "net/module.b"], "") == ("net", ["module.a", "module.b"])
    assert in_one_stack(["net/module.a", "module.b"], "net") == ("net", ["module.a", "module.b"])


@pytest.mark.parametrize("addresses", [["module.a", "net/module.b"], ["net/module.a", "app/module.b"]])
def test_addresses_of_several_stacks_are_refused(addresses: list[str]) -> None:
    with pytest.raises(UsageError, match="one stack's state at a time"):
        in_one_stack(addresses, "")
