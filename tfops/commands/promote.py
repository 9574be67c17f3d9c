"""`promote`: the version that runs and is verified in one environment becomes the next one's."""

from dataclasses import replace
from functools import partial

from tfops.change import story
from tfops.change.check_facts import CheckContext
from tfops.change.checks import run_checks
from tfops.change.environment import Place, find_place
from tfops.change.project import Project
from tfops.change.promoted_commit import Diverged, move_branch, target_branch
from tfops.change.promotion import Promotion, Source, promotion_rule, promotion_target, require_source
from tfops.change.request import Request
from tfops.change.snapshot import Snapshot, read_snapshot
from tfops.change.target import Target, say_target
from tfops.change.targets import answered, as_required
from tfops.change.task import Task
from tfops.change.ui import Ui
from tfops.commands.locks import append_event
from tfops.config.project import PromotionRule
from tfops.dataclass import dataclass
from tfops.errors import CheckFailed, TfopsError, in_a_line
from tfops.ledger.chain import LedgerState, NewEvent
from tfops.records.check import CheckOutcome
from tfops.records.commit import Commit
from tfops.records.event import EventKind
from tfops.records.names import CommitSha
from tfops.records.promotion import PromotedVersion, Promotions
from tfops.records.version import Verified
from tfops.resolve.branches import require_environment
from tfops.system import clock
from tfops.views.change import ChangeResult
from tfops.views.plan import PlanResult
from tfops.views.promotion import PromotionResult, PromotionStep


@dataclass(frozen=True, slots=True)
class _Found:
    """What is promoted, and where to, as it was looked at first; `head` is where the target's branch was then."""

    facts: Snapshot
    source: Source
    branch: str
    head: CommitSha | None
    checks: tuple[CheckOutcome, ...] = ()

    @property
    def wanted(self) -> Promotion:
        return Promotion(self.source.record.env, self.source.record.version)

    def result(self, commit: Commit) -> PromotionResult:
        record, repository = self.source.record, self.facts.project.repository
        is_there = self.head is not None and repository.is_ancestor(commit.sha, self.head)
        step = PromotionStep.ON_BRANCH if is_there else PromotionStep.FAST_FORWARD
        left = _left_behind(self, commit.sha)
        return PromotionResult(
            self.facts.env, record.env, record.version, commit, self.branch, step, checks=self.checks, left_behind=left
        )


def promote(project: Project, source: str, request: Request, ui: Ui, *, plan: bool = False) -> PromotionResult:
    """Apply the source's running version to the environment of the request, and say so in both ledgers.

    Where its commit isn't on the target's branch, that is moved forward when people have agreed; where it can't be, a
    merge request is opened in a job of a forge. With `plan` nothing is changed. Raises Refused, CheckFailed, and as
    `apply` does.
    """
    place = find_place(project, request.env)
    request = request if plan else as_required(place, request)
    found = _look(project, place, source, ui, is_plan=plan)
    try:
        return _planned(found, request, ui) if plan else _promoted(found, request, ui)
    except Diverged as diverged:
        if plan:
            raise
        from tfops.commands.promotion_request import request_merge  # noqa: PLC0415 - forges: where it has to be merged

        opened = request_merge(found.facts, found.source, diverged, ui)
        result = found.result(project.repository.commit(diverged.commit))
        return replace(result, step=PromotionStep.MERGE_REQUEST, merge_request=opened)


def _look(project: Project, place: Place, source: str, ui: Ui, *, is_plan: bool) -> _Found:
    if is_plan:
        project.fetch_for_reading(place.rules, ui)
    else:
        project.fetch_for_change(place.rules)
    facts = read_snapshot(project, place)
    rule = promotion_rule(facts, require_environment(source, place.rules))
    found = require_source(project, rule)
    drifted = found.present.drifted_from(found.record)
    if drifted:
        ui.warn(f"{rule.source} drifted from {found.record.version}: {', '.join(drifted[:3])}")
    branch = target_branch(facts)
    head = project.repository.branch_head(branch)
    return _Found(facts, found, branch, head, _checked(project, found, rule, place, ui))


