"""Resource addresses and ids as text.

An address is `module.db["a"].aws_db_instance.main[0]`; a hidden id is `sha256:` and the first digits of its digest.
"""

import hashlib
import re
from functools import lru_cache

_KEY = re.compile(r'\["(?:[^"\\]|\\.)*"\]|\[[0-9]+\]')


def without_keys(address: str) -> str:
    """The address of the block that all instances come from: `module.db.aws_db_instance.main`."""
    return _KEY.sub("", address)


@lru_cache(maxsize=65_536)  # verdicts over thousands of versions ask for the same addresses again and again
def type_of(address: str) -> str:
    """The resource type that an address of a resource ends with."""
    return without_keys(address).split(".")[-2]


_HIDDEN = "sha256:"
_DIGEST_LENGTH = 16


def hidden_id(known: str) -> str:
    """A digest that still tells whether two ids are the same; of a hidden or an empty id, itself."""
    if not known or is_hidden(known):
        return known
    return _HIDDEN + hashlib.sha256(known.encode()).hexdigest()[:_DIGEST_LENGTH]


def is_hidden(known: str) -> bool:
    return known.startswith(_HIDDEN)
