"""That a stack's state is its own, and in the place where the version that runs has it."""

from collections.abc import Iterable

from tfops.change.project import Project
from tfops.change.snapshot import Snapshot
from tfops.change.stacks import StackSpec
from tfops.change.state_places import place_today, recorded_place
from tfops.change.target import Target
from tfops.config.project import ProjectConfig
from tfops.errors import Refused
from tfops.forge.ci import is_thrown_away
from tfops.ledger.versions import list_latest, read_card
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.state import StackState
from tfops.resolve.place import told_apart
from tfops.resolve.state import RecordedState, require_free_place


def require_own_state(facts: Snapshot, stack: StackName, state: StackState) -> None:
    """Raises Refused (guard `state-exists`) when a stack without a version would be planned on somebody's state.

    What a first change of this very stack made before it stopped is its own.
    """
    if state.is_absent or not (state.inventory or state.lineage):
        return
    env, present = facts.env, facts.present
    has_begun = present.intent is not None or present.trouble is not None
    if has_begun and recorded_place(present, stack) is not None:
        return
    require_free_place(env, state, owner=_owner_of(facts.project, env, stack, state.lineage))


def require_no_state_beside(facts: Snapshot, spec: StackSpec) -> None:
    """Raises Refused (guard `state-exists`) where Terraform keeps a root's state beside its code, in the work tree, and
    no version knows of it: a plan without it would create everything a second time."""
    root, rules, present = spec.content.environment.stacks[spec.name].root, spec.content.rules, facts.present
    if root is None or present.intent is not None or present.trouble is not None or facts.place.rehearses:
        return
    from tfops.change.own_root import holds_resources, state_beside, told_path  # noqa: PLC0415 - most have no such root

    path = state_beside(facts.project, root.path, rules.workspace_of(facts.env))
    if path is not None and holds_resources(path):
        raise Refused(
            "state-exists",
            f"`{told_path(path, facts.project)}` is a state, and {facts.env} was never applied",
            why="a plan without it would create everything a second time",
            hint=f"take it over, nothing moves: tfops adopt {facts.env}",
        )


def _owner_of(project: Project, env: EnvName, stack: StackName, lineage: str) -> str:
    """The environment, and where it has several the stack, that the latest cards say the lineage is of; or nothing."""
    for other, listing in list_latest(project.repository).items():
        card = read_card(project.repository, listing.latest) if listing.latest else None
        for name, part in card.stacks.items() if card and lineage else ():
            if part.lineage == lineage and (other, name) != (env, stack):
                return other if name == MAIN_STACK else f"{other} (stack {name})"
    return ""


def require_lasting_state(target: Target) -> None:
    """Raises Refused (guard `local-state`) where what is made now would be in no state an hour later. A drill takes
    away what it made."""
    facts, rules = target.facts, target.rules
    if facts.place.rehearses or not is_thrown_away():
        return
    if any(rules.backend_of(facts.env, stack).kind == "local" for stack in target.environment.stacks):
        raise Refused(
            "local-state",
            f"the state of {facts.env} would be lost with this job",
            why="the backend is local, which keeps it in this clone; and this job's machine is thrown away",
            hint="set a backend in tfops.yaml that jobs share: tfops docs share-state",
        )


def require_same_places(facts: Snapshot, specs: Iterable[StackSpec]) -> None:
    """Raises as `require_same_place`, for each stack of a change."""
    for spec in specs:
        require_same_place(facts, spec.content.rules, spec.name, spec.recorded)


def require_same_place(facts: Snapshot, rules: ProjectConfig, stack: StackName, recorded: RecordedState | None) -> None:
    """Raises Refused (guard `backend-moved`) when tfops.yaml names another place than the one that has the state."""
    env, present = facts.env, facts.present
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
