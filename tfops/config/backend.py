"""The `backend:` of tfops.yaml: one of Terraform's backends, and for S3 a shorter way to say the usual."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from tfops.config import names
from tfops.dataclass import dataclass

if TYPE_CHECKING:
    from tfops.config.document import Document
    from tfops.records.complaint import Complaint

Where = tuple[str | int, ...]

DEFAULT_KEY = "{project}/{env}/{stack}.tfstate"

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_KNOWN = frozenset({"project", "env", "stack"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_LOCK_HINT = "write lock: native, lock: {dynamodb: TABLE}, or a list of both"
_RAW_LOCKS = ("use_lockfile", "dynamodb_table")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+")
ROLE_HINT = "for instance: arn:aws:iam::123456789012:role/deploy"


@dataclass(frozen=True, slots=True)
class Backend:
    """Where state is kept: one of Terraform's backends and its settings, placeholders not filled.

    `replica` is for the bucket, not for Terraform: the bucket that S3 copies states to, and the role for that.
    One that a root names itself `is_own`: nothing in it is a placeholder. `problem` says why it can't be used.
    """

    kind: str = "local"
    settings: Mapping[str, Any] = field(default_factory=dict)
    replica: Mapping[str, str] = field(default_factory=dict)
    is_own: bool = False
    problem: str = ""

    def with_settings(self, more: Mapping[str, Any]) -> Backend:
        """The same backend with some settings replaced; a lock replaces every lock."""
        kept = dict(self.settings)
        if "lock" in more:
            kept = {key: value for key, value in kept.items() if key not in _RAW_LOCKS}
        replica = {"replicate": dict(self.replica)} if self.replica else {}
        return to_backend(self.kind, {**replica, **kept, **more})


def to_backend(kind: str, settings: Mapping[str, Any]) -> Backend:
    """Checked settings in Terraform's own words."""
    if kind != "s3":
        return Backend(kind, settings)
    plain = {"key": DEFAULT_KEY, **settings}
    lock, replica = plain.pop("lock", None), plain.pop("replicate", None)
    for part in lock if isinstance(lock, list) else filter(None, [lock]):
        plain |= {"use_lockfile": True} if part == "native" else {"dynamodb_table": part["dynamodb"]}
    if isinstance(plain.get("assume_role"), str):
        plain["assume_role"] = {"role_arn": plain["assume_role"]}
    if plain.get("kms_key_id"):
        # Without a key the bucket's default encryption counts: `encrypt` alone would ask for another.
        plain = {"encrypt": True, **plain}
    return Backend(kind, plain, replica or {})


def check_backend(document: Document, data: Mapping[str, Any]) -> Iterator[Complaint]:
    """Every mistake in `backend:`, and in what environments change of it."""
    backend = data.get("backend", {"local": None})
    if not isinstance(backend, dict):
        return
    if len(backend) != 1:
        yield document.complaint(("backend",), f"exactly one backend, not {len(backend)}")
    for kind, settings in backend.items():
        if not _WORD.fullmatch(kind):
            yield document.complaint(("backend", kind), f"{names.shown(kind)} is not a backend's name")
        elif kind == "local" and settings:
            hint = "leave it empty: tfops keeps local state in .git/tfops/state"
            yield document.complaint(("backend", kind), "the local backend takes no settings", hint)
        elif kind != "local" and isinstance(settings, dict):
            yield from _check_settings(document, kind, settings)
    if len(backend) == 1:
        yield from _check_overrides(document, next(iter(backend)), data)


def _check_settings(document: Document, kind: str, settings: dict[str, Any]) -> Iterator[Complaint]:
    where = ("backend", kind)
    yield from _check_placeholders(document, where, settings)
    if kind == "s3":
        yield from _check_s3(document, where, settings)
        if not any(settings.get(key) for key in ("lock", *_RAW_LOCKS)):
            message = "an S3 backend without a lock loses state when two people apply"
            yield document.complaint(where, message, "add: lock: native   (Terraform 1.11 or newer)")
    where_it_is = {key: value for key, value in settings.items() if key != "replicate"}
    used = _placeholders(where_it_is)
    # One that is unknown may be the misspelt one: that is said already.
    if "env" not in used and used <= _KNOWN and not (kind == "s3" and "key" not in settings):
        message = "no value contains `{env}`: all environments would share one state"
        yield document.complaint(where, message, f'for instance: key: "{DEFAULT_KEY}"')


