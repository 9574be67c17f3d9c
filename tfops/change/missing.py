"""What the latest version has and the state at hand lacks: never made again, nor left alone, without a word."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from tfops.change.ids import in_the_form_of
from tfops.change.snapshot import Snapshot
from tfops.change.stack import OpenStack
from tfops.change.stacks import StackAction, StackSpec
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.engine.mask import MASK
from tfops.records.addresses import in_stack, qualified, with_masked_keys
from tfops.records.names import EnvName
from tfops.records.plan import Action, Plan
from tfops.records.run import Trouble
from tfops.records.state import StackState
from tfops.records.version import Kind
from tfops.resolve.state import MissingResources, lacking, require_none_lacking


@dataclass(frozen=True, slots=True)
class Missing:
    """Address to id of what the latest card has and a stack's state lacks.

    `let_go` was named by a person. `unexplained` is missing since a change stopped, whose receipt doesn't speak of it:
    it may have been deleted then, but it isn't made anew by the way.
    """

    let_go: Mapping[str, str] = field(default_factory=dict)
    unexplained: Mapping[str, str] = field(default_factory=dict)


Read = tuple[StackSpec, OpenStack, StackState]


def find_missing(facts: Snapshot, read: Sequence[Read], named: frozenset[str] | None, ui: Ui) -> list[Missing]:
    """By stack, in the same order. `named` are qualified addresses; None where the command takes none.

    Raises Refused (guard `state-lacks`) for what nothing explains.
    """
    lacks = [_lacking(spec, stack, state) for spec, stack, state in read]
    if not any(lacks):
        return [Missing()] * len(read)
    env = read[0][0].content.environment.name
    present = facts.present
    if _is_being_changed(facts, ui):
        return [Missing()] * len(read)
    found, refused = list[Missing](), list[MissingResources]()
    for (spec, stack, state), lack in zip(read, lacks, strict=True):
        let_go = {address: known for address, known in lack.items() if qualified(spec.name, address) in (named or ())}
        rest = {address: known for address, known in lack.items() if address not in let_go}
        is_same_product = spec.recorded is not None and spec.recorded.engine_name == stack.engine.engine.name
        rest = _not_explained(rest, present.trouble, spec, is_same_product=is_same_product)
        if rest and spec.recorded and not (present.trouble and is_same_product):
            names = tuple(qualified(spec.name, address) for address in rest)
            refused.append(MissingResources(names, spec.recorded, state.serial, str(stack.engine.engine)))
        found.append(Missing(let_go, rest))
    require_none_lacking(env, refused, takes_names=named is not None)
    return found


def _is_being_changed(facts: Snapshot, ui: Ui) -> bool:
    """Whether the states may be another version's than the latest that was known, or between two.

    Then the card says nothing about them: a change that goes on from there loses its race, and plans again.
    """
    present = facts.present
    if present.intent is not None:
        return True
    if not facts.project.repository.remote or (present.lock is not None and present.lock.is_manual):
        return False
    if facts.fetched_for_reading(ui).present.head == present.head:
        return False
    ui.note(f"{present.env} was changed by someone else meanwhile: this is not what its latest version comes to")
    return True


def require_not_made_anew(
    env: EnvName, found: Sequence[tuple[Read, Missing, Plan | None]], *, takes_names: bool
) -> None:
    """Raises Refused (guard `state-lacks`) where a plan creates what is missing since a change stopped."""
    refused = []
    for (spec, stack, state), missing, plan in found:
        created = {change.address for change in (plan.changes if plan else ()) if change.action is Action.CREATE}
        again = tuple(qualified(spec.name, address) for address in missing.unexplained if address in created)
        if again and spec.recorded:
            refused.append(MissingResources(again, spec.recorded, state.serial, str(stack.engine.engine)))
    require_none_lacking(env, refused, takes_names=takes_names)


def _lacking(spec: StackSpec, stack: OpenStack, state: StackState) -> dict[str, str]:
    """In the card's form. A key that is masked there can't be compared: the secret may be another one today."""
    if spec.recorded is None or spec.action is StackAction.READ_OUTPUTS:
        return {}
    ids = {with_masked_keys(address, stack.mask): stack.mask(known) for address, known in state.inventory.items()}
    found = lacking(spec.recorded, in_the_form_of(spec.recorded.inventory, ids))
    return {address: known for address, known in found.items() if MASK not in address}


def _not_explained(
    missing: Mapping[str, str], trouble: Trouble | None, spec: StackSpec, *, is_same_product: bool
) -> dict[str, str]:
    """What the receipt of the change that stopped doesn't account for.

    It names what the change touched, and not how: what another product passes over was not deleted by it, unless
    it is known to be done. Where the lock was broken by force, the receipt knows nothing.
    """
    if trouble is None:
        return dict(missing)
    left = (*trouble.failed, *trouble.in_doubt, *trouble.never_started)
    is_known = bool(left or trouble.actions)
    if is_same_product and (trouble.kind is Kind.DESTROY or not is_known):
        return {}
    by_any = (*left, *trouble.before) if is_same_product else ()
    touched = in_stack(spec.name, dict.fromkeys((*trouble.done, *by_any), ""))
    return {address: known for address, known in missing.items() if address not in touched}
