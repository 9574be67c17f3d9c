"""`restore ENV --rebuild`: a new state for what runs, where the old one is lost.

An empty state with the old one's lineage is put in its place, so that a run that dies here is recovered as any other.
Then what runs is planned: what the card knows by id is taken in, the rest would be made anew. A person sees both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tfops import exact
from tfops.change.environment import find_place
from tfops.change.recordable import require_recordable
from tfops.change.rollback import running_target
from tfops.change.run import running
from tfops.change.stack import open_stack
from tfops.change.story import change
from tfops.change.task import Task
from tfops.commands.named import applied_versions
from tfops.errors import NOTHING_CHANGED, NotApproved, Refused, TfopsError
from tfops.ledger.versions import read_card
from tfops.records.addresses import is_hidden
from tfops.records.names import EnvName, StackName
from tfops.records.version import Kind
from tfops.resolve.bridge import Past
from tfops.system import signals
from tfops.system.workspace import write_file

if TYPE_CHECKING:
    from tfops.change.project import Project
    from tfops.change.request import Request
    from tfops.change.snapshot import Snapshot
    from tfops.change.target import Target
    from tfops.change.ui import Ui
    from tfops.engine.stack import StackEngine
    from tfops.records.card import Card, StackRecord
    from tfops.records.state import StackState
    from tfops.views.change import ChangeResult

_EMPTY = "empty.tfstate"


def rebuild(project: Project, env: str, request: Request, ui: Ui) -> ChangeResult:
    """Make what runs a state again, as a new version. Raises Refused (guard `state-exists`) where nothing is lost,
    NotApproved without a yes by name."""
    place = find_place(project, env)
    project.fetch_for_change(place.rules)
    _, _, latest = applied_versions(project, place.env)
    if latest.kind is Kind.DESTROY:
        raise Refused("never-applied", f"{place.env} doesn't run: there is nothing to rebuild")
    card = read_card(project.repository, latest)
    _ask(place.env, card, request, ui)
    emptied: list[StackName] = []

    def aim(facts: Snapshot) -> Target:
        target = running_target(facts)
        target = replace(
            target,
            reason=f"{place.env} v{card.version} gets a new state",
            stacks=replace(target.stacks, card=None),
            way=replace(target.way, pasts={StackName(name): _past(part) for name, part in card.stacks.items()}),
        )
        require_recordable(target, facts)
        emptied.extend(_make_room(target, card, request, ui))
        return target

    try:
        return change(Task(project, place, "rebuild", aim, request, ui))
    except TfopsError as error:
        if emptied and error.state == NOTHING_CHANGED:
            error.state = f"The state of {place.env} is an empty one for now. What runs was not touched."
        raise


def _past(part: StackRecord) -> Past:
    """All that the card has is out there, as far as anybody knows."""
    return Past({}, forgotten={address: known for address, known in part.inventory.items() if not is_hidden(known)})


def _ask(env: EnvName, card: Card, request: Request, ui: Ui) -> None:
    """`--rebuild ENV --yes` names it; on a terminal the name is typed."""
    ui.warn(f"{env} v{card.version} gets a new state: {len(card.inventory)} resources are looked for by their ids")
    if request.consent.yes:
        return
    if not (ui.is_interactive and ui.ask_for(f"Its old state is lost for good: type {env} to go on", env)):
        hint = f"if its state is lost for good: tfops restore {env} --rebuild --yes"
        raise NotApproved(f"{env} was not rebuilt", why="that needs a yes", hint=hint)


def _make_room(target: Target, card: Card, request: Request, ui: Ui) -> list[StackName]:
    """The stacks whose state was absent, and is an empty one now.

    Raises Refused (guard `state-exists`) unless a state lacks something of what the card has.
    """
    with running(target.facts, request, ui) as run:
        found = []
        for spec in target.specs():
            engine = open_stack(run, spec.content, spec.name).engine
            engine.prepare()
            found.append((spec.name, engine, engine.pull_state()[0]))
        _require_lost(target.env, card, [(name, state) for name, _, state in found])
        absent = [(name, engine) for name, engine, state in found if state.is_absent]
        for name, engine in absent:
            _put_empty(engine, card.stacks[name])
    return [name for name, _ in absent]


def _require_lost(env: EnvName, card: Card, states: Sequence[tuple[StackName, StackState]]) -> None:
    lost = False
    for name, state in states:
        part = card.stacks[name]
        if not state.is_absent and state.lineage != part.lineage:
            what = f"where {env} keeps its state there is another one"
            raise Refused("state-exists", what, hint="look at `backend` in tfops.yaml")
        lost |= bool(part.inventory.keys() - state.inventory.keys())
    if not lost:
        raise Refused("state-exists", f"the state of {env} is there: nothing is lost", hint=f"tfops plan {env}")


def _put_empty(engine: StackEngine, part: StackRecord) -> None:
    """Into an empty place it takes the engine two pushes: the first gets a lineage of its own."""
    document = {"version": 4, "serial": part.serial_after + 1, "lineage": part.lineage, "outputs": {}, "resources": []}
    path = engine.root / _EMPTY
    write_file(path, exact.dumps(document))
    try:
        with signals.deferred(), engine.shielded():
            engine.push_state(_EMPTY, force=True)
            if engine.read_back()[0].lineage != part.lineage:
                engine.push_state(_EMPTY, force=True)
    finally:
        path.unlink(missing_ok=True)
