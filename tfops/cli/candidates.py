"""What the shell may be offered for an argument. Read in the clone as it is: no engine, no remote, no YAML."""

import re
from pathlib import Path

_ENVIRONMENT_LINE = re.compile(r"^  (?P<name>[a-z0-9][a-z0-9-]*):", re.MULTILINE)
_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9-]*")
_MOST = 50


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


def versions(folder: Path, env: str, incomplete: str) -> list[str]:
    """The newest versions of an environment, by one Git process."""
    from tfops.system.git import GitRunner

    argv = ("for-each-ref", "--sort=-version:refname", f"--count={_MOST}", "--format=%(refname:lstrip=4)")
    done = GitRunner(folder).ask(*argv, f"refs/tags/tfops/{env}/", ok=range(256))
    return [name for name in done.text.split() if name.startswith(incomplete)]
