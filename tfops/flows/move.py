"""`backend move`: an environment's state goes to the place that tfops.yaml names now.

Copied, read back, then the old one is marked: nobody plans on it again, by tfops or by hand. A run that died on
the way leaves both states readable, and the next one goes on from what it finds. Nothing real is changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tfops.config.project import ProjectConfig
from tfops.engine.environment import engine_environment
from tfops.engine.mask import Masker
from tfops.engine.moved import content_digest, marked, moved_to
from tfops.engine.placed import PlacedState
from tfops.engine.runner import Runner
from tfops.engine.state import parse_state
from tfops.errors import NotApproved, Refused, StoppedPartWay, TfopsError
from tfops.flows.changes import require_signing
from tfops.flows.custody import Custody, require_free
from tfops.flows.places import place_today, recorded_place
from tfops.flows.project import Project
from tfops.flows.recover import may_follow, settle
from tfops.flows.stack import EngineOptions, locate
from tfops.flows.stacks import recorded_state
from tfops.flows.target import Place, find_place, rules_from_branch_head
from tfops.flows.ui import Ui
from tfops.ledger.chain import Present, read_present
from tfops.ledger.versions import read_card, versions_of
from tfops.model import BACKEND_FILE, MAIN_STACK, EnvName
from tfops.resolve.moving import Found, Route, Step, step_of
from tfops.resolve.place import StatePlace
from tfops.results import BackendMoveResult, OldCopy
from tfops.system import failpoint, signals
from tfops.system.remote import Refs

_NEVER = "never-applied"


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """What the user said about how to move. `marks` is False for an old place that can't be written to any more."""

    yes: bool = False
    marks: bool = True
    wait_s: float = 0.0
    engine: EngineOptions = field(default_factory=EngineOptions)


@dataclass(frozen=True, slots=True)
class _Both:
    """The two places, reached, and the documents that were found there before anything was written."""

    route: Route
    source: PlacedState
    goal: PlacedState
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def step(self) -> Step:
        return step_of(self.route, _found(self.old), _found(self.new))


def move(project: Project, env: str, options: MoveOptions, ui: Ui) -> BackendMoveResult:
    """Move the state, and let the ledger say so.

    Raises Refused before anything is written, NotApproved without a yes, StoppedPartWay when the state is copied
    but not everything is done: then the same command goes on.
    """
    place = find_place(project, env)
    refs = project.refs(place.rules)
    with project.changing(place.env, "backend move", wait_s=options.wait_s):
        project.fetch_for_change(place.rules)
        require_signing(project, place.rules)
        present = _sound_present(project, place, refs, options.engine, ui)
        rules = rules_from_branch_head(project, place)
        route = _route(project, rules, present)
        if route.source.where == route.goal.where:
            return BackendMoveResult(place.env, str(route.source), str(route.goal), 0, OldCopy.NOTHING_TO_DO)
        with project.workspace.run(place.env) as folder:
            return _move(project, refs, rules, present, route, folder=folder, options=options, ui=ui)


def _sound_present(project: Project, place: Place, refs: Refs, engine: EngineOptions, ui: Ui) -> Present:
    """Nobody holds the environment, and no change of it has an open end: that would end in the old place."""
    present = read_present(project.repository, place.env)
    if present.lock is not None and not may_follow(project, present.lock):
        require_free(present)
    if present.intent is not None or present.trouble is not None:
        raise Refused(
            "unfinished",
            f"a change of {place.env} stopped half-way: its state stays where it is until that is finished",
            hint=f"with the old place in tfops.yaml: tfops recover {place.env}, tfops resume {place.env}; then move",
        )
    settle(project, place, refs, engine=engine, ui=ui)
    present = read_present(project.repository, place.env)
    require_free(present)
    return present


def _route(project: Project, rules: ProjectConfig, present: Present) -> Route:
    """From where the ledger says that the state is to where tfops.yaml says that it should be."""
    env, source = present.env, recorded_place(present)
    latest = versions_of(project.repository, env).latest
    card = read_card(project.repository, latest) if latest else None
    if card and MAIN_STACK not in card.stacks:
        states = ", ".join(card.stacks)
        raise Refused("several-stacks", f"{env} has several states ({states}): they can't be moved yet")
    recorded = recorded_state(card)
    if recorded is None or source is None:
        raise Refused(_NEVER, f"{env} has no state yet: nothing to move", hint=f"tfops apply {env}")
    return Route(env, source, place_today(rules, env), recorded)


