"""What of a root's providers an earlier commit has and this one doesn't, found for what is to be taken down."""

from collections.abc import Iterator, Mapping

from tfops.change.content import Content
from tfops.change.snapshot import Snapshot
from tfops.config.modules.kept_providers import kept_provider_files
from tfops.config.own_backend import root_texts
from tfops.config.own_roots import RootConfig, roots_of
from tfops.config.project_file import project_document
from tfops.records.names import StackName
from tfops.system.root_tree import RootTree
from tfops.system.trees import GitTree


def kept_providers(facts: Snapshot, content: Content, stack: StackName, *, is_tofu: bool) -> dict[str, str]:
    """Files to lay beside a root's code: provider blocks of what ran, or was begun, that its commit doesn't have."""
    root = content.environment.stacks[stack].root
    assert root is not None
    before = list(_before(facts, content, stack, root))
    if not before:
        return {}
    now = root_texts(content.tree, root.path)
    return kept_provider_files(before, now, in_use=_in_use(facts, stack), is_tofu=is_tofu)


def _before(facts: Snapshot, content: Content, stack: StackName, root: RootConfig) -> Iterator[Mapping[str, str]]:
    card, repository = facts.current_card, facts.project.repository
    part = card.stacks.get(stack) if card else None
    runs = [facts.present.intent, facts.present.trouble]
    commits = [aim.commit for aim in runs if aim] + ([part.commit or card.commit] if card and part else [])
    here = content.tree.repository.tree_id if isinstance(content.tree, RootTree) else content.tree.tree_id
    for commit in filter(None, map(repository.named_commit, dict.fromkeys(commits))):
        tree = GitTree.of_commit(repository, commit)
        if tree.tree_id != here:
            known = roots_of(project_document(tree).data, content.rules.files_of(facts.env))
            yield root_texts(tree, known.get(stack, root).path)


def _in_use(facts: Snapshot, stack: StackName) -> frozenset[str] | None:
    """The providers of what is in the state; after a change that stopped nobody knows."""
    part = facts.current_card.stacks.get(stack) if facts.current_card else None
    is_known = facts.present.trouble is None and facts.present.intent is None
    return frozenset(part.types if part else ()) if is_known else None
