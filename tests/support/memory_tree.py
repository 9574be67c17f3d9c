"""A `Tree` that is a dictionary, for tests of configuration: path to text."""

import hashlib
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfops.config.environment import EnvironmentConfig, load_environment, load_rules, read_environment
from tfops.config.project import ProjectConfig
from tfops.errors import ConfigError
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName
from tfops.system.project_folders import ProjectFolders, folders_in

# The smallest tfops.yaml that is right.
PROJECT = """\
version: 1
project: shop
environments:
  dev: {branch: develop}
"""


@dataclass(frozen=True, slots=True)
class MemoryTree:
    """Files by path, None for a link; folders exist through their files."""

    files: Mapping[str, str | None]

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def names(self, folder: str) -> list[str]:
        prefix = f"{folder}/"
        return sorted({path.removeprefix(prefix).split("/")[0] for path in self.files if path.startswith(prefix)})

    def digest(self, path: str) -> str:
        inside = {name: text for name, text in self.files.items() if name == path or name.startswith(f"{path}/")}
        return hashlib.sha1(repr(sorted(inside.items())).encode()).hexdigest() if inside else ""

    @property
    def folders(self) -> ProjectFolders:
        return folders_in(self.files.get("tfops.yaml") or "")


def project_tree(**files: str) -> MemoryTree:
    """A project with the modules network and service. Keyword `dev` is environments/dev.yaml, `tfops` is tfops.yaml."""
    paths = {f"modules/{name}/main.tf": "" for name in ("network", "service")} | {"tfops.yaml": PROJECT}
    for name, text in files.items():
        paths["tfops.yaml" if name == "tfops" else f"environments/{name}.yaml"] = textwrap.dedent(text)
    return MemoryTree(paths)


def environment(tree: MemoryTree, name: str = "dev") -> EnvironmentConfig:
    return read_environment(tree, EnvName(name))


def rules_and_environment(tree: MemoryTree, name: str = "dev") -> tuple[ProjectConfig, EnvironmentConfig]:
    rules = load_rules(tree)
    return rules, load_environment(tree, rules, EnvName(name))


def complaints_of(read: Callable[[], object]) -> tuple[Complaint, ...]:
    """What a reader complains about; nothing when it is content."""
    try:
        read()
    except ConfigError as error:
        return error.complaints
    return ()


def said(complaints: tuple[Complaint, ...]) -> list[str]:
    """Each complaint as `file:line:column: message`, with `(hint)` when there is one."""
    return [f"{item.mark}: {item.message}" + (f" ({item.hint})" if item.hint else "") for item in complaints]
