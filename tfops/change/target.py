"""What a change is aimed at: which environment, which commit, why, under which rules."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from tfops.change.environment import Place
from tfops.change.home import content_tree
from tfops.change.project import Project
from tfops.change.reading import load_checked
from tfops.change.stack import Content
from tfops.change.stacks import StackJob, Stacks, with_other_contents
from tfops.change.ui import Ui
from tfops.config.checks import Check
from tfops.config.environment import EnvironmentConfig, load_environment
from tfops.config.modules.protection import fits
from tfops.config.project import ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.ledger.chain import read_present
from tfops.ledger.versions import Listing, known_versions, read_card, versions_of
from tfops.records.addresses import in_stack, split
from tfops.records.card import Card
from tfops.records.commit import Commit
from tfops.records.names import CommitSha, EnvName, StackName
from tfops.records.verdict import Judgement, Verdict
from tfops.records.version import Kind, VersionRecord
from tfops.resolve.branches import matches, require_branch_name
from tfops.resolve.bridge import Bridge, Past
from tfops.resolve.guards import ApplyFacts, require_none
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

_MOST_UNDONE = 10


@dataclass(frozen=True, slots=True)
class Target:
    """A decided change: content from `commit`, rules from today."""

    env: EnvName
    kind: Kind
    commit: Commit
    branch: str
    reason: str
    rules: ProjectConfig
    environment: EnvironmentConfig
    tree: GitTree
    provider_lock: str | None
    listing: Listing
    current_card: Card | None
    overrides: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[StackName, Content] = field(default_factory=dict)
    leaving: frozenset[StackName] = frozenset()
    only: frozenset[StackName] = frozenset()
    keeps_providers: bool = False
    rehearses: EnvName | None = None
    restores: VersionRecord | None = None
    pasts: Mapping[StackName, Past] = field(default_factory=dict)
    bridges: Mapping[StackName, Bridge] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    undoes: tuple[Commit, ...] = ()
    judgement: Judgement = field(default_factory=Judgement)

    @property
    def current(self) -> VersionRecord | None:
        return self.listing.latest

    @property
    def content(self) -> Content:
        """What the environment's root is rendered from."""
        base = self.rehearses or self.rules.base_of(self.env)
        return Content(self.rules, self.environment, self.tree, self.provider_lock, self.overrides, base=base)

    @property
    def stacks(self) -> Stacks:
        """The stacks that it is about."""
        return Stacks(self.content, self.current_card, self.others, self.leaving, self.only)

    def jobs(self) -> tuple[StackJob, ...]:
        """What is to be done, stack by stack, in an order that can be worked off."""
        jobs = self.stacks.jobs(unmakes=self.kind is Kind.DESTROY, pasts=self.pasts, bridges=self.bridges)
        return tuple(replace(job, takes_over=self.kind is Kind.ADOPT) for job in jobs)

    def protects(self, address: str) -> bool:
        """Whether a resource must not be lost unnamed: a version's `prevent_destroy`, or `protect:` of tfops.yaml."""
        own = split(address)[1]
        return address in self.protected or any(fits(pattern, own) for pattern in self.rules.protect)

    def guesses(self, address: str) -> bool:
        """Whether it counts as protected only because the inputs don't decide its `prevent_destroy`."""
        own = split(address)[1]
        return address in self.guessed and not any(fits(pattern, own) for pattern in self.rules.protect)

    @property
    def is_protected(self) -> bool:
        return self.rules.environments[self.env].protected

    @property
    def required_checks(self) -> tuple[Check, ...]:
        """What the plan of a commit must pass. What was applied once stays reachable; a drill changes nothing real."""
        is_new = self.kind is Kind.APPLY and self.rehearses is None
        return self.rules.environments[self.env].required_checks if is_new else ()

    @property
    def checks(self) -> tuple[Check, ...]:
        """What verifies the change; after a destroy there is nothing left to ask."""
        return () if self.kind is Kind.DESTROY else self.rules.environments[self.env].verify


