"""The stacks that a change is about: whose content they have, what comes before what, what is taken from whom."""

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace

from tfops.change.content import Content
from tfops.change.home import content_tree
from tfops.change.project import Project
from tfops.change.run_values import known_values, recorded_values
from tfops.config.environment import load_environment
from tfops.config.names import shown
from tfops.config.values import StackOutput
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.addresses import split
from tfops.records.card import Card
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.version import Kind, Version
from tfops.render.root import stack_variables
from tfops.resolve.bridge import Bridge, Past
from tfops.resolve.graph import Needs, narrowed, require_stacks, waves, with_dependents
from tfops.resolve.state import RecordedState
from tfops.system.git import require_sha
from tfops.system.trees import GitTree


class StackAction(enum.Enum):
    """What is done to a stack: made as its content says, taken down, or only asked for its outputs."""

    APPLY = "apply"
    DESTROY = "destroy"
    READ_OUTPUTS = "read-outputs"


@dataclass(frozen=True, slots=True)
class StackSpec:
    """One stack's part of a change: what is rendered, and what is done to it.

    `after` are the stacks that must be through before. `takes` is variable to what it needs of another stack.
    `takes_over`: the state that is there was put there to become the environment's. It `follows` the roots before it in
    a list, which may give it something that tfops doesn't see (`terraform_remote_state`).
    """

    name: StackName
    content: Content
    action: StackAction
    after: frozenset[StackName] = frozenset()
    takes: Mapping[str, StackOutput] = field(default_factory=dict)
    recorded: RecordedState | None = None
    past: Past | None = None
    bridge: Bridge | None = None
    takes_over: bool = False
    follows: frozenset[StackName] = frozenset()

    @property
    def waits_for(self) -> frozenset[StackName]:
        """The stacks whose changes its plan can depend on."""
        return frozenset(StackName(output.stack) for output in self.takes.values()) | self.follows


@dataclass(frozen=True, slots=True)
class Stacks:
    """Which stacks an environment has, has had, and which of them are meant.

    `others` is the content of stacks that don't have the environment's: of a version in which they were at
    another commit, or of one that had them when the content no longer has (`leaving`). `only` narrows to
    some; empty means all.
    """

    content: Content
    card: Card | None = None
    others: Mapping[StackName, Content] = field(default_factory=dict)
    leaving: frozenset[StackName] = frozenset()
    only: frozenset[StackName] = frozenset()

    def content_of(self, stack: StackName) -> Content:
        return self.others.get(stack, self.content)

    @property
    def needs(self) -> Needs:
        """Of all stacks, the leaving ones included."""
        names = frozenset(self.content.environment.stacks) | self.leaving
        return {name: self.content_of(name).environment.needs[name] & names for name in sorted(names)}

    @property
    def meant(self) -> frozenset[StackName]:
        return self.only or frozenset(self.needs)

    def narrowed_to(self, asked: Iterable[str]) -> "Stacks":
        """All where none are asked for. Raises Refused (guard `unknown-stack`)."""
        env = self.content.environment.name
        return replace(self, only=frozenset(require_stacks(asked, env, self.needs)))

    def narrowed_by(self, targets: Collection[str]) -> "Stacks":
        """To the stacks that qualified addresses are in: of no other one anything is meant. Raises as `narrowed_to`."""
        if not targets:
            return self
        env, needs = self.content.environment.name, self.needs
        if set(needs) == {MAIN_STACK}:
            return self.narrowed_to(split(target)[0] for target in targets if split(target)[0] != MAIN_STACK)
        bare = next((target for target in targets if split(target)[0] == MAIN_STACK), "")
        if bare:
            raise Refused(
                "unknown-stack",
                f"{env} has several stacks, and {shown(bare)} doesn't say which",
                hint=f"name it before the address: {next(iter(needs))}/{bare}",
            )
        return self.narrowed_to(dict.fromkeys(split(target)[0] for target in targets))

    def specs(
        self,
        *,
        unmakes: bool = False,
        pasts: Mapping[StackName, Past] | None = None,
        bridges: Mapping[StackName, Bridge] | None = None,
    ) -> tuple[StackSpec, ...]:
        """In an order that can be worked off; those that are only asked come first. `unmakes`: take all down."""
        needs, meant = self.needs, self.meant
        unmade = meant if unmakes else meant & self.leaving
        asked = frozenset(upstream for stack in meant for upstream in needs[stack]) - meant
        after = {stack: _after(stack, narrowed(needs, meant), unmade) for stack in meant}
        made = (
            StackSpec(
                name=stack,
                content=self.content_of(stack),
                action=StackAction.DESTROY if stack in unmade else StackAction.APPLY,
                after=after[stack],
                takes=stack_variables(self.content_of(stack).environment, stack),
                recorded=recorded_state(self.card, stack),
                past=(pasts or {}).get(stack),
                bridge=(bridges or {}).get(stack),
                follows=after[stack] if stack not in unmade and self.content.environment.own_roots else frozenset(),
            )
            for wave in waves(after)
            for stack in wave
        )
        looked = (
            StackSpec(
                stack, self.content_of(stack), StackAction.READ_OUTPUTS, recorded=recorded_state(self.card, stack)
            )
            for stack in sorted(asked)
        )
        return (*looked, *made)