def _checked(project: Project, source: Source, rule: PromotionRule, place: Place, ui: Ui) -> tuple[CheckOutcome, ...]:
    """`checks` of the rule, asked of the source. Raises CheckFailed."""
    if not rule.checks:
        return ()
    with project.workspace.scratch() as folder:
        context = CheckContext(
            env=source.record.env,
            version=str(source.record.version),
            commit=source.record.commit,
            root=project.repository.root,
            folder=folder,
            variables=place.rules.engine.env,
            mask=ui.mask,
            ui=ui,
            outputs=source.card.outputs,
        )
        said = run_checks(rule.checks, context)
    checks = said.checks if said else ()
    failed = [check for check in checks if check.result is Verified.FAILED]
    if failed:
        raise CheckFailed(
            f"{source.text} may not be promoted to {place.env}: {len(failed)} of {len(checks)} checks failed",
            why="\n".join(f"{check.name}: {check.why}" for check in failed),
            hint=f"`promote: {{checks: …}}` of {place.env} in tfops.yaml asks for them",
            checks=checks,
        )
    return checks


def _planned(found: _Found, request: Request, ui: Ui) -> PromotionResult:
    def aim(facts: Snapshot) -> Target:
        target = promotion_target(facts, request, found.wanted)
        say_target(target, ui)
        return target

    target, planned = story.plan(Task(found.facts.project, found.facts.place, "plan", aim, request, ui))
    latest = target.facts.latest
    plan = PlanResult(target.env, target.commit, latest.version if latest else None, planned.shown)
    return replace(found.result(target.commit), plan=plan)


def _promoted(found: _Found, request: Request, ui: Ui) -> PromotionResult:

    def aim(facts: Snapshot) -> Target:
        return promotion_target(facts, request, found.wanted)

    def ready(target: Target) -> None:
        """What was looked at may have been taken back while the question stood."""
        facts = target.facts
        facts.project.fetch(facts.refs)
        require_source(facts.project, promotion_rule(facts, found.wanted.source), expected=found.wanted.version)
        if move_branch(facts, target.branch, target.commit.sha):
            ui.note(f"`{target.branch}` was moved forward to {target.commit.short}")

    what = f"promotion of {found.source.text}"
    task = Task(found.facts.project, found.facts.place, what, aim, request, ui, ready)
    done = story.change(task)
    _note(found, done, ui)
    change = answered(task, done)
    return replace(found.result(change.commit), change=change)


def _left_behind(found: _Found, commit: CommitSha) -> tuple[Commit, ...]:
    """The newer commits of the two branches: nobody applied them to the source."""
    repository, commits = found.facts.project.repository, dict[CommitSha, Commit]()
    for name in dict.fromkeys((found.source.record.branch, found.branch)):
        head = repository.branch_head(name) if name else None
        newer = repository.commits_between(commit, head) if head else ()
        commits |= {one.sha: one for one in newer}
    return tuple(commits.values())


def _note(found: _Found, done: ChangeResult, ui: Ui) -> None:
    """An event in the source's ledger: it says what its version became. That it couldn't be written stops nothing."""
    if done.version is None:
        return
    record, project = found.source.record, found.facts.project
    part = PromotedVersion(done.env, done.version.number, project.repository.person.name, clock.now())
    try:
        append_event(project, record.env, found.facts.refs, partial(_event, found.source, part))
    except TfopsError as error:
        ui.warn(f"the ledger of {record.env} doesn't say that it was promoted: {in_a_line(error)}")


def _event(source: Source, part: PromotedVersion, present: LedgerState) -> NewEvent:
    name, known = str(source.record.version), present.promotions.promotions
    parts = (*(one for one in known.get(name, ()) if one.to != part.to), part)
    promotions = Promotions({**known, name: parts})
    return NewEvent(EventKind.PROMOTED, f"{source.text} was promoted: it is {part} now", promotions=promotions)
