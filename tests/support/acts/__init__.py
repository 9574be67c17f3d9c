"""A provider with an action, in Go: built once per machine where Go is."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support.provider.mirror import HOSTS, platform_name

_FOLDER = Path(__file__).parent
_ADDRESS = "tfops/acts"


def require_acts_provider(mirror: Path) -> None:
    """Put the provider into a filesystem mirror. Without Go: a failure in CI, a skip that says what to do elsewhere."""
    if shutil.which("go") is None:
        message = "no Go here, which builds the provider with an action: install Go 1.25 or newer"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    for host in HOSTS:
        path = mirror / host / _ADDRESS / "1.0.0" / platform_name() / "terraform-provider-acts_v1.0.0"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(_built(), path)


def _built() -> Path:
    """Go itself knows whether anything changed since it was built last."""
    folder = Path(tempfile.gettempdir(), f"tfops-acts-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    program = folder / "terraform-provider-acts"
    with FileLock(folder / "lock"):
        subprocess.run(
            ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(program), "."],
            cwd=_FOLDER,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
            check=True,
        )
    return program
