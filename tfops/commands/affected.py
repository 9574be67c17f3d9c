"""`affected`: the environments that a commit touches, against the branch that each is bound to. No engine starts."""

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from tfops.change.home import content_tree
from tfops.change.modules import interfaces_of
from tfops.change.project import Project
from tfops.change.stack import Content
from tfops.commands.rendering import rendered
from tfops.config.environment import EnvironmentConfig, load_environment
from tfops.config.modules.interface import Interfaces, reached_modules
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.config.source import LocalSource
from tfops.config.validation_cache import ValidationCache
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, Refused, in_a_line
from tfops.forge.ci import merge_target_named_by_ci
from tfops.ledger.versions import versions_of
from tfops.records.names import CommitSha, EnvName
from tfops.records.rendered import LOCK_FILE
from tfops.resolve.affected import Comes, why_affected
from tfops.resolve.branches import matches
from tfops.system.module_digest import ModuleDigests
from tfops.system.repository import PROJECT_PATHS, Repository
from tfops.system.trees import GitTree
from tfops.views.affected import AffectedEnvironment, AffectedResult


@dataclass(slots=True)
class Side:
    """A commit as it is looked at: read once, however many environments ask for it."""

    project: Project
    commit: CommitSha
    tree: GitTree
    rules: ProjectConfig
    digests: ModuleDigests
    interfaces: Interfaces
    reaches: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, commit: CommitSha) -> "Side":
        """Raises ConfigError when tfops.yaml is broken there, Refused as an export."""
        tree = GitTree.of_commit(project.repository, commit)
        rules = project.rules_in(tree)
        return cls(project, commit, tree, rules, ModuleDigests(tree), interfaces_of(project, tree))

    def comes(self, env: EnvName) -> Comes | None:
        """What an environment comes to there; None where tfops.yaml doesn't know it."""
        rule = self.rules.environments.get(env)
        if rule is None:
            return None
        found = Comes(self.rules, rule)
        try:
            tree = content_tree(self.project, self.tree, self.rules, env)
            config = load_environment(tree, self.rules, env)
            content = Content.of(tree, self.rules, config)
            _, files = rendered(content, self.interfaces)
        except (ConfigError, Refused) as error:
            return replace(found, complaint=in_a_line(error))
        reaches = {path: self.reach(path) for path in _folders(config)}
        used = {path for paths in reaches.values() for path in paths}
        roots = {name: text for name, text in files.items() if name.rpartition("/")[2] != LOCK_FILE}
        modules = {path: self.digests.of(path) for path in used}
        return replace(found, config=config, roots=roots, lock=content.lock, modules=modules, reaches=reaches)

    def reach(self, module: str) -> frozenset[str]:
        """A folder below `modules/`, and those that it calls by relative paths."""
        if module not in self.reaches:
            self.reaches[module] = reached_modules(self.interfaces, [module])
        return self.reaches[module]


def affected(project: Project, base: str | None) -> AffectedResult:
    """The environments that HEAD touches, each with the reasons.

    `base` is a branch: the environments that are bound to it count, HEAD against the commit where it left that
    branch. Without one it is what the CI says that is merged into, else each environment's own branch. Any other
    name of a commit is compared with itself, for all environments. Raises Refused (guard `unknown-base`) where there
    is no such thing.
    """
    head = Side.of(project, project.repository.head)
    compared, not_compared = _compared(project, head, base or merge_target_named_by_ci())
    sides = {head.commit: head}  # read once, however many branches were left there
    found: dict[EnvName, AffectedEnvironment] = {}
    looked_at = set[EnvName]()
    for branch, commit in compared.items():
        if commit not in sides:
            sides[commit] = Side.of(project, commit)
        before = sides[commit]
        wanted = _bound(before.rules, branch) | _bound(head.rules, branch)
        looked_at |= wanted
        for env in _maybe_touched(before, head, sorted(wanted - found.keys())):
            found |= {one.env: one for one in _affected(before, head, env)}
    environments = tuple(found[env] for env in sorted(found))
    missing = {env: why for env, why in sorted(not_compared.items()) if env not in looked_at}
    return AffectedResult(head.commit, compared, environments, len(looked_at), missing)


def _bound(rules: ProjectConfig, branch: str) -> set[EnvName]:
    """The environments that are bound to a branch (to any, where it is empty); none that goes with a branch."""
    return {
        env
        for env, rule in rules.environments.items()
        if rule.preview is None and rule.rehearses is None and (not branch or matches(rule.branch, branch))
    }


