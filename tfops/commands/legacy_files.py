"""The files of a Terraform folder, and of modules outside of it that it calls, as they will lie below `modules/`."""

import os
import re
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path

from tfops.change.project import Project
from tfops.config.legacy import is_values_file, local_calls, with_sources
from tfops.config.modules.module import is_module_file, is_tofu_file
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.rendered import LOCK_FILE
from tfops.system.listing import is_ignored, kept_files, repository_top
from tfops.system.project_folders import folders_at
from tfops.system.workspace import explained_disk_errors

MARKER = "ADOPTED-BY-TFOPS.txt"

_OUTSIDE = "outside"
# Where Terraform and its users leave what belongs to a run, not to the module.
_OF_A_RUN = re.compile(
    r"(^|/)(\.terraform|terraform\.tfstate\.d)/|\.tfstate(\.|$)|(^|/)(crash.*\.log|\.terraformrc|terraform\.rc)$"
)
_LITTER = re.compile(r"(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*|[^/]*~|\.[^/]*\.sw[a-p])$")
_PLAN = b"PK\x03\x04"


@dataclass(slots=True)
class FolderContent:
    """What is taken over: path below the module's folder to text, the values beside it, and what is left out.

    Bytes that aren't UTF-8 travel as lone surrogates. `ignored_values` are files of values that Git ignores.
    """

    files: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    ignored_values: tuple[str, ...] = ()


def gather(project: Project, folder: Path, module: str, *, is_tofu: bool = False) -> FolderContent:
    """Read everything, change nothing; `is_tofu` for an engine that reads `.tofu` files, too.

    Raises Refused (guard `adopt`) for what can't be taken along.
    """
    with project.workspace.scratch() as scratch:
        gathered = _FolderReader(project.repository.root, folder.resolve(), module, scratch, is_tofu)
        gathered.take_folder(folder.resolve(), "")
        gathered.take_modules_outside()
        gathered.take_values()
    return gathered.found


