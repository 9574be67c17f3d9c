"""`restore`: what a repository alone brings back on an empty machine, and what is missing besides: the states.

Versions, ledgers and what was applied are in Git. A state isn't: it is where the backend keeps it. Each is looked at,
and held against the card of the version that runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tfops.change.environment import Place, find_place
from tfops.change.prepare import open_stacks, read_stacks
from tfops.change.rollback import running_target
from tfops.change.run import running
from tfops.change.snapshot import read_snapshot
from tfops.change.state_guards import require_same_places
from tfops.commands.verify import findings_of
from tfops.errors import Refused, TfopsError, in_a_line
from tfops.ledger.chain import read_present
from tfops.ledger.versions import Listing, list_versions, read_card
from tfops.records.names import EnvName
from tfops.records.version import Kind, VersionRecord
from tfops.resolve.branches import require_environment
from tfops.views.restore import LedgerCondition, RestoredEnvironment, RestoreResult, StateCondition

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.request import Request
    from tfops.change.ui import Ui
    from tfops.config.project import ProjectConfig

_LOCAL = "local"


def restore(project: Project, envs: Sequence[str], request: Request, ui: Ui) -> RestoreResult:
    """Bring versions and ledgers here, check them, and look for the states. Changes nothing but this clone.

    Raises Refused (`remote-unreachable`, `fetch-refused`, `shallow-clone`).
    """
    rules = project.config_at(project.repository.head)
    project.fetch_for_change(rules)
    listings = list_versions(project.repository)
    wanted = [require_environment(env, rules) for env in envs] or _all(rules, listings)
    rows = tuple(_row(project, rules, env, listings.get(env, Listing()), request, ui) for env in wanted)
    ui.phase("")
    return RestoreResult(rules.project, project.repository.remote, rows)


def _all(rules: ProjectConfig, listings: Mapping[EnvName, Listing]) -> list[EnvName]:
    gone = sorted(env for env, listing in listings.items() if listing.latest and env not in rules.environments)
    return [*rules.environments, *gone]


def _row(
    project: Project, rules: ProjectConfig, env: EnvName, listing: Listing, request: Request, ui: Ui
) -> RestoredEnvironment:
    ui.phase(f"looking at {env}")
    latest = listing.latest
    if latest is None and not listing.trouble:
        return RestoredEnvironment(env, None, LedgerCondition.NONE, (), StateCondition.NONE)
    ledger, findings = _ledger(project, rules, env)
    state, why, backend = _state(project, rules, env, latest, request, ui)
    return RestoredEnvironment(env, latest, ledger, findings, state, why, backend)


def _ledger(project: Project, rules: ProjectConfig, env: EnvName) -> tuple[LedgerCondition, tuple[str, ...]]:
    try:
        head = read_present(project.repository, env).head
    except Refused as error:
        return LedgerCondition.DAMAGED, (error.what,)
    if not head:
        return LedgerCondition.MISSING, ()
    found = tuple(f"{finding.topic}: {finding.text}" for finding in findings_of(project, rules, env).findings)
    return LedgerCondition.DAMAGED if found else LedgerCondition.WHOLE, found


def _state(
    project: Project, rules: ProjectConfig, env: EnvName, latest: VersionRecord | None, request: Request, ui: Ui
) -> tuple[StateCondition, str, str]:
    """How it is, why it can't be used, and what the card says of where it is."""
    if latest is None or latest.kind is Kind.DESTROY:
        return StateCondition.NONE, "", ""
    try:
        card = read_card(project.repository, latest)
        stacks = list(card.stacks)
        backend = next((part.backend for part in card.stacks.values()), "")
        if env not in rules.environments:
            return StateCondition.UNREACHABLE, "tfops.yaml has no line for it any more", backend
        folder = project.workspace.top / "state" / env
        is_local = rules.backend_of(env).kind == _LOCAL
        if is_local and not all((folder / f"{stack}.tfstate").is_file() for stack in stacks):
            return StateCondition.ABSENT, "", backend
        _require_state(project, find_place(project, env), request, ui)
    except Refused as error:
        return *_told(error), backend
    except TfopsError as error:
        return StateCondition.UNREACHABLE, in_a_line(error), ""
    return StateCondition.HERE, "", backend


def _told(error: Refused) -> tuple[StateCondition, str]:
    """What a refusal says of the state."""
    if error.guard == "state-absent":
        return StateCondition.ABSENT, ""
    if error.guard == "state-lacks":
        return StateCondition.LACKS, error.what
    is_about_it = error.guard.startswith("state-") or error.guard == "backend-moved"
    return StateCondition.OTHER if is_about_it else StateCondition.UNREACHABLE, in_a_line(error)


def _require_state(project: Project, place: Place, request: Request, ui: Ui) -> None:
    """As the next change would: what it would be refused for is raised."""
    holding = project.changing(place.env, "restore", wait_s=request.wait_s)
    with holding, running(read_snapshot(project, place), request, ui) as run:
        specs = running_target(run.facts).specs()
        require_same_places(run.facts, specs)
        read_stacks(run, open_stacks(run, specs))
