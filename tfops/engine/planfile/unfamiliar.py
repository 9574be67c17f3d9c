"""What ends the reading of a saved plan, and how much of one is read."""

from tfops.dataclass import dataclass

# A plan of 1,000 resources with 100 attributes each has about 150,000 parts and takes 10 MB.
MOST_BYTES = 64 << 20
MOST_PARTS = 2_000_000
DEEPEST = 100


class Unfamiliar(Exception):
    """A saved plan that isn't exactly as the compared ones are. The engine itself must be asked what it says."""


@dataclass(slots=True)
class Budget:
    """How many fields and values may still be made of one file: a byte of it may become a hundred in memory."""

    left: int = MOST_PARTS

    def spend(self) -> None:
        """Raises Unfamiliar when there is nothing left."""
        self.left -= 1
        if self.left < 0:
            raise Unfamiliar(f"more than {MOST_PARTS} parts")
