"""What other repositories use of this one: the action, and the hook of pre-commit."""

import json
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
    hook, _ = YAML(typ="safe").load(TOP / ".pre-commit-hooks.yaml")
    assert hook["id"] == "tfops-validate" and wrong_with(hook["entry"]) == ""
    assert not hook["pass_filenames"], "a file's name would be taken for an environment's"
    seen = ["tfops.yaml", "environments/dev.yaml", "environments/prod/app.yaml", "modules/network/main.tf"]
    assert all(re.search(hook["files"], path) for path in seen)
    assert not any(re.search(hook["files"], path) for path in ("README.md", "docs/tfops.yaml", "old/modules/x.tf"))


def test_the_other_hook_is_given_the_files_that_fmt_takes() -> None:
    _, hook = YAML(typ="safe").load(TOP / ".pre-commit-hooks.yaml")
    assert hook["id"] == "tfops-fmt" and wrong_with(f"{hook['entry']} tfops.yaml environments/dev.yaml") == ""
    assert hook.get("pass_filenames", True)
    seen = ["tfops.yaml", "environments/dev.yaml", "environments/prod/app.yml"]
    assert all(re.search(hook["files"], path) for path in seen)
    assert not any(re.search(hook["files"], path) for path in ("x/tfops.yaml", "environments/dev.lock.hcl"))


def _called() -> Any:
    return YAML(typ="safe").load(TOP / ".github/workflows/run.yml")


def _component() -> tuple[dict[str, Any], dict[str, Any]]:
    spec, job = YAML(typ="safe").load_all(TOP / "templates/tfops.yml")
    return spec["spec"]["inputs"], job


def test_the_workflow_to_call_installs_and_hands_over_the_words(programs: Path) -> None:
    steps = _called()["jobs"]["tfops"]["steps"]
    (programs / "git").write_text("#!/bin/sh\n")
    (programs / "git").chmod(0o755)
    install, run = (step for step in steps if "run" in step)
    given = _run(install, programs, EXTRAS="forge", SOURCE="https://git.example.com/t.git", COMMIT="abc")
    assert given == ["install", "tfops-cli[forge] @ git+https://git.example.com/t.git@abc"]
    assert _run(run, programs, COMMAND="apply prod * $(id)") == ["apply", "prod", "*", "$(id)"]
    assert not any("${{" in step.get("run", "") for step in steps), "no input is part of a script"


def test_what_the_published_jobs_take_is_used_and_documented() -> None:
    workflow, (inputs, job) = _called(), _component()
    of_workflow = workflow["on"]["workflow_call"]["inputs"]
    assert set(re.findall(r"inputs\.([a-z]+)", str(workflow["jobs"]))) == set(of_workflow)
    assert set(re.findall(r"inputs\.([a-z]+)", str(job))) == set(inputs)
    text = (TOP / "docs/how-to/run-in-ci.md").read_text()
    [example] = re.findall(r"```yaml\n(jobs:\n  prod:\n    uses:.*?)```", text, re.DOTALL)
    assert set(YAML(typ="safe").load(example)["jobs"]["prod"]["with"]) <= set(of_workflow)
    [include] = re.findall(r"```yaml\n(include:\n  - component:.*?)```", text, re.DOTALL)
    given = YAML(typ="safe").load(include)["include"][0]["inputs"]
    assert set(given) <= set(inputs)
    assert {name for name, one in inputs.items() if "default" not in one} <= set(given)


def test_the_component_runs_the_command_in_its_own_queue(programs: Path) -> None:
    _, jobs = _component()
    [job] = jobs.values()
    values = {
        "command": "apply prod --reviewed",
        "extras": "forge",
        "source": "https://x.example/t.git",
        "commit": "abc",
    }
    lines = [*job["before_script"], *job["script"]]
    script = "\n".join(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: values[found[1]], line) for line in lines)
    (programs / "git").write_text('#!/bin/sh\necho git "$@"\n')
    (programs / "git").chmod(0o755)
    variables = {"TFOPS_PUSH_TOKEN": "t", "CI_SERVER_HOST": "git.example.com", "CI_PROJECT_PATH": "ops/live"}
    said = _run({"run": script}, programs, **variables)
    assert said[-3:] == ["apply", "prod", "--reviewed"]
    assert "git remote set-url origin https://deploy:t@git.example.com/ops/live.git" in said
    assert not any("fetch" in line for line in said)
    assert job["resource_group"] == "tfops-$[[ inputs.group ]]" and job["interruptible"] is False


def test_the_patterns_for_renovate_find_versions_of_modules() -> None:
    text = (TOP / "docs/how-to/run-in-ci.md").read_text()
    [block] = re.findall(r"```json\n(\{\n  \"customManagers\".*?)```", text, re.DOTALL)
    file = """modules:
  vpc:
    source: "git::https://git.example.com/ops/vpc.git//modules/small?ref=v1.2.3"
  queue:
    source: terraform-aws-modules/sqs/aws
    version: 4.2.0
  own: {source: data/queue}
"""
    found = [
        match.groupdict()
        for one in json.loads(block)["customManagers"]
        for pattern in one["matchStrings"]
        for match in re.finditer(pattern.replace("(?<", "(?P<"), file)
    ]
    assert found == [
        {"packageName": "https://git.example.com/ops/vpc.git", "currentValue": "v1.2.3"},
        {"depName": "terraform-aws-modules/sqs/aws", "currentValue": "4.2.0"},
    ]


def test_the_image_for_jobs_is_a_stage_without_an_entry_point() -> None:
    stages = (TOP / "deploy/Dockerfile").read_text().split("\nFROM ")
    [job] = [stage for stage in stages if stage.splitlines()[0].endswith(" AS job")]
    assert "ENTRYPOINT" not in job and "USER" not in job and "forge" in stages[1]
