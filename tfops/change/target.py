"""What a change is aimed at: which environment, which commit, why, under which rules."""

from collections.abc import Mapping
from dataclasses import field, replace

from tfops.change.content import Content
from tfops.change.environment import Place
from tfops.change.home import content_tree
from tfops.change.own_reach import project_paths
from tfops.change.reading import load_checked
from tfops.change.request import Request
from tfops.change.run_values import known_values, recorded_values, steady
from tfops.change.snapshot import Snapshot
from tfops.change.stacks import Stacks, StackSpec, with_other_contents
from tfops.change.ui import Ui
from tfops.config.checks import Check
from tfops.config.environment import EnvironmentConfig, load_environment
from tfops.config.modules.protection import fits
from tfops.config.project import EnvironmentRule, ProjectConfig
from tfops.dataclass import dataclass
from tfops.errors import ConfigError, ProjectError, Refused
from tfops.records.addresses import in_stack, split
from tfops.records.card import Card
from tfops.records.commit import Commit
from tfops.records.names import CommitSha, EnvName, StackName
from tfops.records.promotion import PromotionSource
from tfops.records.switched_off import SwitchedOff
from tfops.records.verdict import Judgement, Verdict
from tfops.records.version import Kind, VersionRecord
from tfops.resolve.branches import matches, require_branch_name
from tfops.resolve.bridge import Bridge, Past
from tfops.resolve.guards import ApplyFacts, require_none
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

_MOST_UNDONE = 10


@dataclass(frozen=True, slots=True)
class WayBack:
    """What a change brings back, and what is known of what it meets.

    `restores` is the version that a rollback restores, `pasts` what each stack had then (or, in another change, what
    is alive outside of its state), `bridges` blocks that are known before there is a plan. `protected` is what any of
    the versions protected, `guessed` the part of it that no version is sure of. `undoes` are the commits whose work is
    taken back, and the judgement says what the way comes to. `keeps_providers`: it runs with another provider lock than
    its commit has.
    """

    restores: VersionRecord | None = None
    pasts: Mapping[StackName, Past] = field(default_factory=dict)
    bridges: Mapping[StackName, Bridge] = field(default_factory=dict)
    protected: frozenset[str] = frozenset()
    guessed: frozenset[str] = frozenset()
    undoes: tuple[Commit, ...] = ()
    judgement: Judgement = field(default_factory=Judgement)
    keeps_providers: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A decided change: content from `commit`, rules from today. `facts` is what it was decided on."""

    facts: Snapshot
    kind: Kind
    commit: Commit
    branch: str
    reason: str
    stacks: Stacks
    way: WayBack = field(default_factory=WayBack)
    promoted_from: PromotionSource | None = None

    @property
    def env(self) -> EnvName:
        return self.facts.env

    @property
    def keeps_providers(self) -> bool:
        return self.way.keeps_providers

    @property
    def rules(self) -> ProjectConfig:
        return self.stacks.content.rules

    @property
    def rule(self) -> EnvironmentRule:
        """The environment's own line of tfops.yaml."""
        return self.rules.environments[self.env]

    @property
    def environment(self) -> EnvironmentConfig:
        return self.stacks.content.environment

    @property
    def off(self) -> tuple[SwitchedOff, ...]:
        """What is switched off, of the stacks that are meant."""
        only = self.stacks.only
        return tuple(one for one in self.environment.off if not only or one.stack in only)

    @property
    def next_number(self) -> int:
        """The number of the version that it is expected to become."""
        return self.facts.listing.highest + 1

    def specs(self) -> tuple[StackSpec, ...]:
        """What is to be done, stack by stack, in an order that can be worked off."""
        way = self.way
        specs = self.stacks.specs(unmakes=self.kind is Kind.DESTROY, pasts=way.pasts, bridges=way.bridges)
        return tuple(replace(spec, takes_over=self.kind is Kind.ADOPT) for spec in specs)

    def protects(self, address: str) -> bool:
        """Whether a resource must not be lost unnamed: a version's `prevent_destroy`, or `protect:` of tfops.yaml."""
        own = split(address)[1]
        return address in self.way.protected or any(fits(pattern, own) for pattern in self.rules.protect)

    def guesses(self, address: str) -> bool:
        """Whether it counts as protected only because the inputs don't decide its `prevent_destroy`."""
        own = split(address)[1]
        return address in self.way.guessed and not any(fits(pattern, own) for pattern in self.rules.protect)

    @property
    def required_checks(self) -> tuple[Check, ...]:
        """What the plan of a commit must pass. What was applied once stays reachable; a drill changes nothing real."""
        is_new = self.kind is Kind.APPLY and self.facts.place.rehearses is None
        return self.rule.required_checks if is_new else ()

    @property
    def checks(self) -> tuple[Check, ...]:
        """What verifies the change; after a destroy there is nothing left to ask."""
        return () if self.kind is Kind.DESTROY else self.rule.verify


