"""Where the environments' files name modules from elsewhere, and which of these are meant."""

import re
from collections.abc import Iterator, Sequence

from tfops.change.project import Project
from tfops.change.reading import read_configs
from tfops.config.environment import stack_document
from tfops.config.names import shown, why_and_hint
from tfops.config.project import ProjectConfig
from tfops.config.remote_source import INNER, GitPlace, RegistryPlace, remote_place
from tfops.config.source import LocalSource, RemoteSource
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.complaint import Mark
from tfops.records.names import EnvName
from tfops.resolve.patching import names_source
from tfops.system.trees import GitTree


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """What is fetched at once: an address without the folder inside of it, and a version."""

    address: str
    version: str

    @property
    def name(self) -> str:
        """What its folder is called, as long as nothing else is."""
        match remote_place(self.address):
            case RegistryPlace(path=path):
                words = path.split("/")[1]
            case GitPlace(url=url):
                words = re.split(r"[/:]", url.removesuffix(".git"))[-1]
            case _:
                words = self.address.partition("?")[0].rstrip("/").rpartition("/")[2].partition(".")[0]
        return re.sub(r"[^A-Za-z0-9_-]+", "-", words).strip("-") or "module"

    @property
    def text(self) -> str:
        return f"{self.address} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class NamedModule:
    """A module in a file, with the places of its source and its version; `inside` is the folder in the package."""

    env: EnvName
    name: str
    package: Package
    inside: str
    source_mark: Mark
    version_mark: Mark | None
    inputs: tuple[str, ...]


def named_modules(project: Project, tree: GitTree, rules: ProjectConfig) -> list[NamedModule]:
    """Of all environments. Raises ConfigError where a file has mistakes."""
    envs = [
        *(env for env, rule in rules.environments.items() if rule.preview is None),
        *(rule.preview.config for rule in rules.previews if rule.preview),
    ]
    return [one for env in dict.fromkeys(envs) for one in _of(project, tree, rules, env)]


def _of(project: Project, tree: GitTree, rules: ProjectConfig, env: EnvName) -> Iterator[NamedModule]:
    [config] = read_configs(project, tree, [env])
    for stack, part in config.stacks.items():
        document = None
        for name, module in part.modules.items():
            if not isinstance(module.source, RemoteSource):
                continue
            document = document or stack_document(tree, env, stack, rules.base_of(env))
            version = document.mark(("modules", name, "version")) if module.source.version else None
            package, inside = _split(module.source)
            mark = document.mark(("modules", name, "source"))
            yield NamedModule(env, name, package, inside, mark, version, tuple(module.inputs))


def _split(source: RemoteSource) -> tuple[Package, str]:
    place, _, query = source.address.partition("?")
    begin, *inside = INNER.split(place, maxsplit=1)
    return Package(begin + (f"?{query}" if query else ""), source.version), inside[0].strip("/") if inside else ""


def meant(asked: Sequence[str], modules: Sequence[NamedModule], rules: ProjectConfig) -> list[NamedModule]:
    """Those of the environments, sources or names that were asked for. Raises Refused (guard `unknown-module`)."""
    found = dict[NamedModule, None]()
    for word in asked:
        of_it = [one for one in modules if _is_meant(word, one, rules)]
        if not of_it:
            known = {one.name for one in modules} | set(rules.environments)
            why, hint = why_and_hint(word, known, see="tfops outdated --full")
            what = f"no environment's file names a module {shown(word)} from elsewhere"
            if word in rules.environments:
                what, why, hint = f"the files of {word} name no module from elsewhere", "", "tfops outdated --full"
            raise Refused("unknown-module", what, why=why, hint=hint)
        found |= dict.fromkeys(of_it)
    return list(found)


def _is_meant(word: str, module: NamedModule, rules: ProjectConfig) -> bool:
    if word in rules.environments:
        return module.env == rules.files_of(EnvName(word))
    return word == module.name or names_source(word, module.package.text)


def own_sources(project: Project, tree: GitTree, envs: Sequence[EnvName]) -> set[str]:
    """The folders below `modules/` that environments use."""
    configs = [config for config in read_configs(project, tree, envs) if not config.own_roots]
    return {source.path for config in configs for source in config.sources if isinstance(source, LocalSource)}
