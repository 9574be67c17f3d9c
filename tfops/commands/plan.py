"""`plan` and `rollback --plan`: what a change would do, without making it."""

from collections.abc import Mapping, Sequence
from typing import Any

from tfops.change.checks import CheckContext
from tfops.change.environment import Place, find_place
from tfops.change.planning import plan_stacks
from tfops.change.project import Project
from tfops.change.reading import load_checked
from tfops.change.required_checks import check_plans
from tfops.change.rollback import downgrades_of, require_possible, rollback_target
from tfops.change.stack import Content, EngineOptions
from tfops.change.stacks import Stacks, with_other_contents
from tfops.change.target import say_target
from tfops.change.ui import Ui
from tfops.ledger.versions import known_versions, read_card
from tfops.records.commit import Commit
from tfops.records.names import MAIN_STACK, StackName
from tfops.records.verdict import Verdict
from tfops.records.version import Version
from tfops.resolve.bridge import Bridge
from tfops.resolve.verdict import as_planned, conclude
from tfops.results.changes import PlanResult, RollbackPlanResult
from tfops.system.repository import Repository


def plan(
    project: Project,
    env: str | None,
    *,
    worktree: bool,
    engine: EngineOptions,
    wait_s: float,
    ui: Ui,
    only: Sequence[str] = (),
    checks: bool = False,
    allow_missing: Sequence[str] | None = None,
) -> PlanResult:
    """What applying HEAD would do; with `worktree`, what the files as they lie here would do; with `checks`, whether
    it would pass the required checks.

    Takes no state lock and records nothing; the machine's lock is held, because the folder is shared.
    """
    place = find_place(project, env)
    repository = project.repository
    with project.changing(place.env, "plan", wait_s=wait_s):
        project.fetch_for_reading(place.rules, ui)
        tree = place.tree(project, worktree=worktree)
        commit = None if worktree else repository.commit(repository.head)
        _say_what(place, repository, commit, ui)
        rules = place.rules_in(project, tree)
        environment = load_checked(project, tree, rules, place.env)
        listing = known_versions(repository, place.env)
        card = read_card(repository, listing.latest) if listing.latest else None
        with project.workspace.run(place.env) as folder:
            content = Content.of(tree, rules, environment)
            stacks = with_other_contents(project, Stacks(content, card), None)
            jobs = (stacks.narrowed_to(only) if only else stacks).jobs()
            named = None if allow_missing is None else frozenset(allow_missing)
            planned = plan_stacks(project, jobs, folder=folder, engine=engine, ui=ui, allow_missing=named)
            context = CheckContext(
                env=place.env,
                version=str(Version(listing.highest + 1)),
                commit=commit.sha if commit else "",
                root=repository.root,
                folder=folder,
                variables=rules.engine.env,
                mask=planned.mask,
                ui=ui,
            )
            required = rules.environments[place.env].required_checks if checks else ()
            found = check_plans(required, planned.stacks, context)
    current = listing.latest.version if listing.latest else None
    return PlanResult(place.env, commit, current, planned.shown, found)


def plan_rollback(
    project: Project,
    env: str | None,
    to: str | None,
    *,
    keep_providers: bool,
    show_bridge: bool,
    engine: EngineOptions,
    wait_s: float,
    ui: Ui,
    only: Sequence[str] = (),
    allow_missing: Sequence[str] = (),
) -> RollbackPlanResult:
    """What a rollback would do, lose and not bring back. Changes nothing."""
    place = find_place(project, env)
    with project.changing(place.env, "plan", wait_s=wait_s):
        project.fetch_for_reading(place.rules, ui)
        target = rollback_target(project, place, to=to, keep_providers=keep_providers, only=only)
        assert target.restores is not None
        say_target(target, ui)
        require_possible(target, ignoring=target.judgement.verdict is Verdict.BLOCKED)
        with project.workspace.run(place.env) as folder:
            named = frozenset(allow_missing)
            planned = plan_stacks(project, target.jobs(), folder=folder, engine=engine, ui=ui, allow_missing=named)
    return RollbackPlanResult(
        env=place.env,
        commit=target.commit,
        current=target.current.version if target.current else None,
        restores=target.restores.version,
        judgement=as_planned(conclude((*target.judgement.reasons, *downgrades_of(target, planned.plan))), planned.plan),
        undoes=target.undoes,
        plan=planned.shown,
        bridge=_bridge_blocks(planned.bridges),
        shows_bridge=show_bridge,
    )


def _bridge_blocks(bridges: Mapping[StackName, Bridge]) -> dict[str, Any]:
    """As one stack's blocks; of several, by stack."""
    if MAIN_STACK in bridges:
        return bridges[MAIN_STACK].blocks()
    return {name: bridge.blocks() for name, bridge in bridges.items()}


def _say_what(place: Place, repository: Repository, commit: Commit | None, ui: Ui) -> None:
    if commit is None:
        ui.note(f"{place.reason} · the files as they lie here, uncommitted ones too (this plan can't be applied)")
        return
    ui.note(f"{place.reason} · commit {commit.short} {commit.subject}")
    uncommitted = repository.uncommitted()
    if uncommitted:
        listed = ", ".join(uncommitted[:3]) + (" …" if len(uncommitted) > 3 else "")
        ui.warn(f"not part of this plan, because not committed: {listed}   (--worktree plans them)")
