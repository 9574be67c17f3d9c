"""The reference modules: their own tests pass, their pages tell the truth, the environments fit them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.providers import require_aws_provider, use_mirror
from tfops.config.modules.interface import module_texts
from tfops.config.modules.module import read_interface

TOP = Path(__file__).parents[2]
MODULES = sorted(path.name for path in (TOP / "modules").iterdir() if path.is_dir())


@pytest.mark.parametrize("name", MODULES)
def test_a_modules_page_lists_its_inputs_and_outputs(name: str) -> None:
    interface = read_interface(module_texts(TOP / "modules" / name))
    page = (TOP / "modules" / name / "README.md").read_text()
    inputs, _, outputs = page.partition("## Inputs")[2].partition("## Outputs")
    assert re.findall(r"^\| `(\w+)` \|", inputs, re.MULTILINE) == list(interface.variables)
    assert re.findall(r"^\| `(\w+)` \|", outputs, re.MULTILINE) == list(interface.outputs)
    for variable in interface.variables.values():
        assert variable.description in inputs


@pytest.mark.timeout(600)
def test_every_modules_own_tests_pass(tmp_path: Path) -> None:
    """Offline: the provider is there for its schema, and mocked."""
    mirror = require_aws_provider()
    env = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    env |= use_mirror(tmp_path, mirror) | {"CHECKPOINT_DISABLE": "1"}
    assert MODULES == ["network", "service", "site", "storage"]
    for name in MODULES:
        folder = tmp_path / name
        shutil.copytree(TOP / "modules" / name, folder)
        for argv in (["init", "-input=false"], ["test"]):
            done = subprocess.run(
                ["terraform", *argv, "-no-color"], cwd=folder, env=env, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"Success! \d+ passed, 0 failed", done.stdout)
    formatted = ["terraform", "fmt", "-check", "-recursive", str(TOP / "modules")]
    assert subprocess.run(formatted, env=env, capture_output=True, check=False).returncode == 0
