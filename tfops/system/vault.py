"""The door to HashiCorp Vault and OpenBao: key-value stores of both versions, as `vault kv get` reads them."""

import re
import warnings
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from tfops.contacts import VaultLogin
from tfops.system.installation import command_to_add
from tfops.system.secret_stores import Found, Unavailable, parsed
from tfops.system.vault_setup import LOG_IN, Unreachable, connect, setting

if TYPE_CHECKING:
    from hvac import Client
    from requests import RequestException

_NOT_THERE = "create it, or look for a typing mistake"


def read_vault(
    paths: Sequence[str], *, mounts: Collection[str] = (), login: VaultLogin | None = None
) -> dict[str, Found]:
    """The keys of each path; the first part of a path, or more, is its mount.

    A mount that is no key-value store is read only when `mounts` names it: a token may well read its own record.
    """
    try:
        import hvac  # noqa: F401, PLC0415 - an extra, and 0.1 s
        from requests import RequestException  # noqa: PLC0415
        from urllib3.exceptions import InsecureRequestWarning  # noqa: PLC0415
    except ImportError:
        missing = Unavailable("hvac is not installed", command_to_add("hvac"))
        return dict.fromkeys(paths, missing)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)  # who sets VAULT_SKIP_VERIFY knows
        try:
            client = connect(login)
        except Unreachable as error:
            return dict.fromkeys(paths, error.reason)
        except RequestException as error:
            return dict.fromkeys(paths, _unanswered(error))
        return {path: _read(client, path, mounts) for path in paths}


def _read(client: "Client", path: str, mounts: Collection[str]) -> Found:
    from hvac import exceptions  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    try:
        return _keys(client, path, mounts)
    except exceptions.InvalidPath:
        return Unavailable("not found", _NOT_THERE)
    except (exceptions.Forbidden, exceptions.Unauthorized):
        return _denied(client, "access denied, or the token has expired")
    except exceptions.RateLimitExceeded:
        return Unavailable("Vault is throttling, also after several tries", "wait a minute and run it again")
    except exceptions.VaultError as error:
        return Unavailable(f"Vault refuses ({type(error).__name__})", "look at it: vault status")
    except RequestException as error:
        return _unanswered(error)


def _denied(client: "Client", why: str) -> Unavailable:
    return Unavailable(why if client.token else "access denied: there is no token", LOG_IN)


def _keys(client: "Client", path: str, mounts: Collection[str]) -> Found:
    from hvac import exceptions  # noqa: PLC0415

    try:
        mount, kind, version = _mount_of(client, path)
    except (exceptions.Forbidden, exceptions.InvalidPath):
        return _denied(client, "there is no such mount, or the token may read nothing below it")
    except ValueError:
        return Unavailable(f"what answers at {setting('ADDR').name} is not Vault", "check the address")
    if kind != "kv" and mount not in mounts:
        why = f"its mount `{mount}` is of type {kind}, not a key-value store"
        return Unavailable(why, "operations may allow it by name, in tfops.yaml: secrets.vault.mounts")
    name = path.removeprefix(mount).strip("/")
    if not name:
        return Unavailable("a mount is not a secret", "name a secret in it: MOUNT/NAME#key")
    if kind == "kv" and version == "2":
        return _second(client, mount, name)
    return _content(client.secrets.kv.v1.read_secret(name, mount_point=mount).text)


def _mount_of(client: "Client", path: str) -> tuple[str, str, str]:
    """(mount, type, version). Asked as the `vault` program does; it needs no permission but a token.

    Raises ValueError for an answer that Vault doesn't give.
    """
    data = _data(client.adapter.get(f"/v1/sys/internal/ui/mounts/{path}").text)
    options, mount, kind = data.get("options"), data.get("path"), data.get("type")
    if not isinstance(mount, str) or not isinstance(kind, str):
        raise ValueError("no mount")
    version = options.get("version") if isinstance(options, dict) else None
    return mount.strip("/"), kind, str(version or "1")


def _second(client: "Client", mount: str, name: str) -> Found:
    """The current version in a store of the second kind."""
    from hvac import exceptions  # noqa: PLC0415

    try:
        answer = client.secrets.kv.v2.read_secret_version(name, mount_point=mount, raise_on_deleted_version=True)
    except exceptions.InvalidPath as error:
        gone = _gone(error.text or "")
        if gone is not None:
            return gone
        first, _, rest = name.partition("/")
        if first in ("data", "metadata") and rest:
            hint = f"write the path that `vault kv get` takes: vault:{mount}/{rest}"
            return Unavailable(f"not found: `{first}/` is a part of the API's paths, not of a secret's", hint)
        raise
    return _content(answer.text, is_second=True)


def _gone(text: str) -> Unavailable | None:
    """Why the current version isn't there, when the store says so; None when there is no such secret."""
    try:
        metadata = _data(text).get("metadata")
    except ValueError:
        return None
    if not isinstance(metadata, dict):
        return None
    if metadata.get("destroyed"):
        return Unavailable("its current version is destroyed", "write it anew: vault kv put")
    return Unavailable("its current version is deleted", "vault kv undelete, or write it anew: vault kv put")


def _content(text: str, *, is_second: bool = False) -> Found:
    """What an answer holds."""
    try:
        data = _data(text)
    except ValueError:
        return Unavailable("the answer is not that of a key-value store", "look at it: vault kv get")
    if not is_second:
        return data
    inner = data.get("data")
    if isinstance(inner, dict):
        return inner
    return _gone(text) or Unavailable("the answer is not that of a key-value store", "look at it: vault kv get")


def _data(text: str) -> dict[str, Any]:
    """Raises ValueError when an answer has no `data`."""
    body = parsed(text)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise ValueError("no data")
    return data


_OURS = ("CLIENT_CERT", "CLIENT_KEY")

# (what OpenSSL says, what it means, the variables that it is about)
_TLS_REASONS = (
    (
        r"(Hostname|hostname|address) mismatch|doesn't match",
        "its certificate is for another name",
        ("TLS_SERVER_NAME",),
    ),
    (r"certificate has expired|not yet valid", "its certificate is not valid today", ("ADDR",)),
    (r"(?i)certificate.verify.failed", "its certificate is signed by nobody known here", ("CACERT", "CAPATH")),
    (
        r"(?i)certificate.required|handshake.failure|bad.certificate|unknown.ca",
        "it does not take our certificate",
        _OURS,
    ),
    (r"(?i)private key|key.values.mismatch|PEM lib", "our certificate and key can't be used", _OURS),
    (r"(?i)no certificate or crl|x509", "the file with the authorities can't be used", ("CACERT", "CAPATH")),
    (r"(?i)wrong.version|record.layer|unknown.protocol|http request", "it does not speak TLS", ("ADDR",)),
    (r"EOF occurred|reset by peer|Disconnected", "it breaks off, as a server does that wants a certificate", _OURS),
)


def _unanswered(error: "RequestException") -> Unavailable:
    """Nothing came back; where TLS is the reason, with the variable that decides it."""
    text, address = str(error), setting("ADDR")
    if address.value.startswith("https:"):
        for pattern, meaning, names in _TLS_REASONS:
            if re.search(pattern, text):
                said = ", ".join(setting(name).name for name in names)
                return Unavailable(f"no TLS connection to Vault: {meaning} ({said})", f"see to {said}")
    why = f"Vault does not answer ({type(error).__name__})"
    return Unavailable(why, f"check {address.name} and the network")
