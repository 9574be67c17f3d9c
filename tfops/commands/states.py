"""`state versions` and `state restore`: what S3 keeps of a state, and the way back to it. For emergencies."""

from collections.abc import Iterator, Mapping
from typing import Any

from tfops import exact
from tfops.change.content import Content
from tfops.change.encryption import encrypts
from tfops.change.environment import Place, find_place
from tfops.change.lease import Lease, require_free
from tfops.change.project import Project
from tfops.change.request import Request
from tfops.change.run import running
from tfops.change.snapshot import read_snapshot
from tfops.change.stack import open_stack, require_stack
from tfops.change.stacks import recorded_state
from tfops.change.ui import Ui
from tfops.commands.backend import state_place
from tfops.config.environment import load_environment
from tfops.dataclass import dataclass
from tfops.engine.encryption import head_of, is_encrypted
from tfops.engine.stack import StackEngine
from tfops.engine.state import earlier_digest, parse_state
from tfops.errors import EngineFailed, Locked, NotApproved, Refused, StoppedPartWay, TfopsError
from tfops.ledger.versions import known_versions, read_card
from tfops.records.names import MAIN_STACK, EnvName, StackName
from tfops.records.state import ABSENT_STATE, StackState
from tfops.records.version import Version
from tfops.resolve.state import RecordedState
from tfops.system import signals
from tfops.system.bucket import BucketClient, ObjectVersion
from tfops.system.workspace import write_file
from tfops.views.states import StateRestoreResult, StateVersion, StateVersionsResult

_MOST_LISTED = 20
_SHORTEST_ID = 4
_RESTORED = "restored.tfstate"


@dataclass(frozen=True, slots=True)
class _Kept:
    """One of the states of an environment, and what its root is rendered from today."""

    place: Place
    stack: StackName
    content: Content

    @property
    def env(self) -> EnvName:
        return self.place.env

    @property
    def name(self) -> str:
        """The environment, with the stack where there are several."""
        return self.env if self.stack == MAIN_STACK else f"{self.env} (stack {self.stack})"

    @property
    def s3(self) -> tuple[BucketClient, str, str]:
        """The door to the bucket, the key, and both as an address."""
        return state_place(self.place.rules, self.env, self.stack)


def _kept(project: Project, env: str, stack: str) -> _Kept:
    """Raises Refused (guard `several-stacks`) when there is no such stack."""
    place = find_place(project, env)
    tree = project.tree(worktree=False)
    environment = load_environment(tree, place.rules, place.env)
    name = StackName(stack or MAIN_STACK)
    require_stack(environment, name)
    return _Kept(place, name, Content.of(tree, place.rules, environment))


def versions(
    project: Project, env: str, *, stack: str = "", everything: bool, fetch: bool, ui: Ui
) -> StateVersionsResult:
    """The object's versions, newest first, each with what it holds and the version that left it."""
    kept = _kept(project, env, stack)
    if fetch:
        project.fetch_for_reading(kept.place.rules, ui)
    door, key, address = kept.s3
    known = _known_contents(project, kept)
    listed = door.versions(key)
    shown = listed if everything else listed[:_MOST_LISTED]
    entries = tuple(_entry(door, key, item, known) for item in shown)
    return StateVersionsResult(kept.env, address, entries, len(listed) - len(shown))


def _entry(door: BucketClient, key: str, item: ObjectVersion, known: "_Contents") -> StateVersion:
    text = door.content(key, item.version_id)
    if text is None:
        return StateVersion(item.version_id, item.at, item.is_current, is_deleted=True)
    head = head_of(text)
    if head is not None:  # its lineage and serial stand in clear, what it holds doesn't
        version = known.by_serial.get((head.lineage, head.serial))
        return StateVersion(item.version_id, item.at, item.is_current, head.serial, 0, version, is_encrypted=True)
    try:
        state = parse_state(text)
    except Refused:
        return StateVersion(item.version_id, item.at, item.is_current, is_damaged=True)
    version = known.by_digest.get(state.sha256) or known.by_digest.get(earlier_digest(text))
    return StateVersion(item.version_id, item.at, item.is_current, state.serial, len(state.inventory), version)


