"""`backend move`: an environment's state goes to the place that tfops.yaml names now.

Copied, read back, then the old one is marked as moved: plans on it are refused. A run that died on
the way leaves both states readable, and the next one goes on from what it finds. Nothing real is changed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfops import exact
from tfops.change.encryption import inherited_texts, require_encryption, wanted_keys
from tfops.change.environment import find_place
from tfops.change.holders import may_take_over
from tfops.change.lease import Lease, require_free
from tfops.change.project import Project
from tfops.change.recovery import recover_if_needed
from tfops.change.request import Request
from tfops.change.run import Run, running
from tfops.change.secrets import SecretSource
from tfops.change.signing import require_signing
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.stack import locate
from tfops.change.stacks import recorded_state
from tfops.change.state_places import backend_path, place_today, recorded_place
from tfops.change.target import rules_from_branch_head
from tfops.change.ui import Ui
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.engine.environment import engine_environment
from tfops.engine.mask import Masker
from tfops.engine.moved_mark import content_digest, marked, moved_to
from tfops.engine.remote_state import RemoteState
from tfops.engine.runner import Runner
from tfops.engine.state import parse_state
from tfops.errors import NotApproved, Refused, StoppedPartWay, TfopsError
from tfops.ledger.chain import LedgerState
from tfops.records.names import EnvName, StackName
from tfops.render.encryption import encryption_file
from tfops.resolve.moving import Found, Route, Step, step_of
from tfops.resolve.place import StatePlace
from tfops.system import failpoint, signals
from tfops.views.backend import BackendMoveResult, MovedState, OldCopy


@dataclass(frozen=True, slots=True)
class _Both:
    """The two places, reached, and the documents that were found there before anything was written."""

    route: Route
    source: RemoteState
    goal: RemoteState
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    @property
    def step(self) -> Step:
        return step_of(self.route, _found(self.old), _found(self.new))

    @property
    def resources(self) -> int:
        """How many the state has: what is marked or gone isn't asked any more."""
        document = self.new if moved_to(self.old) or not self.old else self.old
        return len(parse_state(exact.dumps(document)).inventory)


def move(project: Project, request: Request, ui: Ui, *, marks: bool = True) -> BackendMoveResult:
    """Move the state, and let the ledger say so. `marks` is False for an old place that can't be written to any more.

    Raises Refused before anything is written, NotApproved without a yes, StoppedPartWay when the state is copied
    but not everything is done: then the same command goes on.
    """
    place = find_place(project, request.env)
    with project.changing(place.env, "backend move", wait_s=request.wait_s):
        project.fetch_for_change(place.rules)
        require_signing(project, place.rules)
        facts = _sound(read_snapshot(project, place), request, ui)
        rules = rules_from_branch_head(facts)
        routes = [route for route in _routes(facts, rules) if route.source.where != route.goal.where]
        if not routes:
            return BackendMoveResult(place.env, ())
        with running(facts, request, ui) as run:
            return _move(run, rules, routes, marks=marks)


def _sound(facts: Snapshot, request: Request, ui: Ui) -> Snapshot:
    """Nobody holds the environment, and no change of it has an open end: that would end in the old place."""
    env, project, present = facts.env, facts.project, facts.present
    if present.lock is not None and not may_take_over(project, present.lock):
        require_free(project, present)
    if present.intent is not None or present.trouble is not None:
        raise Refused(
            "unfinished",
            f"a change of {env} stopped half-way: its state stays where it is until that is finished",
            hint=f"with the old place in tfops.yaml: tfops recover {env}, tfops resume {env}; then move",
        )
    recovered = recover_if_needed(facts, request, ui)
    if recovered is not None:
        ui.note(str(recovered))
        facts = facts.again()
    require_free(project, facts.present)
    return facts


def _routes(facts: Snapshot, rules: ProjectConfig) -> Iterator[Route]:
    """For each state: from where the ledger says that it is to where tfops.yaml says that it should be."""
    env, card = facts.env, facts.current_card if facts.latest else None
    if card is None:
        raise Refused("never-applied", f"{env} has no state yet: nothing to move", hint=f"tfops apply {env}")
    for name in map(StackName, card.stacks):
        recorded, source = recorded_state(card, name), recorded_place(facts.present, name)
        if recorded is not None and source is not None and not recorded.is_empty:
            if source.workspace or rules.workspace_of(env):
                raise Refused(
                    "workspace",
                    f"the state of {env} is in a workspace, and tfops can't move one",
                    hint="move it by hand: terraform state pull, terraform state push   (tfops docs roots)",
                )
            yield Route(env, source, place_today(rules, env, name), recorded, name)


