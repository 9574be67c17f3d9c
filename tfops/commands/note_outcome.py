"""The merge request is told what became of what was reviewed. That it can't be told never fails an apply."""

from tfops.change.project import Project
from tfops.change.ui import Ui
from tfops.errors import Refused, TfopsError
from tfops.forge.asking import told
from tfops.forge.base import Client, Forge, Status
from tfops.forge.ci import job_address
from tfops.forge.comment import note_outcome
from tfops.forge.known import forge_here
from tfops.forge.statuses import context_of, keep_statuses
from tfops.ledger.review import read_reviews
from tfops.records.names import EnvName
from tfops.views.change import ChangeResult
from tfops.views.outcome import Outcome, applied, failed


def tell_applied(project: Project, result: ChangeResult, ui: Ui) -> None:
    _write_back(project, result.env, applied(result, job=job_address()), ui)


def tell_failed(project: Project, env: EnvName, error: TfopsError, ui: Ui) -> None:
    _write_back(project, env, failed(env, error, job=job_address()), ui)


def _write_back(project: Project, env: EnvName, outcome: Outcome, ui: Ui) -> None:
    forge = forge_here()
    if forge is None or (forge.merge_request() is not None):  # its own pipeline tells what it would do
        return
    line, note = ui.mask(outcome.line), ui.mask(outcome.note)
    why = told(lambda: _tell(project, env, forge, Outcome(outcome.is_fine, line, note)))
    if why:
        ui.warn(f"the merge request could not be told: {why}")


def _tell(project: Project, env: EnvName, forge: Forge, outcome: Outcome) -> None:
    """The comment, and the environment's status on what was reviewed. Raises ForgeFailed."""
    client = forge.connect()
    number = _number(project, env, client)
    if number is None:
        return
    note_outcome(client, number, env, outcome.note, most_bytes=forge.most_bytes)
    head = client.merge_request(number).head
    state = Status(context_of(env), "success" if outcome.is_fine else "failure", outcome.line, job_address())
    keep_statuses(client, head, [state])


def _number(project: Project, env: EnvName, client: Client) -> int | None:
    """That of the merge request that made the checked-out commit; where the forge can't say, what the review says."""
    head = project.repository.head
    request = client.merged_as(head)
    if request is not None:
        return request.number
    try:
        reviews = read_reviews(project.repository, env)
    except Refused:
        return None
    return next((one.merge_request for one in reviews.plans if head in one.commits), None)
