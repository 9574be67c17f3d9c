"""The S3 backend's state, read as the object that it is: a start of the engine less in every apply."""

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.engine.local_state import writer_of
from tfops.engine.locate import Engine
from tfops.records.rendered import BACKEND_FILE
from tfops.system import environ

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Settings that mean the same to the engine and to `system.aws.access_of`, or nothing to who only reads. Any other (a
# lock table keeps a checksum that the engine compares, a customer's key must be sent along) is for the engine.
_PLAIN = frozenset({
    "bucket", "key", "region", "profile", "assume_role", "endpoints", "use_path_style", "encrypt", "kms_key_id",
    "use_lockfile", "max_retries", "skip_credentials_validation", "skip_region_validation",
    "skip_requesting_account_id", "skip_metadata_api_check", "skip_s3_checksum",
})  # fmt: skip
_PLAIN_ROLE = frozenset({"role_arn", "session_name", "external_id"})
# What the engine hears and boto3 doesn't.
_ENGINES_OWN = ("AWS_S3_ENDPOINT", "AWS_IAM_ENDPOINT", "AWS_STS_ENDPOINT")


class S3State:
    """The state of one root in S3, past the engine. `settings` are those of the backend."""

    def __init__(self, settings: dict[str, Any], engine: Engine) -> None:
        self._settings, self._engine = settings, engine
        self._client: S3Client | None = None

    def connect(self) -> None:
        """Make what is needed to ask: most of the time that a look takes."""
        from tfops.system.aws import access_of  # noqa: PLC0415 - with boto3, for S3 alone

        with contextlib.suppress(Exception):  # whatever boto3 says: the engine will be asked
            self._client = access_of(self._settings).s3()

    def read(self) -> str | None:
        """What `state pull` would say; None where only the engine can: it is absent, refused, encrypted, or another
        version's."""
        if self._client is None:
            self.connect()
        client, bucket, key = self._client, str(self._settings["bucket"]), str(self._settings["key"])
        try:
            text = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode() if client else ""
        except Exception:  # noqa: BLE001 - as above
            return None
        return text if writer_of(text) == self._engine.version else None


def s3_state(root: Path, engine: Engine, backend_file: str = BACKEND_FILE) -> S3State | None:
    """The state of a root whose backend is S3 with settings that are plain; else None. A workspace has another key."""
    document = json.loads((root / backend_file).read_text(encoding="utf-8"))
    [(kind, settings)] = document["terraform"]["backend"].items()
    if document.get("//", {}).get("workspace"):
        return None
    role = settings.get("assume_role") or {}
    role = role[0] if isinstance(role, list) else role
    is_plain = kind == "s3" and settings.keys() <= _PLAIN and role.keys() <= _PLAIN_ROLE
    if not is_plain or "key" not in settings or any(map(environ.variable, _ENGINES_OWN)):
        return None
    return S3State(settings, engine)
