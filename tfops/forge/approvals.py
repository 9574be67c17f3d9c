"""Who approved a merge request, as far as it counts."""

from collections.abc import Collection, Iterable, Iterator

from tfops.dataclass import dataclass
from tfops.forge.base import Account, Review


@dataclass(frozen=True, slots=True)
class Approvals:
    """`by` approved what is under review; `against` rejected it; `not_counted` are names with the reason."""

    by: tuple[Account, ...]
    against: tuple[Account, ...]
    not_counted: tuple[tuple[str, str], ...]


def counted(reviews: Iterable[Review], *, author: Account | None, heads: Collection[str]) -> Approvals:
    """What the reviews come to. `heads` are the commits that are as good as the head: itself, and those whose plans
    have the same digests.

    The last word of each person counts. A forge's own mark for an outdated approval (`stale`) isn't asked: it comes
    seconds late, and never when the difference to the base stayed the same.
    """
    last = {review.by.id: review for review in sorted(reviews, key=lambda review: review.at)}
    reasons = {person: _why_not(review, author, heads) for person, review in last.items()}
    approved = [review for review in last.values() if review.verdict == "approved"]
    return Approvals(
        by=tuple(review.by for review in approved if not reasons[review.by.id]),
        against=tuple(review.by for review in last.values() if _stands_against(review)),
        not_counted=tuple(_with_reasons(approved, reasons)),
    )


def _stands_against(review: Review) -> bool:
    """A rejection stands whatever commit it was about, until its author takes it back."""
    return review.verdict == "rejected" and review.is_official and not review.is_dismissed


def _with_reasons(reviews: Iterable[Review], reasons: dict[int, str]) -> Iterator[tuple[str, str]]:
    for review in reviews:
        if reasons[review.by.id]:
            yield review.by.name, reasons[review.by.id]


def _why_not(review: Review, author: Account | None, heads: Collection[str]) -> str:
    """Empty when it counts; what is about the person comes before what is about the commit."""
    is_known = author is not None and author.id != 0
    reasons = (
        (review.by.id == 0, "the account is gone"),
        (not is_known, "nobody knows who wrote the merge request"),
        (author is not None and review.by.id == author.id, "wrote the merge request"),
        (not review.is_official, "may not push to the base"),
        (review.is_dismissed, "the approval was dismissed"),
        (not review.commit, "the forge doesn't say which commit was approved"),
        (review.commit not in heads, f"approved {review.commit[:8]}, which isn't what is under review"),
    )
    return next((reason for applies, reason in reasons if applies), "")
