"""What `validate` finds in the sources of modules, and in the modules themselves."""

from collections.abc import Iterator, Sequence
from functools import partial

from tfops.change.modules import interfaces_of, runs_tofu
from tfops.change.project import Project
from tfops.change.reading import Read, read_configs
from tfops.change.request import Request
from tfops.change.stack import locate
from tfops.change.tofu_only import calls_for_tofu_alone, for_tofu_alone, is_for_tofu_alone
from tfops.config.constraint import parse_version
from tfops.config.environment import listed_environments, stack_document
from tfops.config.modules.calls import module_calls
from tfops.config.modules.declarations import declared_by
from tfops.config.modules.files import read_file
from tfops.config.modules.imports import import_blocks
from tfops.config.modules.module import is_tofu_file
from tfops.config.modules.protection import conditional_flags
from tfops.config.names import is_local_source
from tfops.config.pinning import why_unpinned
from tfops.config.project import ProjectConfig
from tfops.engine.locate import Engine
from tfops.errors import TfopsError
from tfops.records.complaint import Complaint
from tfops.records.names import EnvName
from tfops.system.trees import GitTree

_MOST_SHOWN = 8
_IMPORTS_IN_MODULES = (1, 16, 0)


def unseen_sources(project: Project, tree: GitTree, unseen: Sequence[tuple[EnvName, str, str]]) -> Iterator[str]:
    """A line for each source whose variables aren't known, whoever uses it: why, and which inputs nobody looked at."""
    interfaces = interfaces_of(project, tree) if unseen else None
    for source in dict.fromkeys(source for _, _, source in unseen):
        using = _some([f"{env}: {module}" for env, module, where in unseen if where == source])
        own = interfaces.local(source) if interfaces and is_local_source(source) else None
        why = _why_unread(project, tree, source, own.unreadable) if own else "a plan has to fetch it first"
        yield f"the inputs of {source} are not checked: {why} ({using})"


def _why_unread(project: Project, tree: GitTree, source: str, names: Sequence[str]) -> str:
    paths = [f"{tree.folders.modules}/{source}/{name}" for name in names]
    if all(map(is_tofu_file, names)) and not runs_tofu(project, tree):
        return f"only OpenTofu reads {_some(paths)}"
    files = [read_file(path, tree.read(path) or "") for path in paths]
    places = [str(file.place(file.mistake.position)[0]) if file.mistake else file.path for file in files]
    return f"{_some(places)} can't be read"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def moving_sources(project: Project, tree: GitTree, found: Sequence[Read]) -> Iterator[str]:
    """A line for each source that may give another module tomorrow, of environments and of their modules."""
    local = {
        source
        for read in found
        for source in read.sources
        if is_local_source(source) and tree.names(f"{tree.folders.modules}/{source}")
    }
    for read in found:
        for source in sorted(set(read.sources) - local):
            if why := why_unpinned(source):
                yield f"{read.env}: the source {source} may give another module tomorrow: {why}"
    for call in module_calls(tree, local, is_tofu=runs_tofu(project, tree)):
        if call.is_remote and (why := why_unpinned(call.text)):
            yield f"{call.mark}: the source of `{call.name}` ({call.text}) may give another module tomorrow: {why}"


def guessed_protections(project: Project, tree: GitTree, found: Sequence[Read]) -> Iterator[str]:
    """A line for each `prevent_destroy` that some environment's inputs don't decide: it counts as a yes there."""
    sources = {source for read in found for source in read.sources if is_local_source(source)}
    is_tofu = runs_tofu(project, tree)
    flags = list(conditional_flags(tree, sources, is_tofu=is_tofu)) if is_tofu else []
    if not flags:  # Terraform takes no expression there, and says so itself
        return
    right = [read.env for read in found if not read.complaints]
    guessed = {
        environment.name: declared_by(tree, environment, is_tofu=is_tofu).guessed
        for environment in read_configs(project, tree, right)
    }
    for mark, block, text in flags:
        envs = [env for env, addresses in guessed.items() if any(one.endswith(f".{block}") for one in addresses)]
        if envs:
            yield f"{mark}: the inputs of {_some(envs)} don't decide `{text}`: {block} counts as protected there"


def misplaced_imports(
    project: Project, tree: GitTree, found: Sequence[Read], rules: ProjectConfig | None, request: Request
) -> Iterator[Complaint]:
    """`import` blocks in modules, where the engine takes none there: no plan could work."""
    sources = {source for read in found for source in read.sources if is_local_source(source)}
    blocks = list(import_blocks(tree, sources, is_tofu=runs_tofu(project, tree)))
    if not blocks or _imports_in_modules(project, rules, request):
        return
    for mark, line in blocks:
        yield Complaint(
            mark,
            "an `import` block in a module: before Terraform 1.16 only a root may have one, and no plan would work",
            line,
            "take the block out, and import by hand once (tfops docs when-it-stops); or use Terraform 1.16",
        )


def for_tofu(
    project: Project, tree: GitTree, found: Sequence[Read], rules: ProjectConfig | None, request: Request
) -> Iterator[Complaint]:
    """Modules that only OpenTofu can take, where the engine at hand is Terraform."""
    sources = {source for read in found for source in read.sources}
    ours = {source for source in sources if is_for_tofu_alone(tree, source)}
    having = [read.env for read in found if ours & set(read.sources)]
    bases = listed_environments(tree) if having else {}
    complaints = list(calls_for_tofu_alone(tree, filter(is_local_source, sources)))
    for environment in read_configs(project, tree, having):
        for name, stack in environment.stacks.items():
            document = partial(stack_document, tree, environment.name, name, bases.get(environment.name))
            complaints += for_tofu_alone(tree, stack, document)
    engine = _engine_at_hand(project, rules, request) if complaints else None
    if engine is not None and not engine.is_tofu:
        yield from complaints


def _imports_in_modules(project: Project, rules: ProjectConfig | None, request: Request) -> bool:
    """Whether the engine at hand takes them; without one it is asked about when there is one."""
    engine = _engine_at_hand(project, rules, request)
    return engine is not None and not engine.is_tofu and parse_version(engine.version) >= _IMPORTS_IN_MODULES


def _engine_at_hand(project: Project, rules: ProjectConfig | None, request: Request) -> Engine | None:
    """None where there is none, or where it isn't allowed."""
    try:
        return locate(project, rules, request.engine) if rules else None
    except TfopsError:
        return None
