"""Where an environment's state is kept: by the ledger, and by today's tfops.yaml."""

from tfops.change.project import Project
from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState, read_present
from tfops.ledger.versions import list_versions, read_card
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import BACKEND_FILE
from tfops.records.state import StackState
from tfops.render.root import backend_settings
from tfops.resolve.place import StatePlace, to_place, told_apart
from tfops.resolve.state import RecordedState, require_free_place


def backend_path(stack: StackName) -> str:
    """The backend's file among the rendered roots, as the ledger names them."""
    return BACKEND_FILE if stack == MAIN_STACK else f"{stack}/{BACKEND_FILE}"


def recorded_place(present: LedgerState, stack: StackName = MAIN_STACK) -> StatePlace | None:
    """The place that the ledger's rendered root names; None where there is no root yet."""
    content = present.files.get(f"root/{backend_path(stack)}")
    return to_place(content.decode()) if content else None


def place_today(rules: ProjectConfig, env: EnvName, stack: StackName = MAIN_STACK) -> StatePlace:
    """The place that tfops.yaml names."""
    return StatePlace(rules.backend_of(env).kind, backend_settings(rules, env, stack))


def require_own_state(project: Project, env: EnvName, stack: StackName, state: StackState) -> None:
    """Raises Refused (guard `state-exists`) when a stack without a version would be planned on somebody's state.

    What a first change of this very stack made before it stopped is its own.
    """
    if state.is_absent or not (state.inventory or state.lineage):
        return
    present = read_present(project.repository, env)
    has_begun = present.intent is not None or present.trouble is not None
    if has_begun and recorded_place(present, stack) is not None:
        return
    require_free_place(env, state, owner=_owner_of(project, env, stack, state.lineage))


def _owner_of(project: Project, env: EnvName, stack: StackName, lineage: str) -> str:
    """The environment, and where it has several the stack, that the latest cards say the lineage is of; or nothing."""
    for other, listing in list_versions(project.repository).items():
        card = read_card(project.repository, listing.latest) if listing.latest else None
        for name, part in card.stacks.items() if card and lineage else ():
            if part.lineage == lineage and (other, name) != (env, stack):
                return other if name == MAIN_STACK else f"{other} (stack {name})"
    return ""


def require_same_place(
    project: Project, rules: ProjectConfig, env: EnvName, stack: StackName, recorded: RecordedState | None
) -> None:
    """Raises Refused (guard `backend-moved`) when tfops.yaml names another place than the one that has the state."""
    present = read_present(project.repository, env)
    place = recorded_place(present, stack)
    has_state = not recorded.is_empty if recorded else present.trouble is not None
    if place is None or not has_state:
        return
    today = place_today(rules, env, stack)
    whose = env if stack == MAIN_STACK else f"{env} (stack {stack})"
    if place.where != today.where:
        old, new = told_apart(place, today)
        raise Refused(
            "backend-moved",
            f"the state of {whose} is in {old}, tfops.yaml names {new}",
            why="a plan without it would create everything a second time",
            hint=f"move it: tfops backend move {env}   (or name the old place in tfops.yaml)",
        )