def _affected(before: Side, head: Side, env: EnvName) -> Iterator[AffectedEnvironment]:
    was, now = before.comes(env), head.comes(env)
    reasons = why_affected(env, was, now)
    if reasons:
        rule = now.rule if now else was.rule if was else None
        yield AffectedEnvironment(env, rule.branch if rule else "", before.commit, reasons, is_removed=now is None)


def _compared(project: Project, head: Side, base: str) -> tuple[dict[str, CommitSha], dict[EnvName, str]]:
    """By branch (empty: for all environments) the commit that HEAD is compared with; and which environments have none,
    with the reason."""
    repository = project.repository
    if not base:
        return _own_branches(project, head)
    branch = base.removeprefix(f"{repository.remote}/") if repository.remote else base
    for name in dict.fromkeys((base, branch)):
        if repository.branch_head(name) is not None:
            left = _left(repository, name)
            if left is None:
                raise Refused(
                    "unknown-base", f"HEAD and the branch `{name}` {_NOTHING_COMMON}", hint=_deepen(repository)
                )
            return {name: left}, {}
    commit = repository.named_commit(base)
    if commit is None:
        hint = "name a branch or a commit of this clone (git fetch)"
        raise Refused("unknown-base", f"there is no branch and no commit `{base}` in this clone", hint=hint)
    return {"": commit}, {}


_NOTHING_COMMON = "have no commit in common in this clone"


def _deepen(repository: Repository) -> str:
    return "git fetch --unshallow   (in CI: fetch the whole history, depth 0)" if repository.is_shallow else ""


def _own_branches(project: Project, head: Side) -> tuple[dict[str, CommitSha], dict[EnvName, str]]:
    """Each environment against its own branch; of a pattern, the branch that its latest version is from."""
    repository = project.repository
    compared: dict[str, CommitSha] = {}
    missing: dict[EnvName, str] = {}
    for env, rule in head.rules.environments.items():
        if rule.preview is not None or rule.rehearses is not None:
            continue
        branch = rule.branch if "*" not in rule.branch else _branch_of_latest(repository, env, rule.branch)
        left = _left(repository, branch) if branch else None
        if left is not None:
            compared[branch] = left
        elif not branch:
            missing[env] = f"bound to {rule.branch}, and no version says which branch: name one with --base"
        elif repository.branch_head(branch) is None:
            missing[env] = f"this clone has no branch {branch}: git fetch"
        else:
            missing[env] = "; ".join(filter(None, (f"HEAD and {branch} {_NOTHING_COMMON}", _deepen(repository))))
    return compared, missing


def _branch_of_latest(repository: Repository, env: EnvName, pattern: str) -> str:
    latest = versions_of(repository, env).latest
    return latest.branch if latest is not None and matches(pattern, latest.branch) else ""


def _left(repository: Repository, branch: str) -> CommitSha | None:
    """Where HEAD left a branch; None for a branch that isn't there, or that has nothing in common with it."""
    tip = repository.branch_head(branch)
    return repository.merge_base(tip, repository.head) if tip else None


def _maybe_touched(before: Side, head: Side, wanted: Iterable[EnvName]) -> Iterator[EnvName]:
    """Without reading a file of theirs: those of which something can be another. Tree ids say it for all at once, what
    was found right before says it for each."""
    changed = {path for path in PROJECT_PATHS if before.tree.digest(path) != head.tree.digest(path)}
    if not changed:
        return
    memory = ValidationCache(head.project.workspace.verdicts)
    for env in wanted:
        if PROJECT_FILE in changed or _is_maybe_touched(before, head, env, memory):
            yield env


def _is_maybe_touched(before: Side, head: Side, env: EnvName, memory: ValidationCache) -> bool:
    known = memory.files(head.tree, env)
    if known is None or any(before.tree.digest(path) != head.tree.digest(path) for path in known.paths):
        return True
    lock = f"environments/{head.rules.files_of(env)}.lock.hcl"
    if before.tree.digest(lock) != head.tree.digest(lock):
        return True
    folders = {path for source in known.folders for path in head.reach(source)}
    return any(before.digests.of(path) != head.digests.of(path) for path in folders)


def _folders(config: EnvironmentConfig) -> set[str]:
    return {source.path for source in config.sources if isinstance(source, LocalSource)}
