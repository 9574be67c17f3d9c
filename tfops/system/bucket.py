"""A state bucket and its lock table in AWS: what is there, and one call for each thing that can be changed."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tfops.buckets import BucketFacts, StateBucket
from tfops.dataclass import dataclass
from tfops.system.aws import Access, AwsRefused, ask

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Answer = TypeVar("Answer")

_GONE = frozenset({"404", "NoSuchBucket", "NotFound"})
_UNSET = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
_DELETED = frozenset({"MethodNotAllowed", "405", "NoSuchKey", "NoSuchVersion"})
_LOCK_KEY = "LockID"  # the attribute that Terraform expects
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_HELD = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "ConditionalCheckFailedException"})


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """One version of an object, or the mark that it was deleted."""

    version_id: str
    at: datetime
    is_current: bool


class BucketClient:
    """One bucket with its table, reached with one access. Every method raises AwsRefused."""

    def __init__(self, wanted: StateBucket, access: Access) -> None:
        self._wanted = wanted
        self._access = access

    @cached_property
    def _s3(self) -> "S3Client":
        client = ask("log in to AWS", self._access.s3)
        assert client is not None
        return client

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        client = ask("log in to AWS", self._access.dynamodb)
        assert client is not None
        return client

    @property
    def _has_tls(self) -> bool:
        return not self._s3.meta.endpoint_url.startswith("http:")

    def facts(self) -> BucketFacts:
        """Everything that can be read; what can't is named in `unreadable`."""
        name = self._wanted.name
        head = ask(f"look at the bucket {name}", lambda: self._s3.head_bucket(Bucket=name), absent=_GONE)
        unreadable: dict[str, str] = {}
        if head is None:
            return BucketFacts(
                exists=False, has_tls=self._has_tls, table_key=self._table_key(unreadable), unreadable=unreadable
            )

        def part(topic: str, question: Callable[[], Any]) -> dict[str, Any]:
            try:
                return ask(f"read {topic} of {name}", question, absent=_UNSET) or {}
            except AwsRefused as error:
                unreadable[topic] = error.why
                return {}

        versioning = part("versioning", lambda: self._s3.get_bucket_versioning(Bucket=name))
        encryption = part("encryption", lambda: self._s3.get_bucket_encryption(Bucket=name))
        block = part("public access", lambda: self._s3.get_public_access_block(Bucket=name))
        policy = part("policy", lambda: self._s3.get_bucket_policy(Bucket=name))
        lifecycle = part("lifecycle", lambda: self._s3.get_bucket_lifecycle_configuration(Bucket=name))
        wants_copies = bool(self._wanted.replica)
        copies = part("replication", lambda: self._s3.get_bucket_replication(Bucket=name)) if wants_copies else {}
        default = _first_default(encryption)
        blocked = block.get("PublicAccessBlockConfiguration", {})
        return BucketFacts(
            exists=True,
            has_tls=self._has_tls,
            region=str(head["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", "")),
            is_versioned=versioning.get("Status") == "Enabled",
            encryption=default.get("SSEAlgorithm", ""),
            kms_key_id=default.get("KMSMasterKeyID", ""),
            blocks=frozenset(flag for flag in _BLOCKS if blocked.get(flag)),
            policy=json.loads(policy.get("Policy") or "{}"),
            lifecycle=tuple(lifecycle.get("Rules", ())),
            table_key=self._table_key(unreadable),
            copied_to=_destinations(copies),
            unreadable=unreadable,
        )

    def _table_key(self, unreadable: dict[str, str]) -> str:
        table = self._wanted.table
        if not table:
            return ""
        absent = frozenset({"ResourceNotFoundException"})
        try:
            found = ask(
                f"look at the table {table}", lambda: self._dynamodb.describe_table(TableName=table), absent=absent
            )
        except AwsRefused as error:
            unreadable["lock table"] = error.why
            return ""
        return " ".join(part["AttributeName"] for part in found["Table"]["KeySchema"]) if found else ""

    def _do(self, doing: str, act: Callable[[], Answer]) -> Answer:
        return cast("Answer", ask(f"{doing} {self._wanted.name}", act))

    def create(self) -> None:
        where: Any = {} if self._wanted.region == "us-east-1" else {"LocationConstraint": self._wanted.region}
        options = {"CreateBucketConfiguration": where} if where else {}
        self._do("create the bucket", lambda: self._s3.create_bucket(Bucket=self._wanted.name, **options))

    def keep_versions(self) -> None:
        status: Any = {"Status": "Enabled"}
        self._do(
            "turn on versioning of",
            lambda: self._s3.put_bucket_versioning(Bucket=self._wanted.name, VersioningConfiguration=status),
        )

    def encrypt(self) -> None:
        key = self._wanted.kms_key_id
        default: Any = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
        rule: Any = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bool(key)}
        self._do(
            "encrypt",
            lambda: self._s3.put_bucket_encryption(
                Bucket=self._wanted.name, ServerSideEncryptionConfiguration={"Rules": [rule]}
            ),
        )

    def block_public_access(self) -> None:
        flags: Any = dict.fromkeys(_BLOCKS, True)
        self._do(
            "block public access to",
            lambda: self._s3.put_public_access_block(Bucket=self._wanted.name, PublicAccessBlockConfiguration=flags),
        )

    def put_policy(self, policy: Mapping[str, Any]) -> None:
        text = json.dumps(policy)
        self._do("set the policy of", lambda: self._s3.put_bucket_policy(Bucket=self._wanted.name, Policy=text))

    def put_lifecycle(self, rules: Sequence[Mapping[str, Any]]) -> None:
        configuration: Any = {"Rules": list(rules)}
        self._do(
            "set the lifecycle of",
            lambda: self._s3.put_bucket_lifecycle_configuration(
                Bucket=self._wanted.name, LifecycleConfiguration=configuration
            ),
        )

    def replicate(self) -> None:
        """Have S3 copy every state; the other bucket must be there and versioned. Deletions stay here."""
        rule: Any = {
            "ID": "tfops-states",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": self._wanted.replica_arn},
        }
        configuration: Any = {"Role": self._wanted.replica_role, "Rules": [rule]}
        self._do(
            f"turn on copies to {self._wanted.replica} for",
            lambda: self._s3.put_bucket_replication(Bucket=self._wanted.name, ReplicationConfiguration=configuration),
        )

    def create_table(self) -> None:
        self._do(
            f"create the table {self._wanted.table} for",
            lambda: self._dynamodb.create_table(
                TableName=self._wanted.table,
                KeySchema=[{"AttributeName": _LOCK_KEY, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": _LOCK_KEY, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=True,
            ),
        )
        waiter = self._dynamodb.get_waiter("table_exists")
        self._do("wait for the table of", lambda: waiter.wait(TableName=self._wanted.table))

    def excludes_natively(self, key: str) -> bool:
        """Take a lock beside the state twice: True when the second one is refused, as it must be."""
        probe = f"{key}.probe-{secrets.token_hex(4)}.tflock"
        put = self._s3.put_object
        first = f"write a probe of the lock into {self._wanted.name}"
        try:
            ask(first, lambda: put(Bucket=self._wanted.name, Key=probe, Body=b"1", IfNoneMatch="*"))
            second = ask(
                first, lambda: put(Bucket=self._wanted.name, Key=probe, Body=b"2", IfNoneMatch="*"), absent=_HELD
            )
        finally:
            ask("remove the probe", lambda: self._s3.delete_object(Bucket=self._wanted.name, Key=probe))
        return second is None

    def excludes_by_table(self, key: str) -> bool:
        """The same with the table."""
        probe: Any = {_LOCK_KEY: {"S": f"{self._wanted.name}/{key}.probe-{secrets.token_hex(4)}"}}

        def put() -> Any:
            return self._dynamodb.put_item(
                TableName=self._wanted.table, Item=probe, ConditionExpression=f"attribute_not_exists({_LOCK_KEY})"
            )

        doing = f"write a probe of the lock into the table {self._wanted.table}"
        try:
            ask(doing, put)
            second = ask(doing, put, absent=_HELD)
        finally:
            ask("remove the probe", lambda: self._dynamodb.delete_item(TableName=self._wanted.table, Key=probe))
        return second is None

    def versions(self, key: str) -> list[ObjectVersion]:
        """Every version of an object, newest first."""

        def question() -> list[ObjectVersion]:
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self._wanted.name, Prefix=key)
            found = (item for page in pages for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])])
            return [
                ObjectVersion(item["VersionId"], item["LastModified"], item["IsLatest"])
                for item in found
                if item["Key"] == key
            ]

        listed = ask(f"list the versions of {key}", question) or []
        return sorted(listed, key=lambda item: (item.is_current, item.at), reverse=True)

    def content(self, key: str, version_id: str) -> str | None:
        """The text of one version; None for a deleted one."""

        def question() -> str:
            answer = self._s3.get_object(Bucket=self._wanted.name, Key=key, VersionId=version_id)
            return answer["Body"].read().decode("utf-8", "replace")

        return ask(f"read the version {version_id} of {key}", question, absent=_DELETED)

    def overwrite(self, key: str, text: str) -> None:
        """Make a text the state, past the engine: for one that no engine can read. A lock table keeps its checksum."""
        body = text.encode()
        name = self._wanted.name
        self._do("write the state into", lambda: self._s3.put_object(Bucket=name, Key=key, Body=body))
        if self._wanted.table:
            digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
            item: Any = {_LOCK_KEY: {"S": f"{name}/{key}-md5"}, "Digest": {"S": digest}}
            table = self._wanted.table
            self._do("write the checksum for", lambda: self._dynamodb.put_item(TableName=table, Item=item))

    def held_lock(self, key: str) -> Mapping[str, Any]:
        """Terraform's lock Info of a state, empty when nobody holds it."""
        text = self._native_lock(key) or (self._table_lock(key) if self._wanted.table else "")
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            found = {"Who": "someone", "Operation": "unreadable lock"}
        return found if isinstance(found, dict) else {}

    def _native_lock(self, key: str) -> str:
        def question() -> str:
            answer = self._s3.get_object(Bucket=self._wanted.name, Key=f"{key}.tflock")
            return answer["Body"].read().decode("utf-8", "replace")

        return ask(f"read the lock of {key}", question, absent=_GONE | {"NoSuchKey"}) or ""

    def _table_lock(self, key: str) -> str:
        lock_id: Any = {_LOCK_KEY: {"S": f"{self._wanted.name}/{key}"}}
        found = ask("read the lock table", lambda: self._dynamodb.get_item(TableName=self._wanted.table, Key=lock_id))
        return str(found["Item"].get("Info", {}).get("S", "")) if found and "Item" in found else ""


def _destinations(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """The buckets that objects are copied to."""
    rules = answer.get("ReplicationConfiguration", {}).get("Rules", [])
    return tuple(str(rule["Destination"]["Bucket"]) for rule in rules if rule.get("Status") == "Enabled")


def _first_default(encryption: Mapping[str, Any]) -> Mapping[str, str]:
    rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default: Mapping[str, str] = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    return default
