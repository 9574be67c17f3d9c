"""The door to HashiCorp Vault and OpenBao: key-value stores of both versions, as `vault kv get` reads them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.system import environ
from tfops.system.installation import command_to_add
from tfops.system.secret_stores import Found, Unavailable

if TYPE_CHECKING:
    from hvac import Client

_TIMEOUT_S = 10
_ATTEMPTS = 4

_LOG_IN = "log in: vault login, or set VAULT_ADDR and VAULT_TOKEN"


def read_vault(paths: Sequence[str]) -> dict[str, Found]:
    """The keys of each path; the first part of a path, or more, is its mount."""
    try:
        import hvac  # noqa: F401, PLC0415 - an extra, and 0.1 s
    except ImportError:
        missing = Unavailable("hvac is not installed", command_to_add("hvac"))
        return dict.fromkeys(paths, missing)
    if not environ.variable("VAULT_ADDR"):
        return dict.fromkeys(paths, Unavailable("VAULT_ADDR is not set", _LOG_IN))
    client = _client()
    return {path: _read(client, path) for path in paths}


def _client() -> "Client":
    import requests  # noqa: PLC0415 - comes with hvac
    from hvac import Client  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3 import Retry  # noqa: PLC0415

    retries = Retry(total=_ATTEMPTS - 1, status_forcelist=[429, 502, 503], backoff_factor=0.3, raise_on_status=False)
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retries))
    return Client(
        url=environ.variable("VAULT_ADDR"),
        token=environ.variable("VAULT_TOKEN") or _saved_token(),
        namespace=environ.variable("VAULT_NAMESPACE") or None,
        verify=environ.variable("VAULT_CACERT") or True,
        timeout=_TIMEOUT_S,
        session=session,
    )


def _saved_token() -> str | None:
    """What `vault login` left."""
    path = environ.home() / ".vault-token"
    return _text(path) if path.is_file() else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _read(client: "Client", path: str) -> Found:
    from hvac import exceptions  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    try:
        return _keys(client, path)
    except exceptions.InvalidPath:
        return Unavailable("not found", "create it, or look for a typing mistake")
    except (exceptions.Forbidden, exceptions.Unauthorized):
        return Unavailable("access denied, or the token has expired", _LOG_IN)
    except exceptions.RateLimitExceeded:
        return Unavailable("Vault is throttling, also after several tries", "wait a minute and run it again")
    except exceptions.VaultError as error:
        return Unavailable(f"Vault refuses ({type(error).__name__})", "look at it: vault status")
    except RequestException as error:
        return Unavailable(f"Vault does not answer ({type(error).__name__})", "check VAULT_ADDR and the network")


def _keys(client: "Client", path: str) -> Found:
    mount, is_second = _mount_of(client, path)
    name = path.removeprefix(mount).strip("/")
    answer: Any = client.read(f"{mount.strip('/')}/data/{name}" if is_second else path)
    if answer is None:
        return Unavailable("not found", "create it, or look for a typing mistake")
    data = answer["data"]["data"] if is_second else answer["data"]
    return data if isinstance(data, dict) else Unavailable("its current version is deleted", "vault kv undelete")


def _mount_of(client: "Client", path: str) -> tuple[str, bool]:
    """(mount, whether it is of version 2). Asked as the `vault` program does; it needs no permission but a token."""
    from hvac import exceptions  # noqa: PLC0415

    try:
        answer: Any = client.read(f"sys/internal/ui/mounts/{path}")
    except exceptions.InvalidPath:
        answer = None
    if answer is None:  # a server that doesn't know the question has the first version
        return re.sub(r"/.*", "/", path), False
    data = answer["data"]
    return str(data["path"]), (data.get("options") or {}).get("version") == "2"
