"""Modules' interfaces by their content: parsed once, remembered in the workspace, shared by all commits."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from tfops.config.modules.flow import Needs, output_needs
from tfops.config.modules.module import Interface, LocalCall, is_module_file, is_tofu_file, module_files, read_interface
from tfops.config.source import LocalSource, RemoteSource
from tfops.config.values import StackOutput
from tfops.errors import Refused
from tfops.records.addresses import module_prefix
from tfops.records.names import StackName
from tfops.system.workspace import read_json, write_file

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from tfops.config.environment import EnvironmentConfig, ModuleConfig

MODULES = "modules"

# Part of every key: a change of what is read from a module makes all that is remembered old.
_SCHEMA = 7


class Interfaces:
    """The modules of one commit. `exported` is the folder that holds `modules/`, `remembered` the cache's folder.

    `is_tofu` is asked where files lie that OpenTofu alone reads.
    """

    def __init__(self, exported: Path, remembered: Path, is_tofu: Callable[[], bool] = lambda: False) -> None:
        self._modules = exported / MODULES
        self._remembered = remembered
        self._is_tofu = is_tofu
        self._known: dict[Path, Interface | None] = {}

    def folder(self, path: str) -> Path:
        """Where the files of a folder below `modules/` are."""
        return self._modules / path

    def local(self, module: str) -> Interface | None:
        """The interface of a folder below `modules/`, None when there is no such folder."""
        return self._at(self._modules / module)

    def of(self, name: str, source: LocalSource | RemoteSource, root: Path) -> Interface | None:
        """The interface of a module of a stack, None when it can't be seen from here.

        A downloaded one is seen when the engine's `init` of the stack's `root` put just that one there.
        """
        folder = self._folder(name, source, root)
        return self._at(folder) if folder else None

    def needs(self, name: str, source: LocalSource | RemoteSource, root: Path) -> Needs:
        """What the outputs of such a module need."""
        folder = self._folder(name, source, root)
        return output_needs(module_texts(folder)) if folder and folder.is_dir() else {}

    def _folder(self, name: str, source: LocalSource | RemoteSource, root: Path) -> Path | None:
        return self._modules / source.path if isinstance(source, LocalSource) else _installed_folder(root, name, source)

    def names(self) -> list[str]:
        """Folders below `modules/` that hold a module, at any depth: `network`, `data/queue`.

        What lies inside of another module belongs to it.
        """
        return sorted(_module_folders(self._modules, "")) if self._modules.is_dir() else []

    def is_module(self, path: str) -> bool:
        """Whether there are Terraform files in a folder below `modules/`."""
        folder = self._modules / path
        return folder.is_dir() and bool(module_texts(folder))

    def _at(self, folder: Path) -> Interface | None:
        if folder not in self._known:
            self._known[folder] = self._read(module_texts(folder)) if folder.is_dir() else None
        return self._known[folder]

    def _read(self, every: Mapping[str, str]) -> Interface:
        is_tofu = any(map(is_tofu_file, every)) and self._is_tofu()
        if not is_tofu and every and all(map(is_tofu_file, every)):
            return Interface(unreadable=tuple(sorted(every)))  # Terraform would see an empty module
        texts = {name: every[name] for name in module_files(every, is_tofu=is_tofu)}
        path = self._remembered / f"{_key(texts)}.json"
        known = read_json(path)
        if known is not None:
            try:
                return _adapter().validate_python(known, strict=False)
            except ValueError:
                pass  # damaged: made anew
        interface = read_interface(texts, is_tofu=is_tofu)
        write_file(path, _adapter().dump_json(interface).decode())
        return interface


def _module_folders(folder: Path, above: str) -> Iterator[str]:
    for inner in folder.iterdir():
        is_loop = inner.is_symlink() and above != ""
        if is_loop or not inner.is_dir() or inner.name.startswith("."):
            continue
        if module_texts(inner):
            yield above + inner.name
        else:
            yield from _module_folders(inner, f"{above}{inner.name}/")


@cache
def _adapter() -> "TypeAdapter[Interface]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - kept out of the commands that read no module

    return TypeAdapter(Interface)


def _key(texts: Mapping[str, str]) -> str:
    whole = json.dumps([_SCHEMA, sorted(texts.items())]).encode("utf-8", "surrogateescape")
    return hashlib.sha256(whole).hexdigest()[:40]


def module_texts(folder: Path) -> dict[str, str]:
    """The files by name that some engine reads: `module_files` says which one reads what."""
    return {
        path.name: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.iterdir())
        if (is_module_file(path.name) or is_tofu_file(path.name)) and path.is_file()
    }


def files_of(folders: Mapping[str, Path], *, is_tofu: bool) -> Iterator[tuple[str, str, str]]:
    """(address of the module with a dot at its end, file, text) of all files that the engine reads.

    `folders` maps a module's path in dots (`app`, `app.inner`, nothing for a root of its own) to where its files are.
    """
    for path, folder in folders.items():
        prefix, texts = module_prefix(path), module_texts(folder)
        yield from ((prefix, name, texts[name]) for name in module_files(texts, is_tofu=is_tofu))


def _installed_folder(root: Path, name: str, source: RemoteSource) -> Path | None:
    from tfops.config.constraint import Constraint  # noqa: PLC0415 - only who uses remote modules

    listed: Any = read_json(root / ".terraform" / MODULES / "modules.json")
    for entry in listed.get("Modules", []) if isinstance(listed, dict) else []:
        if entry.get("Key") == name and entry.get("Source") in _written_out(source.address):
            try:
                fits = Constraint(source.version).allows(entry.get("Version") or "0")
            except ValueError:
                return None
            return root / str(entry.get("Dir")) if fits else None
    return None


def _written_out(address: str) -> tuple[str, ...]:
    """How the engine may write an address down."""
    host, _, rest = address.partition("//")
    short = f"git::https://{host}.git" + (f"//{rest}" if rest else "")
    return address, f"registry.terraform.io/{address}", f"registry.opentofu.org/{address}", short


def public_outputs_of(interfaces: Interfaces, module: str) -> frozenset[str]:
    """Outputs of a module that may be shown."""
    found = interfaces.local(module)
    return frozenset(name for name, output in found.outputs.items() if output.is_public) if found else frozenset()


def lasting_outputs(interfaces: Interfaces, modules: Mapping[str, "ModuleConfig"]) -> dict[str, tuple[str, ...]]:
    """For modules that have ephemeral outputs: the others, which a state may hold; for one that is made several times,
    all that a state may hold."""
    found: dict[str, tuple[str, ...]] = {}
    for name, module in modules.items():
        interface = interfaces.local(module.source.path) if isinstance(module.source, LocalSource) else None
        outputs = interface.outputs.values() if interface else ()
        if any(output.ephemeral for output in outputs) or (interface and module.is_repeated):
            found[name] = tuple(sorted(output.name for output in outputs if not output.ephemeral))
    return found


def provider_sources(interfaces: Interfaces, modules: Mapping[str, "ModuleConfig"]) -> dict[str, str]:
    """What modules of `modules/` call the providers that aren't HashiCorp's, each name with its source; none that two
    mean otherwise."""
    found: dict[str, set[str]] = {}
    for module in modules.values():
        interface = interfaces.local(module.source.path) if isinstance(module.source, LocalSource) else None
        for name, source in interface.sources.items() if interface else ():
            found.setdefault(name, set()).add(source)
    return {name: next(iter(one)) for name, one in found.items() if len(one) == 1 and one != {f"hashicorp/{name}"}}


def const_inputs(interfaces: Interfaces, modules: Mapping[str, "ModuleConfig"]) -> dict[str, frozenset[str]]:
    """For modules of `modules/` that have constants: the names of those."""
    found: dict[str, frozenset[str]] = {}
    for name, module in modules.items():
        interface = interfaces.local(module.source.path) if isinstance(module.source, LocalSource) else None
        names = frozenset(one.name for one in interface.variables.values() if one.const) if interface else frozenset()
        if names:
            found[name] = names
    return found


def public_stack_outputs(interfaces: Interfaces, environment: "EnvironmentConfig") -> frozenset[StackOutput]:
    """What stacks take from each other that isn't sensitive, as the commit alone says: of modules from elsewhere
    nothing is known."""
    references = (reference for stack in environment.stacks.values() for reference in stack.references)
    wanted = {environment.output(reference)[0] for reference in references}
    return frozenset(
        output
        for output in wanted
        if is_public_output(interfaces, environment.stacks[StackName(output.stack)].modules, output, root=None)
    )


def is_public_output(
    interfaces: Interfaces, modules: Mapping[str, "ModuleConfig"], output: StackOutput, *, root: Path | None
) -> bool:
    """Whether an output of a stack isn't sensitive. Modules from elsewhere are looked for in the stack's `root`."""
    asked = {output.module: modules[output.module]} if output.module else modules
    seen = [_seen(interfaces, name, module, root) for name, module in asked.items()]
    having = [found.outputs[output.name] for found in seen if found and output.name in found.outputs]
    return None not in seen and len(having) == 1 and having[0].is_public


def _seen(interfaces: Interfaces, name: str, module: "ModuleConfig", root: Path | None) -> Interface | None:
    if root is None and not isinstance(module.source, LocalSource):
        return None
    return interfaces.of(name, module.source, root or Path())


def may_use_aws(interfaces: Interfaces, modules: Mapping[str, "ModuleConfig"]) -> bool:
    """Whether anything in a stack may be the AWS provider's; of modules from elsewhere nothing is known."""
    local = [module.source.path for module in modules.values() if isinstance(module.source, LocalSource)]
    if len(local) < len(modules):
        return True
    found = map(interfaces.local, reached_modules(interfaces, local))
    return any(interface is None or interface.may_use_aws for interface in found)


