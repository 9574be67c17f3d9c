"""Where the engine finds the provider: a filesystem mirror, named by a CLI config file."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.provider.host import launcher

# Terraform looks for `tfops/demo` at the first host, OpenTofu at the second.
HOSTS = ("registry.terraform.io", "registry.opentofu.org")
_HOME = "tfops"
# Where the engine that the tests run with looks.
HOST = HOSTS[os.environ.get("TFOPS_TEST_ENGINE") == "tofu"]
ADDRESS = f"{HOST}/{_HOME}/demo"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def platform_name() -> str:
    """As filesystem mirrors name this machine: `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{sys.platform}_{_MACHINES.get(machine, machine)}"


@dataclass(frozen=True, slots=True)
class Mirror:
    """A folder of provider versions; an engine without a lock takes the newest one there."""

    folder: Path
    door: Path

    def add(self, version: str, *, name: str = "demo", build: str = "") -> None:
        """The same provider may stand at several addresses; each `build` has other checksums."""
        for host in HOSTS:
            file = f"terraform-provider-{name}_v{version}"
            path = self.folder / host / _HOME / name / version / platform_name() / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(launcher(self.door, version) + (f"# {build}\n" if build else ""))
            path.chmod(0o755)

    def cli_config(self) -> Path:
        """The file for TF_CLI_CONFIG_FILE: providers come from the mirror and from nowhere else."""
        path = self.folder.with_name("cli.tfrc")
        path.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{self.folder}" }}\n}}\n')
        return path