def _after(stack: StackName, needs: Needs, unmade: frozenset[StackName]) -> frozenset[StackName]:
    """What is made follows what it needs; what is taken down follows its users, and all that is made."""
    if stack not in unmade:
        return needs[stack] - unmade
    return (with_dependents(needs, [stack]) - {stack}) | (frozenset(needs) - unmade)


def with_other_contents(project: Project, stacks: Stacks, at: Card | None) -> Stacks:
    """The same with the content of the stacks that the card `at` had at other commits, and of those that leave.

    `at` is the card of the version whose content it is; None for a new commit.
    """
    found = dict(stacks.others)
    names = frozenset(stacks.content.environment.stacks)
    mixed = [(name, part) for name, part in at.stacks.items() if part.commit and name in names] if at else []
    found |= {StackName(name): _content_at(project, stacks, part.commit, at) for name, part in mixed if at}
    card = stacks.card
    left = [(name, part) for name, part in card.stacks.items() if name not in names and part.inventory] if card else []
    leaving = {
        StackName(name): _content_at(project, stacks, part.commit or card.commit, card) for name, part in left if card
    }
    return replace(stacks, others=found | leaving, leaving=frozenset(leaving))


def _content_at(project: Project, stacks: Stacks, commit: str, card: Card) -> Content:
    """An environment at an earlier commit, under today's rules."""
    tree = GitTree.of_commit(project.repository, require_sha(commit))
    tree = content_tree(project, tree, stacks.content.rules, stacks.content.environment.name)
    env = stacks.content.environment.name
    home = EnvName(card.rehearses) if card.rehearses else None
    rules = stacks.content.rules
    environment = load_environment(tree, rules, env, rehearses=home).without_imports()
    content = replace(Content.of(tree, rules, environment, rehearses=home), commit=commit)
    known = known_values(rules, env, commit, card.branch)
    return replace(content, known=known, recorded=recorded_values(card, env))


def recorded_state(card: Card | None, stack: StackName = MAIN_STACK) -> RecordedState | None:
    """What the environment's latest card says about a stack's state."""
    part = card.stacks.get(stack) if card else None
    if card is None or part is None:
        return None
    return RecordedState(
        version=Version(card.version),
        lineage=part.lineage,
        serial=part.serial_after,
        backend=part.backend,
        is_empty=not part.inventory and (not part.lineage or card.kind is Kind.DESTROY),
        engine_name=card.engine.name,
        engine_version=card.engine.version,
        downloads=part.downloads,
        inventory=part.inventory,
        kept=frozenset(part.kept),
    )
