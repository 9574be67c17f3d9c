"""How programs outside are reached, as operations say in tfops.yaml. Only names of variables, never secrets."""

from collections.abc import Mapping

from tfops.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class TellRule:
    """Whom the agent tells what: `url_env` and `secret_env` name the variables that hold the address and the secret.

    `to` is a shape (`json`, `slack`, `teams`); no `environments` means all.
    """

    to: str
    url_env: str
    secret_env: str = ""
    events: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    template: str = ""
    per_minute: int = 20


@dataclass(frozen=True, slots=True)
class VaultLogin:
    """How a run without a token of Vault gets one: the `method` (`approle`, `jwt`) and where it is mounted.

    `variables` are those of our own environment that hold what it takes: `role_id` and `secret_id`, or the `token` for
    the `role`.
    """

    method: str
    mount: str
    variables: Mapping[str, str]
    role: str = ""