def apply_target(project: Project, place: Place, *, allowed: frozenset[str], only: Iterable[str] = ()) -> Target:
    """HEAD, for `apply`. Raises Refused when a guard says no, ConfigError for mistakes."""
    repository = project.repository
    home = place.rules.environments[place.env].rehearses
    if home is not None:
        raise Refused(
            "drill", f"{place.env} is a place for drills of {home}", hint=f"tfops drill {home} VERSION --in {place.env}"
        )
    listing = known_versions(repository, place.env)
    shared = rules_from_branch_head(project, place).environments[place.env]
    is_protected = shared.protected or place.rules.environments[place.env].protected
    facts = _apply_facts(repository, place, listing, pattern=shared.branch)
    require_none(facts, allowed, is_protected=is_protected)
    return content_of_commit(
        project,
        place,
        kind=Kind.APPLY,
        commit=repository.head,
        branch=place.branch,
        reason=place.reason,
        rules=place.rules,
        only=only,
    )


def _apply_facts(repository: Repository, place: Place, listing: Listing, *, pattern: str) -> ApplyFacts:
    head, current = repository.head, listing.latest
    if place.branch:
        require_branch_name(place.branch)
    branch_head = repository.branch_head(place.branch) if place.branch else None
    is_pushed = branch_head is not None and repository.is_ancestor(head, branch_head)
    has_remote = bool(repository.remote)
    return ApplyFacts(
        env=place.env,
        commit=head,
        branch=place.branch,
        pattern=pattern,
        is_on_branch=bool(place.branch) and matches(pattern, place.branch),
        uncommitted=tuple(repository.uncommitted()),
        has_remote=has_remote,
        is_pushed=is_pushed,
        commits_behind=repository.count_between(head, branch_head) if has_remote and branch_head else 0,
        current=current.version if current else None,
        is_older_than_current=bool(current) and _is_before(repository, current),
        hold=read_present(repository, place.env).hold_on(current),
    )


def _is_before(repository: Repository, current: VersionRecord | None) -> bool:
    """Whether HEAD lies strictly before the content that runs now."""
    if current is None or current.kind is not Kind.APPLY or current.commit == repository.head:
        return False
    return repository.is_ancestor(repository.head, current.commit)


def say_target(target: Target, ui: Ui) -> None:
    """What will be aimed at, why, what a way back comes to, and whose work it takes back."""
    ui.note(f"{target.reason} · commit {target.commit.short} {target.commit.subject}")
    for reason in target.judgement.reasons:
        (ui.note if reason.verdict in (Verdict.OK, Verdict.BRIDGED) else ui.warn)(reason.text)
    if not target.undoes:
        return
    count = "1 commit" if len(target.undoes) == 1 else f"{len(target.undoes)} commits"
    ui.note(f"takes back {count}:")
    for commit in target.undoes[:_MOST_UNDONE]:
        ui.note(f"  {commit.short} {commit.subject} ({commit.author.name}, {commit.authored_at:%Y-%m-%d})")
    if len(target.undoes) > _MOST_UNDONE:
        ui.note(f"  … and {len(target.undoes) - _MOST_UNDONE} more: git log {target.commit.short}..")


def destroy_target(project: Project, place: Place) -> Target:
    """What runs now, to be taken down with the modules that made it."""
    repository = project.repository
    listing = known_versions(repository, place.env)
    if listing.latest is None:
        raise Refused(
            "never-applied", f"{place.env} has never been applied: nothing to destroy", hint=f"tfops apply {place.env}"
        )
    place = place.rehearsing(read_card(repository, listing.latest).rehearses)
    try:
        rules = rules_from_branch_head(project, place)
    except ProjectError:  # its line is gone: what made it says how to take it down
        rules = place.rules
    if rules.environments[place.env].protected:
        raise Refused(
            "protected",
            f"{place.env} is protected: it can't be destroyed",
            hint="in a reviewed change, take `protected: true` out of tfops.yaml first",
        )
    return content_of_commit(
        project,
        place,
        kind=Kind.DESTROY,
        commit=listing.latest.commit,
        branch=listing.latest.branch,
        reason=f"{place.env} {listing.latest.version} is taken down",
        rules=rules,
        at=read_card(repository, listing.latest),
    )


