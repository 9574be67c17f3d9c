"""What a check of something found."""

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `is_problem` is what makes its exit code."""

    topic: str
    text: str
    is_problem: bool = False
    hint: str = ""
