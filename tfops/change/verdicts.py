"""The verdict on going back, for one version or for all, from the cards in Git and the engine at hand."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from tfops.change.project import Project
from tfops.change.stack import locate
from tfops.config.modules.protection import fits
from tfops.engine.mask import MASK
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.ledger.versions import Listing, read_cards
from tfops.records.addresses import (
    TERRAFORM_REGISTRY,
    TOFU_REGISTRY,
    hidden_id,
    in_stack,
    is_hidden,
    provider_of,
    qualified,
    split,
    type_of,
)
from tfops.records.card import Card, StackRecord
from tfops.records.names import MAIN_STACK
from tfops.records.verdict import Judgement, Reason, Verdict
from tfops.records.version import Version, VersionRecord
from tfops.resolve.identity import Since, Trail, is_telling
from tfops.resolve.verdict import conclude, judge
from tfops.resolve.versions import content_of
from tfops.resolve.way_back import Facts, listed
from tfops.system.repository import Repository

_UNREADABLE = Judgement(
    Verdict.BLOCKED,
    (Reason("unreadable", Verdict.BLOCKED, "its card can't be read", cure="pick another version: tfops verify"),),
)


def verdicts_of(project: Project, listing: Listing, *, only: VersionRecord | None = None) -> dict[Version, Judgement]:
    """The verdict on every version but the current one (or on `only`), by one Git process.

    A version that restored another is judged by the other's card, as the rollback does.
    """
    if listing.latest is None or only == listing.latest:
        return {}
    patterns, here = _protect(project), _engine_here(project)
    by_version = {record.version: record for record in listing.versions}
    found: dict[Version, Judgement] = {}
    restored: dict[int, list[Version]] = {}  # a version's number to those that brought it back
    judge_back: Callable[[Card, Since | None], Judgement] | None = None
    back_to = content_of(only, by_version) if only else None
    for record, card, since in cards_with_trail(project.repository, listing, back_to=back_to):
        if record == listing.latest:
            judge_back = judging(card, patterns, here=here) if card else None
            continue
        judgement = judge_back(card, since) if judge_back and card else _UNREADABLE
        same = [record.version, *restored.pop(record.version.number, [])]
        found |= dict.fromkeys(same, judgement)
        if card is not None and card.restores and not card.is_its_own_content:
            restored.setdefault(card.restores, []).extend(same)
    return {only.version: found[only.version]} if only else found


def cards_with_trail(
    repository: Repository, listing: Listing, *, back_to: VersionRecord | None = None
) -> Iterator[tuple[VersionRecord, Card | None, Since]]:
    """Each version, newest first, with its card and with what the versions after it recorded about its addresses.

    A card that can't be read (None) is passed over: what it recorded is missing from the trail.
    """
    first = listing.versions.index(back_to) if back_to in listing.versions else 0
    trail: Trail | None = None
    moved: Mapping[str, str] = {}
    restored: int | None = None
    for record, card in read_cards(repository, tuple(reversed(listing.versions[first:]))):
        since = Since()
        if card is not None and trail is None:
            trail = Trail(card.inventory, card.forgotten)
        elif card is not None and trail is not None:
            since = trail.step_back(
                card.inventory, card.forgotten, moved, number=record.version.number, restored=restored
            )
        moved, restored = (card.moved, card.restores) if card is not None else ({}, None)
        yield record, card, since


def since_version(repository: Repository, listing: Listing, record: VersionRecord) -> Since:
    """What the versions after one recorded about its addresses."""
    *_, (_, _, since) = cards_with_trail(repository, listing, back_to=record)
    return since


def _engine_here(project: Project) -> tuple[str, str]:
    """Name and version, remembered by the clone; empty where none is found: the cards still say the rest."""
    try:
        engine = locate(project, project.config_at(project.repository.head), "")
    except (ConfigError, ProjectError, Refused):
        return "", ""
    return engine.name, engine.version


def _protect(project: Project) -> tuple[str, ...]:
    """Patterns that protect today; a tfops.yaml that can't be read must not hide what the cards know."""
    try:
        return project.config_at(project.repository.head).protect
    except (ConfigError, ProjectError):
        return ()


def judge_cards(
    today: Card,
    then: Card,
    patterns: Iterable[str] = (),
    *,
    here: tuple[str, str] = ("", ""),
    since: Since | None = None,
) -> Judgement:
    """The verdict over all stacks of both cards; one that only one of them has is empty in the other."""
    return judging(today, patterns, here=here)(then, since)


def judging(
    today: Card, patterns: Iterable[str] = (), *, here: tuple[str, str] = ("", "")
) -> Callable[[Card, Since | None], Judgement]:
    """As `judge_cards`, for many cards: what is known of `today` is made once."""
    patterns, is_hidden_today = tuple(patterns), _has_hidden(today)

    def remade(name: str) -> Mapping[str, str]:
        return today.stacks[name].remade if name in today.stacks else {}

    @cache
    def now(name: str, hide: bool) -> Facts:
        return _facts(today, name, patterns=patterns, hide=hide, remade=remade(name))

    def judge_one(then: Card, since: Since | None) -> Judgement:
        hide = is_hidden_today or _has_hidden(then)
        found = []
        for name in sorted(today.stacks.keys() | then.stacks.keys()):
            before = _facts(then, name, hide=hide, remade=remade(name))
            found.append(judge(now(name, hide), before, here=here, since=since))
        reasons = [reason for judgement in found for reason in judgement.reasons]
        return conclude(dict.fromkeys([*reasons, *_moved_between(today, then), *_partial(then)]))

    return judge_one


