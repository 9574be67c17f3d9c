"""The zip that a saved plan is."""

import io
import zipfile
import zlib

from tfops.engine.planfile.unfamiliar import MOST_BYTES, Unfamiliar

_PLAN = "tfplan"
_STATE, _STATE_BEFORE = "tfstate", "tfstate-prev"
_CODE = "tfconfig/"
_MOST_FILES = 10_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# https://docs.python.org/3/library/zipfile.html: whatever a broken archive makes it raise.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError, NotImplementedError)


def plan_in(content: bytes) -> bytes:
    """The protocol buffer in a saved plan's file. Raises Unfamiliar where it isn't a whole archive with one."""
    [plan] = _read(content, _PLAN)
    return plan


def states_in(content: bytes) -> tuple[bytes, bytes]:
    """The states in a saved plan's file: as the plan found the world, and as it was before. Raises Unfamiliar."""
    found, before = _read(content, _STATE, _STATE_BEFORE)
    return found, before


def code_in(content: bytes) -> dict[str, bytes]:
    """The code in a saved plan's file by its path there, `m-app/main.tf`, and its list. Raises Unfamiliar."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [info.filename for info in archive.infolist() if info.filename.startswith(_CODE)]
            if len(names) > _MOST_FILES:
                raise Unfamiliar(f"more than {_MOST_FILES} files")
            return {name.removeprefix(_CODE): _member(archive, name) for name in names}
    except _BROKEN as error:
        raise Unfamiliar(f"not a whole archive: {error}") from error


def _read(content: bytes, *names: str) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [_member(archive, name) for name in names]
    except _BROKEN as error:
        raise Unfamiliar(f"not a whole archive: {error}") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    found = [info for info in archive.infolist() if info.filename == name]
    if len(found) != 1:
        raise Unfamiliar(f"{len(found)} files named {name}")
    [info] = found
    if info.file_size > MOST_BYTES or info.compress_type not in _METHODS or info.flag_bits & 1:
        raise Unfamiliar(f"{name} is too large, encrypted or packed in another way")
    with archive.open(info) as file:
        return file.read(MOST_BYTES)  # no more is unpacked than the archive's index says, and its checksum must fit
