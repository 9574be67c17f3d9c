"""`tfops.yaml` as types: the branch mapping, the backend, the engine, the providers. `project_file` reads it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from tfops.config.backend import Backend
from tfops.config.constraint import Constraint
from tfops.dataclass import dataclass
from tfops.records.names import MAIN_STACK, EnvName, StackName

if TYPE_CHECKING:
    from tfops.config.checks import Check
    from tfops.config.hooks import Hook
    from tfops.config.preview import Preview
    from tfops.config.values import Path, Secret
    from tfops.config.window import Window
    from tfops.contacts import TellRule, VaultLogin


LONGEST_BACKOFF_S = 3600.0


class Sync(enum.StrEnum):
    """What the agent does with a commit that changes an environment: apply it, nothing, or plan it for a person."""

    AUTO = "auto"
    MANUAL = "manual"
    PLAN = "plan"


class DriftPolicy(enum.StrEnum):
    """What the agent does about a real world that differs from the applied version."""

    IGNORE = "ignore"
    REPORT = "report"
    HEAL = "heal"


class InventoryPolicy(enum.StrEnum):
    """How much of a resource's id a card holds."""

    IDS = "ids"
    HASH = "hash"
    OFF = "off"


class LogPolicy(enum.StrEnum):
    """Of which runs the engine's words are kept."""

    FAILED = "failed"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LogRules:
    """Of which runs, and how much of each environment: the newest `runs`, no older than `days`, `mib` in all."""

    keep: LogPolicy = LogPolicy.FAILED
    runs: int = 50
    days: int = 90
    mib: int = 5


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """`use` is a word of tfops.yaml or a path; `env` names more variables that the engine may see."""

    use: str = "auto"
    version: Constraint = field(default_factory=Constraint)
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Owners:
    """Whom CODEOWNERS names for an environment: accounts and addresses, and teams, whose members only the forge knows.
    Where they aren't known, `problem` says why."""

    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ReviewRule:
    """Who must agree to a plan before it is applied: to every plan where it is `required`, else to those that a run
    without a person may not apply by itself.

    `approvals` people must, none of them in a role of `not_by` (`author`, `committer`); where `people` are named, only
    those: by the forge's account, the address or the name of Git. `owners` stand in the place of `people` where
    CODEOWNERS says who they are.
    """

    required: bool = False
    approvals: int = 1
    not_by: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    owners: Owners | None = None

    @property
    def may_approve(self) -> tuple[str, ...] | None:
        """The names of those whose approval counts, teams among them; None for everybody's."""
        if self.owners is not None:
            return tuple(dict.fromkeys((*self.owners.people, *self.owners.teams)))
        return self.people or None

    def asks_less_than(self, before: ReviewRule) -> bool:
        """Whether it lets a plan pass that `before` would hold back."""
        if not before.required:
            return False
        own, earlier = self.may_approve, before.may_approve
        others = earlier is not None and (own is None or not set(own) <= set(earlier))
        fewer = not self.required or self.approvals < before.approvals
        return fewer or not set(before.not_by) <= set(self.not_by) or others


class Needs(enum.StrEnum):
    """What the version of the environment before must be, before it is promoted."""

    VERIFIED = "verified"
    APPLIED = "applied"


@dataclass(frozen=True, slots=True)
class PromotionRule:
    """Where an environment's modules and providers come from: the version that runs in `source`, when it is what
    `needs` says, has run for `soaked_s`, and passes the `checks`, which ask the source."""

    source: EnvName
    needs: Needs = Needs.VERIFIED
    soaked_s: float = 0.0
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """Which branches an environment is bound to, its guards, where it lives, what a plan must pass, what verifies it.

    `account`, `region` and `role` are AWS's: what the provider works in, and as what. `backend` replaces
    settings of the project's backend. `rolls_back` says that a failed check is answered with a rollback.

    The rest is for runs without a person: `windows` are when they may apply (none: always), `deletes` how many
    resources they may delete or replace at once (None: any number); `review` says who must agree to more.
    `preview` is set for one that goes with its branch. One that `rehearses` another has no branch: it is a place for
    drills of the other. `labels` are for people who act on many environments; the environment's own file may have more.
    One with `promote` takes new modules and providers from another environment alone. `hooks` are the project's and its
    own, in the order in which they run.

    One with `roots` is made of root modules that are there: stack to folder. `own_backends` are what those say
    themselves, with `backend_config` filled in, where tfops.yaml names no backend.
    """

    branch: str
    protected: bool = False
    account: str = ""
    region: str = ""
    role: str = ""
    backend: Mapping[str, Any] = field(default_factory=dict)
    required_checks: tuple[Check, ...] = ()
    verify: tuple[Check, ...] = ()
    rolls_back: bool = False
    sync: Sync = Sync.AUTO
    drift: DriftPolicy = DriftPolicy.REPORT
    windows: tuple[Window, ...] = ()
    deletes: int | None = None
    requires_signed_commits: bool = False
    review: ReviewRule = field(default_factory=ReviewRule)
    preview: Preview | None = None
    rehearses: EnvName | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    roots: Mapping[StackName, str] = field(default_factory=dict)
    workspace: str = ""
    backend_config: Mapping[StackName, Mapping[str, Any]] = field(default_factory=dict)
    own_backends: Mapping[StackName, Backend] = field(default_factory=dict)
    promote: PromotionRule | None = None
    hooks: tuple[Hook, ...] = ()

    @property
    def most_losses(self) -> int | None:
        """How much may be lost unattended: what `deletes` says; of a protected environment nothing, unless it does."""
        return 0 if self.deletes is None and self.protected else self.deletes


