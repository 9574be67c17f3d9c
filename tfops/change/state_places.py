"""Where an environment's state is kept: by the ledger, and by today's tfops.yaml."""

from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.ledger.chain import LedgerState
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.rendered import BACKEND_FILE
from tfops.render.backend import backend_settings
from tfops.resolve.place import StatePlace, to_place


def backend_path(stack: StackName) -> str:
    """The backend's file among the rendered roots, as the ledger names them."""
    return BACKEND_FILE if stack == MAIN_STACK else f"{stack}/{BACKEND_FILE}"


def recorded_place(present: LedgerState, stack: StackName = MAIN_STACK) -> StatePlace | None:
    """The place that the ledger's rendered root names; None where there is no root yet."""
    content = present.files.get(f"root/{backend_path(stack)}")
    return to_place(content.decode()) if content else None


def place_today(rules: ProjectConfig, env: EnvName, stack: StackName = MAIN_STACK) -> StatePlace:
    """The place that tfops.yaml names, or else the root itself.

    Raises Refused (guard `own-backend`) where the root at the head of the branch names one that can't be used.
    """
    backend = rules.backend_of(env, stack)
    if backend.problem:
        raise Refused(
            "own-backend",
            f"the root of {env} keeps its state in `{backend.kind}`: {backend.problem}",
            hint="name the backend in tfops.yaml, or take this one out of the root's code",
        )
    return StatePlace(backend.kind, backend_settings(rules, env, stack), rules.workspace_of(env))
