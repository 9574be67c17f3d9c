"""Provider blocks with an alias that only what is taken down still needs: what ran has them, its successor doesn't."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tfops.change.content import Content
from tfops.change.home import content_tree
from tfops.change.snapshot import Snapshot
from tfops.config.environment import load_environment
from tfops.config.project_file import project_document
from tfops.config.providers import merged, parsed_blocks
from tfops.config.values import LocalReference, Reference, StackReference, forms_in
from tfops.errors import TfopsError
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.rendered import MAIN_FILE
from tfops.render.providers import provider_blocks
from tfops.system.trees import GitTree

_DEFAULT_HOST = "registry.terraform.io/"


def with_kept_aliases(facts: Snapshot, content: Content, stack: StackName) -> Content | None:
    """The content with the blocks of what ran, or was begun, that it lacks; None where it lacks none.

    Without its block the engine can take nothing down that an alias made. A block that takes something of a module
    isn't kept: the module may be gone with it.
    """
    config, env = content.environment.stacks[stack], content.environment.name
    if config.root or not _may_lack_any(facts, stack):
        return None
    now = provider_blocks(content.rules, env, config)
    kept: dict[str, Mapping[str, Any]] = {}
    for blocks in _before(facts, content, stack):
        kept |= {name: block for name, block in blocks.items() if "." in name and name not in {**now, **kept}}
    kept = {name: block for name, block in kept.items() if not _takes_of_modules(block)}
    if not kept:
        return None
    stacks = {**content.environment.stacks, stack: replace(config, providers={**config.providers, **kept})}
    sources = _sources(facts, stack, {name.partition(".")[0] for name in kept})
    return replace(content, environment=replace(content.environment, stacks=stacks), sources=sources)


def _may_lack_any(facts: Snapshot, stack: StackName) -> bool:
    """As the ledger has the root of what ran; after a change that stopped that is the root of what was begun."""
    path = f"root/{MAIN_FILE}" if stack == MAIN_STACK else f"root/{stack}/{MAIN_FILE}"
    is_known = facts.present.trouble is None and facts.present.intent is None
    return not is_known or b'"alias"' in facts.present.files.get(path, b"")


def _before(facts: Snapshot, content: Content, stack: StackName) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    card, repository, env = facts.current_card if facts.latest else None, facts.project.repository, facts.env
    part = card.stacks.get(stack) if card else None
    aims = [aim.commit for aim in (facts.present.intent, facts.present.trouble) if aim]
    commits = aims + ([part.commit or card.commit] if card and part else [])
    for commit in filter(None, map(repository.named_commit, dict.fromkeys(commits))):
        tree = content_tree(facts.project, GitTree.of_commit(repository, commit), content.rules, env)
        if tree.tree_id == content.tree.tree_id:
            continue
        with contextlib.suppress(TfopsError):  # one that can't be read any more says nothing
            known = load_environment(tree, content.rules, env, rehearses=facts.place.rehearses)
            own = known.stacks[stack].providers if stack in known.stacks else {}
            rules = parsed_blocks(project_document(tree).data.get("providers") or {})
            yield {name: merged(own.get(name, {}), rules.get(name, {})) for name in {**own, **rules}}


def _takes_of_modules(block: Mapping[str, Any]) -> bool:
    return any(isinstance(form, Reference | StackReference | LocalReference) for _, form in forms_in(dict(block)))


def _sources(facts: Snapshot, stack: StackName, names: set[str]) -> dict[str, str]:
    """Where their providers come from, as the card has it: no module may be left that says so."""
    part = facts.current_card.stacks.get(stack) if facts.latest and facts.current_card else None
    found = {
        address.rpartition("/")[2]: address.removeprefix(_DEFAULT_HOST) for address in (part.types if part else ())
    }
    return {name: source for name, source in found.items() if name in names}
