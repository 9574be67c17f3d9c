"""An AWS on loopback: moto's server as a process of its own, for everything that speaks AWS' protocol."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from tests.support.ports import free_port, wait_for_port

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

REGION = "eu-west-1"
ACCOUNT = "123456789012"  # moto's


@dataclass(frozen=True, slots=True)
class Moto:
    """A running server. `env` makes every AWS program use it, Terraform and its provider too."""

    address: str

    @property
    def env(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.address,
        }

    def s3(self) -> "S3Client":
        return boto3.client("s3", **self._options())

    def dynamodb(self) -> "DynamoDBClient":
        return boto3.client("dynamodb", **self._options())

    def ssm(self) -> "SSMClient":
        return boto3.client("ssm", **self._options())

    def secretsmanager(self) -> "SecretsManagerClient":
        return boto3.client("secretsmanager", **self._options())

    def make_bucket(self, name: str, *, region: str = REGION) -> None:
        where: Any = {"LocationConstraint": region}
        client: S3Client = boto3.client("s3", **self._options(region))
        client.create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def _options(self, region: str = REGION) -> dict[str, Any]:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return {"endpoint_url": self.address, "region_name": region} | keys


@contextlib.contextmanager
def serve_moto() -> Iterator[Moto]:
    port = free_port()
    argv = [sys.executable, "-W", "ignore", "-m", "tests.support.moto_server", str(port)]
    server = subprocess.Popen(
        argv, cwd=Path(__file__).parents[2], env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_port(port)
        yield Moto(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()
