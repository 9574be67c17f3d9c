"""`init --ci` in a project with a remote, and the commands of the files that it wrote, run by hand in their order."""

from pathlib import Path

import pytest

from tests.support.pipelines import steps_of, type_line
from tests.support.sandbox import new_sandbox, with_remote

_RULES = "version: 1\nproject: shop\nenvironments: {'on': {branch: main}, prod: {branch: main}}\n"
_WANTS = '{"modules": {"main": {"source": "thing", "inputs": {"value": "%s"}}}}'


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

    apply, envs = steps_of(shop, forge, "apply-main")
    for env in envs:
        type_line(shop, *apply, env={"ENV": env})
    shop.git("switch", "--quiet", "-c", "topic")
    shop.write("environments/prod.yaml", _WANTS % "two")
    shop.commit("What is under review")
    (validate, review), _ = steps_of(shop, forge, "review")
    type_line(shop, validate)
    said = type_line(shop, review, "--local", "--base", "main").out
    assert "1 of 2 environments changed" in said and "~ update" in said

    shop.git("switch", "--quiet", "main")
    shop.git("merge", "--quiet", "--no-ff", "topic")
    shop.git("push", "--quiet", "origin", "main")
    for env in envs:
        type_line(shop, *apply, env={"ENV": env})
    assert shop.tags() == ["tfops/on/v1", "tfops/on/v2", "tfops/prod/v1", "tfops/prod/v2"]
    (drift,), _ = steps_of(shop, forge, "drift")
    type_line(shop, drift)
