"""What a promotion is aimed at: the commit that runs in one environment, in the next."""

from tfops.change.module_contents import ModuleContents, UsedModule
from tfops.change.project import Project
from tfops.change.promoted_commit import promoted_commit
from tfops.change.provider_locks import locks_beside
from tfops.change.request import Request
from tfops.change.rollback import with_locks
from tfops.change.snapshot import Snapshot
from tfops.change.target import Goal, Target, content_of_commit, is_before, rules_from_branch_head
from tfops.config.project import PromotionRule
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, Refused
from tfops.ledger.chain import LedgerState, read_present
from tfops.ledger.versions import known_versions, read_card
from tfops.records.addresses import providers_by_name
from tfops.records.card import Card
from tfops.records.difference import Difference
from tfops.records.names import CommitSha, EnvName
from tfops.records.promotion import PromotionSource
from tfops.records.version import Kind, Version, VersionRecord
from tfops.resolve.compared import Contents, between_environments
from tfops.resolve.guards import ApplyFacts, require_none
from tfops.resolve.promotion import SourceFacts, not_readable, not_the_same, require_promotable, unmeant
from tfops.system import clock


@dataclass(frozen=True, slots=True)
class Source:
    """A version that may be promoted, and what was recorded with it."""

    record: VersionRecord
    card: Card
    present: LedgerState

    @property
    def text(self) -> str:
        return f"{self.record.env} {self.record.version}"


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is wanted: from which environment, and, once it was looked at, which version."""

    source: EnvName
    version: Version | None = None


def promotion_rule(facts: Snapshot, source: EnvName) -> PromotionRule:
    """As the target's branch has it now. Raises Refused (guard `promotion-order`)."""
    shared, here = rules_from_branch_head(facts).environments, facts.place.rules.environments
    if source == facts.env:
        raise Refused("promotion-order", f"{source} can't be promoted to itself")
    for env in (source, facts.env):
        rule = shared.get(env) or here.get(env)
        if rule is not None and (rule.preview is not None or rule.rehearses is not None):
            raise Refused("promotion-order", f"{env} is no environment with a branch of its own", hint="tfops status")
    wanted = shared[facts.env].promote or here[facts.env].promote
    if wanted is not None and wanted.source != source:
        raise Refused(
            "promotion-order",
            f"{facts.env} is promoted from {wanted.source}, not from {source}",
            why="`promote` in tfops.yaml says so",
            hint=f"tfops promote {wanted.source} {facts.env}",
        )
    return wanted or PromotionRule(source)


def require_source(project: Project, rule: PromotionRule, *, expected: Version | None = None) -> Source:
    """The version that runs in the source, as this clone knows it, and may go on. Raises Refused."""
    listing, present = known_versions(project.repository, rule.source), read_present(project.repository, rule.source)
    latest = listing.latest
    card = read_card(project.repository, latest) if latest else None
    stopped = present.trouble or present.intent
    facts = SourceFacts(
        env=rule.source,
        latest=latest,
        stopped=f"the {stopped.kind} of {stopped.commit[:8]} didn't come to its end" if stopped else "",
        is_whole=card is None or not (card.is_its_own_content or card.rehearses or card.targets),
        expected=expected,
    )
    record = require_promotable(facts, rule, clock.now())
    assert card is not None
    return Source(record, card, present)


def promotion_target(facts: Snapshot, request: Request, wanted: Promotion) -> Target:
    """The source's commit, for the target: its own inputs, the same modules, the same providers.

    Raises Refused: as `promotion_rule`, `require_source` and `promoted_commit`; `not-the-same`, `older`, `held`.
    """
    source = require_source(facts.project, promotion_rule(facts, wanted.source), expected=wanted.version)
    try:
        return _target(facts, request, source)
    except ConfigError as error:
        first = error.complaints[0]
        why = f"{first.mark}: {first.message}"
        raise not_readable(source.text, facts.env, source.record.commit, why) from error


def _target(facts: Snapshot, request: Request, source: Source) -> Target:
    """The same of a source that may be promoted. Raises ConfigError too, where the commit's files have mistakes."""
    project, env = facts.project, facts.env
    contents = ModuleContents(project)

    def is_same(head: CommitSha) -> bool:
        try:
            return not _differing(contents, source, head, env, facts)
        except ConfigError:  # the merge that has to be made will say it
            return False

    branch, commit, advances = promoted_commit(facts, source.record.commit, is_same=is_same)
    rules = project.config_at(commit) if advances else rules_from_branch_head(facts)
    _require_allowed(facts, commit, branch, request)
    found = _differing(contents, source, commit, env, facts)
    if found:
        raise not_the_same(source.text, env, commit, found)
    origin = PromotionSource(source.record.env, source.record.version.number)
    reason = f"{source.text} becomes {env}"
    goal = Goal(Kind.APPLY, commit, branch, reason, stacks=request.stacks, promoted_from=origin)
    return _with_sources_lock(content_of_commit(facts, goal, rules), source)


def _require_allowed(facts: Snapshot, commit: CommitSha, branch: str, request: Request) -> None:
    """The guards of `apply` that are about the target itself: what it holds is newer, or is to stay."""
    latest = facts.latest
    require_none(
        ApplyFacts(
            env=facts.env, commit=commit, branch=branch, pattern=branch,
            is_on_branch=True, uncommitted=(), has_remote=False, is_pushed=True, commits_behind=0,
            current=latest.version if latest else None,
            is_older_than_current=is_before(facts.project.repository, commit, latest),
            hold=facts.present.hold_on(latest),
        ),
        request.allowed,
        is_protected=True,
    )  # fmt: skip


def _differing(
    contents: ModuleContents, source: Source, commit: CommitSha, env: EnvName, facts: Snapshot
) -> tuple[Difference, ...]:
    """What the environment would have otherwise at the commit than runs in the source, and isn't meant to."""
    before = Contents(modules=_texts(contents.of(source.card)), providers=providers_by_name(source.card.providers))
    locked = contents.providers(commit, env)
    after = Contents(
        modules=_texts(contents.at(commit, env)), providers=None if locked is None else providers_by_name(locked)
    )
    return unmeant(between_environments(before, after, rules_from_branch_head(facts).same_but))


def _texts(modules: dict[str, UsedModule]) -> dict[str, str]:
    return {name: module.text for name, module in modules.items()}


def _with_sources_lock(target: Target, source: Source) -> Target:
    """Where no lock is committed for the target, it runs with the providers of the source."""
    content = target.stacks.content
    locks = locks_beside(source.present, content)
    if not locks.texts or any(content.lock_of(stack) is not None for stack in content.environment.stacks):
        return target
    return with_locks(target, locks)
