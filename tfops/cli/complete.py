"""Completion of environments, stacks and versions. Under 100 ms: no GitPython, no YAML, one Git process."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperGroup

from tfops.cli import candidates

_DEEPEST = 5


def complete_environment(ctx: typer.Context, incomplete: str) -> list[str]:
    """Those of tfops.yaml."""
    return candidates.environments(_folder(ctx), incomplete)


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
    env = _environment(ctx)
    if not env:
        return []
    names = (path.stem for path in (_folder(ctx) / "environments" / env).glob("*.yaml"))
    return sorted(name for name in names if name.startswith(incomplete))


def complete_version(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest versions of the environment that stands before."""
    env = _environment(ctx)
    return candidates.versions(_folder(ctx), env, incomplete) if env else []


def complete_address(ctx: typer.Context, incomplete: str) -> list[str]:
    """What the environment's current version is made of, as this clone's ledger has it."""
    env = _environment(ctx)
    if not env:
        return []
    from tfops.system.git import GitRunner

    done = GitRunner(_folder(ctx)).ask("cat-file", "blob", f"refs/tfops/envs/{env}:inventory.json", ok=range(256))
    try:
        addresses = list(json.loads(done.text))
    except ValueError:
        return []
    return [address for address in addresses if str(address).startswith(incomplete)]


def complete_engine(_ctx: typer.Context, incomplete: str) -> list[str]:
    """The engines that are there, by name."""
    names = [name for name in ("terraform", "tofu") if shutil.which(name)]
    return [name for name in (*names, "embedded") if name.startswith(incomplete)]


def complete_folder(ctx: typer.Context, incomplete: str) -> list[str]:
    """Folders that hold Terraform files, and those on the way to them."""
    here, _, word = incomplete.rpartition("/")
    above = f"{here}/" if here or incomplete.startswith("/") else ""
    try:
        folders = [path for path in (_folder(ctx) / above).iterdir() if path.is_dir() and path.name.startswith(word)]
    except OSError:
        return []
    shown = [path for path in folders if not path.name.startswith(".")]
    return sorted(f"{above}{path.name}{'' if any(path.glob('*.tf')) else '/'}" for path in shown)


def complete_branch(ctx: typer.Context, incomplete: str) -> list[str]:
    """The branches of this clone."""
    from tfops.system.git import GitRunner

    done = GitRunner(_folder(ctx)).ask("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/", ok=range(256))
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


def _environment(ctx: typer.Context) -> str:
    """The environment on the line; behind an option that waits for its value, the parser hasn't taken it yet."""
    words = [str(ctx.params.get("env") or ""), *ctx.args]
    return next((word for word in words if candidates.is_environment(word)), "")


def _folder(ctx: typer.Context) -> Path:
    root = ctx.find_root()
    return Path(str(root.params.get("folder") or "."))