@dataclass(frozen=True, slots=True)
class Goal:
    """Which commit's content is wanted, as what kind of change, and why; `stacks` and `targets` (qualified addresses)
    narrow it, `promoted_from` is where it ran before. `recorded` by stack, what it was given before of what only a run
    knows."""

    kind: Kind
    commit: CommitSha
    branch: str
    reason: str = ""
    restores: VersionRecord | None = None
    stacks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    promoted_from: PromotionSource | None = None
    recorded: Mapping[StackName, Mapping[str, str]] = field(default_factory=dict)


def apply_target(facts: Snapshot, request: Request) -> Target:
    """HEAD, for `apply`. Raises Refused when a guard says no, ConfigError for mistakes."""
    place = facts.place
    home = place.rules.environments[place.env].rehearses
    if home is not None:
        raise Refused(
            "drill", f"{place.env} is a place for drills of {home}", hint=f"tfops drill {home} VERSION --in {place.env}"
        )
    current = facts.latest
    shared = rules_from_branch_head(facts).environments[place.env]
    is_protected = shared.protected or place.rules.environments[place.env].protected
    require_none(_apply_facts(facts, current, shared), request.allowed, is_protected=is_protected)
    targets = request.flags.targets
    goal = Goal(Kind.APPLY, facts.head, place.branch, place.reason, stacks=request.stacks, targets=targets)
    return content_of_commit(facts, goal, place.rules)


def planned_target(facts: Snapshot, request: Request, *, worktree: bool) -> Target:
    """The head of the facts, or the files as they lie here, for a plan alone: no guard is asked."""
    place, project, card = facts.place, facts.project, facts.current_card if facts.latest else None
    tree = project.tree(worktree=True) if worktree else GitTree.of_commit(project.repository, facts.head)
    tree = content_tree(project, tree, place.rules, place.env)
    rules = place.rules_in(project, tree)
    content = Content.of(tree, rules, load_checked(project, tree, rules, place.env))
    content = steady(facts, replace(content, known=known_values(rules, place.env, facts.head, _stands_for(place))))
    stacks = with_other_contents(project, Stacks(content, card), None)
    return Target(
        facts,
        Kind.APPLY,
        project.repository.commit(facts.head),
        place.branch,
        place.reason,
        stacks.narrowed_to(request.stacks).narrowed_by(request.flags.targets),
    )


def _stands_for(place: Place) -> str:
    """The branch that HEAD will be on when it is applied: of a merge request that is another one than now."""
    pattern = place.rules.environments[place.env].branch
    return place.branch if "*" in pattern or not pattern or matches(pattern, place.branch) else pattern


def _apply_facts(facts: Snapshot, current: VersionRecord | None, rule: EnvironmentRule) -> ApplyFacts:
    """`rule` is the environment's, as its branch has it now."""
    pattern = rule.branch
    place, head, repository = facts.place, facts.head, facts.project.repository
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
        uncommitted=tuple(repository.uncommitted(project_paths(facts.project, place.rules, place.env, head))),
        has_remote=has_remote,
        is_pushed=is_pushed,
        commits_behind=repository.count_between(head, branch_head) if has_remote and branch_head else 0,
        current=current.version if current else None,
        is_older_than_current=bool(current) and is_before(repository, head, current),
        hold=facts.present.hold_on(current),
        unpromoted=_unpromoted(facts, rule),
        promoted_from=rule.promote.source if rule.promote else "",
    )


def _unpromoted(facts: Snapshot, rule: EnvironmentRule) -> tuple[str, ...]:
    if rule.promote is None:
        return ()
    from tfops.change.module_contents import unpromoted  # noqa: PLC0415 - few environments are promoted to

    return unpromoted(facts.project, facts.env, facts.head, facts.current_card)


def is_before(repository: Repository, head: CommitSha, current: VersionRecord | None) -> bool:
    """Whether a commit lies strictly before the content that runs now."""
    if current is None or current.kind is Kind.ADOPT or not current.is_of_its_commit or current.commit == head:
        return False
    return repository.is_ancestor(head, current.commit)


def say_target(target: Target, ui: Ui) -> None:
    """What will be aimed at, why, what a way back comes to, and whose work it takes back."""
    ui.note(f"{target.reason} · commit {target.commit.short} {target.commit.subject}")
    say_switched_off(target, ui)
    for reason in target.way.judgement.reasons:
        (ui.note if reason.verdict in (Verdict.OK, Verdict.BRIDGED) else ui.warn)(reason.text)
    if not target.way.undoes:
        return
    count = "1 commit" if len(target.way.undoes) == 1 else f"{len(target.way.undoes)} commits"
    ui.note(f"takes back {count}:")
    for commit in target.way.undoes[:_MOST_UNDONE]:
        ui.note(f"  {commit.short} {commit.subject} ({commit.author.name}, {commit.authored_at:%Y-%m-%d})")
    if len(target.way.undoes) > _MOST_UNDONE:
        ui.note(f"  … and {len(target.way.undoes) - _MOST_UNDONE} more: git log {target.commit.short}..")


