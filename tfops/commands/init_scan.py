"""What `init` finds in a repository: its main branch, modules, and Terraform folders that are applied today."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfops.config.modules.hcl import read_blocks
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import Interface, read_interface
from tfops.dataclass import dataclass
from tfops.system.git import GitRunner
from tfops.system.project_folders import folders_at

_DEEPEST = 3
_MOST_FOLDERS = 2000


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is a root module: it has a backend, a state or values. Plain settings of its S3 backend, if any."""

    folder: str
    backend: str
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RepositoryScan:
    """What is there already. `modules` are below `modules/`, name to interface."""

    branch: str
    modules: dict[str, Interface]
    roots: tuple[Root, ...]

    @property
    def bucket(self) -> Root | None:
        """The first root that keeps its state in a bucket whose name is written out."""
        return next((root for root in self.roots if root.backend == "s3" and root.settings.get("bucket")), None)


def survey(folder: Path, default_branch: str) -> RepositoryScan:
    """Look at a repository; changes nothing. The branch is the remote's default one, or the one checked out."""
    git = GitRunner(folder)
    remote = git.line("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD").removeprefix("refs/remotes/origin/")
    current = git.line("symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")
    return RepositoryScan(
        remote or current or default_branch, _modules(folder / folders_at(folder).modules), tuple(_roots(folder))
    )


def _modules(folder: Path) -> dict[str, Interface]:
    found = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    texts = ((path.name, module_texts(path)) for path in found)
    return {name: read_interface(files) for name, files in texts if files}


def _roots(top: Path) -> Iterator[Root]:
    for folder in _folders(top):
        texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.tf")}
        if not texts:
            continue
        backend, settings = _backend_of(texts)
        if backend or (folder / "terraform.tfstate").exists() or (folder / "terraform.tfvars").exists():
            yield Root(folder.relative_to(top).as_posix(), backend, settings)


def _folders(top: Path) -> Iterator[Path]:
    """Folders to look into: no hidden ones, not `modules/`, not too deep, not too many."""
    todo, seen, modules = [top], 0, top / folders_at(top).modules
    while todo and seen < _MOST_FOLDERS:
        folder = todo.pop()
        seen += 1
        yield folder
        if len(folder.relative_to(top).parts) < _DEEPEST:
            inner = (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.is_symlink())
            todo += [path for path in inner if not path.name.startswith(".") and path != modules]


def _backend_of(texts: dict[str, str]) -> tuple[str, dict[str, Any]]:
    for text in texts.values():
        if "backend" not in text:
            continue
        try:
            blocks = [inner for block in read_blocks(text, is_json=False) for inner in block.blocks]
        except ValueError:
            continue
        for block in blocks:
            if block.kind == "backend" and block.labels:
                return block.labels[0], _plain(block.attributes)
    return "", {}


def _plain(attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, expression in attributes.items():
        try:
            found[name] = expression.literal()
        except ValueError:
            continue
    return found
