"""Completion of environments, stacks and versions. Under 100 ms: no GitPython, no YAML, one Git process."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperGroup

from tfops.system.git import GitRunner

_ENVIRONMENT_LINE = re.compile(r"^  (?P<name>[a-z0-9][a-z0-9-]*):", re.MULTILINE)
_MOST = 50
_DEEPEST = 5


def complete_environment(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names from tfops.yaml in the work tree, read as lines; wrong at worst, never slow."""
    try:
        text = (_folder(ctx) / "tfops.yaml").read_text(encoding="utf-8")
    except OSError:
        return []
    block = text.partition("\nenvironments:")[2].partition("\n\n")[0]
    return [name for name in _ENVIRONMENT_LINE.findall(block) if name.startswith(incomplete)]


def complete_module(ctx: typer.Context, incomplete: str) -> list[str]:
    """The modules below `modules/` in the work tree, `data/queue` too."""
    names = _modules(_folder(ctx) / "modules", "", _DEEPEST)
    return sorted(name for name in names if name.startswith(incomplete))


def _modules(folder: Path, above: str, depth: int) -> Iterator[str]:
    """Folders with Terraform files; what lies inside of one belongs to it."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    if above and any(entry.name.endswith((".tf", ".tf.json", ".tofu")) for entry in entries):
        yield above.rstrip("/")
        return
    for entry in entries if depth else ():
        if entry.is_dir() and not entry.name.startswith("."):
            yield from _modules(Path(entry.path), f"{above}{entry.name}/", depth - 1)


def complete_stack(ctx: typer.Context, incomplete: str) -> list[str]:
    """The files of the environment's folder in the work tree."""
    env = str(ctx.params.get("env") or "")
    if not re.fullmatch(r"[a-z0-9-]+", env):
        return []
    names = (path.stem for path in (_folder(ctx) / "environments" / env).glob("*.yaml"))
    return sorted(name for name in names if name.startswith(incomplete))


def complete_version(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest versions of the environment that stands before."""
    env = str(ctx.params.get("env") or "")
    if not re.fullmatch(r"[a-z0-9-]+", env):
        return []
    argv = ("for-each-ref", "--sort=-version:refname", f"--count={_MOST}", "--format=%(refname:lstrip=4)")
    done = GitRunner(_folder(ctx)).ask(*argv, f"refs/tags/tfops/{env}/", ok=range(256))
    return [name for name in done.text.split() if name.startswith(incomplete)]


def complete_page(incomplete: str) -> list[str]:
    """The documents' names, as `tfops docs` takes them."""
    from tfops.system.documents import page_names

    return [name for name in page_names() if name.startswith(incomplete)]


def complete_command(ctx: typer.Context, incomplete: str) -> list[str]:
    """The commands of tfops."""
    command = ctx.find_root().command
    names = command.list_commands(ctx.find_root()) if isinstance(command, TyperGroup) else []
    return [name for name in names if name.startswith(incomplete)]


def _folder(ctx: typer.Context) -> Path:
    root = ctx.find_root()
    return Path(str(root.params.get("folder") or "."))