@dataclass(frozen=True, slots=True)
class _Contents:
    """The latest version that left a state: by the digest of its content, by its lineage and serial."""

    by_digest: Mapping[str, Version]
    by_serial: Mapping[tuple[str, int], Version]


def _known_contents(project: Project, kept: _Kept) -> _Contents:
    records = known_versions(project.repository, kept.env).versions
    stacks = ((record.version, read_card(project.repository, record).stacks.get(kept.stack)) for record in records)
    found = [(part, version) for version, part in stacks if part is not None]
    by_serial = {(part.lineage, part.serial_after): version for part, version in found}
    return _Contents({part.state_sha256: version for part, version in found}, by_serial)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The content to bring back, and what it says."""

    version_id: str
    document: dict[str, Any]
    state: StackState
    is_encrypted: bool = False


def restore(
    project: Project, env: str, version: str, request: Request, ui: Ui, *, stack: str = ""
) -> StateRestoreResult:
    """Make an earlier content the state again, under a new serial; the ledger tells who did it.

    Nothing in AWS is changed but the state. Raises Refused for another lineage, NotApproved without a yes,
    StoppedPartWay when the state isn't what it should be afterwards.
    """
    kept = _kept(project, env, stack)
    place = kept.place
    with project.changing(place.env, "state restore", wait_s=request.wait_s):
        return _restored(project, kept, version, request, ui)


def _restored(project: Project, kept: _Kept, version: str, request: Request, ui: Ui) -> StateRestoreResult:
    place = kept.place
    project.fetch_for_change(place.rules)
    with running(read_snapshot(project, place), request, ui) as run:
        require_free(project, run.facts.present)
        opened = open_stack(run, kept.content, kept.stack)
        wanted = _find(project, kept, version, opened.engine)
        recorded = _recorded(project, kept)
        _require_same_state(kept, wanted, recorded)
        now = _state_now(opened.engine, kept, ui)
        if now is None and (wanted.is_encrypted or encrypts(place.rules)):
            raise _refused_in_clear(kept)
        before = now or ABSENT_STATE
        serial = max(before.serial, wanted.state.serial, recorded.serial if recorded else 0) + 1
        text = f"the state of serial {wanted.state.serial} ({_count(wanted.state)})"
        ui.note(f"{kept.name} has serial {before.serial} ({_count(before)}); it gets {text} as serial {serial}")
        _obtain_consent(place.env, yes=request.consent.yes, ui=ui)
        lease = Lease(run.facts, run.id, ui)
        with signals.deferred(signals.FINISHED_FIRST):
            lease.claim_once(what="state restore")
            try:
                with opened.engine.shielded():
                    _put_back(opened.engine, kept, wanted.document | {"serial": serial}, is_readable=now is not None)
                    serial = _require_restored(opened.engine, wanted).serial
            except TfopsError as error:
                lease.close(f"the restore of its state failed: {error.what}")
                raise
            lease.restored(f"{kept.name}: {text} as serial {serial}, from S3's version {wanted.version_id}")
    return StateRestoreResult(place.env, wanted.version_id, wanted.state.serial, serial, len(wanted.state.inventory))


def _refused_in_clear(kept: _Kept) -> Refused:
    """Where the engine can't read what is there it can't write either, and S3 itself would get a state in clear."""
    _, _, address = kept.s3
    return Refused(
        "state-encrypted",
        f"the state of {kept.name} is damaged, and what takes its place must be encrypted",
        hint=f"delete the damaged version of {address} in S3, then: tfops state versions {kept.env}",
    )


def _recorded(project: Project, kept: _Kept) -> RecordedState | None:
    latest = known_versions(project.repository, kept.env).latest
    return recorded_state(read_card(project.repository, latest), kept.stack) if latest else None


def _count(state: StackState) -> str:
    return f"{len(state.inventory)} resources" if len(state.inventory) != 1 else "1 resource"


def _state_now(engine: StackEngine, kept: _Kept, ui: Ui) -> StackState | None:
    """None for a state that is damaged: the very reason to be here. Whatever else is wrong is raised."""
    try:
        engine.prepare()
        return engine.pull_state()[0]
    except EngineFailed as error:
        door, key, _ = kept.s3
        if not _is_damaged(door, key):
            raise
        held = door.held_lock(key)
        if held:
            raise Locked(
                f"the state of {kept.name} is locked by {held.get('Who', '?')} since {held.get('Created', '?')}",
                why=f"it can't be read: {error.why}",
                hint=f"when that run is gone for good: tfops engine {kept.env} -- force-unlock {held.get('ID', 'ID')}",
            ) from error
        ui.warn("the state that is there is damaged: it is overwritten as it is")
        return None


def _is_damaged(door: BucketClient, key: str) -> bool:
    """Whether S3 itself gives the object, and it is no state."""
    current = next((item for item in door.versions(key) if item.is_current), None)
    text = door.content(key, current.version_id) if current else None
    if text is not None and is_encrypted(text):
        return False
    try:
        return text is not None and parse_state(text).is_absent
    except Refused:
        return True


def _find(project: Project, kept: _Kept, version: str, engine: StackEngine) -> _Wanted:
    door, key, address = kept.s3
    for version_id in _candidates(project, kept, door, key, version):
        text = door.content(key, version_id) or ""
        was_encrypted = is_encrypted(text)
        if was_encrypted and engine.engine.is_tofu:
            text = engine.decrypted(text)
        state = parse_state(text)
        if text and not state.is_absent:
            return _Wanted(version_id, exact.loads(text), state, was_encrypted)
    raise Refused(
        "unknown-state-version",
        f"there is no version `{version}` of {address}",
        hint=f"tfops state versions {kept.env}",
    )


def _candidates(project: Project, kept: _Kept, door: BucketClient, key: str, version: str) -> Iterator[str]:
    """S3's ids that `version` may mean: an id, the unique beginning of one, or `v3`."""
    listed = door.versions(key)
    ids = [item.version_id for item in listed if item.version_id.startswith(version)]
    if version in ids or (len(ids) == 1 and len(version) >= _SHORTEST_ID):
        yield version if version in ids else ids[0]
        return
    known = _known_contents(project, kept)
    if version in map(str, known.by_serial.values()):
        yield from (item.version_id for item in listed if str(_entry(door, key, item, known).version) == version)