def reached_modules(interfaces: Interfaces, modules: Iterable[str]) -> frozenset[str]:
    """Folders below `modules/`, and those that they call by relative paths, as far as they stay there."""
    todo, seen = list(modules), set[str]()
    while todo:
        module = todo.pop()
        if module not in seen and not module.startswith(("..", "/")):
            seen.add(module)
            todo += [inner for _, inner in _inner_calls(interfaces, module)]
    return frozenset(seen)


def exported_folders(interfaces: Interfaces, modules: Mapping[str, "ModuleConfig"]) -> dict[str, Path]:
    """Where the files of each module of `modules/` are, by its path in dots (`app`, `app.inner`)."""
    found: dict[str, Path] = {}
    todo = [(name, module.source.path) for name, module in modules.items() if isinstance(module.source, LocalSource)]
    while todo:
        path, module = todo.pop()
        if not module.startswith(("..", "/")):
            found[path] = interfaces.folder(module)
            todo += [(f"{path}.{call.name}", inner) for call, inner in _inner_calls(interfaces, module)]
    return found


def _inner_calls(interfaces: Interfaces, module: str) -> Iterator[tuple[LocalCall, str]]:
    """The calls by relative paths of a folder below `modules/`, each with the folder that it leads to."""
    found = interfaces.local(module)
    for call in found.calls if found else ():
        yield call, os.path.normpath(PurePosixPath(module, call.source))


def require_inner_sources(interfaces: Interfaces, modules: Iterable[str]) -> None:
    """Follow relative module calls from `modules`. Raises Refused when one leaves `modules/`."""
    todo, seen = list(modules), set[str]()
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        for call, inner in _inner_calls(interfaces, module):
            if inner.startswith(("..", "/")):
                raise Refused(
                    "outside-repository",
                    f"`{MODULES}/{module}` calls a module outside of `{MODULES}/`: "
                    f"module {call.name!r} = {call.source!r}",
                    hint=f"move it into `{MODULES}/`, or use a Git or registry source",
                )
            todo.append(inner)