def _move(
    project: Project,
    refs: Refs,
    rules: ProjectConfig,
    present: Present,
    route: Route,
    *,
    folder: Path,
    options: MoveOptions,
    ui: Ui,
) -> BackendMoveResult:
    ui.phase(f"looking at both places of {route.env}")
    both = _reach(project, rules, route, folder=folder, options=options.engine, ui=ui)
    ui.phase("")
    step = both.step
    count = _resources(both.new if step is Step.NONE else both.old)
    text = f"the state of {route.env} from {route.source} to {route.goal}"
    ui.note(f"{text}: {count} resources")
    _obtain_consent(route.env, yes=options.yes, ui=ui)
    custody = Custody(project, refs, route.env, folder.name, ui)
    with signals.deferred():
        custody.claim(what=f"move of {text}", present=present)
        try:
            old_copy = _carry_out(both, step, marks=options.marks)
        except TfopsError as error:
            custody.close(f"the move of its state failed: {error.what}")
            raise
        custody.moved(f"{text} (old copy: {old_copy})", _root_with(present, route))
    return BackendMoveResult(route.env, str(route.source), str(route.goal), count, old_copy)


def _reach(
    project: Project, rules: ProjectConfig, route: Route, *, folder: Path, options: EngineOptions, ui: Ui
) -> _Both:
    engine = locate(project, rules, options.engine)
    variables = engine_environment(more=rules.engine.env, secrets={}, plugin_cache=project.workspace.plugin_cache)
    runner = Runner(folder, folder, variables, Masker(), ui.engine_event, ui.engine_signal)

    def placed(name: str, place: StatePlace) -> PlacedState:
        root = folder / name
        root.mkdir(mode=0o700)
        state = PlacedState(engine, replace(runner, root=root), name=str(place), lock_timeout_s=options.lock_timeout_s)
        state.reach(_backend_file(project, route.env, place))
        return state

    source, goal = placed("from", route.source), placed("to", route.goal)
    return _Both(route, source, goal, source.pull(), goal.pull())


def _backend_file(project: Project, env: EnvName, place: StatePlace) -> str:
    """The backend for a root that lies elsewhere: the local one's path is relative to the environment's root."""
    settings = place.settings
    if place.kind == "local":
        settings = {"path": str(project.workspace.state(env) / f"{MAIN_STACK}.tfstate")}
    return json.dumps({"terraform": {"backend": {place.kind: settings}}})


def _found(document: Mapping[str, Any]) -> Found:
    if not document.get("serial"):  # what the engine gives for a place where nothing was ever written
        return Found()
    return Found(document["lineage"], document["serial"], content_digest(document), moved_to(document))


def _resources(document: Mapping[str, Any]) -> int:
    return len(parse_state(json.dumps(document)).inventory)


def _obtain_consent(env: EnvName, *, yes: bool, ui: Ui) -> None:
    if yes:
        return
    if not ui.is_interactive:
        hint = "look at the lines above, then run it again with --yes"
        raise NotApproved("there is no terminal to ask on", hint=hint)
    if not ui.confirm("Move it?"):
        raise NotApproved(f"the state of {env} was not moved")


def _carry_out(both: _Both, step: Step, *, marks: bool) -> OldCopy:
    """Copy and mark, from `step` on."""
    if step is Step.COPY:
        pushed = {**both.old, "serial": max(both.old["serial"], both.new.get("serial", 0)) + 1}
        both.goal.put(pushed, over=both.new)
        failpoint.reach("state-copied")
        _require_copied(both, pushed)
        if both.source.pull() == both.goal.pull():
            return OldCopy.SAME_PLACE
    if step is not Step.NONE and marks:
        _mark(both)
    failpoint.reach("state-marked")
    return OldCopy.MARKED if moved_to(both.source.pull()) else OldCopy.UNMARKED


def _require_copied(both: _Both, pushed: Mapping[str, Any]) -> None:
    there, wanted = _found(both.goal.pull()), _found(pushed)
    if (there.lineage, there.content) == (wanted.lineage, wanted.content) and there.serial >= wanted.serial:
        return
    raise StoppedPartWay(
        f"the state was written to {both.route.goal}, but something else is there",
        why=f"lineage {there.lineage or 'none'}, serial {there.serial}",
        state=f"The state is where it was: {both.route.source}.",
        hint="tfops backend check, then run it again",
    )


def _mark(both: _Both) -> None:
    """The engine refuses the mark when the old state was written since it was read."""
    try:
        both.source.push(marked(both.old, to=str(both.route.goal)))
    except TfopsError as error:
        raise StoppedPartWay(
            f"the state is copied, but the old one in {both.route.source} can't be marked",
            why=error.why,
            state=f"The state is still where it was; {both.route.goal} has a copy.",
            hint=f"run it again; where nobody can write to the old place any more: "
            f"tfops backend move {both.route.env} --leave-unmarked",
        ) from error


def _root_with(present: Present, route: Route) -> dict[str, str]:
    """The rendered root as the ledger has it, with the backend that counts from now on."""
    texts = {
        path.removeprefix("root/"): content.decode("utf-8", "surrogateescape")
        for path, content in present.files.items()
        if path.startswith("root/")
    }
    backend = {"terraform": {"backend": {route.goal.kind: dict(route.goal.settings)}}}
    return texts | {BACKEND_FILE: json.dumps(backend, indent=2, sort_keys=True, ensure_ascii=False) + "\n"}
