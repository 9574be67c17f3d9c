"""The story of the README, on every engine that is here."""

from pathlib import Path

import pytest

from tests.support.engines import available_engines, require_engine
from tests.support.sandbox import Sandbox


@pytest.fixture(params=available_engines() or ("none",))
def user(request: pytest.FixtureRequest, tmp_path: Path) -> Sandbox:
    """Someone in an empty folder, with one of the engines."""
    if request.param == "none":
        require_engine()
    return Sandbox(tmp_path, tmp_path / "home", request.param)


def test_a_new_project_is_applied_changed_rolled_back_and_destroyed(user: Sandbox, tmp_path: Path) -> None:
    user.ok("init", "shop")
    shop = Sandbox(tmp_path / "shop", tmp_path / "home", user.env["TFOPS_ENGINE"])
    assert "Plan: 5 to create" in shop.ok("plan", "dev").out

    first = shop.ok("apply", "dev", "--yes", "--output", "json").result
    assert (first["version"], len(shop.state()["resources"])) == ("v1", 3)
    assert first["outputs"]["service"]["image"] == "shop:1.4.2"

    config = shop.path / "environments/dev.yaml"
    config.write_text(config.read_text().replace("1.4.2", "1.5.0").replace("[a, b]", "[a, b, c]"))
    shop.commit("A third zone")
    second = shop.ok("apply", "--yes")
    assert "environment dev, from branch main" in second.err
    assert "dev is now v2" in second.out

    back = shop.ok(
        "rollback", "dev", "--yes", "--output", "json",
        "--allow-destroy", 'module.network.terraform_data.subnet["c"]',
        "--allow-destroy", 'module.service.terraform_data.instance["c"]',
    ).result  # fmt: skip
    assert (back["version"], back["restores"], back["outputs"]["service"]["image"]) == ("v3", "v1", "shop:1.4.2")

    [dev] = shop.ok("status", "--output", "json").result["environments"]
    assert (dev["current"]["version"], dev["current"]["hold"]) == ("v3", "rolled back to v1")
    kinds = [entry["record"]["kind"] for entry in shop.ok("history", "dev", "--output", "json").result["entries"]]
    assert kinds == ["rollback", "apply", "apply"]
    assert "shop:1.5.0" in shop.ok("show", "dev", "v2").out

    assert "dev is now v4" in shop.ok("rollback", "dev", "v2", "--yes").out
    assert "destroyed" in shop.ok("destroy", "dev", "--yes").out
    assert shop.state()["resources"] == []
    assert shop.tags() == [f"tfops/dev/v{number}" for number in range(1, 6)]


def test_the_rendered_root_is_the_same_in_another_clone(user: Sandbox, tmp_path: Path) -> None:
    user.ok("init", "shop")
    shop = Sandbox(tmp_path / "shop", tmp_path / "home", user.env["TFOPS_ENGINE"])
    other = shop.clone(str(shop.path), tmp_path / "elsewhere")
    assert shop.ok("render", "dev").out == other.ok("render", "dev").out


def test_an_existing_repository_keeps_its_files(user: Sandbox, tmp_path: Path) -> None:
    user.git("init", "--quiet", "--initial-branch=trunk")
    user.write("Makefile", "all:\n")
    done = user.run("init", "--output", "json")
    assert done.code == 64, "the folder's name has characters that a project's name can't have"
    shop = Sandbox(tmp_path / "shop", tmp_path / "home", user.env["TFOPS_ENGINE"])
    shop.path.mkdir()
    shop.git("init", "--quiet", "--initial-branch=trunk")
    shop.write("Makefile", "all:\n")
    result = shop.ok("init", "--output", "json").result
    assert result["kept"] == ["Makefile"]
    assert (shop.path / "Makefile").read_text() == "all:\n"
    assert "dev: {branch: trunk}" in (shop.path / "tfops.yaml").read_text()
    shop.commit("Start")
    assert "dev is now v1" in shop.ok("apply", "--yes").out