def protected_by(*cards: Card | None) -> frozenset[str]:
    """What any of the versions protected: the flag may be gone with the code that held it."""
    return frozenset(address for card in cards if card for address in card.protected)


def guessed_by(*cards: Card | None) -> frozenset[str]:
    """What is protected because no version knows that it isn't: inputs didn't decide its `prevent_destroy`."""
    found = [card for card in cards if card]
    certain = frozenset(address for card in found for address in card.protected - card.guessed)
    return frozenset(address for card in found for address in card.guessed) - certain


def content_of_commit(
    project: Project,
    place: Place,
    *,
    kind: Kind,
    commit: CommitSha,
    branch: str,
    reason: str,
    rules: ProjectConfig,
    restores: VersionRecord | None = None,
    at: Card | None = None,
    only: Iterable[str] = (),
) -> Target:
    """Modules, inputs and provider lock from a commit, under the given rules.

    `at` is the card of the version whose content it is, for stacks that it had at other commits. Raises
    Refused (guard `unknown-stack`) for a name in `only` that no stack has.
    """
    repository = project.repository
    listing = known_versions(repository, place.env)
    current_card = read_card(repository, listing.latest) if listing.latest else None
    tree = content_tree(project, GitTree.of_commit(repository, commit), rules, place.env)
    # What was applied once must stay reachable: only a new commit is held against its modules.
    is_new = kind is Kind.APPLY and place.rehearses is None
    environment = (
        load_checked(project, tree, rules, place.env)
        if is_new
        else load_environment(tree, rules, place.env, rehearses=place.rehearses)
    )
    content = Content.of(tree, rules, environment, rehearses=place.rehearses)
    stacks = with_other_contents(project, Stacks(content, current_card), at)
    if only:
        stacks = stacks.narrowed_to(only)
    return Target(
        env=place.env,
        kind=kind,
        commit=repository.commit(commit),
        branch=branch,
        reason=reason,
        rules=rules,
        environment=environment,
        tree=tree,
        provider_lock=content.lock,
        others=stacks.others,
        leaving=stacks.leaving,
        only=stacks.only,
        listing=listing,
        current_card=current_card,
        protected=protected_by(current_card),
        guessed=guessed_by(current_card),
        rehearses=place.rehearses,
        restores=restores,
        pasts=_lost_before(project, place.env),
    )


def _lost_before(project: Project, env: EnvName) -> dict[StackName, Past]:
    """By stack: what a change that stopped made, and no state knows. A second one of it is not made by the way."""
    trouble = read_present(project.repository, env).trouble
    lost = trouble.lost if trouble else {}
    stacks = {split(address)[0] for address in lost}
    found = {stack: in_stack(stack, lost) for stack in stacks}
    return {stack: Past({}, forgotten=ids, lost=ids) for stack, ids in found.items()}


def rules_from_branch_head(project: Project, place: Place) -> ProjectConfig:
    """tfops.yaml as the environment's branch has it now; the checked-out one when that can't be told.

    Going back must not bring an old backend or an old protection back, and a commit that nobody
    reviewed must not take a protection away. The branch is the one of the latest version: a mapping
    in the checked-out commit could point anywhere.
    """
    if place.is_preview:
        return place.rules
    latest = versions_of(project.repository, place.env).latest
    pattern = place.rules.environments[place.env].branch
    for branch in (latest.branch if latest else "", pattern):
        head = project.repository.branch_head(branch) if branch and "*" not in branch else None
        if head is None:
            continue
        try:
            rules = project.config_at(head)
        except ConfigError:  # a broken file on the branch must not stand in the way of going back
            return place.rules
        if place.env in rules.environments:
            return rules
        raise ProjectError(f"tfops.yaml on `{branch}` no longer has the environment {place.env}")
    return place.rules
