"""Mistakes in the project's files."""

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file of the project; line and column count from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake in the project's files: where, what, the line itself, and what to do."""

    mark: Mark
    message: str
    source_line: str = ""
    hint: str = ""
