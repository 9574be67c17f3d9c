"""`affected`: the environments that a commit touches, against the branch that each is bound to. No engine starts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tfops.change.commit_files import Between, CommitFiles
from tfops.change.content import Content, rendered
from tfops.change.home import content_tree
from tfops.change.project import Project
from tfops.config.environment import EnvironmentConfig, load_environment, lock_file_path
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
from tfops.system.repository import Repository
from tfops.system.trees import GitTree
from tfops.views.affected import AffectedEnvironment, AffectedResult


@dataclass(slots=True)
class Side:
    """A commit as it is looked at: read once, however many environments ask for it."""

    project: Project
    commit: CommitSha
    rules: ProjectConfig
    files: CommitFiles

    @classmethod
    def of(cls, project: Project, commit: CommitSha) -> "Side":
        """Raises ConfigError when tfops.yaml is broken there, Refused as an export."""
        tree = GitTree.of_commit(project.repository, commit)
        rules = project.rules_in(tree)
        return cls(project, commit, rules, CommitFiles(project, tree))

    def comes(self, env: EnvName) -> Comes | None:
        """What an environment comes to there; None where tfops.yaml doesn't know it."""
        rule = self.rules.environments.get(env)
        if rule is None:
            return None
        found = Comes(self.rules, rule, folder=self.files.tree.folders.modules)
        try:
            tree = content_tree(self.project, self.files.tree, self.rules, env)
            config = load_environment(tree, self.rules, env)
            content = Content.of(tree, self.rules, config)
            own = CommitFiles(self.project, content.tree) if config.own_roots else self.files
            _, files = rendered(content, own.interfaces)
        except (ConfigError, Refused) as error:
            return replace(found, complaint=in_a_line(error))
        modules = own.digests_of(source for source in config.sources if isinstance(source, LocalSource))
        folders = _folders(config)
        reaches = {path: frozenset(modules) if config.own_roots else own.reach(path) for path in folders}
        roots = {name: text for name, text in files.items() if name.rpartition("/")[2] != LOCK_FILE}
        locks = {stack: content.lock_of(stack) for stack in config.stacks}
        lock = content.lock if not config.own_roots else repr(sorted(locks.items()))
        return replace(found, config=config, roots=roots, lock=lock, modules=modules, reaches=reaches)


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


def _maybe_touched(before: Side, head: Side, wanted: Sequence[EnvName]) -> Iterator[EnvName]:
    """Without reading a file of theirs: those of which something can be another. Tree ids say it for all at once, what
    was found right before says it for each."""
    was, now = before.files.tree, head.files.tree
    own = [env for env in wanted if _has_roots(before, env) or _has_roots(head, env)]
    if was.tree_id != now.tree_id:
        yield from own
    wanted = sorted(set(wanted).difference(own), key=wanted.index)
    changed = {path for path in now.folders.paths if was.digest(path) != now.digest(path)}
    if not changed:
        return
    memory, between = ValidationCache(head.project.workspace.verdicts), Between(before.files, head.files)
    for env in wanted:
        known = memory.files(now, env) if PROJECT_FILE not in changed else None
        lock = lock_file_path(now, head.rules.files_of(env)) if known else ""
        if known is None or between.touched_modules(known, lock) != set():
            yield env


def _has_roots(side: Side, env: EnvName) -> bool:
    """Whether it is made of roots that somebody wrote by hand: they may reach whatever changed."""
    rule = side.rules.environments.get(env)
    return rule is not None and bool(rule.roots)


def _folders(config: EnvironmentConfig) -> set[str]:
    return {source.path for source in config.sources if isinstance(source, LocalSource)}