def _partial(then: Card) -> Iterator[Reason]:
    """A way back brings a commit back whole: that isn't what the version was, where only a part had been applied."""
    if then.targets:
        text = f"was only a part of its commit (--target of {then.partial}): all of that commit comes"
        yield Reason("partial", Verdict.OK, text, then.targets, "look at the plan: tfops rollback ENV VERSION --plan")


def _moved_between(today: Card, then: Card) -> Iterator[Reason]:
    """What stood in the state of another stack then: no engine moves it back."""
    if len(today.stacks.keys() | then.stacks.keys()) <= 1:
        return
    was = {identity: stack for stack, part in then.stacks.items() for identity in _telling(part)}
    found = [
        qualified(stack, address)
        for stack, part in sorted(today.stacks.items())
        for identity, address in sorted(_telling(part).items())
        if was.get(identity, stack) != stack
    ]
    if found:
        text = f"{listed(found)} stood in another stack then: destroyed, and made anew there"
        yield Reason("moved-between", Verdict.DATA_LOSS, text, tuple(found), "move it back first: tfops state mv")


def _telling(part: StackRecord) -> dict[tuple[str, str], str]:
    """The identities that say who a thing is, with its address."""
    known = (((type_of(address), known), address) for address, known in part.inventory.items() if known)
    return {identity: address for identity, address in known if MASK not in identity[1] and is_telling(identity)}


def _has_hidden(card: Card) -> bool:
    ids = (known for part in card.stacks.values() for known in (*part.inventory.values(), *part.forgotten.values()))
    return any(map(is_hidden, ids))


def _facts(card: Card, stack: str, *, patterns: tuple[str, ...] = (), hide: bool, remade: Mapping[str, str]) -> Facts:
    """Of one stack; its addresses as they are told apart in the whole environment, its ids led back by `remade`."""
    part = card.stacks.get(stack)
    engine = (card.engine.name, card.engine.version)
    if part is None:
        return Facts(card.kind, engine)
    return Facts(
        kind=card.kind,
        engine=engine,
        stack=_comparable(card, stack, part, patterns=patterns, hide=hide, remade=remade),
        types=_types(card, part),
        registries=frozenset(host for host in _REGISTRIES for one in _locked(card, part) if one.startswith(host)),
        modules=in_stack(stack, {name: module.source for name, module in card.modules.items()}),
        actions=sum(split(action.address)[0] == stack for action in card.actions),
    )


def _comparable(
    card: Card, name: str, part: StackRecord, *, patterns: tuple[str, ...], hide: bool, remade: Mapping[str, str]
) -> StackRecord:
    """The stack as `Facts` wants it. What fits one of today's patterns is protected, and no guess."""
    inventory = part.inventory if patterns else ()
    fitting = [address for address in inventory if any(fits(pattern, address) for pattern in patterns)]

    def all_of(addresses: Iterable[str]) -> tuple[str, ...]:
        return tuple(qualified(name, address) for address in addresses)

    return replace(
        part,
        providers=_providers(card, part),
        inventory=_qualified(name, _first(_ids(part.inventory, hide=hide), remade)),
        protected=all_of((*part.protected, *fitting)),
        guessed=all_of(address for address in part.guessed if address not in fitting),
        kept=all_of(part.kept),
        unread=all_of(part.unread),
        forgotten=_qualified(name, _first(_ids(part.forgotten, hide=hide), remade)),
        lets_go=all_of(part.lets_go),
        moves=_moves(name, part.moves),
    )


_REGISTRIES = (TERRAFORM_REGISTRY, TOFU_REGISTRY)


def _locked(card: Card, part: StackRecord) -> Mapping[str, str]:
    return part.providers or card.providers


def _providers(card: Card, part: StackRecord) -> dict[str, str]:
    """By the address that both registries' entries share; of two, the one that the card's engine took."""
    own = TOFU_REGISTRY if card.engine.name == "tofu" else TERRAFORM_REGISTRY
    ordered = sorted(_locked(card, part).items(), key=lambda entry: entry[0].startswith(own))
    return {provider_of(address): version for address, version in ordered}


def _first(ids: Mapping[str, str], remade: Mapping[str, str]) -> Mapping[str, str]:
    """The ids that things had before ways back had to make them anew."""
    return ids if not remade else {address: remade.get(known, known) for address, known in ids.items()}


def _moves(stack: str, moves: Mapping[str, str]) -> dict[str, str]:
    return {qualified(stack, source): qualified(stack, target) for source, target in moves.items()}


def _qualified(stack: str, ids: Mapping[str, str]) -> dict[str, str]:
    return {qualified(stack, address): known for address, known in ids.items()} if stack != MAIN_STACK else dict(ids)


def _ids(inventory: Mapping[str, str], *, hide: bool) -> Mapping[str, str]:
    """Ids that can be compared: an id with a masked secret in it proves nothing."""
    if not hide and not any(MASK in known for known in inventory.values()):
        return inventory
    known_ids = {address: "" if MASK in known else known for address, known in inventory.items()}
    return {address: hidden_id(known) for address, known in known_ids.items()} if hide else known_ids


def _types(card: Card, part: StackRecord) -> dict[str, str]:
    """Type to provider. Cards that don't say it: by the provider's name that the type begins with."""
    if part.types or not part.inventory:
        return {kind: provider_of(provider) for provider, kinds in part.types.items() for kind in kinds}
    by_name = {provider.rpartition("/")[2]: provider for provider in _providers(card, part)}
    kinds = {type_of(address) for address in part.inventory}
    return {kind: by_name.get(kind.partition("_")[0], "") for kind in kinds}
