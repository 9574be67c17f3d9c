"""What the shell completes (docs/how-to/install.md#completion): in a clone as it is, without engine or remote."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git.conftest import git

_RULES = """\
version: 1
environments:
  dev: {branch: main}
  perf: {rehearses: prod}
  prod: {branch: main}
"""


@pytest.fixture
def project(here: Path) -> Path:
    (here / "tfops.yaml").write_text(_RULES)
    for name in ("environments/prod/app.yaml", "environments/prod/network.yaml", "legacy/a/main.tf"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("")
    (here / "inventory.json").write_text(json.dumps({"module.db.x.main": "i-1", 'module.net.y.s["a"]': "", "z.z": ""}))
    git(here, "add", "inventory.json")
    git(here, "update-ref", "refs/tfops/envs/prod", git(here, "commit-tree", "-m", "Event", git(here, "write-tree")))
    for version in (1, 2):
        git(here, "tag", "-m", "a version", f"tfops/prod/v{version}", "HEAD")
    return here


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("apply prod --allow-destroy module.", ["module.db.x.main", 'module.net.y.s["a"]']),
        ("drill p", ["perf", "prod"]),
        ("drill prod v", ["v2", "v1"]),
        ("drill prod v1 --in ", ["dev", "perf", "prod"]),
        ("plan dev --engine emb", ["embedded"]),
        ("plan prod --stack ", ["app", "network"]),
        ("state restore prod v", ["v2", "v1"]),
        ("adopt d", ["dev"]),
        ("adopt dev leg", ["legacy/"]),
        ("adopt dev legacy/", ["legacy/a"]),
        ("adopt dev legacy/a --branch ", ["main"]),
        ("status pr", ["prod"]),
        ("docs go", ["go-back"]),
        ("help rol", ["rollback"]),
    ],
)
def test_the_shell_completes_what_is_there(project: Path, *, typed: str, offered: list[str]) -> None:
    words = ["tfops", *typed.split(" ")]
    env = {
        **os.environ,
        "_TFOPS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    argv = [sys.executable, "-c", "import sys; sys.argv = ['tfops']; from tfops.cli import main; main()"]
    done = subprocess.run(argv, env=env, cwd=project, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == offered