def _require_same_state(kept: _Kept, wanted: _Wanted, recorded: RecordedState | None) -> None:
    if recorded is not None and recorded.lineage and wanted.state.lineage != recorded.lineage:
        raise Refused(
            "state-lineage",
            f"that is another state than the one of {kept.name}",
            why=f"its lineage is {wanted.state.lineage}, {recorded.version} has {recorded.lineage}",
            hint=f"tfops state versions {kept.env}",
        )


def _obtain_consent(env: EnvName, *, yes: bool, ui: Ui) -> None:
    if yes:
        return
    if not ui.is_interactive:
        raise NotApproved(
            "there is no terminal to ask on", hint="look at the lines above, then run it again with --yes"
        )
    ui.warn("what was made since that state is forgotten, but goes on to exist")
    if not ui.ask_for(f"Type {env} to go on", env):
        raise NotApproved(f"the state of {env} was not restored")


def _put_back(engine: StackEngine, kept: _Kept, document: Mapping[str, Any], *, is_readable: bool) -> None:
    """By the engine, under the state's own lock; where the engine can't read what is there, by S3 itself.

    Into an empty place it takes the engine two pushes: the first gets a lineage of its own.
    """
    text = exact.dumps(document, indent=2)
    if not is_readable:
        door, key, _ = kept.s3
        door.overwrite(key, text)
        return
    write_file(engine.root / _RESTORED, text)
    try:
        engine.push_state(_RESTORED, force=True)
        if engine.read_back()[0].lineage != document["lineage"]:
            engine.push_state(_RESTORED, force=True)
    finally:
        (engine.root / _RESTORED).unlink(missing_ok=True)


def _require_restored(engine: StackEngine, wanted: _Wanted) -> StackState:
    """What is there now. In an empty place the engine's second push raises the serial once more (OpenTofu 1.12.6)."""
    engine.prepare()
    found, _ = engine.read_back()
    if (found.lineage, found.inventory) == (wanted.state.lineage, wanted.state.inventory):
        return found
    raise StoppedPartWay(
        "the state was put back, but the backend holds something else",
        why=f"lineage {found.lineage}, serial {found.serial}",
        state="The state may not be what any version says.",
        hint="tfops backend check, then try again",
    )
