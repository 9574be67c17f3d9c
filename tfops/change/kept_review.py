"""The reviewed plans of an environment, as the remote has them."""

from tfops.change.environment import Place
from tfops.change.project import Project
from tfops.change.remote_answers import refusal
from tfops.errors import Refused
from tfops.ledger.review import NAMESPACE, ReviewedPlans, read_reviews
from tfops.system.git import require_sha
from tfops.system.remote import Refs, RemoteUnreachable


def fetched_reviews(project: Project, place: Place, refs: Refs) -> ReviewedPlans:
    """Raises Refused: also `unsigned`, where the latest of them must be signed and isn't."""
    repository = project.repository
    try:
        refs.fetch_beside(NAMESPACE.ref(place.env))
    except RemoteUnreachable as error:
        raise refusal(error, repository.remote, "what was reviewed can't be read") from error
    found = read_reviews(repository, place.env)
    if place.rules.requires_signatures and found.head and not repository.has_good_signature(require_sha(found.head)):
        raise Refused(
            "unsigned",
            f"the reviewed plans of {place.env} have no signature that this Git finds good",
            hint=f"look at this one, and keep it again: tfops plan {place.env} --keep",
        )
    return found
