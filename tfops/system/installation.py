"""How this tfops came to this machine, and how a package is put beside it.

Sources: the metadata that installers leave (PEP 610: `direct_url.json`, PEP 376: `INSTALLER`), and the files by which
pipx and uv mark an environment that they made for one program.
"""

import json
import shlex
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tfops.dataclass import dataclass

# On the public index `tfops` is another project: never name it to an installer.
DISTRIBUTION = "tfops-cli"
_NAMESAKE = "tfops"
_SCRIPT = "tfops.cli:main"


@dataclass(frozen=True, slots=True)
class Installation:
    """Who installed it (`pip`, `uv`, `pipx`, `uv tool`; empty: nobody says) and from where, without credentials."""

    installer: str
    origin: str

    def __str__(self) -> str:
        return f"by {self.installer} from {self.origin}" if self.installer else f"from {self.origin}"


def installation(prefix: Path | None = None) -> Installation:
    """Where the running tfops was installed from. `prefix` is the environment, by default this Python's."""
    found = _distribution(DISTRIBUTION)
    if found is None:
        return Installation("", f"the files in {Path(__file__).parent.parent.parent}, nobody installed it")
    installer = _tool(prefix or Path(sys.prefix)) or (found.read_text("INSTALLER") or "").strip()
    return Installation(installer, _origin(found.read_text("direct_url.json")))


def namesake() -> str:
    """The version of the other project called tfops, where it is installed too: it may have overwritten our files."""
    found = _distribution(_NAMESAKE)
    if found is None or any(point.value == _SCRIPT for point in found.entry_points):
        return ""
    return found.version


def command_to_add(package: str, prefix: Path | None = None) -> str:
    """The command that puts a package into the environment in which this tfops runs."""
    way, python = installation(prefix).installer, shlex.quote(sys.executable)
    if way == "pipx":
        return f"pipx inject {DISTRIBUTION} {package}"
    if way.startswith("uv"):
        return f"uv pip install --python {python} {package}"
    return f"{python} -m pip install {package}"


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _tool(prefix: Path) -> str:
    if (prefix / "pipx_metadata.json").is_file():
        return "pipx"
    return "uv tool" if (prefix / "uv-receipt.toml").is_file() else ""


def _origin(direct_url: str | None) -> str:
    if not direct_url:
        return "a package index"
    try:
        return _describe(json.loads(direct_url))
    except (ValueError, TypeError, AttributeError, KeyError):
        return "a place that its metadata does not name"


def _describe(direct: dict[str, Any]) -> str:
    place = _without_credentials(str(direct["url"]))
    if "vcs_info" in direct:
        return f"{direct['vcs_info']['vcs']}+{place} at {str(direct['vcs_info']['commit_id'])[:12]}"
    if direct.get("dir_info", {}).get("editable"):
        return f"the checkout {place} (editable: what lies there runs)"
    return place


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
