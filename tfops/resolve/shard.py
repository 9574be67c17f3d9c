"""Several agents share the environments of a project: which one is whose."""

import re
import zlib

from tfops.dataclass import dataclass

_FORM = re.compile(r"(?P<number>[1-9][0-9]{0,2})/(?P<count>[1-9][0-9]{0,2})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th (from 1) of `count` parts. Every environment is in exactly one."""

    number: int
    count: int

    def has(self, env: str) -> bool:
        return zlib.crc32(env.encode()) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def parse_shard(text: str) -> Shard:
    """`2/3` is the second of three. Raises ValueError for anything else."""
    match = _FORM.fullmatch(text)
    if match is None or int(match["number"]) > int(match["count"]):
        raise ValueError(f"{text!r} is not a part: write 1/3 for the first of three")
    return Shard(int(match["number"]), int(match["count"]))
