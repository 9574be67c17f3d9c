"""Commits, and who made them."""

from datetime import datetime

from tfops.dataclass import dataclass
from tfops.records.names import CommitSha


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as Git knows them."""

    name: str
    email: str

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


@dataclass(frozen=True, slots=True)
class Commit:
    """The facts about a commit that people ask for."""

    sha: CommitSha
    subject: str
    author: Person
    authored_at: datetime

    @property
    def short(self) -> str:
        return self.sha[:8]
