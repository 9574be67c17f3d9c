"""A module from elsewhere that was copied into the project."""

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class CopiedModule:
    """`folder` is its place in the repository, `version` and `commit` what was there when it was fetched.

    `is_new`: it was copied right now. `is_as_fetched` is False where somebody changed the copy since.
    """

    folder: str
    source: str
    version: str
    commit: str
    is_new: bool = False
    is_as_fetched: bool = True
