"""A push that is judged and never taken: whether a remote would take a swap, without a trace.

Below each ref goes one more that can't stand beside it (Git: a name is a file or a folder). Permissions, hooks and
protections of the host judge every ref before that; then the transaction fails as a whole. Seen with Git 2.39 as the
server, over files and HTTP: neither refs nor objects stay, and `post-receive` does not run.
"""

import enum
import re
from collections.abc import Collection, Iterator

from tfops.dataclass import dataclass
from tfops.system.answers import IN_THE_WAY

_BELOW = "rehearsal"

_ROW = re.compile(r"^!\t[^\t]*:(?P<ref>\S+)\t(?P<how>\[[^\]]*\]) \((?P<reason>.*)\)$", re.MULTILINE)
# What a rehearsal is meant to end with; and what only says that another ref of the push was refused.
_EXPECTED = re.compile(
    r"^(?:atomic (?:push|transaction) fail|transaction fail|failed to update ref|reference)", re.IGNORECASE
)
_ONE_BY_ONE, _ALL_OR_NONE = "hook declined", "pre-receive hook declined"
_KNOWN_NO = re.compile(
    r"declined|den(?:y|ied)|protect|prohibit|allow|forbid|permi|hidden|rule|read-only|archiv|refus", re.I
)


class Outcome(enum.Enum):
    """TAKEN also where the host's words say nothing: what isn't refused here is told by the push itself."""

    TAKEN = enum.auto()
    LOST = enum.auto()
    REFUSED = enum.auto()


@dataclass(frozen=True, slots=True)
class Tried:
    """One ref of the push: its name on the remote, what it is there, what it shall be."""

    name: str
    new: str
    old: str = ""

    @property
    def below(self) -> tuple[str, ...]:
        """What can't stand beside the ref; where the ref is there already and stays, beside each other."""
        first = f"{self.name}/{_BELOW}"
        return (first, f"{first}/{_BELOW}") if self.old else (first,)

    @property
    def made(self) -> tuple[str, ...]:
        """What would be new there."""
        return self.below if self.old else (self.name, *self.below)

    def specs(self) -> Iterator[str]:
        """The ref comes first: of hooks that are asked one by one, the first refusal is the one that is told."""
        yield f"{self.old or self.new}:{self.name}"
        yield from (f"{self.new}:{name}" for name in self.below)


def outcome_of(rows: str, stderr: str, names: Collection[str]) -> tuple[Outcome, tuple[str, ...]]:
    """How `git push --porcelain` ended, with the reasons of a refusal. `names` are those that count."""
    found = list(_ROW.finditer(rows))
    if any(row["how"] == "[rejected]" for row in found):  # by this Git: the remote has something else by now
        return Outcome.LOST, ()
    counts = (row for row in found if _counts(row, stderr, is_own=row["ref"] in names))
    reasons = tuple(dict.fromkeys(row["reason"] for row in counts))
    is_refused = bool(reasons) or not found or blocking_name(stderr)
    return (Outcome.REFUSED if is_refused else Outcome.TAKEN), reasons


def _counts(row: "re.Match[str]", told: str, *, is_own: bool) -> bool:
    """Whether the row says no to a swap: a host may let nobody make names that look like no version."""
    reason = row["reason"]
    if _EXPECTED.match(reason) or not _KNOWN_NO.search(reason):
        return False
    if reason == _ONE_BY_ONE:
        return is_own
    return not (reason == _ALL_OR_NONE and f"/{_BELOW}" in told)


def blocking_name(stderr: str) -> str:
    """A ref that keeps a name from being made, empty when none does: a file where a folder must be, or a folder."""
    pairs = ((found["there"], found["wanted"]) for found in IN_THE_WAY.finditer(stderr))
    return next((there for there, wanted in pairs if not wanted.startswith(f"{there}/{_BELOW}")), "")
