"""`tfops.yaml` as types: the branch mapping, the backend, the engine, the providers. `project_file` reads it."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tfops.config.agent import AgentRules
from tfops.config.backend import Backend
from tfops.config.checks import Check
from tfops.config.constraint import Constraint
from tfops.config.encryption import Encryption
from tfops.config.preview import Preview
from tfops.config.secrets import SecretRules
from tfops.config.window import Window
from tfops.dataclass import dataclass
from tfops.records.names import EnvName
from tfops.records.policy import DriftPolicy, InventoryPolicy, Sync


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """`use` is a word of tfops.yaml or a path; `env` names more variables that the engine may see."""

    use: str = "auto"
    version: Constraint = field(default_factory=Constraint)
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentRule:
    """Which branches an environment is bound to, its guards, where it lives, what a plan must pass, what verifies it.

    `account`, `region` and `role` are AWS's: what the provider works in, and as what. `backend` replaces
    settings of the project's backend. `rolls_back` says that a failed check is answered with a rollback.

    The rest is for runs without a person: `windows` are when they may apply (none: always), `deletes` how many
    resources they may delete or replace at once (None: any number), `approvals` how many people must agree to more.
    `preview` is set for one that goes with its branch. One that `rehearses` another has no branch: it is a place for
    drills of the other.
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
    approvals: int = 1
    preview: Preview | None = None
    rehearses: EnvName | None = None

    @property
    def most_losses(self) -> int | None:
        """How much may be lost unattended: what `deletes` says; of a protected environment nothing, unless it does."""
        return 0 if self.deletes is None and self.protected else self.deletes


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What operations decided for the whole project. `previews` are rules with patterns; which environments come of
    them depends on the branches there are."""

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
    secrets: SecretRules = field(default_factory=SecretRules)
    encryption: Encryption = field(default_factory=Encryption)
    agent: AgentRules = field(default_factory=AgentRules)
    previews: tuple[EnvironmentRule, ...] = ()

    def base_of(self, env: EnvName) -> EnvName | None:
        """Whose files an environment's own are laid over: those that all previews of its kind share, or those of the
        environment that it rehearses."""
        rule = self.environments.get(env)
        return (rule.preview.config if rule.preview else rule.rehearses) if rule else None

    def files_of(self, env: EnvName) -> EnvName:
        """Whose files must be there for an environment, and whose provider lock it has."""
        return self.base_of(env) or env

    def backend_of(self, env: EnvName) -> Backend:
        """Where an environment's state is kept; one that tfops.yaml doesn't know gets the project's."""
        rule = self.environments.get(env)
        return self.backend.with_settings(rule.backend) if rule and rule.backend else self.backend
