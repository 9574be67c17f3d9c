"""Nobody's infrastructure changes without a yes.

Two things want more than a yes: what a rollback deletes or replaces is named, or the environment's
name is typed under the list of it; and what is protected is named address by address, always.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from tfops.errors import NeedsPerson, NotApproved
from tfops.flows.ground.project import Project
from tfops.flows.ground.target import Target
from tfops.flows.ground.ui import Ui
from tfops.ledger.card import ApprovalPart
from tfops.model import Kind, Plan, ResourceChange
from tfops.resolve.actions import asks_first
from tfops.resolve.holding import holds_data
from tfops.resolve.identity import type_can_be_imported
from tfops.system import clock

# How an approval reads when tfops.yaml gave it: `rollback: auto`.
AUTOMATIC = "rollback: auto"

_MOST_LISTED = 5
_MANY = 3

# Given once for a whole drill: its place is empty or made by drills, so that nothing is lost there.
DRILL = "drill"


@dataclass(frozen=True, slots=True)
class ConsentOptions:
    """`yes` covers everything but what a rollback deletes or replaces: that is named, one by one.

    `standing` names a consent that was given before there was a plan; it covers what `yes` covers,
    a drill's everything. For runs without a person: at most `most_losses` unnamed resources may be deleted or
    replaced (None: any number), and with `only_plans` a person must look; `agreed` is the digest of a plan that
    one has looked at.
    """

    yes: bool = False
    allow_destroy: frozenset[str] = frozenset()
    allow_stateless: bool = False
    allow_duplicate: frozenset[str] = frozenset()
    allow_action: frozenset[str] = frozenset()
    standing: str = ""
    most_losses: int | None = None
    only_plans: bool = False
    agreed: str = ""


def obtain_consent(project: Project, target: Target, plan: Plan, options: ConsentOptions, ui: Ui) -> ApprovalPart:
    """Who agreed to this plan, and how. Raises NotApproved."""
    how = DRILL if options.standing == DRILL else _ask(target, plan, options, ui)
    person, _ = project.repository.identity()
    return ApprovalPart(who=str(person), when=clock.now(), digest=plan.digest, how=how)


def _ask(target: Target, plan: Plan, options: ConsentOptions, ui: Ui) -> str:
    _let_protected_go(target, plan, options, ui)
    _let_be_made_twice(target, plan, options, ui)
    _let_actions_run(target, plan, options, ui)
    _keep_limits(target, plan, options)
    if target.kind is Kind.ROLLBACK and plan.losing:
        return _consent_to_loss(target, plan, options, ui)
    if options.yes:
        return options.standing or "--yes"
    if not ui.is_interactive:
        raise NotApproved(
            "there is no terminal to ask on",
            why=f"the plan for {target.env} needs a yes",
            hint="look at the plan above, then run it again with --yes",
        )
    if target.kind is Kind.DESTROY:
        ui.warn(f"this destroys everything in {target.env}")
        return _typed_name(target, ui)
    return _plain_yes(target, ui)


def _let_protected_go(target: Target, plan: Plan, options: ConsentOptions, ui: Ui) -> None:
    """Each protected address is named or typed: the code that protected it may be gone with this very change."""
    losing = {change.address for change in plan.losing if target.protects(change.address)}
    unnamed = sorted(losing - options.allow_destroy)
    if not unnamed:
        return
    if ui.is_interactive and not options.yes:
        for address in unnamed:
            ui.warn(f"{address} is protected, and would be lost")
            if not ui.ask_for("Type its address to let it go", address):
                raise NotApproved(f"the {target.kind} of {target.env} was not approved")
        return
    raise NotApproved(
        f"the {target.kind} of {target.env} would lose what is protected: {', '.join(unnamed)}",
        why="it has `prevent_destroy` in a version concerned, or `protect:` of tfops.yaml names it",
        hint=f"if that is what you want, add: {_flags(unnamed)}",
    )


def _let_be_made_twice(target: Target, plan: Plan, options: ConsentOptions, ui: Ui) -> None:
    """What was let go alive, and holds data or was expected back: a second one is never made by the way."""
    found = (change for change in plan.duplicates if _is_missed(change))
    unnamed = sorted({change.address for change in found} - options.allow_duplicate)
    if not unnamed:
        return
    if ui.is_interactive and not options.yes:
        for address in unnamed:
            ui.warn(f"{address} still exists outside of the state and can't be taken in: a second one would be made")
            if not ui.ask_for("Type its address to make a second one", address):
                raise NotApproved(f"the {target.kind} of {target.env} was not approved")
        return
    raise NotApproved(
        f"the {target.kind} of {target.env} would make a second one of what still exists: {', '.join(unnamed)}",
        why="it left the state without being destroyed, and can't be taken in again",
        hint="import it by hand, or add: " + " ".join(f"--allow-duplicate '{address}'" for address in unnamed),
    )


def _is_missed(change: ResourceChange) -> bool:
    return holds_data(change.resource_type) or type_can_be_imported(change.resource_type)


def _let_actions_run(target: Target, plan: Plan, options: ConsentOptions, ui: Ui) -> None:
    """Actions that operations want to be asked about (`actions: {ask: …}`), each by its address."""
    found = {action.address for action in plan.actions if asks_first(action, target.rules.ask_actions)}
    unnamed = sorted(found - options.allow_action)
    if not unnamed:
        return
    if ui.is_interactive and not options.yes:
        for address in unnamed:
            if not ui.ask_for(f"This runs {address}. Type its address to let it run", address):
                raise NotApproved(f"the {target.kind} of {target.env} was not approved")
        return
    raise NotApproved(
        f"the {target.kind} of {target.env} would run what must be named: {', '.join(unnamed)}",
        why="`actions: {ask: …}` of tfops.yaml wants a person to look",
        hint="if that is what you want, add: " + " ".join(f"--allow-action '{address}'" for address in unnamed),
    )


def _keep_limits(target: Target, plan: Plan, options: ConsentOptions) -> None:
    """Raises Refused (guard `delete-limit` or `needs-approval`) where tfops.yaml wants a person to look."""
    if plan.digest == options.agreed:
        return
    unnamed = sorted({change.address for change in plan.losing} - options.allow_destroy)
    if options.most_losses is not None and len(unnamed) > options.most_losses:
        listed = ", ".join(unnamed[:_MOST_LISTED]) + (" …" if len(unnamed) > _MOST_LISTED else "")
        raise NeedsPerson(
            "delete-limit",
            f"{target.commit.short} would delete or replace {len(unnamed)} of {target.env}, "
            f"the limit is {options.most_losses}: {listed}",
            digest=plan.digest,
            hint=f"if that is meant: tfops approve {target.env}; the limit: `deletes` in tfops.yaml",
        )
    if options.only_plans:
        raise NeedsPerson(
            "needs-approval",
            f"{target.commit.short} waits for a person (sync: plan): {plan.headline()}",
            digest=plan.digest,
            hint=f"tfops approve {target.env}, or apply it yourself: tfops apply {target.env}",
        )


def _flags(addresses: Sequence[str]) -> str:
    return " ".join(f"--allow-destroy '{address}'" for address in addresses)


def _loss_flags(unnamed: Sequence[str], stateless: Set[str]) -> str:
    """Each by name; with many, those whose types hold nothing by one flag."""
    if len(stateless & set(unnamed)) < _MANY:
        return _flags(unnamed)
    named = _flags([address for address in unnamed if address not in stateless])
    return " ".join(filter(None, ("--allow-stateless", named)))


def _plain_yes(target: Target, ui: Ui) -> str:
    verb = "Roll back" if target.kind is Kind.ROLLBACK else "Apply to"
    if ui.confirm(f"{verb} {target.env}?"):
        return "terminal"
    raise NotApproved(f"the {target.kind} of {target.env} was not approved")


def _typed_name(target: Target, ui: Ui) -> str:
    if ui.ask_for(f"Type {target.env} to go on", target.env):
        return "terminal, name typed"
    raise NotApproved(f"the {target.kind} of {target.env} was not approved")


def _consent_to_loss(target: Target, plan: Plan, options: ConsentOptions, ui: Ui) -> str:
    """By naming each address, or by typing the environment's name under the list of them."""
    losing = {change.address for change in plan.losing}
    stateless = {change.address for change in plan.losing if not holds_data(change.resource_type)}
    unnamed = sorted(losing - options.allow_destroy - (stateless if options.allow_stateless else set()))
    if not unnamed:
        if options.yes or not ui.is_interactive:
            return "--allow-destroy"
        return _plain_yes(target, ui)
    if ui.is_interactive and not options.yes:
        count = "1 resource" if len(losing) == 1 else f"{len(losing)} resources"
        ui.warn(f"this deletes or replaces {count}: that data does not come back")
        return _typed_name(target, ui)
    raise NotApproved(
        f"the rollback of {target.env} deletes or replaces what nobody named: {', '.join(unnamed)}",
        why="--yes does not cover lost data",
        hint=f"if that is what you want, add: {_loss_flags(unnamed, stateless)}",
    )
