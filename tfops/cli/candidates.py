"""What the shell may be offered for an argument. Read in the clone as it is: no engine, no remote, no YAML."""

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfops.system.project_folders import ProjectFolders

_ENVIRONMENT_LINE = re.compile(r"^  (?P<name>[a-z0-9][a-z0-9-]*):", re.MULTILINE)
_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9-]*")
# A mapping in braces, or the lines below that stand further to the right.
_LABELS = re.compile(r"""\blabels:[ ]*\{([^}]*)\}|^([ ]*)labels:[ ]*\n((?:\2[ ]+\S.*\n?)+)""", re.MULTILINE)
_PAIR = re.compile(r"""["']?([A-Za-z][\w./-]*)["']?:[ ]+["']?([A-Za-z0-9][\w.-]*)""")
_MOST = 50
_MOST_FILES = 500


def is_environment(word: str) -> bool:
    return _ENVIRONMENT.fullmatch(word) is not None


def environments(folder: Path, incomplete: str) -> list[str]:
    """Names from tfops.yaml in the work tree, read as lines; wrong at worst, never slow."""
    try:
        text = (folder / "tfops.yaml").read_text(encoding="utf-8")
    except OSError:
        return []
    block = text.partition("\nenvironments:")[2].partition("\n\n")[0]
    return [name for name in _ENVIRONMENT_LINE.findall(block) if name.startswith(incomplete)]


def globs(folder: Path, incomplete: str) -> list[str]:
    """Environments, and a pattern for each beginning up to a `-` that several share."""
    names = environments(folder, "")
    beginnings = Counter(name[: place + 1] for name in names for place, char in enumerate(name) if char == "-")
    patterns = (f"{beginning}*" for beginning, count in beginnings.items() if count > 1)
    return [name for name in (*names, *patterns) if name.startswith(incomplete)]


def folders(folder: Path) -> "ProjectFolders":
    """Where modules and environments' files are in the work tree."""
    from tfops.system.project_folders import folders_at

    return folders_at(folder)


def labels(folder: Path, incomplete: str) -> list[str]:
    """`KEY=VALUE` from the work tree's files, read as lines: `labels: {team: web}`, or a line for each."""
    found = set[str]()
    files = sorted((folder / folders(folder).environments).glob("**/*.yaml"))
    for path in (folder / "tfops.yaml", *files[:_MOST_FILES]):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        for block in _LABELS.finditer(text):
            found.update(f"{key}={value}" for key, value in _PAIR.findall(block[1] or block[3]))
    return [label for label in sorted(found) if label.startswith(incomplete)]


def versions(folder: Path, env: str, incomplete: str) -> list[str]:
    """The newest versions of an environment, by one Git process."""
    from tfops.system.git import GitRunner

    argv = ("for-each-ref", "--sort=-version:refname", f"--count={_MOST}", "--format=%(refname:lstrip=4)")
    done = GitRunner(folder).ask(*argv, f"refs/tags/tfops/{env}/", ok=range(256))
    return [name for name in done.text.split() if name.startswith(incomplete)]