def _every_kind() -> tuple[str, ...]:
    from tfops.config.values import SCHEMES  # noqa: PLC0415 - rules that are remembered have their kinds

    return tuple(SCHEMES)


@dataclass(frozen=True, slots=True)
class SecretRules:
    """`secrets`: what operations allow. `aws` replaces what provider `aws` is told, in the words of its settings.

    `names` are patterns by kind, `*` stands for anything and `{env}` for the environment; a kind without any is
    unbounded. `vault_mounts` may be read although they are no key-value stores.
    """

    allowed: tuple[str, ...] = field(default_factory=_every_kind)
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    aws: Mapping[str, Any] | None = None
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    vault_mounts: tuple[str, ...] = ()
    vault_login: VaultLogin | None = None


@dataclass(frozen=True, slots=True)
class Encryption:
    """`encryption`: the block, with a `Secret` wherever one stands; empty where tfops.yaml encrypts no states."""

    block: Mapping[str, Any] = field(default_factory=dict)

    def secrets(self) -> Iterator[tuple[Path, Secret]]:
        """Every secret with its place in the block."""
        from tfops.config.values import Secret, walk  # noqa: PLC0415 - whoever only reads rules meets no secret

        yield from ((path, value) for path, value in walk(dict(self.block)) if isinstance(value, Secret))


@dataclass(frozen=True, slots=True)
class AgentRules:
    """A commit that fails is tried `tries` times, the pause doubles from `backoff_s`; drift is looked for every
    `drift_every_s`; `tell` is who hears of it."""

    tries: int = 5
    backoff_s: float = 60.0
    drift_every_s: float = 6 * 3600.0
    tell: tuple[TellRule, ...] = ()

    def pause_s(self, tries: int) -> float:
        """How long to wait after so many failed tries."""
        return min(self.backoff_s * 2.0 ** (tries - 1), LONGEST_BACKOFF_S)


@dataclass(frozen=True, slots=True)
class RetryRule:
    """An error that fits `pattern` is tried `tries` times in all, `wait_s` apart. `name` says what it is, to people."""

    pattern: str
    name: str
    tries: int = 3
    wait_s: float = 5.0


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What operations decided for the whole project. `previews` are rules with patterns; which environments come of
    them depends on the branches there are. `same_but` says what may differ between two environments. `names_backend`:
    the backend stands in tfops.yaml, and isn't what counts where none does. `plan_recipients` are the public age keys
    that plans in files are encrypted for. `retry` comes before what the engine's adapter knows."""

    project: str
    engine: EngineChoice
    backend: Backend
    providers: Mapping[str, Mapping[str, Any]]
    environments: Mapping[EnvName, EnvironmentRule]
    ledger_ref: str = "refs/tfops/envs/{env}"
    requires_signatures: bool = False
    platforms: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    no_downgrade: tuple[str, ...] = ()
    ask_actions: tuple[str, ...] = ()
    inventory: InventoryPolicy = InventoryPolicy.IDS
    logs: LogRules = field(default_factory=LogRules)
    secrets: SecretRules = field(default_factory=SecretRules)
    encryption: Encryption = field(default_factory=Encryption)
    agent: AgentRules = field(default_factory=AgentRules)
    previews: tuple[EnvironmentRule, ...] = ()
    same_but: tuple[str, ...] = ()
    names_backend: bool = False
    plan_recipients: tuple[str, ...] = ()
    retry: tuple[RetryRule, ...] = ()

    def base_of(self, env: EnvName) -> EnvName | None:
        """Whose files an environment's own are laid over: those that all previews of its kind share, or those of the
        environment that it rehearses."""
        rule = self.environments.get(env)
        return (rule.preview.config if rule.preview else rule.rehearses) if rule else None

    def files_of(self, env: EnvName) -> EnvName:
        """Whose files must be there for an environment, and whose provider lock it has."""
        return self.base_of(env) or env

    def roots_of(self, env: EnvName) -> Mapping[StackName, str]:
        """By stack the paths of the root modules that somebody wrote by hand; a place for drills has another one's."""
        rule = self.environments.get(self.files_of(env))
        return rule.roots if rule else {}

    def workspace_of(self, env: EnvName) -> str:
        """The workspace that an environment is in, empty for the default one."""
        rule = self.environments.get(env)
        return rule.workspace if rule and rule.workspace != "default" else ""

    def backend_of(self, env: EnvName, stack: StackName = MAIN_STACK) -> Backend:
        """Where the state of an environment's stack is kept; one that tfops.yaml doesn't know gets the project's."""
        rule = self.environments.get(env)
        if rule and stack in rule.own_backends:
            return rule.own_backends[stack]
        return self.backend.with_settings(rule.backend) if rule and rule.backend else self.backend

    def backends_of(self, env: EnvName) -> tuple[Backend, ...]:
        """The same of all its stacks."""
        return tuple(self.backend_of(env, stack) for stack in self.roots_of(env) or (MAIN_STACK,))
