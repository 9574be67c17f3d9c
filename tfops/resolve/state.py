"""Whether the state at hand is the one that the versions speak of, and holds what the latest of them has."""

from collections.abc import Mapping, Sequence
from dataclasses import field

from tfops.config.constraint import parse_version
from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.addresses import natural
from tfops.records.download import Download
from tfops.records.names import EnvName
from tfops.records.state import StackState
from tfops.records.version import Version
from tfops.resolve.identity import Since, moved_addresses, shared_identities

_MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class RecordedState:
    """What a version's card says about a stack's state, and what was downloaded. `is_empty` after a destroy.

    `inventory` is address to id, in the form that the card has them; `kept` is what has `destroy = false` there.
    """

    version: Version
    lineage: str
    serial: int
    backend: str
    is_empty: bool
    engine_name: str
    engine_version: str
    downloads: Mapping[str, Download] = field(default_factory=dict)
    inventory: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MissingResources:
    """What a version has and the state of one of its stacks lacks, as the engine at hand reads that state."""

    addresses: tuple[str, ...]
    recorded: RecordedState
    serial: int
    engine: str


def lacking(recorded: RecordedState, now: Mapping[str, str]) -> dict[str, str]:
    """Address to id of what the card has and the state hasn't. `now` is the state's inventory in the card's form.

    What has an id of its own and stands at another address was moved by hand: the plan shows what that comes to.
    """
    gone, coming = recorded.inventory.keys() - now.keys(), now.keys() - recorded.inventory.keys()
    if not gone:
        return {}
    since = Since(shared=shared_identities(recorded.inventory) | shared_identities(now))
    moved = moved_addresses(gone, coming, then=recorded.inventory, now=now, since=since)
    return {address: recorded.inventory[address] for address in sorted(gone - moved.keys(), key=natural)}


def require_none_lacking(env: EnvName, lacks: Sequence[MissingResources], *, takes_names: bool) -> None:
    """Raises Refused (guard `state-lacks`). `takes_names`: whether the command has `--allow-missing`."""
    if not lacks:
        return
    recorded, addresses = lacks[0].recorded, [address for lack in lacks for address in lack.addresses]
    flags = " ".join(f"--allow-missing '{address}'" for address in addresses)
    what, cure = _why_lacking(lacks[0])
    shown = ", ".join(addresses[:_MOST_LISTED]) + (" …" if len(addresses) > _MOST_LISTED else "")
    command = "" if takes_names else f"tfops apply {env} "
    raise Refused(
        "state-lacks",
        f"the state of {env} lacks what {recorded.version} has: {shown}",
        why=f"{what}; a plan would make a second one, or leave it alive where nobody knows of it",
        hint=f"{cure}; if it is gone, or is to stay outside of the state: {command}{flags}",
    )


def _why_lacking(lack: MissingResources) -> tuple[str, str]:
    """The likely cause, and the way to have it back."""
    recorded, cure = (
        lack.recorded,
        "bring back the state that has it, or take it in (tfops state import; tfops docs when-it-stops)",
    )
    wrote = f"{recorded.engine_name} {recorded.engine_version}"
    if recorded.engine_name not in ("", lack.engine.partition(" ")[0]):
        text = f"{recorded.version} was applied with {wrote}, and {lack.engine} passes over what only that one keeps"
        return text, f"use the engine that wrote it (--engine {recorded.engine_name})"
    if lack.serial == recorded.serial:
        return f"{lack.engine} reads less out of it than {wrote} wrote", cure
    serials = f"its serial is {lack.serial}, {recorded.version} left {recorded.serial}"
    return f"something else than tfops wrote it ({serials}): `state rm`, an apply by hand, an older copy", cure


def require_free_place(env: EnvName, state: StackState, *, owner: str = "") -> None:
    """What a first version is made on. Raises Refused (guard `state-exists`) for a state that somebody has made.

    A plan on it would delete what is in it and not in the commit. `owner` names the environment whose latest card
    has the state's lineage, if any does.
    """
    count = len(state.inventory)
    if not owner and not count:
        return
    things = "1 resource" if count == 1 else f"{count} resources"
    where = f"where {env} keeps its state there is one already, {f'that of {owner}' if owner else f'with {things}'}"
    hint = f"to take over what is there: tfops adopt FOLDER --env {env}; else name another place in tfops.yaml"
    if owner:
        hint = f"name another place for {env} in tfops.yaml: no two environments can have one state"
    raise Refused("state-exists", where, why="a plan on it would delete all that the commit doesn't have", hint=hint)


def require_known_state(env: EnvName, recorded: RecordedState | None, state: StackState) -> None:
    """Raises Refused when planning on this state would create everything a second time.

    Guards: `state-absent` (another machine's local state, an emptied bucket), `state-lineage` (the
    backend was pointed elsewhere), `state-older` (a backup was put back).
    """
    if recorded is None or not require_present(env, recorded, state):
        return
    if state.lineage != recorded.lineage:
        raise Refused(
            "state-lineage",
            f"the state found for {env} is not the one that {recorded.version} was applied to",
            why=f"its lineage is {state.lineage}, {recorded.version} has {recorded.lineage}",
            hint="point the backend in tfops.yaml at the state it had before",
        )
    if state.serial < recorded.serial:
        raise Refused(
            "state-older",
            f"the state found for {env} is older than {recorded.version}",
            why=f"its serial is {state.serial}, {recorded.version} left {recorded.serial}",
            hint="bring the newest state back: a plan on this one forgets what was made since",
        )


def require_present(env: EnvName, recorded: RecordedState | None, state: StackState) -> bool:
    """Whether there is a state. Raises Refused (guard `state-absent`) where there should be one that isn't empty."""
    is_there = not state.is_absent and bool(state.serial)
    if not is_there and recorded is not None and not recorded.is_empty:
        raise _absent(env, recorded)
    return is_there


def _absent(env: EnvName, recorded: RecordedState) -> Refused:
    local = "it is kept on the machine that applied it (backend: local)"
    hint = f"apply from that clone, or share state: set a backend in tfops.yaml; if it is lost: tfops restore {env}"
    if recorded.backend != "local":
        local, hint = f"the backend `{recorded.backend}` has none", "check the backend in tfops.yaml, and its bucket"
    if recorded.backend.startswith("s3 "):
        hint = f"to bring it back: tfops state versions {env}"
    return Refused(
        "state-absent",
        f"{env} is running as {recorded.version}, but its state is not here",
        why=f"{local}; without it everything would be created twice",
        hint=hint,
    )


def require_engine_for(recorded: RecordedState | None, name: str, version: str) -> None:
    """Raises Refused (guard `older-engine`) when a newer engine applied the current version.

    Taken from the card: `state pull` rewrites the state's `terraform_version` with the reader's own.
    Compared by major and minor, because patch releases don't change what a state means; Terraform and
    OpenTofu count differently and aren't compared.
    """
    if recorded is None or recorded.is_empty or recorded.engine_name != name:
        return
    wrote, reads = parse_version(recorded.engine_version), parse_version(version)
    if reads[:2] < wrote[:2]:
        raise Refused(
            "older-engine",
            f"{recorded.version} was applied with {name} {recorded.engine_version}, this one is {version}",
            why="an older engine may misread the state",
            hint=f"use {wrote[0]}.{wrote[1]} or newer: --engine PATH (tfops doctor lists what is here)",
        )
