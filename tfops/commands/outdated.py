"""`outdated`: which modules from elsewhere, and which locked providers, have newer releases."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tfops.change.modules import runs_tofu
from tfops.change.own_reach import reaching
from tfops.change.project import Project
from tfops.change.reading import read_configs
from tfops.change.ui import Ui
from tfops.config.environment import EnvironmentConfig, read_provider_lock, read_root_lock, stack_document
from tfops.config.modules.calls import module_calls
from tfops.config.pinning import why_unpinned
from tfops.config.project import ProjectConfig
from tfops.config.remote_source import GitPlace, RegistryPlace, remote_place, without_login
from tfops.config.source import LocalSource, RemoteSource
from tfops.config.vendored import SOURCE_FILE, read_vendored
from tfops.dataclass import dataclass
from tfops.engine.lockfile import locked_versions
from tfops.records.addresses import TERRAFORM_REGISTRY, qualified, registry_of
from tfops.records.names import EnvName
from tfops.records.outdated import Found, SourceKind, Standing, UsedSource
from tfops.resolve.branches import require_environment
from tfops.resolve.outdated import judge_lock, judge_tags, judge_versions
from tfops.system.parallel import in_parallel
from tfops.system.releases import NotAsked, Registries, repository_tags
from tfops.system.trees import GitTree
from tfops.views.outdated import OutdatedResult


def outdated(project: Project, asked: Sequence[str], ui: Ui, *, providers: bool = True) -> OutdatedResult:
    """Of the environments' files as they lie here, or of those that were `asked` for. Each source is asked once.

    Raises ConfigError where a file has mistakes, Refused for an unknown environment.
    """
    tree = project.tree(worktree=True)
    rules = project.rules_in(tree)
    envs = [rules.files_of(require_environment(name, rules)) for name in asked] or [
        *(env for env, rule in rules.environments.items() if rule.preview is None),
        *(rule.preview.config for rule in rules.previews if rule.preview),
    ]
    envs = list(dict.fromkeys(envs))
    found = _grouped([*_modules(project, tree, rules, envs), *(_providers(tree, rules, envs) if providers else ())])
    ui.phase(f"asking {len(found)} sources for their releases")
    answers = in_parallel(_Asking(project, tree).of, found)
    ui.phase("")
    return OutdatedResult(tuple(envs), tuple(answers))


def _grouped(uses: Sequence[UsedSource]) -> list[UsedSource]:
    """One for each source and version, with all places that use it."""
    found: dict[tuple[SourceKind, str, str], list[str]] = {}
    for use in uses:
        found.setdefault((use.kind, use.source, use.version), []).extend(use.places)
    return [UsedSource(*key, tuple(dict.fromkeys(places))) for key, places in sorted(found.items())]


def _modules(project: Project, tree: GitTree, rules: ProjectConfig, envs: Sequence[EnvName]) -> Iterator[UsedSource]:
    """Those that the environments' files name, that their modules call, and those that were copied here."""
    configs = read_configs(project, tree, envs)
    folders = {source.path for config in configs if not config.own_roots for source in _local(config)}
    for config in configs:
        yield from _named(tree, rules, config)
        if config.own_roots:
            whole = reaching(tree, config.own_roots)
            yield from _called(project, whole, {root.path for root in config.own_roots})
    yield from _called(project, tree, folders)
    yield from _copied(tree, folders)


def _local(config: EnvironmentConfig) -> Iterator[LocalSource]:
    return (source for source in config.sources if isinstance(source, LocalSource))


def _named(tree: GitTree, rules: ProjectConfig, config: EnvironmentConfig) -> Iterator[UsedSource]:
    for stack, part in config.stacks.items():
        document = None  # most stacks name none
        for name, module in part.modules.items():
            if isinstance(module.source, RemoteSource):
                document = document or stack_document(tree, config.name, stack, rules.base_of(config.name))
                mark = document.mark(("modules", name, "source"))
                place = f"{config.name}: {qualified(stack, name)} ({mark.path}:{mark.line})"
                yield UsedSource(SourceKind.MODULE, module.source.address, module.source.version, (place,))


def _called(project: Project, tree: GitTree, folders: set[str]) -> Iterator[UsedSource]:
    for call in module_calls(tree, folders, is_tofu=runs_tofu(project, tree)):
        if call.is_remote:
            place = f"{call.name} ({tree.shown(call.mark.path)}:{call.mark.line})"
            yield UsedSource(SourceKind.MODULE, call.source, call.version, (place,))


def remote_calls(project: Project, tree: GitTree, folders: set[str]) -> list[tuple[str, str]]:
    """What the modules in folders below `modules/` call from elsewhere, and where."""
    calls = _called(project, tree, folders)
    return [(f"{use.source} {use.version}".strip(), use.places[0]) for use in calls]


def _copied(tree: GitTree, folders: set[str]) -> Iterator[UsedSource]:
    """What `vendor` copied, by what it wrote down."""
    tops = {"/".join(folder.split("/")[: depth + 1]) for folder in folders for depth in range(folder.count("/") + 1)}
    for top in sorted(tops):
        path = f"{tree.folders.modules}/{top}/{SOURCE_FILE}"
        known = read_vendored(path, tree.read(path) or "")
        if known is not None:
            yield UsedSource(
                SourceKind.MODULE, known.source, known.version, (f"copied to {tree.folders.modules}/{top}",)
            )


def _providers(tree: GitTree, rules: ProjectConfig, envs: Sequence[EnvName]) -> Iterator[UsedSource]:
    for env in envs:
        roots = rules.roots_of(env).values() if env in rules.environments else ()
        texts = {path: read_root_lock(tree, path) for path in roots}
        for text in texts.values() if roots else [read_provider_lock(tree, rules.files_of(env))]:
            for address, version in locked_versions(text or "").items():
                yield UsedSource(SourceKind.PROVIDER, address, version, (str(env),))


@dataclass(frozen=True, slots=True)
class _Asking:
    """Each question in a thread of its own."""

    project: Project
    tree: GitTree

    def of(self, use: UsedSource) -> UsedSource:
        """With how it stands."""
        try:
            found = self._answer(use)
        except NotAsked as error:
            found = Found(Standing.NOT_ASKED, why=without_login(str(error)))
        return replace(
            use, source=without_login(use.source), standing=found.standing, takes=found.takes, newest=found.newest,
            why=found.why,
        )  # fmt: skip

    def _answer(self, use: UsedSource) -> Found:
        if use.kind is SourceKind.PROVIDER:
            host, _, path = use.source.partition("/")
            return judge_lock(use.version, Registries().provider_versions(host, path))
        place = remote_place(use.source)
        match place:
            case GitPlace():
                return judge_tags(place, repository_tags(Path(self.project.repository.root), place.url))
            case RegistryPlace():
                host = place.host or self._registry
                return judge_versions(use.version, Registries().module_versions(host, place.path))
        moves = why_unpinned(use.source, use.version)
        return Found(
            Standing.UNKNOWN, why="what lies at such an address has no releases" + (f"; {moves}" if moves else "")
        )

    @property
    def _registry(self) -> str:
        """The one of the engine at hand."""
        is_tofu = runs_tofu(self.project, self.tree)
        return registry_of(is_tofu=is_tofu).rstrip("/") or TERRAFORM_REGISTRY
