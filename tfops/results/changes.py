"""The ends of commands that change an environment, and of those that show what a change would do."""

from collections.abc import Mapping
from typing import Any

from tfops.dataclass import dataclass
from tfops.exits import Exit
from tfops.records.action import ActionOutcome
from tfops.records.check import CheckOutcome
from tfops.records.commit import Commit
from tfops.records.drill import Drill
from tfops.records.names import EnvName
from tfops.records.plan import Plan
from tfops.records.verdict import Judgement, Reason
from tfops.records.version import Kind, Verified, Version


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
    checks: tuple[CheckOutcome, ...] = ()


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """The end of `invoke`."""

    env: EnvName
    actions: tuple[ActionOutcome, ...]


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The end of `plan`. `checks` are the required ones, when they were asked."""

    env: EnvName
    commit: Commit | None
    current: Version | None
    plan: Plan
    checks: tuple[CheckOutcome, ...] = ()

    @property
    def is_refused(self) -> bool:
        return any(check.result is Verified.FAILED for check in self.checks)

    def exit_code(self, *, detailed: bool) -> Exit:
        """With `detailed`, changes have a code of their own, as in `terraform plan -detailed-exitcode`."""
        if self.is_refused:
            return Exit.NOT_PASSED
        return Exit.CHANGES if detailed and not self.plan.is_empty else Exit.DONE


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
class DrillResult:
    """The end of `drill`."""

    env: EnvName
    version: Version
    drill: Drill
    is_kept: bool

    @property
    def exit_code(self) -> Exit:
        return Exit.DONE if self.drill.is_ok else Exit.NOT_PASSED


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
class HoldResult:
    """The end of `hold`, and of a `resume` that lets a held environment go on."""

    env: EnvName
    version: Version
    reason: str
    is_held: bool


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


@dataclass(frozen=True, slots=True)
class ReversibleResult:
    """The end of `check --reversible`: the one-way doors of a commit. Without `against`, nothing runs yet."""

    env: EnvName
    commit: Commit
    against: Version | None
    doors: tuple[Reason, ...]

    @property
    def exit_code(self) -> Exit:
        return Exit.NOT_PASSED if self.doors else Exit.DONE
