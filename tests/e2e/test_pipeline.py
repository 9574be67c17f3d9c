"""`init --ci` in a project with a remote, and the commands of the files that it wrote, run by hand in their order."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.support.sandbox import Ran, Sandbox, new_sandbox, with_remote

_RULES = "version: 1\nproject: shop\nenvironments: {'on': {branch: main}, prod: {branch: main}}\n"
_WANTS = '{"modules": {"main": {"source": "thing", "inputs": {"value": "%s"}}}}'


def _steps(shop: Sandbox, forge: str, kind: str) -> tuple[list[str], list[str]]:
    """The lines of a job of this kind that run tfops, and its environments."""
    if forge == "gitlab":
        job = _read(shop.path / ".gitlab/tfops.yml")[f"tfops-{kind}"]
        matrix, lines = job.get("parallel", {}).get("matrix", [{"ENV": []}])[0]["ENV"], job["script"]
    else:
        (job,) = _read(shop.path / f".{forge}/workflows/tfops-{kind}.yml")["jobs"].values()
        matrix = job.get("strategy", {"matrix": {"env": []}})["matrix"]["env"]
        lines = [step.get("run", "") for step in job["steps"]]
    return [line for line in lines if line.startswith("tfops ")], matrix


def _read(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def _type(shop: Sandbox, line: str, *more: str, env: Mapping[str, str] | None = None) -> Ran:
    """Run a line of a file, with the variables that the job gives it."""
    given = env or {}
    words = [given.get(word[1:], word) if word.startswith("$") else word for word in shlex.split(line)[1:]]
    return shop.ok(*words, *more)


@pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
def test_the_commands_of_the_written_pipeline_review_apply_and_look_for_drift(
    tmp_path: Path, engine: str, forge: str
) -> None:
    shop = new_sandbox(tmp_path / "shop", engine, rules=_RULES)
    for env in ("on", "prod"):
        shop.write(f"environments/{env}.yaml", _WANTS % "one")
    shop.commit("Begin")
    with_remote(shop, tmp_path / "remote")
    shop.ok("init", "--ci", forge)
    shop.commit("The pipeline")
    shop.git("push", "--quiet", "origin", "main")

    apply, envs = _steps(shop, forge, "apply-main")
    for env in envs:
        _type(shop, *apply, env={"ENV": env})
    shop.git("switch", "--quiet", "-c", "topic")
    shop.write("environments/prod.yaml", _WANTS % "two")
    shop.commit("What is under review")
    (validate, review), _ = _steps(shop, forge, "review")
    _type(shop, validate)
    said = _type(shop, review, "--local", "--base", "main").out
    assert "1 of 2 environments changed" in said and "~ update" in said

    shop.git("switch", "--quiet", "main")
    shop.git("merge", "--quiet", "--no-ff", "topic")
    shop.git("push", "--quiet", "origin", "main")
    for env in envs:
        _type(shop, *apply, env={"ENV": env})
    assert shop.tags() == ["tfops/on/v1", "tfops/on/v2", "tfops/prod/v1", "tfops/prod/v2"]
    (drift,), _ = _steps(shop, forge, "drift")
    _type(shop, drift)
