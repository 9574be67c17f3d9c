"""A change without a person: the same steps as `apply`, with the limits of tfops.yaml, and a note when it fails.

The note is in the ledger (`declined.json`): whoever looks knows that a commit was tried, how often, and why it
isn't applied, wherever the run was.
"""

from dataclasses import replace
from datetime import timedelta

from tfops.change import targets
from tfops.change.environment import find_place
from tfops.change.project import Project
from tfops.change.remote_answers import FETCH_REFUSED, PUSH_REFUSED, UNREACHABLE
from tfops.change.request import Consent, Request
from tfops.change.ui import Ui
from tfops.commands.apply import telling
from tfops.commands.locks import append_event
from tfops.config.project import EnvironmentRule, ProjectConfig, Sync
from tfops.errors import (
    CheckFailed,
    EngineFailed,
    HookFailed,
    Interrupted,
    Locked,
    NeedsPerson,
    NotAsReviewed,
    NotRecorded,
    NotVerified,
    Refused,
    StoppedPartWay,
    TfopsError,
    in_a_line,
)
from tfops.ledger.chain import LedgerState, NewEvent, read_present
from tfops.records.blocked import Declined
from tfops.records.event import EventKind
from tfops.records.names import CommitSha, EnvName
from tfops.resolve.agreement import Agreed
from tfops.resolve.guards import PASSING
from tfops.system import clock
from tfops.views.change import ChangeResult

UNATTENDED = "unattended"

# Refusals that say nothing about the commit: someone was faster, or the world is away.
_PASSING = frozenset(
    {
        *(UNREACHABLE, PUSH_REFUSED, FETCH_REFUSED, "missing-ledger", "name-taken", "signing-failed"),
        *("disk", "moved-on", "shallow-clone", "offline-lost", "local-state"),
        *PASSING,
    }
)
_LONGEST_TEXT = 600


class _Quiet(Exception):
    """Internal: the ledger has moved on, there is nothing to note."""


def apply_unattended(project: Project, request: Request, ui: Ui) -> ChangeResult:
    """Apply the checked-out commit without asking. Raises what `apply` raises, and notes it in the ledger.

    More refusals than with a person: `delete-limit` (more would be lost than tfops.yaml allows) and
    `needs-approval` (`sync: plan`).
    """
    place = find_place(project, request.env)
    rule = place.rules.environments[place.env]
    consent = _with_agreement(project, place.env, rule, consent_for(rule, request.consent))
    try:
        request = replace(request, env=place.env, consent=consent, stacks=())
        with telling(project, request, ui) as tell:
            return tell(targets.apply(project, request, ui))
    except TfopsError as error:
        if _is_about_commit(error):
            _note(project, place.rules, place.env, error, ui)
        raise


def consent_for(rule: EnvironmentRule, asked: Consent) -> Consent:
    """What tfops.yaml lets a run without a person do."""
    return replace(
        asked,
        yes=True,
        standing=UNATTENDED,
        most_losses=rule.most_losses if asked.most_losses is None else asked.most_losses,
        only_plans=rule.sync is Sync.PLAN,
    )


def _with_agreement(project: Project, env: EnvName, rule: EnvironmentRule, consent: Consent) -> Consent:
    """What enough people agreed to, of this very commit; the plan must still be the one that they saw."""
    declined = read_present(project.repository, env).declined
    if declined is None or declined.commit != project.repository.head or len(declined.agreed) < rule.review.approvals:
        return consent
    if not declined.digest:
        return consent
    who = ", ".join(part.who for part in declined.agreed)
    varying = frozenset.intersection(*(frozenset(part.varying) for part in declined.agreed))
    agreed = Agreed(declined.digest, declined.prints, varying)
    return replace(consent, agreed=agreed, standing=f"approved by {who}")


def _is_about_commit(error: TfopsError) -> bool:
    """Whether the same commit would meet the same end again, or may after a while."""
    if isinstance(error, Locked | Interrupted | NotRecorded | NotVerified):
        return False
    return not (isinstance(error, Refused) and error.guard in _PASSING)


def _note(project: Project, rules: ProjectConfig, env: EnvName, error: TfopsError, ui: Ui) -> None:
    head = project.repository.head

    def event(present: LedgerState) -> NewEvent:
        if present.lock is not None:
            raise _Quiet
        part = _declined(project, rules, present, head, error)
        part = replace(part, text=ui.mask(part.text))
        return NewEvent(EventKind.DECLINED, f"{env}: {head[:8]} is not applied: {part.text}", declined=part)

    try:
        append_event(project, env, project.refs(rules), event)
    except _Quiet:
        pass
    except TfopsError as failure:
        ui.warn(f"this could not be noted in the ledger: {failure.what}")


def _declined(
    project: Project, rules: ProjectConfig, present: LedgerState, head: CommitSha, error: TfopsError
) -> Declined:
    before = present.declined
    tries = before.tries + 1 if before and before.commit == head else 1
    person = project.repository.person
    now, retry_at = clock.now(), None
    digest = error.digest if isinstance(error, NeedsPerson | NotAsReviewed) else ""
    prints = error.prints if isinstance(error, NeedsPerson | NotAsReviewed) else {}
    is_same = before is not None and before.commit == head and before.digest == digest
    if isinstance(error, EngineFailed | StoppedPartWay | CheckFailed | HookFailed) and tries < rules.agent.tries:
        retry_at = now + timedelta(seconds=rules.agent.pause_s(tries))
    return Declined(
        commit=head,
        reason=error.guard if isinstance(error, Refused) else error.name,
        text=_text(error, tries),
        tries=tries,
        by=person.name,
        at=now,
        retry_at=retry_at,
        digest=digest,
        prints=prints,
        agreed=before.agreed if before and is_same else (),
    )


def _text(error: TfopsError, tries: int) -> str:
    """One line: what failed, the beginning of what the engine or a server said, and the way on."""
    times = f" (tried {tries} times)" if tries > 1 else ""
    return in_a_line(error, longest=_LONGEST_TEXT) + times
