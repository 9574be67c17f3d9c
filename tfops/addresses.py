"""Resource addresses as text: `module.db["a"].aws_db_instance.main[0]`, its type, and the same without keys."""

import re

_KEY = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[0-9]+\]')


def without_keys(address: str) -> str:
    """The address of the block that all instances come from: `module.db.aws_db_instance.main`."""
    return _KEY.sub("", address)


def type_of(address: str) -> str:
    """The resource type that an address of a resource ends with."""
    return without_keys(address).split(".")[-2]
