"""hvac ships no types; these are the parts that tfops uses."""

from hvac import exceptions as exceptions
from hvac.adapters import RawAdapter
from requests import Response, Session

class _KvV1:
    def read_secret(self, path: str, mount_point: str = ...) -> Response: ...

class _KvV2:
    def read_secret_version(
        self, path: str, *, mount_point: str = ..., raise_on_deleted_version: bool | None = ...
    ) -> Response: ...

class _Kv:
    v1: _KvV1
    v2: _KvV2

class _Secrets:
    kv: _Kv

class _AppRole:
    def login(
        self, role_id: str, secret_id: str | None = ..., *, use_token: bool = ..., mount_point: str = ...
    ) -> Response: ...

class _Jwt:
    def jwt_login(self, role: str, jwt: str, *, use_token: bool = ..., path: str | None = ...) -> Response: ...

class _Auth:
    approle: _AppRole
    jwt: _Jwt

class Client:
    token: str | None
    adapter: RawAdapter
    secrets: _Secrets
    auth: _Auth
    def __init__(
        self,
        url: str | None = ...,
        token: str | None = ...,
        *,
        cert: str | tuple[str, str] | None = ...,
        verify: bool | str = ...,
        timeout: int = ...,
        namespace: str | None = ...,
        session: Session | None = ...,
        adapter: type[RawAdapter] = ...,
    ) -> None: ...
