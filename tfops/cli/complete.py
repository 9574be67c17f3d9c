"""Completion of environments, stacks and versions. Under 100 ms: no GitPython, no YAML, one Git process."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from tfops.cli import candidates
from tfops.records.names import MAIN_STACK

_DEEPEST = 5


def complete_environment(ctx: typer.Context, incomplete: str) -> list[str]:
    """Those of tfops.yaml."""
    return candidates.environments(_folder(ctx), incomplete)


def complete_glob(ctx: typer.Context, incomplete: str) -> list[str]:
    """The environments of tfops.yaml, and what several of them begin with."""
    return candidates.globs(_folder(ctx), incomplete)


def complete_label(ctx: typer.Context, incomplete: str) -> list[str]:
    """The labels of tfops.yaml and of the environments' files."""
    return candidates.labels(_folder(ctx), incomplete)


def complete_module(ctx: typer.Context, incomplete: str) -> list[str]:
    """The modules below `modules/` in the work tree, `data/queue` too."""
    names = _modules(_folder(ctx) / candidates.folders(_folder(ctx)).modules, "", _DEEPEST)
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


def complete_vendored(ctx: typer.Context, incomplete: str) -> list[str]:
    """Copies, where they are checked; else environments, whose modules may be copied."""
    if ctx.params.get("check"):
        return complete_module(ctx, incomplete)
    return complete_environment(ctx, incomplete)


def complete_stack(ctx: typer.Context, incomplete: str) -> list[str]:
    """The files of the environment's folder in the work tree."""
    env = _environment(ctx)
    if not env:
        return []
    names = (path.stem for path in (_folder(ctx) / candidates.folders(_folder(ctx)).environments / env).glob("*.yaml"))
    return sorted(name for name in names if name.startswith(incomplete))


def complete_version(ctx: typer.Context, incomplete: str) -> list[str]:
    """The newest versions of the environment that stands before."""
    env = _environment(ctx)
    return candidates.versions(_folder(ctx), env, incomplete) if env else []


def complete_environment_or_version(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `diff` holds an environment against: its versions, and the other environments."""
    env = _environment(ctx)
    others = [name for name in complete_environment(ctx, incomplete) if name != env]
    return [*complete_version(ctx, incomplete), *others]


def complete_address(ctx: typer.Context, incomplete: str) -> list[str]:
    """What the environment's current version is made of, as this clone's ledger has it."""
    env = _environment(ctx)
    addresses = list(_in_ledger(ctx, env, "inventory.json") or ()) if env else []
    return [address for address in addresses if str(address).startswith(incomplete)]


def complete_target(ctx: typer.Context, incomplete: str) -> list[str]:
    """The same, with the modules that they stand in."""
    found = complete_address(ctx, incomplete)
    modules = {f"{start}module.{name}" for start, name in map(_outer_module, found) if name}
    return [*sorted(one for one in modules if one.startswith(incomplete)), *found]


def _outer_module(address: str) -> tuple[str, str]:
    """What stands before the outermost module (a stack), and its name; no name where there is none."""
    start, step, rest = address.partition("module.")
    return start, rest.partition(".")[0].partition("[")[0] if step and start[-1:] in ("", "/") else ""


def _in_ledger(ctx: typer.Context, env: str, name: str) -> Any:
    """A file of the environment's ledger, None where there is none that can be read."""
    from tfops.system.git import GitRunner

    done = GitRunner(_folder(ctx)).ask("cat-file", "blob", f"refs/tfops/envs/{env}:{name}", ok=range(256))
    try:
        return json.loads(done.text)
    except ValueError:
        return None


def complete_output(ctx: typer.Context, incomplete: str) -> list[str]:
    """The outputs of the environment's current version, as this clone's ledger has them: `web.url`."""
    env = _environment(ctx)
    card = _in_ledger(ctx, env, "card.json") if env else None
    outputs = card.get("outputs") if isinstance(card, dict) else None
    names = [f"{module}.{name}" for module, values in (outputs or {}).items() for name in values]
    return [name for name in names if name.startswith(incomplete)]


def complete_setting(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a copy of the environment can have otherwise: its inputs, as this clone's ledger has them, and places."""
    env = _environment(ctx)
    card = _in_ledger(ctx, env, "card.json") if env else None
    stacks = card.get("stacks") if isinstance(card, dict) else None
    names = [name for stack in stacks or () for name in _inputs(ctx, env, str(stack))]
    return [name for name in (*names, "account", "region") if name.startswith(incomplete)]


def _inputs(ctx: typer.Context, env: str, stack: str) -> Iterator[str]:
    """`inputs.web.name`, or `inputs.net/web.name` of a stack with a name, by what the modules of its root are given."""
    above = "" if stack == MAIN_STACK else f"{stack}/"
    root = _in_ledger(ctx, env, f"root/{above}main.tf.json")
    modules = root.get("module") if isinstance(root, dict) else None
    for module, block in (modules or {}).items():
        yield from (f"inputs.{above}{module}.{name}" for name in block if name not in ("source", "version"))


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


def complete_environment_or_folder(ctx: typer.Context, incomplete: str) -> list[str]:
    """What `adopt` begins with: a name, or with --all and --from the folder to look into."""
    is_folder = ctx.params.get("everything") or ctx.params.get("source")
    return (complete_folder if is_folder else complete_environment)(ctx, incomplete)


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
    arguments = [param.name for param in ctx.command.params if param.param_type_name == "argument"]
    place = arguments.index("env") if "env" in arguments else 0  # of `promote` the second
    words = [str(ctx.params.get("env") or ""), *(ctx.params.get("envs") or ()), *ctx.args[place:]]
    return next((word for word in words if candidates.is_environment(word)), "")


def _folder(ctx: typer.Context) -> Path:
    root = ctx.find_root()
    return Path(str(root.params.get("folder") or "."))
