"""Nobody's infrastructure changes without a yes.

Two things want more than a yes: what a rollback deletes or replaces is named, or the environment's
name is typed under the list of it; and what is protected is named address by address, always.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from tfops.change.request import Consent
from tfops.change.target import Target
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.errors import NeedsPerson, NotApproved
from tfops.records.addresses import with_masked_keys
from tfops.records.card import Approval
from tfops.records.plan import Invocation, Plan, Print, ResourceChange, totals
from tfops.records.version import Kind
from tfops.resolve.actions import asks_first
from tfops.resolve.agreement import Agreed, covers, difference, told_prints
from tfops.resolve.data_types import holds_data, is_missed
from tfops.system import clock

# How an approval reads when tfops.yaml gave it: `rollback: auto`.
AUTOMATIC = "rollback: auto"

_MOST_LISTED = 5
_MANY = 3

# Given once for a whole drill: its place is empty or made by drills, so that nothing is lost there.
DRILL = "drill"


def obtain_consent(
    target: Target,
    plan: Plan,
    options: Consent,
    ui: Ui,
    *,
    mask: Callable[[str], str] = str,
) -> Approval:
    """Who agreed to this plan, and how. Raises NotApproved. Decided on the plan as it is, and told through `mask`."""
    how = DRILL if options.standing == DRILL else _ask(target, plan, options, _Prompt(ui, mask))
    person = target.facts.person
    return Approval(who=str(person), when=clock.now(), digest=plan.digest, how=how)


@dataclass(frozen=True, slots=True)
class _Prompt:
    """Whom is asked, and how addresses are told there: a key may be a secret."""

    ui: Ui
    mask: Callable[[str], str]

    def __call__(self, address: str) -> str:
        return with_masked_keys(address, self.mask)

    def unnamed(self, changes: Iterable[ResourceChange | Invocation], named: frozenset[str]) -> list[str]:
        """The addresses that nobody named, as they are or as they are told; a told one that fits two names none."""
        addresses = sorted({change.address for change in changes})
        told = Counter(map(self, addresses))
        return [one for one in addresses if one not in named and not (self(one) in named and told[self(one)] == 1)]

    def few(self, addresses: Sequence[str]) -> str:
        return ", ".join(map(self, addresses))

    def flags(self, flag: str, addresses: Sequence[str]) -> str:
        return " ".join(f"{flag} '{self(address)}'" for address in addresses)


def _ask(target: Target, plan: Plan, options: Consent, told: _Prompt) -> str:
    ui = told.ui
    _let_protected_go(target, plan, options, told)
    _let_be_made_twice(target, plan, options, told)
    _let_actions_run(target, plan, options, told)
    _keep_limits(target, plan, options, told)
    if target.kind is Kind.ROLLBACK and plan.losing:
        return _consent_to_loss(target, plan, options, told)
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
    if target.promoted_from and target.rule.protected:
        return _typed_name(target, ui)
    return _plain_yes(target, ui)


def _let_protected_go(target: Target, plan: Plan, options: Consent, told: _Prompt) -> None:
    """Each protected address is named or typed: the code that protected it may be gone with this very change."""
    losing = [change for change in plan.losing if change.against_keep or target.protects(change.address)]
    unnamed = told.unnamed(losing, options.allow_destroy)
    asking = _Asking(
        flag="--allow-destroy",
        warning="is protected, and would be lost",
        question="Type its address to let it go",
        what="would lose what is protected",
        why="\n".join(_why_protected(target, [change for change in losing if change.address in unnamed], told)),
    )
    _require_named(target, unnamed, options, told, asking=asking)


def _why_protected(target: Target, losing: Sequence[ResourceChange], told: _Prompt) -> Iterator[str]:
    """What protects it; a guess is said to be one."""
    guessed = [change.address for change in losing if target.guesses(change.address)]
    kept = [change.address for change in losing if change.against_keep]
    if any(change.address not in (*guessed, *kept) for change in losing):
        yield "it has `prevent_destroy` in a version concerned, or `protect:` of tfops.yaml names it"
    if guessed:
        yield f"a guess: the inputs don't decide `prevent_destroy` of {told.few(guessed)}, so it counts as protected"
    if kept:
        yield f"`destroy = false` is to leave {told.few(kept)} alive, and this plan destroys it all the same"


def _let_be_made_twice(target: Target, plan: Plan, options: Consent, told: _Prompt) -> None:
    """What was let go alive, and holds data or was expected back: a second one is never made by the way."""
    found = (change for change in plan.duplicates if is_missed(change.resource_type))
    asking = _Asking(
        flag="--allow-duplicate",
        warning="still exists outside of the state and can't be taken in: a second one would be made",
        question="Type its address to make a second one",
        what="would make a second one of what still exists",
        why="it left the state without being destroyed, and can't be taken in again",
        way="import it by hand, or add",
    )
    _require_named(target, told.unnamed(found, options.allow_duplicate), options, told, asking=asking)


def _let_actions_run(target: Target, plan: Plan, options: Consent, told: _Prompt) -> None:
    """Actions that operations want to be asked about (`actions: {ask: …}`), each by its address."""
    found = (action for action in plan.actions if asks_first(action, target.rules.ask_actions))
    asking = _Asking(
        flag="--allow-action",
        warning="would run",
        question="Type its address to let it run",
        what="would run what must be named",
        why="`actions: {ask: …}` of tfops.yaml wants a person to look",
    )
    _require_named(target, told.unnamed(found, options.allow_action), options, told, asking=asking)


@dataclass(frozen=True, slots=True)
class _Asking:
    """How addresses that a yes doesn't cover are asked for, one by one, and refused where nobody can answer."""

    flag: str
    warning: str
    question: str
    what: str
    why: str
    way: str = "if that is what you want, add"


