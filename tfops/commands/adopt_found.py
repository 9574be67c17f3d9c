"""What `adopt --all` finds: each root module with the states that Terraform keeps for it, as lines of tfops.yaml."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from tfops.change.own_root import holds_resources
from tfops.change.project import Project
from tfops.commands.legacy_state import InitializedFolder, look_at_folder
from tfops.config.backend import Backend
from tfops.config.project import ProjectConfig
from tfops.config.root_scan import find_roots
from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.resolve.place import StatePlace
from tfops.resolve.root_names import environment_names
from tfops.system.trees import GitTree
from tfops.views.adopt_all import FoundRoot

_DEFAULT = "default"
_NO_STATE = "it has no state: apply it by hand first, or name it in tfops.yaml and use tfops apply"
# Nothing that could be one goes into tfops.yaml.
_SECRET = re.compile(r"secret|password|passphrase|token|access_key|account_key|conn_str|credential|encryption_key|sas_")


@dataclass(slots=True)
class Found:
    """What may be taken over; `left_out` is folder to why it may not, `unsaid` folder to settings of its backend that
    only `-backend-config` gave and that may be secrets."""

    roots: list[FoundRoot] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    unsaid: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _State:
    """A state that a root has: in which workspace, and where in words."""

    workspace: str
    where: str


@dataclass(frozen=True, slots=True)
class Where:
    """Below which folder to look, which patterns of folders to leave out, and the branch that environments get."""

    below: str
    skip: Collection[str]
    branch: str

    def has(self, path: str) -> bool:
        return (self.below in (".", path) or path.startswith(f"{self.below}/")) and not self.skips(path)

    def skips(self, path: str) -> bool:
        return any(_fits(pattern, path) for pattern in self.skip)


def find_adoptable(project: Project, tree: GitTree, rules: ProjectConfig | None, where: Where) -> Found:
    """The roots of the commit that no environment has yet, by the names that they would get."""
    scan = find_roots(tree, where.below)
    found = Found(left_out=dict(scan.unreadable))
    known = _known(rules)
    states: dict[tuple[str, str], _State] = {}
    for path, backend in scan.roots.items():
        if where.skips(path):
            found.left_out[path] = "left out by --skip"
            continue
        why = _why_not(backend, rules)
        here = [] if why else list(_states(project, path, backend))
        if not here:
            if not any(one == path for one, _ in known):
                found.left_out[path] = why or _NO_STATE
            continue
        states |= {(path, one.workspace): one for one in here if (path, one.workspace) not in known}
    taken = list(rules.environments) if rules else []
    top = project.repository.root.name
    names = environment_names(states, known={path for path, _ in known}, taken=taken, top=top)
    for (path, workspace), env in names.items():
        line: dict[str, Any] = {"branch": where.branch, "root": path}
        line |= {"workspace": workspace} if workspace else {}
        more, unsaid = _completion(project.repository.root / path, scan.roots[path], rules)
        line |= {"backend_config": more} if more else {}
        found.roots.append(FoundRoot(EnvName(env), path, states[path, workspace].where, line))
        if unsaid:
            found.unsaid[path] = unsaid
    return found


def _known(rules: ProjectConfig | None) -> set[tuple[str, str]]:
    """What environments have already: path and workspace, a plain one by its empty name."""
    every = rules.environments.values() if rules else ()
    return {(path, _plain(rule.workspace)) for rule in every for path in rule.roots.values()}


def _plain(workspace: str) -> str:
    return "" if workspace == _DEFAULT else workspace


def _fits(pattern: str, path: str) -> bool:
    """`*` stands for a part of a name, `**` for anything; a folder's name stands for what is below it, too."""
    wanted = re.escape(pattern.rstrip("/")).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.fullmatch(f"{wanted}(/.*)?", path) is not None


def _why_not(backend: Backend, rules: ProjectConfig | None) -> str:
    if backend.kind == "cloud":
        return f"it has a `cloud` block: {backend.problem}"
    names_backend = rules is not None and rules.names_backend
    return f"its backend `{backend.kind}`: {backend.problem}" if backend.problem and not names_backend else ""


def _states(project: Project, path: str, backend: Backend) -> Iterator[_State]:
    """Each state that the folder is known to have. Beyond a network it is the one of the workspace that is selected."""
    folder = project.repository.root / path
    at = look_at_folder(folder)
    if backend.kind != "local":
        workspace = _plain(at.workspace)
        yield _State(workspace, f"state in its backend {StatePlace(backend.kind, _settings(at, backend), workspace)}")
        return
    # What `init` was told counts, as for Terraform: -backend-config=path=…
    settings = (at.recorded.get("config") or {}) if at.recorded.get("type") == "local" else backend.settings
    own = folder / str(settings.get("path") or "terraform.tfstate")
    others = folder / str(settings.get("workspace_dir") or "terraform.tfstate.d")
    for workspace, file in [("", own), *((one.parent.name, one) for one in sorted(others.glob("*/terraform.tfstate")))]:
        if holds_resources(file):
            yield _State(workspace, f"state in {_told(file, project)}")


def _told(file: Path, project: Project) -> str:
    top = project.repository.root
    return file.relative_to(top).as_posix() if file.is_relative_to(top) else str(file)


def _settings(at: InitializedFolder, backend: Backend) -> Mapping[str, Any]:
    recorded = at.recorded.get("config") if at.recorded.get("type") == backend.kind else None
    return {**backend.settings, **{key: value for key, value in (recorded or {}).items() if value is not None}}


def _completion(folder: Path, backend: Backend, rules: ProjectConfig | None) -> tuple[dict[str, Any], list[str]]:
    """What `init` was told besides the code, for `backend_config:`; and the names of what may be a secret.

    Nothing where tfops.yaml names a backend: the state is copied there from where `init` says.
    """
    if backend.kind == "local" or (rules is not None and rules.names_backend):
        return {}, []
    told = {
        key: value
        for key, value in _settings(look_at_folder(folder), backend).items()
        if value not in (None, [], {}) and value != backend.settings.get(key)
    }
    secret = sorted(key for key in told if _SECRET.search(key))
    return {key: value for key, value in told.items() if key not in secret}, secret
