"""A clone that a test writes and commits in."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


class Checkout:
    """`env` is what Git gets; None: this process's environment."""

    def __init__(self, path: Path, env: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._git_env = env

    def git(self, *argv: str) -> str:
        """Run Git here; fails the test when Git does."""
        command = ["git", "-C", str(self.path), *argv]
        done = subprocess.run(command, env=self._git_env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str = "Change") -> str:
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")
