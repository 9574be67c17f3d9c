"""The file that `plan --out` writes and `apply --plan` reads: a line that says what it is, a checksum, the plan.

It has every value of the plan in clear, unless `plan_files` of tfops.yaml names age keys.
"""

import hashlib
import re
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tfops.change.request import Request
from tfops.config.names import is_environment_name, one_line
from tfops.engine.environment import base_environment
from tfops.errors import Refused, UsageError
from tfops.ledger.codec import decode, encode
from tfops.records.plan_file import SCHEMA, PlanFile
from tfops.system.sealed import seal, unseal
from tfops.system.workspace import explained_disk_errors, write_bytes

_FIRST = re.compile(rb"tfops-plan (?P<schema>[0-9]{1,6}) (?P<form>clear|sops)\n(?P<sum>[0-9a-f]{64})\n")
_HEX = re.compile(r"[0-9a-f]{40,64}")
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~-]{0,63}")
_MOST_AT_ONCE = 256
_LONGEST_FIRST = 100
_MOST_BYTES = 512 << 20


def require_writable(path: Path) -> None:
    """Raises Refused (guard `exists`) where something is in the way that no tfops wrote; UsageError without its folder.

    Asked before anything is planned.
    """
    if not path.parent.is_dir():
        raise UsageError(f"--out: there is no folder {path.parent}", hint=f"mkdir -p {path.parent}")
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(kind) or not _FIRST.match(_beginning(path)):
        raise Refused(
            "exists",
            f"{path.name} is there, and isn't a plan that tfops wrote: it is left as it is",
            hint="choose another name, or remove it",
        )


def write_plan_file(path: Path, kept: PlanFile, recipients: Sequence[str]) -> None:
    """Whole or not at all, for nobody else to read. Raises Refused as `require_writable` and `seal`."""
    require_writable(path)
    body, form = encode(kept).encode(), "clear"
    if recipients:
        body, form = seal(body, recipients, env=_environment()), "sops"
    first = f"tfops-plan {SCHEMA} {form}\n{hashlib.sha256(body).hexdigest()}\n"
    write_bytes(path, first.encode() + body)


def with_plan(request: Request, path: Path) -> Request:
    """The request for the plan in a file, and for what was said of it when it was made.

    Raises UsageError for what only a new plan could do, and as `read_plan_file`.
    """
    flags = request.flags
    said = {
        "--stack": request.stacks, "--target": flags.targets, "--replace": flags.replace,
        "--refresh=false": not flags.refresh, "--refresh-only": flags.refresh_only,
        "--if-changed": request.only_if_changed,
    }  # fmt: skip
    if others := [name for name, is_said in said.items() if is_said]:
        raise UsageError(
            f"{', '.join(others)}: not with --plan", why="the plan in the file is applied as it is", hint="plan anew"
        )
    kept = read_plan_file(path)
    flags = replace(
        flags,
        targets=kept.targets,
        replace=kept.replace_requested,
        refresh=kept.refreshed,
        parallelism=flags.parallelism or kept.parallelism,
    )
    return replace(request, saved=kept, stacks=kept.only, flags=flags)


def read_plan_file(path: Path) -> PlanFile:
    """Raises UsageError without a file, Refused (guards `plan-damaged`, `plan-key`, `newer-tfops`)."""
    if not path.is_file():
        raise UsageError(f"--plan: there is no file {path}", hint="tfops plan ENV --out FILE makes one")
    with explained_disk_errors(f"read {path.name}"):
        if path.stat().st_size > _MOST_BYTES:
            raise _damaged(path, "it is larger than any plan")
        content = path.read_bytes()
    first = _FIRST.match(content)
    if first is None:
        raise _damaged(path, "it isn't a plan file of tfops; a plan that Terraform wrote can't be applied with tfops")
    if int(first["schema"]) > SCHEMA:
        raise Refused(
            "newer-tfops", f"{path.name} was written by a newer tfops", hint="upgrade tfops: tfops docs install"
        )
    body = content[first.end() :]
    if hashlib.sha256(body).hexdigest() != first["sum"].decode():
        raise _damaged(path, "its checksum doesn't fit: it was cut off, or changed")
    if first["form"] == b"sops":
        body = unseal(body, env=_environment())
    try:
        kept = decode(PlanFile, body)
    except ValueError as error:
        raise _damaged(path, "what it holds can't be read") from error
    if not _is_sound(kept):
        raise _damaged(path, "a name, a commit or a digest in it can be none")
    return replace(kept, by=replace(kept.by, name=one_line(kept.by.name)))


def _is_sound(kept: PlanFile) -> bool:
    """Whether what is shown, looked up and given to an engine has the form that it must have."""
    words = (kept.project, kept.environment, *kept.stacks, *kept.states, *kept.only)
    return (
        all(map(is_environment_name, words))
        and all(map(_HEX.fullmatch, (kept.commit, kept.code, kept.digest)))
        and all(map(_PRODUCT.fullmatch, (kept.engine.name, kept.engine.version)))
        and 0 <= kept.parallelism <= _MOST_AT_ONCE
    )


def _beginning(path: Path) -> bytes:
    with explained_disk_errors(f"read {path.name}"), path.open("rb") as file:
        return file.read(_LONGEST_FIRST)


def _damaged(path: Path, why: str) -> Refused:
    return Refused("plan-damaged", f"{path.name} can't be applied", why=why, hint="tfops plan ENV --out FILE")


def _environment() -> dict[str, str]:
    return base_environment(("SOPS_*", "GNUPGHOME"))
