"""The door to AWS. boto3 takes 0.13 s to import, so it is imported when something is really asked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

from tfops.dataclass import dataclass
from tfops.errors import Refused
from tfops.records.card import AwsCaller
from tfops.system import environ

if TYPE_CHECKING:
    from boto3.session import Session
    from botocore.config import Config
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

Answer = TypeVar("Answer")

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 20
_ATTEMPTS = 3

_HINTS = (
    (
        r"NoCredentials|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch",
        "log in: aws sso login, or set AWS_PROFILE or AWS_ACCESS_KEY_ID",
    ),
    (r"Expired", "the credentials have expired: log in again"),
    (r"NoRegion", "name one: region of the environment in tfops.yaml, or AWS_REGION"),
    (r"ProfileNotFound", "look at the profiles in ~/.aws/config"),
    (
        r"AccessDenied|Forbidden|^403$",
        "the identity lacks this permission, or it is another account's: tfops docs aws",
    ),
    (r"SlowDown|Throttl|RequestLimit", "AWS is throttling: wait a minute and run it again"),
    (
        r"EndpointConnection|ConnectTimeout|ReadTimeout|ConnectionClosed",
        "check the network, and AWS_ENDPOINT_URL if it is set",
    ),
)


class AwsRefused(Refused):
    """AWS said no, or nothing; `code` is its own word for why."""

    def __init__(self, doing: str, *, code: str, why: str) -> None:
        hint = next((hint for pattern, hint in _HINTS if re.search(pattern, code)), "")
        super().__init__("aws", f"could not {doing}", why=why, hint=hint)
        self.code = code


def ask(doing: str, question: Callable[[], Answer], *, absent: frozenset[str] = frozenset()) -> Answer | None:
    """The answer; None when AWS says with one of the codes in `absent` that there is none.

    Raises AwsRefused for everything else that goes wrong, also for missing credentials.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return question()
    except ClientError as error:
        details = error.response.get("Error", {})
        code = details.get("Code", "") or "unknown"
        if code in absent:
            return None
        raise AwsRefused(doing, code=code, why=f"{code}: {details.get('Message', '')}".rstrip(": ")) from error
    except BotoCoreError as error:
        raise AwsRefused(doing, code=type(error).__name__, why=str(error)) from error


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach AWS, in the words of Terraform's settings; empty means the usual chain."""

    region: str = ""
    profile: str = ""
    role: Mapping[str, Any] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    is_path_style: bool = False

    def s3(self) -> "S3Client":
        return self._session().client("s3", endpoint_url=self.endpoints.get("s3"), config=self._config())

    def dynamodb(self) -> "DynamoDBClient":
        return self._session().client("dynamodb", endpoint_url=self.endpoints.get("dynamodb"), config=self._config())

    def ssm(self) -> "SSMClient":
        return self._session().client("ssm", endpoint_url=self.endpoints.get("ssm"), config=self._config())

    def secretsmanager(self) -> "SecretsManagerClient":
        endpoint = self.endpoints.get("secretsmanager")
        return self._session().client("secretsmanager", endpoint_url=endpoint, config=self._config())

    def caller(self) -> AwsCaller:
        """The identity behind the credentials, role taken. Needs no permission."""

        def question() -> AwsCaller:
            client = self._session().client("sts", endpoint_url=self.endpoints.get("sts"), config=self._config())
            answer = client.get_caller_identity()
            return AwsCaller(answer["Account"], answer["Arn"])

        caller = ask("find out who we are in AWS", question)
        assert caller is not None
        return caller

    @property
    def told_region(self) -> str:
        """The region as settings, variables or the profile say it; empty where nothing does."""
        import boto3  # noqa: PLC0415

        return self._region or str(boto3.Session(profile_name=self.profile or None).region_name or "")

    @property
    def _region(self) -> str:
        return self.region or environ.variable("AWS_REGION") or environ.variable("AWS_DEFAULT_REGION") or ""

    def _session(self) -> "Session":
        import boto3  # noqa: PLC0415

        region = self._region
        session = boto3.Session(profile_name=self.profile or None, region_name=region or None)
        return self._with_role(session) if self.role else session

    def _with_role(self, session: "Session") -> "Session":
        import boto3  # noqa: PLC0415

        client = session.client("sts", endpoint_url=self.endpoints.get("sts"), config=self._config())
        wanted: dict[str, Any] = {
            "RoleArn": self.role["role_arn"],
            "RoleSessionName": self.role.get("session_name", "tfops"),
        }
        if self.role.get("external_id"):
            wanted["ExternalId"] = self.role["external_id"]
        found = client.assume_role(**wanted)["Credentials"]
        return boto3.Session(
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
            region_name=session.region_name,
        )

    def _config(self) -> "Config":
        from botocore.config import Config  # noqa: PLC0415

        return Config(
            connect_timeout=_CONNECT_TIMEOUT_S,
            read_timeout=_READ_TIMEOUT_S,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path"} if self.is_path_style else None,
        )


def access_of(settings: Mapping[str, Any]) -> Access:
    """The access that an S3 backend's or the AWS provider's settings describe."""
    role, endpoints = settings.get("assume_role") or {}, settings.get("endpoints") or {}
    return Access(
        region=str(settings.get("region") or ""),
        profile=str(settings.get("profile") or ""),
        role=role[0] if isinstance(role, list) else role,
        endpoints=endpoints[0] if isinstance(endpoints, list) else endpoints,
        is_path_style=bool(settings.get("use_path_style")),
    )
