"""Pydantic models of the two kinds of files."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from tfops.config.work_schema import STRICT, HooksBlock, RetryBlock


class _Block(BaseModel):
    model_config = STRICT


class EngineBlock(_Block):
    """Which program runs the plans: `auto`, `terraform`, `tofu`, `embedded`, or a path."""

    use: str = "auto"
    version: str = ""
    env: list[str] = []


class CheckBlock(_Block):
    """One check: a command, an HTTP address, or (of a plan) a rule that tfops knows or a tool that it can run."""

    name: str = ""
    use: str = ""
    most: int | None = None
    tags: list[str] = []
    addresses: list[str] = []
    policy: str = ""
    package: str = ""
    severity: str = ""
    skip: list[str] = []
    args: list[str] = []
    command: list[str] = []
    http: str = ""
    status: int = 200
    contains: str = ""
    timeout: str = "30s"
    retries: int = 0
    every: str = "5s"


BY_CODEOWNERS = ["CODEOWNERS/"]
"""`from: codeowners`, as a list: no name has a slash."""


def _people(given: Any) -> Any:
    return BY_CODEOWNERS if given in ("codeowners", ["codeowners"]) else given


class ReviewBlock(_Block):
    """Who must agree to a plan. `from` is a word of Python."""

    required: bool = False
    approvals: int = 1
    not_by: list[Literal["author", "committer"]] = ["author"]
    people: Annotated[list[str], BeforeValidator(_people, json_schema_input_type=list[str] | Literal["codeowners"])] = (
        Field(default=[], alias="from")
    )


class RootBlock(_Block):
    """One of several root modules of an environment, in the order in which they are made; a bare path is its folder."""

    path: str
    name: str = ""
    tfvars: list[str] = []
    inputs: dict[str, Any] = {}
    backend_config: dict[str, Any] = {}


def _with_path(root: Any) -> Any:
    return {"path": root} if isinstance(root, str) else root


class PromoteBlock(_Block):
    """Which environment's running version comes here, and what it must be. `from` is a word of Python."""

    source: str = Field(alias="from")
    needs: Literal["verified", "applied"] = "verified"
    soaked: str = "0s"
    checks: list[CheckBlock] = []


class EnvironmentBlock(_Block):
    """One line of the branch mapping, where in AWS the environment lives, and what verifies it.

    `verify` and `required_checks` replace the project's; an empty list means no checks. `rehearses` stands instead of
    `branch`.
    """

    branch: str = ""
    rehearses: str = ""
    protected: bool = False
    account: str = ""
    region: str = ""
    assume_role: str = ""
    backend: dict[str, Any] | None = None
    required_checks: list[CheckBlock] | None = None
    verify: list[CheckBlock] | None = None
    hooks: HooksBlock | None = None
    rollback: Literal["manual", "auto"] = "manual"
    sync: Literal["auto", "manual", "plan"] = "auto"
    drift: Literal["ignore", "report", "heal"] = "report"
    windows: list[str] = []
    deletes: int | None = None
    signed_commits: bool = False
    approvals: int = 1
    review: ReviewBlock | None = None
    promote: PromoteBlock | None = None
    config: str = ""
    ttl: str = ""
    most: int | None = None
    labels: dict[str, str] = {}
    root: str = ""
    roots: list[Annotated[RootBlock, BeforeValidator(_with_path, json_schema_input_type=str | RootBlock)]] = []
    workspace: str = ""
    tfvars: list[str] = []
    inputs: dict[str, Any] = {}
    backend_config: dict[str, Any] = {}


def _spelt_out(allowed: Any) -> Any:
    return {"values": allowed} if isinstance(allowed, list) else allowed


class LedgerBlock(_Block):
    """Where the remote keeps the ledgers: any ref with `{env}`, a branch where hosts refuse others."""

    ref: str = "refs/tfops/envs/{env}"


class LogsBlock(_Block):
    """Of which runs it is kept what the engine printed: the newest `runs`, no older than `days`, `megabytes` in all."""

    keep: Literal["failed", "all", "none"] = "failed"
    runs: Annotated[int, Field(ge=1, le=1000)] = 50
    days: Annotated[int, Field(ge=1, le=3650)] = 90
    megabytes: Annotated[int, Field(ge=1, le=100)] = 5


class PlanFilesBlock(_Block):
    """Who may read the plans that `plan --out` writes: public age keys. Nobody named: they are in clear."""

    age: list[str] = []


class AllowBlock(_Block):
    """The values that an input may have, and what to say about any other; a bare list is the values."""

    values: list[Any]
    message: str = ""


class DenyBlock(_Block):
    """Module sources that nobody may use: a source, `*` stands for anything."""

    source: str
    message: str = ""


class RequireBlock(_Block):
    """What every change must satisfy."""

    signed: bool = False


class TellBlock(_Block):
    """Whom to tell what: the address and the secret are in variables of the agent's environment."""

    to: Literal["json", "slack", "teams"] = "json"
    url_env: str
    secret_env: str = ""
    events: list[Literal["applied", "failed", "blocked", "drifted", "remote"]] = [
        "applied",
        "failed",
        "blocked",
        "drifted",
    ]
    environments: list[str] = []
    template: str = ""
    per_minute: int = 20


