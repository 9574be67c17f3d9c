"""What going back to a version comes to."""

import enum

from tfops.dataclass import dataclass


class Verdict(enum.StrEnum):
    """What going back to a version comes to, from good to bad."""

    OK = "ok"
    BRIDGED = "bridged"
    KEEP_PROVIDERS = "keep-providers"
    DATA_LOSS = "data-loss"
    BLOCKED = "blocked"

    @property
    def badness(self) -> int:
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing to know before going back: `text` in words, the addresses or types, and what it would take.

    A reason with the verdict `ok` is a note: it changes nothing, but should be known.
    """

    name: str
    verdict: Verdict
    text: str
    subjects: tuple[str, ...] = ()
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on a way back, with its reasons, worst first."""

    verdict: Verdict = Verdict.OK
    reasons: tuple[Reason, ...] = ()

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """The reasons that make the verdict what it is; none for `ok`."""
        return tuple(reason for reason in self.reasons if reason.verdict is self.verdict is not Verdict.OK)
