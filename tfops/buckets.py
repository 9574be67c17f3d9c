"""What a state bucket is to be, and what was found of it."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class StateBucket:
    """An S3 bucket for states as tfops.yaml wants it.

    `table` is the DynamoDB table that locks, `replica` the bucket that S3 copies to as `replica_role`, if any.
    """

    name: str
    region: str
    kms_key_id: str = ""
    table: str = ""
    has_native_lock: bool = False
    replica: str = ""
    replica_role: str = ""

    @property
    def arn(self) -> str:
        return f"arn:{self._partition}:s3:::{self.name}"

    @property
    def replica_arn(self) -> str:
        return f"arn:{self._partition}:s3:::{self.replica}"

    @property
    def _partition(self) -> str:
        area = self.region.rpartition("-")[0].rpartition("-")[0]
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(area, "aws")


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """What was found of a state bucket; a part that could not be read is in `unreadable`, with the reason.

    `has_tls` says how it is reached: a store of one's own may speak plain HTTP alone.
    """

    exists: bool
    has_tls: bool = True
    region: str = ""
    is_versioned: bool = False
    encryption: str = ""
    kms_key_id: str = ""
    blocks: frozenset[str] = frozenset()
    policy: Mapping[str, Any] = field(default_factory=dict)
    lifecycle: tuple[Mapping[str, Any], ...] = ()
    table_key: str = ""
    copied_to: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
