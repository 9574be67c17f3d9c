"""The zip that a saved plan is."""

import io
import zipfile
import zlib

from tfops.engine.planfile.unfamiliar import MOST_BYTES, Unfamiliar

_PLAN = "tfplan"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# https://docs.python.org/3/library/zipfile.html: whatever a broken archive makes it raise.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError, NotImplementedError)


def plan_in(content: bytes) -> bytes:
    """The protocol buffer in a saved plan's file. Raises Unfamiliar where it isn't a whole archive with one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive)
    except _BROKEN as error:
        raise Unfamiliar(f"not a whole archive: {error}") from error


def _read(archive: zipfile.ZipFile) -> bytes:
    found = [info for info in archive.infolist() if info.filename == _PLAN]
    if len(found) != 1:
        raise Unfamiliar(f"{len(found)} files named {_PLAN}")
    [info] = found
    if info.file_size > MOST_BYTES or info.compress_type not in _METHODS or info.flag_bits & 1:
        raise Unfamiliar(f"{_PLAN} is too large, encrypted or packed in another way")
    with archive.open(info) as file:
        return file.read(MOST_BYTES)  # no more is unpacked than the archive's index says, and its checksum must fit