@dataclass(slots=True)
class _FolderReader:
    """`places` are the folders that were taken, each with its path below the module's folder."""

    root: Path
    folder: Path
    module: str
    scratch: Path
    is_tofu: bool
    found: FolderContent = field(default_factory=FolderContent)
    places: dict[Path, str] = field(default_factory=dict)

    @property
    def top(self) -> Path:
        """What may be reached from the folder: its repository, or just itself."""
        return (repository_top(self.folder) or self.folder).resolve()

    def take_folder(self, folder: Path, below: str) -> None:
        self.places[folder] = below
        for name in self._kept(folder):
            self._take(folder / name, below + name)

    def _kept(self, folder: Path) -> list[str]:
        """Of the folder that a person named what isn't ignored inside of it; of others what isn't ignored at all."""
        is_named = folder.is_relative_to(self.folder)
        return [name for name in kept_files(folder, self.scratch, anyway=is_named) if not _is_left_out(name)]

    def _take(self, path: Path, name: str) -> None:
        if is_values_file(name):
            return
        if path.is_symlink():
            self._follow(path, name)
        else:
            with explained_disk_errors(f"read {path}"):
                content = path.read_bytes()
                if content.startswith(_PLAN) and b"tfplan" in content:
                    return  # a saved plan: it holds secrets
                if path.stat().st_mode & 0o100:
                    self.found.executable.add(name)
            self.found.files[name] = _text(path, name, content)

    def _follow(self, link: Path, name: str) -> None:
        """What a link points to comes in its place."""
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise Refused(
                "adopt", f"`{link}` is a link to nowhere", hint="delete it, or put a file in its place"
            ) from error
        if not target.is_relative_to(self.top) or ".git" in target.relative_to(self.top).parts:
            raise Refused(
                "adopt", f"`{link}` is a link that leaves `{self.top}`", hint="put what it points to in its place"
            )
        if link.parent.is_relative_to(target):
            raise Refused("adopt", f"`{link}` is a link to a folder that it lies in", hint="delete it")
        if target.is_dir():
            for inner in self._kept(target):
                self._take(target / inner, f"{name}/{inner}")
        elif target.name in self._kept(target.parent):
            self._take(target, name)

    def take_modules_outside(self) -> None:
        """Modules that are called from here, and from there on, by paths that leave the folder."""
        seen = set[str]()
        while todo := [name for name in self.found.files if name not in seen and self._is_read(name)]:
            for name in todo:
                seen.add(name)
                text = self.found.files[name]
                wanted = {call: self._place_of(name, call, source) for call, source in local_calls(name, text).items()}
                sources = {call: source for call, source in wanted.items() if source}
                if sources:
                    self.found.files[name] = with_sources(name, text, sources)

    def _place_of(self, name: str, call: str, source: str) -> str:
        """The source to write for a call in a file; empty where it is right as it is."""
        here = name.rpartition("/")[0]
        origin = self._origin(here)
        target = Path(os.path.normpath(origin / source))
        if target.is_relative_to(origin) or self._below(target) == os.path.normpath(f"{here or '.'}/{source}"):
            self._require_whole(target, name, call, source)
            return ""
        ours = self.root.resolve() / folders_at(self.root).modules
        if target.is_relative_to(ours):
            return _relative(os.path.relpath(target.relative_to(ours), f"{self.module}/{here}"))
        self._require_whole(target, name, call, source)
        if self._below(target) is None:
            self.take_folder(target, f"{self._free_name(target)}/")
        return _relative(os.path.relpath(self._below(target) or ".", here or "."))

    def _require_whole(self, target: Path, name: str, call: str, source: str) -> None:
        what = f"`{name}` calls a module {{}}: module {call!r} = {source!r}"
        if not target.is_relative_to(self.top):
            raise Refused(
                "adopt", what.format(f"outside of `{self.top}`"), hint="move it into the folder, or use a Git source"
            )
        if self.folder.is_relative_to(target) and target != self.folder:
            raise Refused("adopt", what.format("that it lies in"), hint="move the folder out of it")
        if not target.is_dir():
            raise Refused("adopt", what.format("that isn't there"), hint="terraform validate   in that folder")

    def _origin(self, below: str) -> Path:
        """Where a folder of what was taken came from."""
        place = max((one for one in self.places.items() if f"{below}/".startswith(one[1])), key=lambda one: len(one[1]))
        return Path(os.path.normpath(place[0] / f"{below}/"[len(place[1]) :].strip("/")))

    def _below(self, target: Path) -> str | None:
        """Where a folder that was taken lies now, None for one that wasn't."""
        places = [one for one in self.places.items() if target.is_relative_to(one[0])]
        if not places:
            return None
        folder, below = max(places, key=lambda one: len(one[0].parts))
        return os.path.normpath(below + target.relative_to(folder).as_posix())

    def _free_name(self, target: Path) -> str:
        taken = set(self.places.values())
        plain = re.sub(r"[^A-Za-z0-9_-]", "-", target.name) or "module"
        names = (f"{_OUTSIDE}/{plain}" + (f"-{number}" if number else "") for number in range(len(taken) + 1))
        return next(name for name in names if f"{name}/" not in taken)

    def _is_read(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return is_module_file(name) or (self.is_tofu and is_tofu_file(name))

    def take_values(self) -> None:
        """Files of values count whether or not Git knows them; what else Terraform reads must not be missing."""
        ignored: list[str] = []
        for path in sorted(self.folder.iterdir()):
            if is_values_file(path.name) and path.is_file():
                self.found.values[path.name] = path.read_text(encoding="utf-8")
                ignored += [path.name] if is_ignored(path) else []
        self.found.ignored_values = tuple(ignored)
        for folder, below in self._module_folders():
            for path in sorted(folder.iterdir()):
                if self._is_read(path.name) and path.is_file() and below + path.name not in self.found.files:
                    raise Refused(
                        "adopt",
                        f"`{path}` is ignored by Git, and Terraform reads it",
                        hint="commit it, or delete it if it isn't needed",
                    )

    def _module_folders(self) -> Iterator[tuple[Path, str]]:
        folders = {name.rpartition("/")[0] for name in self.found.files if self._is_read(name)}
        for below in sorted(folders | {""}):
            yield self._origin(below), f"{below}/" if below else ""


def _is_left_out(name: str) -> bool:
    return bool(_OF_A_RUN.search(name) or _LITTER.search(name)) or name in (MARKER, LOCK_FILE)


def _text(path: Path, name: str, content: bytes) -> str:
    if not is_module_file(name.rpartition("/")[2]):
        return content.decode("utf-8", "surrogateescape")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("adopt", f"`{path}` is not UTF-8: Terraform can't read it either", hint="delete it") from error


def _relative(path: str) -> str:
    """As Terraform knows a local source: it begins with `./` or `../`."""
    return path if path.startswith("../") else f"./{path}"
