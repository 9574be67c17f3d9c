"""The real sops, with a key of the test's own."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.age import new_age_key


@dataclass(frozen=True, slots=True)
class Sops:
    """A key that was made for this test. `env` lets sops and whoever starts it decrypt."""

    program: str
    private: str
    public: str

    @property
    def env(self) -> dict[str, str]:
        path = f"{Path(self.program).parent}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "SOPS_AGE_KEY": self.private}

    def encrypt(self, name: str, text: str) -> str:
        """The text as sops would write it into a file of that name."""
        argv = [self.program, "encrypt", "--age", self.public, "--filename-override", name]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
        return done.stdout


def new_sops() -> Sops:
    """Skips the test without sops on a laptop, and fails it in CI."""
    program = shutil.which("sops", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        message = "sops is not installed: make setup"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return Sops(program, *new_age_key())
