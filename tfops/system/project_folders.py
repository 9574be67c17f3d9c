"""Where a project's modules and the environments' files are: `paths:` of its tfops.yaml.

Read here by itself, without the rest: whoever takes files of a commit needs it before anything else is known of it.
"""

import contextlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeGuard

from tfops.dataclass import dataclass

# A path that no option, no absolute one, and none that leaves the repository can be.
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class ProjectFolders:
    """Paths from the repository's top, without an end."""

    environments: str = "environments"
    modules: str = "modules"

    @property
    def paths(self) -> tuple[str, ...]:
        """What a change is made of; dirt elsewhere (a README, a test) can't change an environment."""
        return ("tfops.yaml", self.environments, self.modules)


USUAL_FOLDERS = ProjectFolders()


def is_folder(path: Any) -> TypeGuard[str]:
    """Whether `paths:` may name it."""
    return isinstance(path, str) and _FOLDER.fullmatch(path) is not None


@lru_cache(maxsize=64)
def folders_in(text: str) -> ProjectFolders:
    """By the text of a tfops.yaml. What can't be is as if it weren't said: whoever reads the file complains."""
    if "paths" not in text:
        return USUAL_FOLDERS
    from ruamel.yaml import YAML  # noqa: PLC0415 - most projects have the usual ones
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    said: Any = None
    with contextlib.suppress(YAMLError, RecursionError, ValueError):
        whole = YAML(typ="safe", pure=True).load(text)
        said = whole.get("paths") if isinstance(whole, dict) else None
    said = said if isinstance(said, dict) else {}
    environments, modules = (said.get(name) for name in ("environments", "modules"))
    folders = ProjectFolders(
        environments if is_folder(environments) else USUAL_FOLDERS.environments,
        modules if is_folder(modules) else USUAL_FOLDERS.modules,
    )
    return USUAL_FOLDERS if overlap(folders) else folders


def folders_at(top: Path) -> ProjectFolders:
    """As the tfops.yaml says that lies in a folder."""
    try:
        return folders_in((top / "tfops.yaml").read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return USUAL_FOLDERS


def overlap(folders: ProjectFolders) -> bool:
    """Whether one of the two lies in the other."""
    one, other = f"{folders.environments}/", f"{folders.modules}/"
    return one.startswith(other) or other.startswith(one)