def _check_overrides(document: Document, kind: str, data: Mapping[str, Any]) -> Iterator[Complaint]:
    environments = data.get("environments")
    for name, block in environments.items() if isinstance(environments, dict) else ():
        settings = block.get("backend") if isinstance(block, dict) else None
        where = ("environments", name, "backend")
        if isinstance(settings, dict) and settings and kind == "local":
            yield document.complaint(where, "the local backend takes no settings")
        elif isinstance(settings, dict):
            yield from _check_placeholders(document, where, settings)
            if kind == "s3":
                yield from _check_s3(document, where, settings)
                for key in (key for key in _RAW_LOCKS if key in settings):
                    yield document.complaint((*where, key), f"an environment can't set `{key}`", _LOCK_HINT)


def _placeholders(settings: Mapping[str, Any]) -> set[str]:
    from tfops.config.values import walk  # noqa: PLC0415 - rules that are remembered were checked

    texts = (value for _, value in walk(dict(settings)) if isinstance(value, str))
    return {word for text in texts for word in _PLACEHOLDER.findall(text)}


def _check_placeholders(document: Document, where: Where, settings: dict[str, Any]) -> Iterator[Complaint]:
    from tfops.config.values import walk  # noqa: PLC0415 - as in `_placeholders`

    for path, value in walk(settings):
        for word in _PLACEHOLDER.findall(value) if isinstance(value, str) else []:
            if word not in _KNOWN:
                hint = "known: {project}, {env}, {stack}"
                yield document.complaint((*where, *path), f"unknown placeholder `{{{word}}}`", hint)


def _check_s3(document: Document, where: Where, settings: dict[str, Any]) -> Iterator[Complaint]:
    if "lock" in settings:
        yield from _check_lock(document, where, settings)
    if "replicate" in settings:
        yield from _check_replica(document, where, settings["replicate"])
    role = settings.get("assume_role")
    if isinstance(role, str) and not ROLE.fullmatch(role):
        yield document.complaint((*where, "assume_role"), f"{names.shown(role)} is not a role's ARN", ROLE_HINT)
    for key in ("access_key", "secret_key", "token"):
        if key in settings:
            hint = "credentials come from the environment: tfops docs aws"
            yield document.complaint((*where, key), f"`{key}` would end up in Git and in the rendered root", hint)


def _check_lock(document: Document, where: Where, settings: dict[str, Any]) -> Iterator[Complaint]:
    lock, place = settings["lock"], (*where, "lock")
    parts = lock if isinstance(lock, list) else [lock]
    sound = [part == "native" or _is_table(part) for part in parts]
    if not sound or not all(sound) or len({isinstance(part, str) for part in parts}) != len(parts):
        yield document.complaint(place, "not a way to lock the state", _LOCK_HINT)
    for key in _RAW_LOCKS:
        if key in settings:
            yield document.complaint((*where, key), f"`lock` and `{key}` say the same thing twice", "keep `lock`")


def _check_replica(document: Document, where: Where, replica: Any) -> Iterator[Complaint]:
    place, hint = (*where, "replicate"), "write replicate: {bucket: NAME, role: ARN}"
    if not isinstance(replica, dict) or set(replica) != {"bucket", "role"}:
        yield document.complaint(place, "not a bucket and a role to copy with", hint)
    elif not isinstance(replica["role"], str) or not ROLE.fullmatch(replica["role"]):
        yield document.complaint((*place, "role"), f"{names.shown(replica['role'])} is not a role's ARN", ROLE_HINT)
    elif not isinstance(replica["bucket"], str) or not replica["bucket"]:
        yield document.complaint((*place, "bucket"), "not a bucket's name", hint)


def _is_table(part: Any) -> bool:
    if not isinstance(part, dict) or list(part) != ["dynamodb"]:
        return False
    return isinstance(part["dynamodb"], str) and _TABLE.fullmatch(part["dynamodb"]) is not None