def _move(run: Run, rules: ProjectConfig, routes: Sequence[Route], *, marks: bool) -> BackendMoveResult:
    """Every state is looked at, and every refusal said, before the first is written."""
    env, ui = run.facts.env, run.ui
    ui.phase(f"looking at both places of {env}")
    found = [_reach(run, rules, route) for route in routes]
    steps = [both.step for both in found]
    ui.phase("")
    for both in found:
        ui.note(f"{both.route.text}: {both.resources} resources")
    _obtain_consent(env, yes=run.request.consent.yes, ui=ui)
    lease = Lease(run.facts, run.id, ui)
    moved = []
    with signals.deferred(signals.FINISHED_FIRST):
        lease.claim_once(what=f"move of {'; '.join(both.route.text for both in found)}")
        try:
            for both, step in zip(found, steps, strict=True):
                old_copy, route = _carry_out(both, step, marks=marks), both.route
                moved.append(MovedState(route.stack, str(route.source), str(route.goal), both.resources, old_copy))
        except TfopsError as error:
            lease.close(f"the move of its state failed: {error.what}")
            raise
        told = [f"{both.route.text} (old copy: {one.old_copy})" for both, one in zip(found, moved, strict=True)]
        lease.moved("; ".join(told), _root_with(run.facts.present, routes))
    return BackendMoveResult(env, tuple(moved))


def _reach(run: Run, rules: ProjectConfig, route: Route) -> _Both:
    project, folder, request = run.project, run.folder, run.request
    engine = locate(project, rules, request.engine)
    require_encryption(engine, rules)
    source = SecretSource(rules, route.env, project.tree(worktree=False))
    keys = source.read(wanted_keys(rules))
    variables = engine_environment(more=rules.engine.env, secrets=keys, plugin_cache=project.workspace.plugin_cache)
    hidden = (*source.texts_in(keys), *inherited_texts())
    run.ui.hide(hidden)
    runner = Runner(folder, folder, variables, Masker(hidden), run.ui.engine_event, run.ui.engine_signal)
    block = encryption_file(rules, route.env, route.stack)

    def placed(name: str, place: StatePlace) -> RemoteState:
        root = folder / f"{route.stack}-{name}"
        root.mkdir(mode=0o700)
        state = RemoteState(engine, replace(runner, root=root), name=str(place), flags=request.flags)
        state.reach(_backend_file(project, route, place), encryption=block)
        return state

    old, new = placed("from", route.source), placed("to", route.goal)
    return _Both(route, old, new, old.pull(), new.pull())


def _backend_file(project: Project, route: Route, place: StatePlace) -> str:
    """The backend for a root that lies elsewhere: the local one's path is relative to the environment's root."""
    settings = place.settings
    if place.kind == "local":
        settings = {"path": str(project.workspace.state(route.env) / f"{route.stack}.tfstate")}
    return json.dumps({"terraform": {"backend": {place.kind: settings}}})


def _found(document: Mapping[str, Any]) -> Found:
    if not document.get("serial"):  # what the engine gives for a place where nothing was ever written
        return Found()
    return Found(document["lineage"], document["serial"], content_digest(document), moved_to(document))


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
        hint=f"look at what {both.route.goal} does with what is written to it, then run it again",
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


def _root_with(present: LedgerState, routes: Sequence[Route]) -> dict[str, str]:
    """The rendered roots as the ledger has them, with the backends that count from now on."""
    texts = {
        path.removeprefix("root/"): content.decode("utf-8", "surrogateescape")
        for path, content in present.files.items()
        if path.startswith("root/")
    }
    return texts | {backend_path(route.stack): _backend_text(route.goal) for route in routes}


def _backend_text(place: StatePlace) -> str:
    """As the renderer writes it."""
    backend = {"terraform": {"backend": {place.kind: dict(place.settings)}}}
    return json.dumps(backend, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