def _require_named(target: Target, unnamed: Sequence[str], options: Consent, told: _Prompt, *, asking: _Asking) -> None:
    """Raises NotApproved unless each address is typed on a terminal; with `--yes` nobody is asked."""
    if not unnamed:
        return
    if not told.ui.is_interactive or options.yes:
        raise NotApproved(
            f"the {target.kind} of {target.env} {asking.what}: {told.few(unnamed)}",
            why=asking.why,
            hint=f"{asking.way}: {told.flags(asking.flag, unnamed)}",
        )
    for address in map(told, unnamed):
        told.ui.warn(f"{address} {asking.warning}")
        if not told.ui.ask_for(asking.question, address):
            raise NotApproved(f"the {target.kind} of {target.env} was not approved")


def _keep_limits(target: Target, plan: Plan, options: Consent, told: _Prompt) -> None:
    """Raises Refused (guard `delete-limit` or `needs-approval`) where tfops.yaml wants a person to look."""
    prints = told_prints(plan, told.mask)
    if covers(options.agreed, plan, prints):
        return
    changed, hint = _not_as_agreed(target, plan, options.agreed, prints)
    unnamed = told.unnamed(plan.losing, options.allow_destroy)
    if options.most_losses is not None and len(unnamed) > options.most_losses:
        listed = told.few(unnamed[:_MOST_LISTED]) + (" …" if len(unnamed) > _MOST_LISTED else "")
        raise NeedsPerson(
            "delete-limit",
            f"{target.commit.short} would delete or replace {len(unnamed)} of {target.env}, "
            f"the limit is {options.most_losses}: {listed}{changed}",
            digest=plan.digest,
            prints=prints,
            hint=hint or f"if that is meant: tfops approve {target.env}; the limit: `deletes` in tfops.yaml",
        )
    if options.only_plans:
        raise NeedsPerson(
            "needs-approval",
            f"{target.commit.short} waits for a person: {totals([plan])}{changed}",
            digest=plan.digest,
            prints=prints,
            hint=hint or f"tfops approve {target.env}, or apply it yourself: tfops apply {target.env}",
        )


def _not_as_agreed(target: Target, plan: Plan, agreed: Agreed, prints: Mapping[str, Print]) -> tuple[str, str]:
    """What isn't as it was approved, and how an approval may let it differ; both empty where nothing was approved."""
    if not agreed.prints:
        return "", ""
    found = difference(agreed, prints)
    text = found.text(plan.changes)
    if found.others or not found.values:
        return f"; not what was approved: {text}", ""
    named = " ".join(f"--varying '{name}'" for name in sorted({*found.values, *agreed.varying}))
    return f"; not what was approved: {text}", f"if they are new at each planning: tfops approve {target.env} {named}"


def _loss_flags(unnamed: Sequence[str], stateless: Set[str], told: _Prompt) -> str:
    """Each by name; with many, those whose types hold nothing by one flag."""
    if len(stateless & set(unnamed)) < _MANY:
        return told.flags("--allow-destroy", unnamed)
    named = told.flags("--allow-destroy", [address for address in unnamed if address not in stateless])
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


def _consent_to_loss(target: Target, plan: Plan, options: Consent, told: _Prompt) -> str:
    """By naming each address, or by typing the environment's name under the list of them."""
    losing = {change.address for change in plan.losing}
    stateless = {change.address for change in plan.losing if not holds_data(change.resource_type)}
    named = options.allow_destroy | (stateless if options.allow_stateless else set())
    unnamed, ui = told.unnamed(plan.losing, frozenset(named)), told.ui
    if not unnamed:
        if options.yes or not ui.is_interactive:
            return "--allow-destroy"
        return _plain_yes(target, ui)
    if ui.is_interactive and not options.yes:
        count = "1 resource" if len(losing) == 1 else f"{len(losing)} resources"
        ui.warn(f"this deletes or replaces {count}: that data does not come back")
        return _typed_name(target, ui)
    raise NotApproved(
        f"the rollback of {target.env} deletes or replaces what nobody named: {told.few(unnamed)}",
        why="--yes does not cover lost data",
        hint=f"if that is what you want, add: {_loss_flags(unnamed, stateless, told)}",
    )
