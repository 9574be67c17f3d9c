"""What other repositories use of this one: the action, and the hook of pre-commit."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.test_documents_commands import wrong_with

TOP = Path(__file__).parent.parent.parent


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Stand-ins for `pip` and `tfops` that say what they were given, a word a line."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("pip", "tfops"):
        (folder / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def _run(step: dict[str, Any], programs: Path, **variables: str) -> list[str]:
    env = {"PATH": f"{programs}:/usr/bin:/bin", **variables}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        env=env, cwd=programs, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def _action() -> Any:
    return YAML(typ="safe").load(TOP / "action.yml")


def test_the_action_installs_what_it_is_pinned_to_and_hands_over_the_words(programs: Path) -> None:
    setup, install, run = _action()["runs"]["steps"]
    assert setup["uses"].startswith("actions/setup-python@")
    given = _run(install, programs, GITHUB_ACTION_PATH="/actions/ops tfops/abc", EXTRAS="terraform,vault")
    assert given == ["install", "/actions/ops tfops/abc[terraform,vault]"]
    assert _run(run, programs, COMMAND="apply dev --yes\n--wait 10m") == ["apply", "dev", "--yes", "--wait", "10m"]
    assert _run(run, programs, COMMAND="apply *; touch x $(id)") == ["apply", "*;", "touch", "x", "$(id)"]


def test_no_input_of_the_action_is_part_of_a_script() -> None:
    action = _action()
    assert not any("${{" in step.get("run", "") for step in action["runs"]["steps"])
    named = set(re.findall(r"inputs\.([a-z-]+)", str(action["runs"])))
    assert named == set(action["inputs"]), "every input is used, and none is made up"


def test_the_hook_checks_what_validate_reads() -> None:
    (hook,) = YAML(typ="safe").load(TOP / ".pre-commit-hooks.yaml")
    assert hook["id"] == "tfops-validate" and wrong_with(hook["entry"]) == ""
    assert not hook["pass_filenames"], "a file's name would be taken for an environment's"
    seen = ["tfops.yaml", "environments/dev.yaml", "environments/prod/app.yaml", "modules/network/main.tf"]
    assert all(re.search(hook["files"], path) for path in seen)
    assert not any(re.search(hook["files"], path) for path in ("README.md", "docs/tfops.yaml", "old/modules/x.tf"))