class AgentBlock(_Block):
    """How `tfops agent` and `tfops reconcile` try again, and how often they look for drift."""

    tries: int = 5
    backoff: str = "1m"
    drift_every: str = "6h"
    tell: list[TellBlock] = []


class SecretAwsBlock(_Block):
    """How the secrets in AWS are reached; replaces what provider `aws` is told."""

    region: str = ""
    profile: str = ""
    assume_role: str = ""
    endpoint: str = ""


class VaultAppRoleBlock(_Block):
    """The variables of our environment that hold what an AppRole logs in with."""

    role_id_env: str = "VAULT_ROLE_ID"
    secret_id_env: str = "VAULT_SECRET_ID"  # noqa: S105 - a name
    mount: str = "approle"


class VaultJwtBlock(_Block):
    """The role, and the variable of our environment that holds the token that a CI gives its jobs."""

    role: str
    token_env: str = "VAULT_ID_TOKEN"  # noqa: S105 - a name
    mount: str = "jwt"


class SecretVaultBlock(_Block):
    """Mounts that may be read although they are no key-value stores, and how a run without a token gets one."""

    mounts: list[str] = []
    approle: VaultAppRoleBlock | None = None
    jwt: VaultJwtBlock | None = None


class SecretsBlock(_Block):
    """Which secrets may be used: the kinds, and of each kind the names; the commands behind `exec:`."""

    allow: list[str] | None = None
    names: dict[str, list[str]] = {}
    exec: dict[str, list[str]] = {}
    aws: SecretAwsBlock | None = None
    vault: SecretVaultBlock | None = None


class ActionsBlock(_Block):
    """Which actions (Terraform 1.14 and later) must be named before they run."""

    ask: list[str] = []


class EncryptionBlock(_Block):
    """How OpenTofu encrypts states and plans: its own block of that name, secrets by reference."""

    key_provider: dict[str, dict[str, dict[str, Any]]] = {}
    method: dict[str, dict[str, dict[str, Any] | None]] = {}
    state: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    remote_state_data_sources: dict[str, Any] = {}


class PathsBlock(_Block):
    """Where the project's modules and the environments' files are, from the repository's top."""

    modules: str = "modules"
    environments: str = "environments"


class ProjectFile(_Block):
    """`tfops.yaml`, written by operations."""

    version: Literal[1]
    project: str
    paths: PathsBlock = Field(default_factory=PathsBlock)
    engine: EngineBlock = Field(default_factory=EngineBlock)
    backend: dict[str, dict[str, Any] | None] = {"local": None}
    encryption: EncryptionBlock | None = None
    providers: dict[str, dict[str, Any] | None] = {}
    environments: dict[str, EnvironmentBlock]
    ledger: LedgerBlock = Field(default_factory=LedgerBlock)
    protect: list[str] = []
    no_downgrade: list[str] = []
    actions: ActionsBlock = Field(default_factory=ActionsBlock)
    inventory: Literal["ids", "hash", "off"] = "ids"
    logs: LogsBlock = Field(default_factory=LogsBlock)
    plan_files: PlanFilesBlock = Field(default_factory=PlanFilesBlock)
    require: RequireBlock = Field(default_factory=RequireBlock)
    platforms: list[str] = []
    required_checks: list[CheckBlock] = []
    verify: list[CheckBlock] = []
    defaults: dict[str, dict[str, Any]] = {}
    allow: dict[
        str, Annotated[AllowBlock, BeforeValidator(_spelt_out, json_schema_input_type=list[Any] | AllowBlock)]
    ] = {}
    deny_modules: list[DenyBlock] = []
    same_but: list[str] = []
    secrets: SecretsBlock = Field(default_factory=SecretsBlock)
    agent: AgentBlock = Field(default_factory=AgentBlock)
    retry: list[RetryBlock] = []
    hooks: HooksBlock = Field(default_factory=HooksBlock)


def _as_it_is(value: Any) -> Any:
    return value


class ModuleBlock(_Block):
    """One module of an environment."""

    source: str
    version: str | None = None
    for_each: Annotated[Any, BeforeValidator(_as_it_is, json_schema_input_type=dict[str, Any] | list[str] | str)] = None
    count: Annotated[Any, BeforeValidator(_as_it_is, json_schema_input_type=int | str)] = None
    depends_on: list[str] = []
    providers: dict[str, str] = {}
    inputs: dict[str, Any] = {}
    enabled: bool = True


class ImportBlock(_Block):
    """A real thing that is taken in: the address that it gets, and what its provider knows it by."""

    to: str
    id: str


class MovedBlock(_Block):
    """What stands at another address from now on. `from` is a word of Python."""

    source: str = Field(alias="from")
    to: str


class EnvironmentFile(_Block):
    """`environments/<env>.yaml`, written by development."""

    modules: dict[str, ModuleBlock]
    locals: dict[str, Any] = {}
    providers: dict[str, dict[str, Any] | None] = {}
    imports: list[ImportBlock] = []
    moved: list[MovedBlock] = []
    labels: dict[str, str] = {}
    enabled: bool = True
