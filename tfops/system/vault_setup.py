"""How HashiCorp Vault and OpenBao are reached: their own variables, as the `vault` and `bao` programs read them.

https://developer.hashicorp.com/vault/docs/commands#environment-variables
"""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfops.contacts import VaultLogin
from tfops.dataclass import dataclass
from tfops.system import environ
from tfops.system.secret_stores import Unavailable

if TYPE_CHECKING:
    from ssl import SSLContext

    from hvac import Client
    from requests import Session

_TIMEOUT_S = 10
_ATTEMPTS = 4

LOG_IN = "log in: vault login, or set VAULT_ADDR and VAULT_TOKEN"
_TRUE, _FALSE = ("1", "t", "T", "true", "True", "TRUE"), ("", "0", "f", "F", "false", "False", "FALSE")


class Unreachable(Exception):
    """Why no secret of Vault can be had at all."""

    def __init__(self, why: str, hint: str = LOG_IN) -> None:
        super().__init__(why)
        self.reason = Unavailable(why, hint)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and the variable that it came from."""

    name: str
    value: str

    @property
    def path(self) -> str:
        """Raises Unreachable when the file or folder that it names isn't there."""
        if not Path(self.value).exists():
            raise Unreachable(f"{self.name} names what is not there: {self.value}", f"fix or unset {self.name}")
        return self.value


def setting(name: str) -> Setting:
    """`VAULT_<name>`, else OpenBao's `BAO_<name>`; the value is empty when neither is set. Raises Unreachable."""
    for variable in (f"VAULT_{name}", f"BAO_{name}"):
        value = environ.variable(variable)
        if value and name != "TOKEN" and not value.isprintable():
            raise Unreachable(f"{variable} holds a line end or another control character", f"set {variable} anew")
        if value:
            return Setting(variable, value)
    return Setting(f"VAULT_{name}", "")


def connect(login: VaultLogin | None) -> "Client":
    """A client with a token. Raises Unreachable."""
    from hvac import Client  # noqa: PLC0415 - an extra, and 0.1 s
    from hvac.adapters import RawAdapter  # noqa: PLC0415

    address = setting("ADDR")
    if not address.value:
        raise Unreachable("VAULT_ADDR is not set")
    if not re.match(r"https?://[^/]", address.value):
        raise Unreachable(f"{address.name} is not an address", f"for instance: {address.name}=https://vault:8200")
    session = _session()
    client = Client(
        url=address.value,
        token="",
        namespace=setting("NAMESPACE").value or None,
        cert=session.cert,
        verify=session.verify,
        timeout=_TIMEOUT_S,
        session=session,
        adapter=RawAdapter,  # the answer as it is written: decoded by hvac, numbers would change
    )
    client.token = _token(client, login)
    return client


def _session() -> "Session":
    import requests  # noqa: PLC0415 - comes with hvac
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3 import Retry  # noqa: PLC0415

    name, authorities = setting("TLS_SERVER_NAME").value, _authorities()
    options: dict[str, Any] = {"server_hostname": name, "assert_hostname": name} if name else {}
    options |= {"ssl_context": authorities} if authorities else {}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **more: Any) -> None:
            super().init_poolmanager(connections, maxsize, block, **more, **options)

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            super().cert_verify(conn, url, verify, cert)
            if authorities:
                conn.ca_certs = conn.ca_cert_dir = None  # else the usual ones count too

    retries = Retry(total=_ATTEMPTS - 1, status_forcelist=[429, 502, 503], backoff_factor=0.3, raise_on_status=False)
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retries))
    session.mount("https://", Adapter(max_retries=retries))
    session.verify = _trusted()
    certificate, key = setting("CLIENT_CERT"), setting("CLIENT_KEY")
    if certificate.value:
        session.cert = (certificate.path, key.path) if key.value else certificate.path
    return session


def _trusted() -> str | bool:
    """What a server's certificate is held against: a file of authorities, True for the usual ones."""
    skip = setting("SKIP_VERIFY")
    if skip.value in _TRUE:
        return False
    if skip.value not in _FALSE:
        raise Unreachable(f"{skip.name} is neither true nor false", f"fix or unset {skip.name}")
    if setting("CACERT").value:
        return setting("CACERT").path
    usual = "SSL_CERT_FILE"  # as Go programs do; requests doesn't
    return Setting(usual, environ.variable(usual)).path if environ.variable(usual) else True


def _authorities() -> "SSLContext | None":
    """Those in the folder of VAULT_CAPATH, whatever its files are called: OpenSSL alone wants them named by digests."""
    folder = setting("CAPATH")
    if not folder.value or setting("CACERT").value or _trusted() is False:
        return None
    from ssl import PROTOCOL_TLS_CLIENT, SSLContext, SSLError  # noqa: PLC0415

    context = SSLContext(PROTOCOL_TLS_CLIENT)
    for file in sorted(Path(folder.path).rglob("*")):
        with contextlib.suppress(SSLError):  # what is no certificate lies there too
            if file.is_file():
                context.load_verify_locations(file)
    if not context.get_ca_certs():
        raise Unreachable(f"{folder.name} holds no certificate: {folder.value}", f"fix or unset {folder.name}")
    return context


def _token(client: "Client", login: VaultLogin | None) -> str | None:
    """The token of the environment, else one for who runs us, else what `vault login` left."""
    given = setting("TOKEN")
    if given.value:
        return _sound(given.value, given.name)
    values = {name: environ.variable(variable) for name, variable in (login.variables if login else {}).items()}
    if login and all(values.values()):
        return _logged_in(client, login, values)
    path = environ.home() / ".vault-token"
    if path.is_file():
        return _sound(path.read_text(encoding="utf-8", errors="replace").strip(), str(path))
    if login:
        missing = [login.variables[name] for name, value in values.items() if not value]
        raise Unreachable(f"there is no token, and nothing to log in with: {', '.join(missing)} is not set")
    return None  # an agent in front of Vault may add one


def _sound(token: str, source: str) -> str:
    if not re.fullmatch(r"[!-~]+", token):
        raise Unreachable(
            f"the token in {source} has a line end, a space or another character that no token has",
            f"set {source} anew, with the token alone",
        )
    return token


def _logged_in(client: "Client", login: VaultLogin, values: Mapping[str, str]) -> str:
    """A token by AppRole, or by the token that a CI's OIDC gives its jobs. Raises Unreachable."""
    from hvac import exceptions  # noqa: PLC0415

    try:
        if login.method == "approle":
            answer = client.auth.approle.login(
                values["role_id"], values["secret_id"], use_token=False, mount_point=login.mount
            )
        else:
            answer = client.auth.jwt.jwt_login(login.role, values["token"], use_token=False, path=login.mount)
        return _sound(str(answer.json()["auth"]["client_token"]), f"the answer of auth/{login.mount}")
    except exceptions.VaultError as error:
        why = f"the login at auth/{login.mount} is refused ({type(error).__name__})"
        names = ", ".join(login.variables.values())
        raise Unreachable(why, f"check {names}, and secrets.vault.{login.method} in tfops.yaml") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"the answer of auth/{login.mount} holds no token", "look at it: vault login") from error
