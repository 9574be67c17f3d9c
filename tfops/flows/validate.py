"""`validate`: the whole project against its modules, every mistake in one run; no engine unless asked."""

import json
from collections.abc import Iterable, Iterator

from tfops.config.environment import (
    EnvironmentConfig,
    StackConfig,
    forms_in,
    listed_environments,
    place_of,
    read_environment,
)
from tfops.config.inputs import InputCheck
from tfops.config.project import ProjectConfig, load_project
from tfops.engine.environment import base_environment
from tfops.errors import ConfigError
from tfops.flows.court import Court, Values, Verdict
from tfops.flows.project import Project
from tfops.flows.stack import EngineOptions, locate
from tfops.flows.target import require_environment
from tfops.flows.ui import Ui
from tfops.model import MAIN_STACK, Complaint, EnvName, StackName
from tfops.results import Converted, ValidateResult
from tfops.system.trees import GitTree


def validate(
    project: Project, env: str | None, *, head: bool, deep: bool, engine: EngineOptions, ui: Ui
) -> ValidateResult:
    """Check tfops.yaml and every environment (or one), as they lie here; with `head`, as they are committed.

    Raises ConfigError with every mistake that was found. The engine (`deep`) is asked when there is none.
    """
    repository = project.repository
    tree = GitTree.of_commit(repository, repository.head) if head else GitTree.of_work_tree(repository)
    complaints: list[Complaint] = []
    rules = _rules(tree, complaints)
    wanted = [require_environment(env, rules)] if env and rules else listed_environments(tree)
    check = project.input_check(tree)
    environments = dict(_read(tree, wanted, check, complaints))
    for name, module, source in check.unseen:
        ui.warn(f"{name}: the variables of `{module}` ({source}) can't be seen from here: its inputs are not checked")
    verdicts: list[Verdict] = []
    if deep and rules and not complaints:
        court = Court(project, tree, locate(project, rules, engine.engine), check, base_environment(rules.engine.env))
        verdicts = court.judge_all(environments.values(), wants_values=env is not None)
        complaints += [complaint for verdict in verdicts for complaint in verdict.complaints]
    if complaints:
        # Many may inherit one mistake; the first has it said best.
        once = {(complaint.mark, complaint.message): complaint for complaint in reversed(complaints)}
        raise ConfigError(sorted(once.values(), key=place_of))
    return ValidateResult(
        environments=tuple(environments),
        modules=len({source for found in environments.values() for source in found.sources}),
        is_committed=head,
        is_deep=deep,
        unseen=tuple(f"{name}: {module}" for name, module, _ in check.unseen),
        values={_module_name(found.stack, name): values for found in verdicts for name, values in found.values.items()},
        converted=tuple(
            fact
            for found in verdicts
            if env
            for fact in _converted(environments[found.env].stacks[found.stack], found.stack, found.values)
        ),
    )


def _module_name(stack: StackName, module: str) -> str:
    return module if stack == MAIN_STACK else f"{stack}/{module}"


def _converted(config: StackConfig, stack: StackName, values: Values) -> Iterator[Converted]:
    """The literal inputs that become something else than what is written."""
    for name, module in config.modules.items():
        for key, given in module.inputs.items():
            becomes = values.get(name, {}).get(key, given)
            if not any(forms_in(given)) and json.dumps(becomes) != json.dumps(given):
                yield Converted(_module_name(stack, name), key, given, becomes)


def _rules(tree: GitTree, complaints: list[Complaint]) -> ProjectConfig | None:
    try:
        return load_project(tree)
    except ConfigError as error:
        complaints += error.complaints
        return None


def _read(
    tree: GitTree, wanted: Iterable[EnvName], check: InputCheck, complaints: list[Complaint]
) -> Iterator[tuple[EnvName, EnvironmentConfig]]:
    for env in wanted:
        try:
            yield env, read_environment(tree, env, check)
        except ConfigError as error:
            complaints += error.complaints
