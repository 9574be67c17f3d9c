"""What failed with an error that passes by itself, and was tried again."""

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FailedTry:
    """One try of one stack's `command` (`init`, `plan`, `apply`, …): the `number`th of at most `tries`.

    `why` says which kind of error it was, not in the engine's words: those may quote secrets, and stand in the run's
    log. The next try came after `wait_s`.
    """

    stack: str
    command: str
    number: int
    tries: int
    why: str
    wait_s: float

    @property
    def text(self) -> str:
        """In a line: `plan failed (the cloud is throttling): again in 5 s, try 2 of 3`."""
        again = f"again in {self.wait_s:g} s, try {self.number + 1} of {self.tries}"
        return f"{self.command} failed ({self.why}): {again}"
