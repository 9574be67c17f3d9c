"""`90s`, `10m`, `1h`: durations as people write them, in files and on the command line."""

import re

_DURATION = re.compile(r"(?P<amount>[0-9]{1,6})(?P<unit>s|m|h)?")
RULE = "write 90s, 10m or 1h"


def parse_seconds(text: str) -> float:
    """The duration in seconds; a bare number means seconds. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration")
    return float(match["amount"]) * {"s": 1, "m": 60, "h": 3600}[match["unit"] or "s"]
