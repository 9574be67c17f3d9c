"""A run that died: what the ledger has of it, and how its intent is closed."""

from tfops.change.snapshot import Snapshot
from tfops.change.ui import Ui
from tfops.dataclass import dataclass
from tfops.ledger.chain import NewEvent
from tfops.ledger.record import LostRaceError
from tfops.records.card import Approval
from tfops.records.event import EventKind
from tfops.records.lock import Lock
from tfops.records.names import StackName
from tfops.records.run import Intent
from tfops.records.version import Version
from tfops.system.workspace import Workspace, read_json, write_file


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was found and how it ended, in words; `version` when one was recorded."""

    text: str
    version: Version | None = None

    def __str__(self) -> str:
        return f"{self.text}: recorded as {self.version}" if self.version else self.text


@dataclass(frozen=True, slots=True)
class Case:
    """A run that died: what the ledger has of it."""

    facts: Snapshot
    lock: Lock
    intent: Intent
    ui: Ui

    @property
    def workspace(self) -> Workspace:
        return self.facts.project.workspace

    @property
    def approval(self) -> Approval | None:
        """Who consented before the run died."""
        intent = self.intent
        if not intent.approved_by:
            return None
        digest, how = intent.plan_digest, intent.approved_how
        return Approval(who=intent.approved_by, when=self.lock.since, digest=digest, how=how)


def release(facts: Snapshot, lock: Lock, text: str) -> Recovery:
    """Close the intent of a run that changed nothing."""
    event = NewEvent(EventKind.CLOSED, text, lock.run_id, lock=facts.present.manual_lock or "", intent="")
    append(facts, event)
    return Recovery(text)


def append(facts: Snapshot, event: NewEvent) -> None:
    """Where someone else's event came first, it is read instead."""
    try:
        facts.appended(event)
    except LostRaceError:
        facts.refs.fetch()


def mend_torn_state(case: Case, stack: StackName) -> None:
    """Put the backup in the place of a local state that the engine was killed in the middle of writing.

    Terraform truncates the file and then writes it. Its backup is the state that this run began with; what
    the run made since is in the engine's output, and is brought back from there.
    """
    path = case.workspace.state(case.facts.env) / f"{stack}.tfstate"
    begun = case.intent.stacks.get(stack)
    if begun is None or not path.exists() or isinstance(read_json(path), dict):
        return
    from tfops.change.state_backup import backup_of  # noqa: PLC0415 - hardly any state was torn

    ours = backup_of(case.workspace, case.facts.env, stack, case.intent.run_id)
    for backup in (path.with_name(f"{path.name}.backup"), *([ours] if ours else [])):
        before = read_json(backup)
        if not isinstance(before, dict):
            continue
        if (before.get("lineage"), before.get("serial")) == (begun.lineage, begun.serial_before):
            write_file(path, backup.read_text(encoding="utf-8"))
            case.ui.note(f"{case.facts.env}: the engine died while it wrote the state, its backup was put back")
            return
