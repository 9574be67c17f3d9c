"""What of an environment can be another one between two commits, by the ids of files and folders: nothing is read."""

from collections.abc import Iterable
from dataclasses import field
from functools import cached_property

from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.config.modules.interface import Interfaces, reached_modules
from tfops.config.source import LocalSource
from tfops.config.validation_cache import KnownFiles
from tfops.dataclass import dataclass
from tfops.system.module_digest import ModuleDigests
from tfops.system.root_tree import RootTree
from tfops.system.trees import GitTree


class CommitFiles:
    """A commit's files and modules, each looked at once however many environments ask for it."""

    def __init__(self, project: Project, tree: GitTree) -> None:
        self.project = project
        self.tree = tree
        self.digests = ModuleDigests(tree)
        self._reaches: dict[str, frozenset[str]] = {}

    @cached_property
    def interfaces(self) -> Interfaces:
        """Raises Refused as an export."""
        return interfaces_of(self.project, self.tree)

    def digests_of(self, sources: Iterable[LocalSource]) -> dict[str, str]:
        """By path, the content of modules and of those that they call; of a root of its own, of all it can reach."""
        if isinstance(self.tree, RootTree):
            return reached_digests(self.tree, self.digests)
        used = reached_modules(self.interfaces, (source.path for source in sources))
        return {path: self.digests.of(path) for path in used}

    def reach(self, module: str) -> frozenset[str]:
        """A folder below `modules/`, and those that it calls by relative paths."""
        if module not in self._reaches:
            self._reaches[module] = reached_modules(self.interfaces, [module])
        return self._reaches[module]


def reached_digests(tree: RootTree, digests: ModuleDigests) -> dict[str, str]:
    """By path, the content of what roots can reach: files, and folders without what no engine reads."""
    return {path: digests.of(path) or tree.repository.digest(path) for path in sorted(tree.reach)}


@dataclass(slots=True)
class Between:
    """Two commits, and what was found of their modules so far."""

    before: CommitFiles
    head: CommitFiles
    _are_same: dict[str, bool] = field(default_factory=dict)

    def touched_modules(self, known: KnownFiles, lock: str) -> set[str] | None:
        """The folders of modules that differ; None where a file of the environment, or the provider lock at the path
        `lock`, does: then only reading it tells what that comes to."""
        was, now = self.before, self.head
        if any(was.tree.digest(path) != now.tree.digest(path) for path in (*known.paths, lock)):
            return None
        reached = {path for source in known.folders for path in now.reach(source)}
        return {path for path in reached if was.digests.of(path) != now.digests.of(path)}

    def have_same_interface(self, module: str) -> bool:
        """Whether a module takes and gives the same in both: who was right with the one is with the other."""
        if module not in self._are_same:
            was, now = self.before.interfaces.local(module), self.head.interfaces.local(module)
            self._are_same[module] = was is not None and was == now
        return self._are_same[module]
