"""What a person named of a plan: what is to be made anew (`--replace`), and what alone it is about (`--target`).

An engine passes over an address that it doesn't know in silence, or with a warning; here that is a mistake.
"""

from collections.abc import Iterable, Iterator, Sequence

from tfops.change.run import Run
from tfops.change.stack_plan import StackPlan
from tfops.config import names
from tfops.config.modules.things import declared_things
from tfops.errors import Refused
from tfops.records.addresses import qualified, without_keys
from tfops.records.plan import Action, Plan

_MAKES = (Action.CREATE, Action.DETACH, Action.REPLACE)


def require_what_was_named(run: Run, plan: Plan, stacks: Sequence[StackPlan]) -> None:
    """Raises Refused (guards `not-replaced`, `unknown-target`) for an address that isn't there."""
    _require_replaced(run, plan)
    _require_targets(run, stacks)


def _require_replaced(run: Run, plan: Plan) -> None:
    made = {change.address for change in plan.changes if change.action in _MAKES}
    left = [address for address in run.request.flags.replace if address not in made]
    if left and not plan.waiting:
        raise Refused(
            "not-replaced",
            f"there is nothing to replace at {', '.join(left)}",
            why="neither the state nor the code has it: it must be a resource, with its key",
            hint=f"what there is: tfops state list {run.facts.env}",
        )


def _require_targets(run: Run, stacks: Sequence[StackPlan]) -> None:
    in_use = frozenset(address for one in stacks for address in _in_use(one))
    missed = [target for target in run.request.flags.targets if not _leads_to_any(target, in_use)]
    if not missed:
        return
    declared = frozenset(address for one in stacks for address in _declared(one))
    for target in missed:
        if without_keys(target) == target and target in declared:
            continue  # it makes nothing, by its count, or it only reads
        see = f"what there is: tfops state list {run.facts.env}"
        why, hint = names.why_and_hint(target, {*_with_those_above(in_use), *declared}, see=see)
        raise Refused(
            "unknown-target",
            f"there is nothing at {names.shown(target)}",
            why=why or "neither the state nor the code has it",
            hint=hint,
        )


def _in_use(one: StackPlan) -> Iterator[str]:
    """What the state has, and what the plan is about."""
    changes = one.plan.changes if one.plan else ()
    found = (*one.before.inventory, *(address for change in changes for address in (change.address, change.label)))
    yield from (qualified(one.spec.name, address) for address in found)


def _declared(one: StackPlan) -> Iterator[str]:
    found = declared_things(one.stack.folders, is_tofu=one.stack.engine.engine.is_tofu)
    modules = (f"module.{name}" for name in one.stack.config.modules)
    yield from (qualified(one.spec.name, address) for address in (*found, *modules))


def _leads_to_any(target: str, addresses: Iterable[str]) -> bool:
    """Whether an address of a resource or a module holds one of these: itself, its instances, what is in it."""
    return any(
        form == target or form.startswith((f"{target}.", f"{target}["))
        for address in addresses
        for form in (address, without_keys(address))
    )


def _with_those_above(addresses: Iterable[str]) -> Iterator[str]:
    """The addresses, and those of the modules that they stand in, for who asks what there is."""
    for address in addresses:
        yield address
        steps = without_keys(address).split(".")
        for place in range(2, len(steps) - 1, 2):
            if steps[place - 2].endswith("module"):
                yield ".".join(steps[:place])
