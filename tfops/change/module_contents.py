"""The modules that an environment uses at a commit, each with a digest of all that it is made of."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import field

from tfops.change.commit_files import CommitFiles
from tfops.change.own_reach import reaching
from tfops.change.project import Project
from tfops.config.environment import EnvironmentConfig, read_environment, read_provider_lock, read_root_lock
from tfops.config.source import LocalSource, RemoteSource, RootSource
from tfops.dataclass import dataclass
from tfops.engine.lockfile import locked_versions
from tfops.ledger.versions import list_latest, read_card
from tfops.records.addresses import providers_by_name, qualified, split
from tfops.records.card import Card
from tfops.records.names import CommitSha, EnvName
from tfops.records.version import Kind
from tfops.system.git import require_sha
from tfops.system.trees import GitTree

_SHORT = 8


@dataclass(frozen=True, slots=True)
class UsedModule:
    """A module of an environment. `folders` are those below `modules/` that it is made of, itself and what it calls;
    `digest` is of what they hold. Both are empty for a module from elsewhere: its source says which one it is."""

    source: LocalSource | RemoteSource
    folders: frozenset[str] = frozenset()
    digest: str = ""

    @property
    def text(self) -> str:
        """`network 4c1a95e0`, `terraform-aws-modules/vpc/aws 5.1.2`."""
        return f"{self.source.text} {self.digest[:_SHORT]}".strip()


@dataclass(slots=True)
class ModuleContents:
    """What environments are made of at commits; each commit is read once, however many environments ask for it."""

    project: Project
    _files: dict[CommitSha, CommitFiles] = field(default_factory=dict)

    def files(self, commit: CommitSha) -> CommitFiles:
        if commit not in self._files:
            self._files[commit] = CommitFiles(self.project, GitTree.of_commit(self.project.repository, commit))
        return self._files[commit]

    def at(self, commit: CommitSha, env: EnvName) -> dict[str, UsedModule]:
        """By name, with several stacks `stack/module`. Raises ConfigError where its files have mistakes."""
        files = self.files(commit)
        environment = read_environment(files.tree, env)
        if environment.own_roots:
            files = CommitFiles(self.project, reaching(files.tree, environment.own_roots))
        return dict(_used(files, environment))

    def of(self, card: Card) -> dict[str, UsedModule]:
        """Those of a version, whose stacks may be of several commits; none after a destroy. Raises as `at`."""
        if card.kind is Kind.DESTROY:
            return {}
        env, found = EnvName(card.environment), dict[str, UsedModule]()
        for stack, part in card.stacks.items():
            at = self.at(require_sha(part.commit or card.commit), env)
            found |= {name: module for name, module in at.items() if split(name)[0] == stack}
        return found

    def is_same(self, env: EnvName, one: CommitSha, other: CommitSha) -> bool:
        """Whether two commits give an environment the same: modules, inputs, provider lock. Raises as `at`."""
        trees = [self.files(commit).tree for commit in (one, other)]
        (was, now), (had, has) = ([read(tree, env) for tree in trees] for read in (read_environment, _locks))
        return was == now and had == has and self.at(one, env) == self.at(other, env)

    def providers(self, commit: CommitSha, env: EnvName) -> Mapping[str, str] | None:
        """Address to version, as the committed lock has them; None without one."""
        locks = _locks(self.files(commit).tree, env)
        if None in locks:
            return None
        return {name: version for lock in locks for name, version in locked_versions(lock or "").items()}


def _locks(tree: GitTree, env: EnvName) -> list[str | None]:
    """The committed provider lock, or those of roots that somebody wrote by hand."""
    roots = read_environment(tree, env).own_roots
    return [read_root_lock(tree, root.path) for root in roots] if roots else [read_provider_lock(tree, env)]


def _used(files: CommitFiles, environment: EnvironmentConfig) -> Iterator[tuple[str, UsedModule]]:
    for stack, config in environment.stacks.items():
        for name, module in config.modules.items():
            yield qualified(stack, name), _module(files, module.source)


def _module(files: CommitFiles, source: LocalSource | RemoteSource) -> UsedModule:
    if isinstance(source, RootSource):  # all that it can reach, whatever it takes of it
        reach = files.digests_of(())
        folders = frozenset(path.removeprefix(f"{files.tree.folders.modules}/") for path in reach)
        return UsedModule(source, folders, hashlib.sha256(repr(sorted(reach.items())).encode()).hexdigest())
    if not isinstance(source, LocalSource):
        return UsedModule(source)
    folders = files.reach(source.path)
    digests = sorted(files.digests.of(folder) for folder in folders)
    return UsedModule(source, folders, hashlib.sha256(repr(digests).encode()).hexdigest())


def unpromoted(project: Project, env: EnvName, commit: CommitSha, card: Card | None) -> tuple[str, ...]:
    """The modules and providers that a commit would bring to an environment, and that its running version, which the
    card is of, hasn't: what only a promotion may bring. Raises ConfigError where the commit's files have mistakes.

    One that never ran (a copy) may begin with what runs where the same is promoted to: that was promoted.
    """
    contents = ModuleContents(project)
    brought = _brought(contents, env, commit, card)
    if brought and card is None:
        likes = _promoted_alike(project, env, commit)
        return next((() for like in likes if not _brought(contents, env, commit, like)), brought)
    return brought


def _brought(contents: ModuleContents, env: EnvName, commit: CommitSha, card: Card | None) -> tuple[str, ...]:
    was, now = (contents.of(card) if card else {}), contents.at(commit, env)
    modules = [name for name, module in now.items() if name not in was or was[name].text != module.text]
    had = providers_by_name(card.providers if card else {})
    locked = providers_by_name(contents.providers(commit, env) or {})
    return (*modules, *(name for name, version in locked.items() if had.get(name, version) != version))


def _promoted_alike(project: Project, env: EnvName, commit: CommitSha) -> Iterator[Card]:
    """What runs in the other environments that are promoted to by the same rule."""
    rules = project.config_at(commit).environments
    own, listings = rules[env].promote if env in rules else None, list_latest(project.repository)
    for other, rule in rules.items():
        latest = listings[other].latest if other in listings else None
        if own and other != env and rule.promote == own and latest and latest.kind is not Kind.DESTROY:
            yield read_card(project.repository, latest)
