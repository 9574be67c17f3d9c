"""`validate`: the whole project against its modules, every mistake in one run; no engine unless asked."""

from collections.abc import Iterator, Sequence

from tfops import exact
from tfops.change.modules import input_check
from tfops.change.project import Project
from tfops.change.reading import read_all
from tfops.change.request import Request
from tfops.change.shared_states import place_complaints
from tfops.change.stack import locate
from tfops.change.ui import Ui
from tfops.commands.found_in_modules import (
    for_tofu,
    guessed_protections,
    misplaced_imports,
    moving_sources,
    unseen_sources,
)
from tfops.commands.syntax import misread_files
from tfops.commands.value_trial import TrialResult, ValueTrial
from tfops.config.environment import (
    listed_environments,
    place_of,
)
from tfops.config.own_backend import with_own_backends
from tfops.config.project import ProjectConfig
from tfops.config.rules import remembered_rules
from tfops.config.values import forms_in
from tfops.engine.environment import bare_environment
from tfops.errors import ConfigError
from tfops.records.complaint import Complaint
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.resolve.branches import require_environment
from tfops.system.trees import GitTree
from tfops.views.validate import Converted, ValidateResult


def validate(
    project: Project, envs: Sequence[str] | None, *, head: bool, deep: bool, request: Request, ui: Ui
) -> ValidateResult:
    """Check tfops.yaml and every environment (or `envs`), as they lie here; with `head`, as they are committed.

    Raises ConfigError with every mistake that was found. The engine (`deep`) is asked when there is none.
    """
    tree = project.tree(worktree=not head)
    complaints: list[Complaint] = []
    rules = _rules(project, tree, complaints)
    complaints += place_complaints(rules, tree) if rules else ()
    listed = list(rules.environments) if rules else list(listed_environments(tree))
    if envs is not None and rules:
        wanted, shared = list(dict.fromkeys(_described_by(project, env, rules) for env in envs)), []
    else:
        wanted, shared = listed, [rule.preview.config for rule in rules.previews if rule.preview] if rules else []
    is_one = envs is not None and len(envs) == 1
    described = [*wanted, *(name for name in shared if name not in wanted)]
    found = read_all(project, tree, described)
    complaints += [complaint for read in found for complaint in read.complaints]
    unseen = [(read.env, module, source) for read in found for module, source in read.unseen]
    for line in (
        *unseen_sources(project, tree, unseen),
        *moving_sources(project, tree, found),
        *guessed_protections(project, tree, found),
    ):
        ui.warn(line)
    complaints += misplaced_imports(project, tree, found, rules, request)
    complaints += for_tofu(project, tree, found, rules, request)
    results: list[TrialResult] = []
    if deep and rules and not complaints:
        judge = locate(project, rules, request.engine)
        complaints += misread_files(project, tree, found, judge)
        if not complaints:  # else the engine would say the same of each value
            trial = ValueTrial(project, tree, engine=judge, check=input_check(project, tree), env=bare_environment())
            results = trial.judge_all(described, wants_values=is_one)
            complaints += [complaint for result in results for complaint in result.complaints]
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
        off={read.env: read.off for read in found if read.off},
        values={_module_name(result.stack, name): one for result in results for name, one in result.values.items()},
        converted=tuple(fact for result in results if is_one for fact in _converted(result)),
    )


def _described_by(project: Project, asked: str, rules: ProjectConfig) -> EnvName:
    """The environment; a preview has the files of its kind. Raises Refused."""
    everything = project.with_previews(rules)
    env = require_environment(asked, everything)
    preview = everything.environments[env].preview
    return preview.config if preview else env


def _module_name(stack: StackName, module: str) -> str:
    return module if stack == MAIN_STACK else f"{stack}/{module}"


def _converted(result: TrialResult) -> Iterator[Converted]:
    """The literal inputs that become something else than what is written."""
    for name, module in result.config.modules.items():
        for key, given in module.inputs.items():
            becomes = result.values.get(name, {}).get(key, given)
            if not any(forms_in(given)) and exact.dumps(becomes) != exact.dumps(given):
                yield Converted(_module_name(result.stack, name), key, given, becomes)


def _rules(project: Project, tree: GitTree, complaints: list[Complaint]) -> ProjectConfig | None:
    try:
        return with_own_backends(remembered_rules(tree, project.workspace.rules), tree)
    except ConfigError as error:
        complaints += error.complaints
        return None
