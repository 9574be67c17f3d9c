"""Where an environment's state is kept: by the ledger, and by today's tfops.yaml."""

from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.flows.ground.project import Project
from tfops.ledger.chain import Present, read_present
from tfops.model import BACKEND_FILE, MAIN_STACK, EnvName, StackName
from tfops.render.root import backend_settings
from tfops.resolve.place import StatePlace, to_place
from tfops.resolve.state import RecordedState


def backend_path(stack: StackName) -> str:
    """The backend's file among the rendered roots, as the ledger names them."""
    return BACKEND_FILE if stack == MAIN_STACK else f"{stack}/{BACKEND_FILE}"


def recorded_place(present: Present, stack: StackName = MAIN_STACK) -> StatePlace | None:
    """The place that the ledger's rendered root names; None where there is no root yet."""
    content = present.files.get(f"root/{backend_path(stack)}")
    return to_place(content.decode()) if content else None


def place_today(rules: ProjectConfig, env: EnvName, stack: StackName = MAIN_STACK) -> StatePlace:
    """The place that tfops.yaml names."""
    return StatePlace(rules.backend_of(env).kind, backend_settings(rules, env, stack))


def require_same_place(
    project: Project, rules: ProjectConfig, env: EnvName, stack: StackName, recorded: RecordedState | None
) -> None:
    """Raises Refused (guard `backend-moved`) when tfops.yaml names another place than the one that has the state."""
    place = recorded_place(read_present(project.repository, env), stack)
    if recorded is None or recorded.is_empty or place is None:
        return
    today = place_today(rules, env, stack)
    whose = env if stack == MAIN_STACK else f"{env} (stack {stack})"
    if place.where != today.where:
        raise Refused(
            "backend-moved",
            f"the state of {whose} is in {place}, tfops.yaml names {today}",
            why="a plan without it would create everything a second time",
            hint=f"move it: tfops backend move {env}   (or name the old place in tfops.yaml)",
        )
