"""Who must agree to a plan: `review` of an environment, and `approvals`, the short way to say how many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.config.project import Owners, ReviewRule
from tfops.config.schema import BY_CODEOWNERS

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.config.schema import EnvironmentBlock
    from tfops.records.complaint import Complaint

_MOST_APPROVALS = 10


def to_review_rule(block: EnvironmentBlock) -> ReviewRule:
    """`approvals` beside the block, or alone, says how many: `{approvals: 2}` is `{review: {approvals: 2}}`, but that
    nobody is left out."""
    review = block.review
    if review is None:
        return ReviewRule(approvals=block.approvals)
    rule = ReviewRule(review.required, review.approvals, tuple(review.not_by))
    if review.people == BY_CODEOWNERS:
        return replace(rule, owners=Owners(problem="CODEOWNERS was not looked at"))
    return replace(rule, people=tuple(one.removeprefix("@") for one in review.people))


def check_review(document: Document, where: tuple[str, ...], rule: dict[str, Any]) -> Iterator[Complaint]:
    """What the schema can't say of `approvals` and `review`."""
    review = rule.get("review")
    yield from _check_number(document, where, rule)
    if not isinstance(review, dict):
        return
    inside = (*where, "review")
    yield from _check_number(document, inside, review)
    if "approvals" in rule:
        hint = "review: {approvals: …} says the same"
        yield document.complaint((*where, "approvals"), "`approvals` stands beside `review`: take it in there", hint)
    if rule.get("rehearses"):
        yield document.complaint(inside, "a place for drills is never applied to: nothing can be reviewed there")
    yield from _check_people(document, inside, review)


def _check_number(document: Document, where: tuple[str, ...], block: dict[str, Any]) -> Iterator[Complaint]:
    approvals = block.get("approvals")
    if isinstance(approvals, int) and not 1 <= approvals <= _MOST_APPROVALS:
        yield document.complaint((*where, "approvals"), f"`approvals` must be between 1 and {_MOST_APPROVALS}")


def _check_people(document: Document, where: tuple[str, ...], review: dict[str, Any]) -> Iterator[Complaint]:
    people = review.get("from")
    if not isinstance(people, list):
        return
    named = [one for one in people if isinstance(one, str)] if people != ["codeowners"] else []
    for index, one in enumerate(people):
        if isinstance(one, str) and (not one.strip("@ ") or "/" in one):
            hint = "an account of the forge, or an address: [ann, bob@example.com]; teams: `from: codeowners`"
            yield document.complaint((*where, "from", index), f"{names.shown(one)} names nobody", hint)
        if one == "codeowners" and len(people) > 1:
            text = "`codeowners` stands alone: who else may approve is an owner, too"
            yield document.complaint((*where, "from", index), text, "from: codeowners")
    wanted = review.get("approvals", 1)
    if named and isinstance(wanted, int) and len(set(named)) < wanted:
        text = f"{len(set(named))} can't give {wanted} approvals"
        yield document.complaint((*where, "from"), text, "name more people, or ask for fewer approvals")
