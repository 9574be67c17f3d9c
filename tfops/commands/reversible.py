"""`check --reversible`: is the commit under review a one-way door?"""

from collections.abc import Mapping
from dataclasses import replace

from tfops.change.content import Content
from tfops.change.environment import Place, find_place
from tfops.change.modules import runs_tofu
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.ui import Ui
from tfops.commands.plan import plan
from tfops.config.environment import load_environment
from tfops.config.modules.declarations import declared_by
from tfops.engine.lockfile import locked_versions
from tfops.ledger.versions import read_card, versions_of
from tfops.records.addresses import provider_of, without_keys
from tfops.records.card import Card
from tfops.records.plan import Plan
from tfops.records.version import Kind
from tfops.resolve.forward_only import irreversible
from tfops.resolve.one_way import Proposed, Running, doors, planned_doors
from tfops.views.reversible import ReversibleResult


def check_reversible(
    project: Project, env: str | None, *, with_plan: bool, request: Request, ui: Ui
) -> ReversibleResult:
    """The one-way doors between what runs and the checked-out commit; with a plan, also those that only it shows."""
    place, head = find_place(project, env), project.repository.commit(project.repository.head)
    ui.note(f"{place.reason} · commit {head.short} {head.subject}")
    project.fetch_for_reading(place.rules, ui)
    found = doors_of(project, place, ui)
    if not with_plan or found.against is None:
        return found
    return with_planned(project, place, found, plan(project, replace(request, env=found.env), ui).plan)


def doors_of(project: Project, place: Place, ui: Ui) -> ReversibleResult:
    """Those that Git alone shows, as this clone knows it."""
    repository = project.repository
    commit = repository.commit(repository.head)
    latest = versions_of(repository, place.env).latest
    if latest is None or latest.kind is Kind.DESTROY:
        return ReversibleResult(place.env, commit, None, ())
    now = _standing(read_card(repository, latest))
    tree = place.tree(project, worktree=False)
    rules = place.rules_in(project, tree)
    content = Content.of(tree, rules, load_environment(tree, rules, place.env))
    locks = [content.lock_of(stack) or "" for stack in content.environment.stacks]
    coming = Proposed(
        declared_by(content.tree, content.environment, is_tofu=runs_tofu(project, tree, place.env)),
        _by_provider({name: version for lock in locks for name, version in locked_versions(lock).items()}),
        rules.engine.version.text,
        rules.protect,
    )
    for address in sorted(now.inventory):
        if without_keys(address) in coming.declared.guessed:
            ui.warn(f"the inputs don't decide `prevent_destroy` of {address}: it counts as protected")
    return ReversibleResult(place.env, commit, latest.version, tuple(doors(now, coming)))


def with_planned(project: Project, place: Place, found: ReversibleResult, planned: Plan) -> ReversibleResult:
    """Those too that only the plan of the same commit shows."""
    repository = project.repository
    latest = versions_of(repository, place.env).latest
    if latest is None or found.against is None:
        return found
    rules = place.rules_in(project, place.tree(project, worktree=False))
    named = {address for reason in found.doors for address in reason.subjects}
    shown = planned_doors(planned, _standing(read_card(repository, latest)), rules.protect)
    more = [door for door in shown if named.isdisjoint(door.subjects)]
    return replace(found, doors=(*found.doors, *more, *irreversible(planned, rules.no_downgrade)))


def _standing(card: Card) -> Running:
    return Running(
        engine=(card.engine.name, card.engine.version),
        inventory=card.inventory,
        protected=card.protected,
        kept=card.kept,
        providers=_by_provider(card.providers),
    )


def _by_provider(versions: Mapping[str, str]) -> dict[str, str]:
    """The same provider of either engine's registry is one."""
    return {provider_of(address): version for address, version in versions.items()}
