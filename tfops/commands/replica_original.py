"""What is copied: an environment as it was at a version, read from Git."""

from collections.abc import Iterator

from tfops.change.commit_files import CommitFiles
from tfops.change.project import Project
from tfops.change.provider_locks import lock_of_version
from tfops.commands.diff_contents import VersionRead
from tfops.commands.new import require_new_name, taken_environments
from tfops.commands.replica_files import Original
from tfops.config.document import Document, read_document
from tfops.config.environment import read_provider_lock, stack_document
from tfops.config.names import PROJECT_FILE
from tfops.config.project import ProjectConfig
from tfops.config.stacks import stack_files
from tfops.errors import ConfigError, Refused
from tfops.ledger.chain import read_present
from tfops.ledger.versions import versions_of
from tfops.records.card import Card
from tfops.records.names import CommitSha, EnvName, StackName
from tfops.system.git import require_sha
from tfops.system.trees import GitTree


def read_original(project: Project, read: VersionRead) -> Original:
    """Modules and inputs from the version's commit, the line in tfops.yaml from the one that is checked out.

    Raises Refused (guard `not-copied`) for a preview and for a place for drills, which are copies themselves.
    """
    env, card = read.record.env, read.card
    today = project.tree(worktree=False)
    line = read_document(PROJECT_FILE, today.read(PROJECT_FILE) or "").data["environments"].get(env)
    if not isinstance(line, dict) or "branch" not in line or "config" in line:
        what = f"{env} has no line of its own with a branch in tfops.yaml: it can't be copied"
        raise Refused("not-copied", what, hint="copy the environment that it was made from")
    documents = {stack: _document(project, env, card, stack) for stack in map(StackName, card.stacks)}
    parents, lock = _parents(today, env, documents), _lock(project, env, card)
    return Original(read.record, documents, parents, lock, line, today.folders.environments)


def _commit_of(card: Card, stack: str) -> CommitSha:
    """Where a stack's content is from: a change can be narrowed to some."""
    return require_sha(card.stacks[stack].commit or card.commit)


def _document(project: Project, env: EnvName, card: Card, stack: StackName) -> Document:
    tree = GitTree.of_commit(project.repository, _commit_of(card, stack))
    found = stack_document(tree, env, stack)
    if found.complaints:
        raise ConfigError(found.complaints)
    return found


def _parents(today: GitTree, env: EnvName, documents: dict[StackName, Document]) -> dict[StackName, str]:
    """The files of today that come to the same as the version's, by the names that `extends` takes."""
    files, _ = stack_files(today, env)
    if files.keys() != documents.keys():
        return {}
    return {
        stack: path.removeprefix(f"{today.folders.environments}/")
        for stack, path in files.items()
        if stack_document(today, env, stack).data == documents[stack].data
    }


def _lock(project: Project, env: EnvName, card: Card) -> str | None:
    """The committed one, which can have other platforms' checksums too, unless it ran with another."""
    if not card.keeps_providers and not any(part.commit for part in card.stacks.values()):
        committed = read_provider_lock(GitTree.of_commit(project.repository, require_sha(card.commit)), env)
        if committed is not None:
            return committed
    return lock_of_version(project, env, card)


def require_new(project: Project, rules: ProjectConfig, copy: EnvName) -> None:
    """Raises Refused (guard `exists`) where anything has the name: a line, a file, a version, a ledger."""
    require_new_name(copy, taken_environments(project.tree(worktree=False), rules))
    if versions_of(project.repository, copy).highest or read_present(project.repository, copy).head:
        hint = f"choose another name, or look: tfops log {copy}"
        raise Refused("exists", f"{copy} has a history already", hint=hint)


def require_same_modules(project: Project, read: VersionRead) -> None:
    """Raises Refused (guard `modules-moved-on`) where the checked-out commit has other modules than the version."""
    moved = sorted(set(_moved(project, read.card)))
    if moved:
        env, version, commit = read.record.env, read.record.version, read.record.commit[:8]
        raise Refused(
            "modules-moved-on",
            f"the checked-out commit has other modules than {env} {version}: {', '.join(moved)}",
            why="a copy made here would not be the same",
            hint=f"begin where {version} was: git switch -c BRANCH {commit}; then the same with --branch BRANCH",
        )


def _moved(project: Project, card: Card) -> Iterator[str]:
    today = CommitFiles(project, project.tree(worktree=False))
    was = {
        commit: CommitFiles(project, GitTree.of_commit(project.repository, commit))
        for commit in {_commit_of(card, stack) for stack in card.stacks}
    }
    for name, module in card.modules.items():
        if not module.digest:
            continue
        if today.tree.digest(f"{today.tree.folders.modules}/{module.source}") != module.digest:
            yield module.source
            continue
        then = was[_commit_of(card, _stack_of(card, name))]
        yield from (path for path in today.reach(module.source) if today.digests.of(path) != then.digests.of(path))


def _stack_of(card: Card, module: str) -> str:
    stack, _, _ = module.rpartition("/")
    return stack or next(iter(card.stacks))
