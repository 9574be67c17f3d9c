"""What commands return: frozen, complete, printable in any form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tfops.model import (
    Commit,
    EnvName,
    Holder,
    Judgement,
    Kind,
    Mark,
    Plan,
    Reason,
    StackName,
    Verified,
    Version,
    VersionRecord,
)


@dataclass(frozen=True, slots=True)
class CheckFact:
    """How one check of a version ended, and why it failed."""

    name: str
    result: Verified
    duration_s: float
    why: str


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The end of `apply`, `rollback` or `destroy`. Without `version` there was nothing to do."""

    env: EnvName
    kind: Kind
    commit: Commit
    plan: Plan
    version: Version | None
    previous: Version | None
    restores: Version | None
    hold: str
    duration_s: float
    engine_starts: int
    is_shared: bool
    outputs: Mapping[str, Any]
    verified: Verified = Verified.NONE
    checks: tuple[CheckFact, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The end of `plan`."""

    env: EnvName
    commit: Commit | None
    current: Version | None
    plan: Plan


@dataclass(frozen=True, slots=True)
class RollbackPlanResult:
    """The end of `rollback --plan`. `bridge` is the file beside the rendered root, in Terraform's JSON syntax."""

    env: EnvName
    commit: Commit
    current: Version | None
    restores: Version
    judgement: Judgement
    undoes: tuple[Commit, ...]
    plan: Plan
    bridge: Mapping[str, Any]
    shows_bridge: bool = False


@dataclass(frozen=True, slots=True)
class LockFact:
    """Who holds an environment everywhere, for what, since when; `reason` when a person locked it."""

    who: str
    host: str
    what: str
    since: datetime
    expires_at: datetime | None
    reason: str
    run: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """One environment at a glance. `ahead` counts commits of its branch that are not applied yet."""

    env: EnvName
    branch_pattern: str
    is_protected: bool
    current: VersionRecord | None
    ahead: int
    holder: Holder | None
    unrecorded: bool
    is_configured: bool = True
    lock: LockFact | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StatusResult:
    """The end of `status`."""

    project: str
    environments: tuple[EnvironmentStatus, ...]
    is_fresh: bool
    remote: str


@dataclass(frozen=True, slots=True)
class DrillFact:
    """How the way back to a version went when it was rehearsed in `place`; seconds and plan digests by step."""

    place: EnvName
    by: str
    at: datetime
    is_ok: bool
    why: str
    seconds: Mapping[str, float]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DrillResult:
    """The end of `drill`."""

    env: EnvName
    version: Version
    drill: DrillFact
    is_kept: bool


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version with the commit that it applied, when this clone has that commit.

    `verdict` says what going back to it comes to, when that was asked for; the current version has none.
    """

    record: VersionRecord
    commit: Commit | None
    verdict: Judgement | None = None
    drill: DrillFact | None = None


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """The end of `history`, newest first."""

    env: EnvName
    entries: tuple[HistoryEntry, ...]
    foreign: tuple[str, ...]
    incidents: tuple["LogEvent", ...] = ()
    has_verdicts: bool = False


@dataclass(frozen=True, slots=True)
class TroubleFact:
    """A change that stopped half-way, with the addresses that it got to and those that it didn't."""

    kind: Kind
    commit: str
    by: str
    at: datetime
    receipt: str
    why: str
    done: tuple[str, ...]
    failed: tuple[str, ...]
    in_doubt: tuple[str, ...]
    never_started: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShowResult:
    """The end of `show`. `trouble` comes with the latest version, when a change stopped after it."""

    record: VersionRecord
    commit: Commit | None
    card: Mapping[str, Any]
    verdict: Judgement | None = None
    trouble: TroubleFact | None = None
    drill: DrillFact | None = None


@dataclass(frozen=True, slots=True)
class RenderResult:
    """The end of `render`: the files of the rendered root."""

    env: EnvName
    commit: Commit | None
    digest: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RenderDiffResult:
    """The end of `render --diff`: the lines of a unified diff, none when both render to the same."""

    env: EnvName
    version: Version
    commit: Commit | None
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InitResult:
    """The end of `init`. `roots` are Terraform folders that could be adopted."""

    folder: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    commit: str
    environment: str
    roots: tuple[str, ...] = ()
    needs_values: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `is_problem` is what makes its exit code."""

    topic: str
    text: str
    is_problem: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class DoctorResult:
    """The end of `doctor`."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RecoverResult:
    """The end of `recover`: what was found and done; no story when there was nothing to finish."""

    env: EnvName
    story: str
    recorded: Version | None


@dataclass(frozen=True, slots=True)
class LockResult:
    """The end of `lock` and `unlock`."""

    env: EnvName
    is_locked: bool
    text: str


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of an environment's ledger."""

    sha: str
    kind: str
    text: str
    by: str
    at: datetime
    run_id: str


@dataclass(frozen=True, slots=True)
class LogResult:
    """The end of `log`, newest first."""

    env: EnvName
    events: tuple[LogEvent, ...]
    trouble: TroubleFact | None = None


@dataclass(frozen=True, slots=True)
class InventoryResult:
    """The end of `inventory`: environment to address to the provider's id."""

    environments: Mapping[EnvName, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """The end of `verify`: what was checked, and every finding."""

    env: EnvName
    events: int
    versions: int
    signed_events: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class BucketReport:
    """One state bucket: the environments that keep state there, what was done or found."""

    address: str
    environments: tuple[EnvName, ...]
    done: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def has_problems(self) -> bool:
        return any(finding.is_problem for finding in self.findings)


@dataclass(frozen=True, slots=True)
class BackendResult:
    """The end of `backend create` (with `done`) and of `backend check` (with `findings`)."""

    buckets: tuple[BucketReport, ...]
    is_check: bool


@dataclass(frozen=True, slots=True)
class Converted:
    """An input that becomes something else than what is written: `"80"` becomes 80, left-out attributes appear."""

    module: str
    input: str
    given: Any
    becomes: Any


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """The end of `validate` when nothing is wrong. `values` are what the engine makes of one environment's inputs."""

    environments: tuple[EnvName, ...]
    modules: int
    is_committed: bool
    is_deep: bool
    unseen: tuple[str, ...]
    values: Mapping[str, Mapping[str, Any]]
    converted: tuple[Converted, ...]


@dataclass(frozen=True, slots=True)
class InputFact:
    """An input of a module in a developer's words. `default` is JSON or, where only Terraform can tell, its text."""

    name: str
    type: str
    is_required: bool
    default: str
    description: str
    is_sensitive: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutputFact:
    """What a module gives to others."""

    name: str
    description: str
    is_sensitive: bool


@dataclass(frozen=True, slots=True)
class ExplainResult:
    """The end of `explain MODULE`; `example` is YAML to paste."""

    module: str
    inputs: tuple[InputFact, ...]
    outputs: tuple[OutputFact, ...]
    example: str


@dataclass(frozen=True, slots=True)
class ModuleFact:
    """One line of `explain` without a module."""

    name: str
    required: tuple[str, ...]
    optional: int
    outputs: int
    used_by: tuple[EnvName, ...]


@dataclass(frozen=True, slots=True)
class ModulesResult:
    """The end of `explain` without a module."""

    modules: tuple[ModuleFact, ...]


@dataclass(frozen=True, slots=True)
class SchemaResult:
    """The end of `schema`: file name to JSON Schema, and the folder that they were written to, if any."""

    folder: str
    schemas: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ProviderMove:
    """A provider in a lock, before and after; empty for absent."""

    address: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ProvidersResult:
    """The end of `providers lock` and `providers update`."""

    env: EnvName
    path: str
    moves: tuple[ProviderMove, ...]
    is_written: bool


@dataclass(frozen=True, slots=True)
class ReversibleResult:
    """The end of `check --reversible`: the one-way doors of a commit. Without `against`, nothing runs yet."""

    env: EnvName
    commit: Commit
    against: Version | None
    doors: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """A line of the merged configuration. Without `mark` it only opens what follows; `is_default` of tfops.yaml."""

    text: str
    path: tuple[str | int, ...]
    value: Any
    mark: Mark | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class StackLines:
    """One stack's merged configuration."""

    stack: StackName
    lines: tuple[ConfigLine, ...]


@dataclass(frozen=True, slots=True)
class ConfigResult:
    """The end of `config show`."""

    env: EnvName
    digest: str
    stacks: tuple[StackLines, ...]
    shows_sources: bool


@dataclass(frozen=True, slots=True)
class NewResult:
    """The end of `new environment` and `new module`. `branch` is what the environment is bound to."""

    kind: str
    name: str
    written: tuple[str, ...]
    changed: tuple[str, ...]
    branch: str


@dataclass(frozen=True, slots=True)
class StateVersion:
    """One version of a state's object; `version` is the environment's latest one that left this content."""

    version_id: str
    at: datetime | None
    is_current: bool
    serial: int = 0
    resources: int = 0
    version: Version | None = None
    is_deleted: bool = False
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class StateVersionsResult:
    """The end of `state versions`, newest first; `hidden` are older ones that aren't listed."""

    env: EnvName
    address: str
    entries: tuple[StateVersion, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class StateRestoreResult:
    """The end of `state restore`."""

    env: EnvName
    version_id: str
    from_serial: int
    serial: int
    resources: int


@dataclass(frozen=True, slots=True)
class AdoptResult:
    """The end of `adopt`: the files that were written, or the version once they were committed.

    `secrets` are inputs that must be set in the environment, `kept_providers` those whose blocks stay in the module.
    """

    env: EnvName
    folder: str
    written: tuple[str, ...]
    changed: tuple[str, ...]
    secrets: tuple[str, ...]
    kept_providers: tuple[str, ...]
    version: Version | None
    plan: Plan
