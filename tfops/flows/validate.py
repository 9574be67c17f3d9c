"""`validate`: the whole project against its modules, every mistake in one run; no engine unless asked."""

from collections.abc import Iterator, Sequence

from tfops import exact
from tfops.config.constraint import parse_version
from tfops.config.environment import (
    forms_in,
    listed_environments,
    place_of,
)
from tfops.config.modules.imports import import_blocks
from tfops.config.modules.remote import remote_calls
from tfops.config.names import is_local_source
from tfops.config.pinning import why_unpinned
from tfops.config.project import ProjectConfig, load_project
from tfops.engine.environment import bare_environment
from tfops.errors import ConfigError, TfopsError
from tfops.flows.court import Court, Verdict
from tfops.flows.ground.own_places import place_complaints
from tfops.flows.ground.project import Project
from tfops.flows.ground.reading import Read, read_all
from tfops.flows.ground.stack import EngineOptions, locate
from tfops.flows.ground.target import require_environment
from tfops.flows.ground.ui import Ui
from tfops.model import MAIN_STACK, Complaint, EnvName, StackName
from tfops.results.files import Converted, ValidateResult
from tfops.system.trees import GitTree

_MOST_SHOWN = 8
_IMPORTS_IN_MODULES = (1, 16, 0)


def validate(
    project: Project, env: str | None, *, head: bool, deep: bool, engine: EngineOptions, ui: Ui
) -> ValidateResult:
    """Check tfops.yaml and every environment (or one), as they lie here; with `head`, as they are committed.

    Raises ConfigError with every mistake that was found. The engine (`deep`) is asked when there is none.
    """
    tree = project.tree(worktree=not head)
    complaints: list[Complaint] = []
    rules = _rules(tree, complaints)
    complaints += place_complaints(rules, tree) if rules else ()
    listed = list(rules.environments) if rules else list(listed_environments(tree))
    wanted = [_described_by(project, env, rules)] if env and rules else listed
    shared = [rule.preview.config for rule in rules.previews if rule.preview] if rules and env is None else []
    described = [*wanted, *(name for name in shared if name not in wanted)]
    found = read_all(project, tree, described)
    complaints += [complaint for read in found for complaint in read.complaints]
    unseen = [(read.env, module, source) for read in found for module, source in read.unseen]
    for line in (*_unseen_sources(project, tree, unseen), *_moving_sources(tree, found)):
        ui.warn(line)
    complaints += _misplaced_imports(project, tree, found, rules, engine)
    verdicts: list[Verdict] = []
    if deep and rules and not complaints:
        court = Court(
            project,
            tree,
            engine=locate(project, rules, engine.engine),
            check=project.input_check(tree),
            env=bare_environment(),
        )
        verdicts = court.judge_all(described, wants_values=env is not None)
        complaints += [complaint for verdict in verdicts for complaint in verdict.complaints]
    if complaints:
        # Many may inherit one mistake; the first has it said best.
        once = {(complaint.mark, complaint.message): complaint for complaint in reversed(complaints)}
        raise ConfigError(sorted(once.values(), key=place_of))
    return ValidateResult(
        environments=tuple(wanted),
        modules=len({source for read in found for source in read.sources}),
        is_committed=head,
        is_deep=deep,
        unseen=tuple(f"{name}: {module}" for name, module, _ in unseen),
        values={_module_name(verdict.stack, name): one for verdict in verdicts for name, one in verdict.values.items()},
        converted=tuple(fact for verdict in verdicts if env for fact in _converted(verdict)),
    )


def _unseen_sources(project: Project, tree: GitTree, unseen: Sequence[tuple[EnvName, str, str]]) -> Iterator[str]:
    """A line for each source whose variables aren't known, whoever uses it: why, and which inputs nobody looked at."""
    interfaces = project.interfaces(tree) if unseen else None
    for source in dict.fromkeys(source for _, _, source in unseen):
        using = _some([f"{env}: {module}" for env, module, where in unseen if where == source])
        own = interfaces.local(source) if interfaces and is_local_source(source) else None
        files = _some([f"modules/{source}/{name}" for name in own.unreadable]) if own else ""
        why = f"{files} can't be read" if files else "a plan has to fetch it first"
        yield f"the inputs of {source} are not checked: {why} ({using})"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _moving_sources(tree: GitTree, found: Sequence[Read]) -> Iterator[str]:
    """A line for each source that may give another module tomorrow, of environments and of their modules."""
    local = {
        source
        for read in found
        for source in read.sources
        if is_local_source(source) and tree.names(f"modules/{source}")
    }
    for read in found:
        for source in sorted(set(read.sources) - local):
            if why := why_unpinned(source):
                yield f"{read.env}: the source {source} may give another module tomorrow: {why}"
    for path, name, source in remote_calls(tree, local):
        if why := why_unpinned(source):
            yield f"{path}: the source of `{name}` ({source}) may give another module tomorrow: {why}"


def _misplaced_imports(
    project: Project, tree: GitTree, found: Sequence[Read], rules: ProjectConfig | None, options: EngineOptions
) -> Iterator[Complaint]:
    """`import` blocks in modules, where the engine takes none there: no plan could work."""
    sources = {source for read in found for source in read.sources if is_local_source(source)}
    blocks = list(import_blocks(tree, sources, is_tofu=project.is_tofu(tree)))
    if not blocks or (rules and _imports_in_modules(project, rules, options)):
        return
    for mark, line in blocks:
        yield Complaint(
            mark,
            "an `import` block in a module: before Terraform 1.16 only a root may have one, and no plan would work",
            line,
            "take the block out, and import by hand once (tfops docs when-it-stops); or use Terraform 1.16",
        )


def _imports_in_modules(project: Project, rules: ProjectConfig, options: EngineOptions) -> bool:
    """Whether the engine at hand takes them; without one it is asked about when there is one."""
    try:
        engine = locate(project, rules, options.engine)
    except TfopsError:
        return False
    return not engine.is_tofu and parse_version(engine.version) >= _IMPORTS_IN_MODULES


def _described_by(project: Project, asked: str, rules: ProjectConfig) -> EnvName:
    """The environment; a preview has the files of its kind. Raises Refused."""
    everything = project.with_previews(rules)
    env = require_environment(asked, everything)
    preview = everything.environments[env].preview
    return preview.config if preview else env


def _module_name(stack: StackName, module: str) -> str:
    return module if stack == MAIN_STACK else f"{stack}/{module}"


def _converted(verdict: Verdict) -> Iterator[Converted]:
    """The literal inputs that become something else than what is written."""
    for name, module in verdict.config.modules.items():
        for key, given in module.inputs.items():
            becomes = verdict.values.get(name, {}).get(key, given)
            if not any(forms_in(given)) and exact.dumps(becomes) != exact.dumps(given):
                yield Converted(_module_name(verdict.stack, name), key, given, becomes)


def _rules(tree: GitTree, complaints: list[Complaint]) -> ProjectConfig | None:
    try:
        return load_project(tree)
    except ConfigError as error:
        complaints += error.complaints
        return None
