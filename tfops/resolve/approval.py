"""Whose yes to a plan counts."""

from collections.abc import Iterable, Sequence

from tfops.config.project import Owners, ReviewRule
from tfops.dataclass import dataclass
from tfops.records.card import Approval
from tfops.records.commit import Person


@dataclass(frozen=True, slots=True)
class Given:
    """A yes: by whom, in each name that they are known by, and how it was given. `is_git`: the names are those of Git,
    so that an address is one; else they are an account of the forge."""

    approval: Approval
    names: tuple[str, ...]
    is_git: bool = True


def who_counts(
    given: Sequence[Given], rule: ReviewRule, *, authors: Iterable[Person], committers: Iterable[Person]
) -> tuple[list[Approval], list[str]]:
    """Those that count, and for each other one a line that says why not."""
    counting, lines = dict[str, Approval](), []
    roles = {"author": tuple(authors), "committer": tuple(committers)}
    for one in given:
        why = why_not(one.names, rule, is_git=one.is_git, roles=roles)
        if why:
            lines.append(f"{one.approval.who} {why}")
        else:
            counting.setdefault(one.approval.who, one.approval)
    return list(counting.values()), lines


def why_not(names: Sequence[str], rule: ReviewRule, *, is_git: bool, roles: dict[str, tuple[Person, ...]]) -> str:
    """Why a yes of this person doesn't count; empty when it does."""
    known = {name.casefold() for name in names}
    for role in rule.not_by:
        if any(known & _names_of(person, is_git=is_git) for person in roles.get(role, ())):
            return f"is {role} of what is to be applied (`not_by`)"
    if rule.owners is not None:
        return _why_no_owner(names, rule.owners, is_git=is_git)
    if rule.people and not known & {name.casefold() for name in rule.people}:
        return "is not among those who may approve it (`from`)"
    return ""


def _why_no_owner(names: Sequence[str], owners: Owners, *, is_git: bool) -> str:
    """An account in CODEOWNERS is no name of Git, which anybody may take: in Git the address counts, and nothing
    else."""
    if owners.problem:
        return f"can't be told to own it (`from: codeowners`): {owners.problem}"
    known = names[-1:] if is_git else names
    if {name.casefold() for name in known} & {name.casefold() for name in (*owners.people, *owners.teams)}:
        return ""
    return "is not named in CODEOWNERS" + (" by an address: in Git nothing else counts" if is_git else "")


def names_in_git(who: str) -> tuple[str, ...]:
    """Of `Ann <ann@example.com>`: the whole, the name, and the address."""
    name, _, email = who.removesuffix(">").partition(" <")
    return who, name, email


def _names_of(person: Person, *, is_git: bool) -> set[str]:
    """How somebody who wrote a commit may be known. An account may be the name, or what stands before the `@`."""
    if is_git:
        return {person.email.casefold()}
    local = person.email.partition("@")[0].casefold()
    return {person.name.casefold(), local, local.rpartition("+")[2]}
