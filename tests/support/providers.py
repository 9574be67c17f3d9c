"""Real providers, from a filesystem mirror: nothing is downloaded by a test.

TFOPS_PROVIDER_MIRROR names a folder in the layout of Terraform's filesystem mirrors:
`<host>/<namespace>/<type>/<version>/<platform>/`.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.provider.mirror import HOST

MIRROR = "TFOPS_PROVIDER_MIRROR"
_AWS = "registry.terraform.io/hashicorp/aws"
_HOW = (
    f"no AWS provider here: set {MIRROR} to a filesystem mirror that has it; in a folder whose main.tf requires "
    "hashicorp/aws, make one with: terraform providers mirror ~/terraform-mirror"
)

_SMALL = {
    "random": ("3.1.0", "3.6.3", "3.9.0"),
    "tls": ("4.2.1",),
    "local": ("2.9.0",),
    "null": ("3.2.4",),
    "time": ("0.13.1",),
}


def require_small_providers() -> Path:
    """The mirror, where it has random, tls, local, null and time in the versions that are tested, for the engine that
    the tests run with; else a skip that says what is missing. They are extra, in CI too."""
    mirror = Path(os.environ.get(MIRROR, "/nonexistent"))
    home = mirror / HOST / "hashicorp"
    missing = [f"{name} {one}" for name, wanted in _SMALL.items() for one in wanted if not _has(home / name, one)]
    if missing:
        what = f"{', '.join(missing)} of {HOST}/hashicorp"
        pytest.skip(f"no {what} here: set {MIRROR} to a filesystem mirror that has them")
    return mirror


def _has(folder: Path, version: str) -> bool:
    return (folder / version).is_dir() or any(folder.glob(f"*_{version}_*.zip"))


def require_aws_provider() -> Path:
    """The mirror. Without one: a failure in CI, a skip that says what to do on a laptop."""
    mirror = Path(os.environ.get(MIRROR, "/nonexistent"))
    if list((mirror / _AWS).glob("*")) and shutil.which("terraform"):
        return mirror
    message = _HOW if shutil.which("terraform") else "no terraform on PATH: the AWS provider is tested with it"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def use_mirror(folder: Path, mirror: Path) -> dict[str, str]:
    """The variables that make an engine take its providers from the mirror, through one cache for all."""
    config, cache = folder / "terraform.rc", folder / "plugin-cache"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    cache.mkdir(exist_ok=True)
    return {"TF_CLI_CONFIG_FILE": str(config), "TF_PLUGIN_CACHE_DIR": str(cache)}
