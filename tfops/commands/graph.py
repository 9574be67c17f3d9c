"""`graph`: environments, stacks and modules as they run, from the cards alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tfops.ledger.rendered import latest_roots
from tfops.ledger.versions import list_latest, read_cards
from tfops.records.addresses import split
from tfops.records.names import EnvName, StackName
from tfops.records.rendered import MAIN_FILE
from tfops.records.version import Kind
from tfops.resolve.branches import require_environment
from tfops.views.graph import EnvironmentNode, GraphForm, GraphResult, ModuleNode, ModuleUse, StackNode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tfops.change.project import Project
    from tfops.change.ui import Ui
    from tfops.records.card import Card


def graph(
    project: Project, only: Sequence[str], *, fetch: bool, ui: Ui, form: GraphForm = GraphForm.TREE
) -> GraphResult:
    """Every environment that tfops.yaml has or that has versions, or `only` some. Raises Refused for an unknown one."""
    if fetch:
        project.fetch_here(ui)
    rules = project.config_at(project.repository.head)
    listings = list_latest(project.repository)
    for name in only:
        if name not in listings:
            require_environment(name, rules)
    known = dict.fromkeys([*rules.environments, *sorted(listings)])
    wanted = [env for env in known if not only or env in only]
    latest = [listings[env].latest for env in wanted if env in listings]
    cards = {record.env: card for record, card in read_cards(project.repository, [one for one in latest if one])}
    for env, card in cards.items():
        if card is None:
            ui.warn(f"the card of {env} can't be read: tfops verify {env}")
    found = {env: card for env, card in cards.items() if card}
    mains = _main_files(project, found)
    nodes = tuple(_environment(env, found.get(env), mains.get(env, {})) for env in wanted)
    return GraphResult(rules.project, nodes, _uses(nodes), form)


def _main_files(project: Project, cards: Mapping[EnvName, Card]) -> dict[EnvName, dict[StackName, str]]:
    """The rendered roots of environments with several stacks: what these take from each other stands nowhere else."""
    wanted = {
        env: [f"{stack}/{MAIN_FILE}" for stack in card.stacks] for env, card in cards.items() if len(card.stacks) > 1
    }
    files = latest_roots(project.repository, wanted)
    return {
        env: {StackName(path.partition("/")[0]): text for path, text in texts.items()} for env, texts in files.items()
    }


def _environment(env: EnvName, card: Card | None, mains: Mapping[StackName, str]) -> EnvironmentNode:
    if card is None:
        return EnvironmentNode(env, None)
    from tfops.records.version import Version  # noqa: PLC0415

    stacks = () if card.kind is Kind.DESTROY else tuple(StackName(name) for name in card.stacks)
    nodes = (StackNode(stack, _needs(stack, card, mains), tuple(_modules(card, stack))) for stack in stacks)
    return EnvironmentNode(env, Version(card.version), tuple(sorted(nodes, key=lambda node: node.name)))


def _modules(card: Card, stack: StackName) -> Iterable[ModuleNode]:
    for name, module in card.modules.items():
        owner, own = split(name)
        if owner == stack:
            yield ModuleNode(own, module.source, module.digest)


def _needs(stack: StackName, card: Card, mains: Mapping[StackName, str]) -> tuple[StackName, ...]:
    if stack not in mains:
        return ()
    from tfops.render.needs import needed_stacks  # noqa: PLC0415 - few environments have several stacks

    modules = {StackName(name): [one.name for one in _modules(card, StackName(name))] for name in card.stacks}
    variables = json.loads(mains[stack]).get("variable", {})
    return needed_stacks(variables, {name: found for name, found in modules.items() if name != stack})


def _uses(nodes: Iterable[EnvironmentNode]) -> tuple[ModuleUse, ...]:
    """By source and content, who runs it."""
    found: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        for stack in node.stacks:
            for module in stack.modules:
                found.setdefault((module.source, module.digest), []).append(node.place_of(stack))
    return tuple(ModuleUse(*key, tuple(dict.fromkeys(used))) for key, used in sorted(found.items()))
