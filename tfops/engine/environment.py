"""What the engine's process may see: an allow-list, so that nothing inherited steers a plan.

An inherited `TF_CLI_ARGS_plan=-destroy` works, `TF_LOG` writes secrets, `TF_VAR_*` beats a file:
every TF_* that isn't ours is dropped.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tfops.system import environ

_EXACT = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TEMP", "TMP",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK", "NETRC",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
        "KUBECONFIG", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE", "PG_CONN_STR",
    }
)  # fmt: skip

_HARMLESS = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "TEMP", "TMP"})

# Credentials and endpoints of clouds and of Terraform's own backends.
_PREFIXES = (
    "LC_", "XDG_", "AWS_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_", "ARM_", "AZURE_", "KUBE_", "CONSUL_",
    "VAULT_", "ALICLOUD_", "OCI_", "TENCENTCLOUD_", "DIGITALOCEAN_", "CLOUDFLARE_", "HCLOUD_",
    "TF_TOKEN_", "TF_HTTP_",
)  # fmt: skip

ENCRYPTION = "TF_ENCRYPTION"

# https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_workspace
WORKSPACE = "TF_WORKSPACE"

_COLLECTOR = ("GOGC", "GOMEMLIMIT")
UNTIDY = {"GOGC": "400"}
_ROOMY = 4 << 30  # a large provider takes 700 MB, and there may be several, and several engines

_ALWAYS = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}


def base_environment(more: Sequence[str] = ()) -> dict[str, str]:
    """The allowed part of our own environment; `more` are names or `PREFIX_*` from tfops.yaml."""
    allowed = {name: value for name, value in environ.everything().items() if _is_allowed(name, more)}
    return allowed | cli_config() | _ALWAYS


def bare_environment() -> dict[str, str]:
    """What an engine needs to start, and nothing that opens a door: for runs that ask it about a stranger's commit."""
    found = environ.everything().items()
    return {name: value for name, value in found if name in _HARMLESS or name.startswith("LC_")} | _ALWAYS


def _is_allowed(name: str, more: Sequence[str]) -> bool:
    if name in _EXACT or name in _forges_variables() or name.startswith(_PREFIXES):
        return True
    return any(name.startswith(item[:-1]) if item.endswith("*") else name == item for item in more)


@cache
def _forges_variables() -> frozenset[str]:
    from tfops.forge.known import FORGES  # noqa: PLC0415 - what starts no engine needs none of it

    return frozenset(name for forge in FORGES for name in forge.engine_variables)


def cli_config() -> dict[str, str]:
    """TF_CLI_CONFIG_FILE, when the file is there: a missing one makes every run print a warning."""
    path = environ.variable("TF_CLI_CONFIG_FILE")
    return {"TF_CLI_CONFIG_FILE": path} if path and Path(path).is_file() else {}


def missing_cli_config() -> str:
    """The path in TF_CLI_CONFIG_FILE when no file is there; empty otherwise."""
    path = environ.variable("TF_CLI_CONFIG_FILE")
    return path if path and not Path(path).is_file() else ""


def engine_environment(*, more: Sequence[str], secrets: Mapping[str, str], plugin_cache: Path) -> dict[str, str]:
    """The whole environment of a run. `secrets` are variable names of the rendered root and values."""
    ours = {"TF_PLUGIN_CACHE_DIR": str(plugin_cache)} | variable_environment(secrets)
    return base_environment(more) | state_encryption() | memory_use(environ.free_memory()) | ours


# Of the free memory, for an engine and its providers: others want some, too.
_SHARES = 4


def memory_use(free: int | None) -> dict[str, str]:
    """How eagerly Go tidies up the memory of engine and providers; `free` are the machine's bytes that are.

    A run is short and then gone: with room enough it tidies up for nothing (measured: docs/explanation/engine.md).
    What the user has set stays.

    https://go.dev/doc/gc-guide
    """
    own = {name: environ.variable(name) for name in _COLLECTOR if environ.is_set(name)}
    shares = max(_SHARES, environ.side_by_side())
    if own or free is None or free < _ROOMY * shares // _SHARES:
        return own
    return {**UNTIDY, "GOMEMLIMIT": str(free // shares)}


def state_encryption() -> dict[str, str]:
    """TF_ENCRYPTION, where it is set: OpenTofu's `encryption` block, passphrases included. For engines that read or
    write states, and for nobody else.

    https://opentofu.org/docs/language/state/encryption/#configuration
    """
    text = environ.variable(ENCRYPTION)
    return {ENCRYPTION: text} if text.strip() else {}


def variable_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Values of the root's variables as the engine takes them from its environment."""
    return {f"TF_VAR_{name}": value for name, value in values.items()}
