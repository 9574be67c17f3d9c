"""Which actions a person is asked about by name."""

import re
from collections.abc import Iterable

from tfops.records.addresses import without_keys
from tfops.records.plan import Invocation


def asks_first(action: Invocation, patterns: Iterable[str]) -> bool:
    """Whether a pattern of `actions: {ask: …}` names it: a type, `type.name`, or a whole address; `*` is anything."""
    address = without_keys(action.address)
    subjects = (action.action_type, ".".join(address.split(".")[-2:]), address)
    return any(_fits(pattern, subject) for pattern in patterns for subject in subjects)


def _fits(pattern: str, subject: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), subject) is not None
