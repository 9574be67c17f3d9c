"""`config show`: an environment's merged configuration, and where each value came from."""

from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.config.environment import load_environment, load_rules, stack_document
from tfops.config.lines import config_lines
from tfops.records.names import EnvName
from tfops.views.config import ConfigResult, StackLines


def show_config(project: Project, env: str | None, *, head: bool, sources: bool) -> ConfigResult:
    """What the files come to as they lie here; with `head`, as they are committed."""
    tree = project.tree(worktree=not head)
    rules, name = load_rules(tree), EnvName(env or "")
    if name not in rules.environments:  # of a branch, or a preview; one that nobody committed yet is found above
        place = find_place(project, env)
        name, tree = place.env, place.tree(project, worktree=not head)
        rules = place.rules_in(project, tree)
    environment, base = load_environment(tree, rules, name), rules.base_of(name)
    stacks = (StackLines(one, config_lines(stack_document(tree, name, one, base))) for one in environment.stacks)
    return ConfigResult(name, environment.digest, tuple(stacks), sources)