def say_switched_off(target: Target, ui: Ui) -> None:
    """What the files leave out, and how much of it is there all the same: that is going to be deleted."""
    if target.kind is Kind.DESTROY:
        return
    there = target.facts.current_card.inventory if target.facts.current_card else {}
    for one in target.off:
        left = sum(map(one.has, there))
        count = "1 resource" if left == 1 else f"{left} resources"
        if left:
            ui.warn(f"{one.text} is switched off, and {count} of it {'is' if left == 1 else 'are'} to be deleted")
        else:
            ui.note(f"{one.text} is switched off")


def destroy_target(facts: Snapshot) -> Target:
    """What runs now, to be taken down with the modules that made it."""
    env, latest, card = facts.env, facts.latest, facts.current_card
    if latest is None or card is None:
        raise Refused("never-applied", f"{env} has never been applied: nothing to destroy", hint=f"tfops apply {env}")
    facts = facts.rehearsing(card.rehearses)
    try:
        rules = rules_from_branch_head(facts)
    except ProjectError:  # its line is gone: what made it says how to take it down
        rules = facts.place.rules
    if rules.environments[env].protected:
        raise Refused(
            "protected",
            f"{env} is protected: it can't be destroyed",
            hint="in a reviewed change, take `protected: true` out of tfops.yaml first",
        )
    goal = Goal(Kind.DESTROY, latest.commit, latest.branch, f"{env} {latest.version} is taken down")
    return content_of_commit(facts, goal, rules, at=card)


def protected_by(*cards: Card | None) -> frozenset[str]:
    """What any of the versions protected: the flag may be gone with the code that held it."""
    return frozenset(address for card in cards if card for address in card.protected)


def guessed_by(*cards: Card | None) -> frozenset[str]:
    """What is protected because no version knows that it isn't: inputs didn't decide its `prevent_destroy`."""
    found = [card for card in cards if card]
    certain = frozenset(address for card in found for address in card.protected - card.guessed)
    return frozenset(address for card in found for address in card.guessed) - certain


def content_of_commit(facts: Snapshot, goal: Goal, rules: ProjectConfig, *, at: Card | None = None) -> Target:
    """Modules, inputs and provider lock from a commit, under the given rules.

    `at` is the card of the version whose content it is, for stacks that it had at other commits. Raises
    Refused (guard `unknown-stack`) for a stack in the goal that isn't there.
    """
    place, project, card = facts.place, facts.project, facts.current_card if facts.latest else None
    tree = content_tree(project, GitTree.of_commit(project.repository, goal.commit), rules, place.env)
    # What was applied once must stay reachable: only a new commit is held against its modules.
    is_new = goal.kind is Kind.APPLY and place.rehearses is None
    environment = (
        load_checked(project, tree, rules, place.env)
        if is_new
        else load_environment(tree, rules, place.env, rehearses=place.rehearses)
    )
    if goal.kind is not Kind.APPLY:  # what a way back needs to take in again, the cards know
        environment = environment.without_imports()
    content = Content.of(tree, rules, environment, rehearses=place.rehearses)
    known = known_values(rules, place.env, goal.commit, goal.branch)
    content = replace(content, known=known, recorded=goal.recorded or recorded_values(at, place.env))
    content = steady(facts, content) if is_new and not goal.recorded else content
    stacks = with_other_contents(project, Stacks(content, card), at)
    return Target(
        facts=facts,
        kind=goal.kind,
        commit=project.repository.commit(goal.commit),
        branch=goal.branch,
        reason=goal.reason,
        stacks=stacks.narrowed_to(goal.stacks).narrowed_by(goal.targets),
        way=WayBack(
            restores=goal.restores,
            pasts=_lost_before(facts),
            protected=protected_by(card),
            guessed=guessed_by(card),
        ),
        promoted_from=goal.promoted_from,
    )


def _lost_before(facts: Snapshot) -> dict[StackName, Past]:
    """By stack: what a change that stopped made, and no state knows. A second one of it is not made by the way."""
    trouble = facts.present.trouble
    lost = trouble.lost if trouble else {}
    stacks = {split(address)[0] for address in lost}
    found = {stack: in_stack(stack, lost) for stack in stacks}
    return {stack: Past({}, forgotten=ids, lost=ids) for stack, ids in found.items()}


def rules_from_branch_head(facts: Snapshot) -> ProjectConfig:
    """tfops.yaml as the environment's branch has it now; the checked-out one when that can't be told.

    Going back must not bring an old backend or an old protection back, and a commit that nobody
    reviewed must not take a protection away. The branch is the one of the latest version: a mapping
    in the checked-out commit could point anywhere.
    """
    place, project, latest = facts.place, facts.project, facts.listing.latest
    if place.is_preview:
        return place.rules
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
