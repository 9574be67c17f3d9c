"""Named refusals before a change, each with its flag, and none for protected environments."""

from pathlib import Path

import pytest

from tests.support.sandbox import Sandbox, new_sandbox, with_remote


@pytest.fixture
def shared(shop: Sandbox, tmp_path: Path) -> Sandbox:
    """A project with a bare remote that has everything."""
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    return shop


def _guard(sandbox: Sandbox, *args: str) -> str:
    ran = sandbox.run("apply", "dev", "--yes", "-o", "json", *args)
    assert ran.code == 11, ran.out
    assert ran.error["state"] == "Nothing was changed."
    return str(ran.error["guard"])


def test_a_commit_that_is_on_no_branch_of_the_environment(shared: Sandbox) -> None:
    shared.git("switch", "--quiet", "--create", "feature/x")
    shared.wish("two")
    assert _guard(shared) == "wrong-branch"
    shared.ok("apply", "dev", "--yes", "--allow-wrong-branch", "--allow-unpushed")


def test_a_branch_that_stands_on_the_environments_commit_is_fine(shared: Sandbox) -> None:
    shared.git("switch", "--quiet", "--create", "feature/x")
    shared.ok("apply", "dev", "--yes")


@pytest.mark.parametrize("path", ["environments/dev.yaml", "modules/thing/new.tf", "tfops.yaml"])
def test_uncommitted_changes(shared: Sandbox, path: str) -> None:
    with (shared.path / path).open("a") as file:
        file.write("# more\n")
    assert _guard(shared) == "dirty"
    shared.ok("apply", "dev", "--yes", "--allow-dirty")


def test_dirt_that_can_not_change_an_environment_is_none(shared: Sandbox) -> None:
    shared.write("notes.txt", "buy milk")
    shared.ok("apply", "dev", "--yes")


def test_a_commit_that_the_remote_does_not_have(shared: Sandbox) -> None:
    shared.wish("two")
    assert _guard(shared) == "unpushed"
    shared.git("push", "--quiet")
    shared.ok("apply", "dev", "--yes")


def test_a_remote_that_moved_on(shared: Sandbox) -> None:
    shared.wish("two")
    shared.git("push", "--quiet")
    shared.git("reset", "--quiet", "--hard", "HEAD~1")
    assert _guard(shared) == "behind"
    shared.ok("apply", "dev", "--yes", "--allow-behind")


def test_a_commit_older_than_what_runs_is_a_rollback_not_an_apply(shop: Sandbox) -> None:
    shop.wish("one")
    shop.wish("two")
    shop.ok("apply", "dev", "--yes")
    shop.git("reset", "--quiet", "--hard", "HEAD~1")
    assert _guard(shop) == "older"
    shop.ok("apply", "dev", "--yes", "--allow-older")


def test_several_refusals_are_told_at_once(shared: Sandbox) -> None:
    shared.git("switch", "--quiet", "--create", "feature/x")
    shared.wish("two")
    shared.write("environments/dev.yaml", "# dirty\n")
    error = shared.run("apply", "dev", "--yes", "-o", "json").error
    assert error["guard"] == "wrong-branch"
    assert "(dirty)" in error["why"]


def test_protected_environments_take_no_overrides_and_are_not_destroyed(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, protected: true}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    shop.write("modules/thing/extra.tf", "# dirt\n")
    error = shop.run("apply", "dev", "--yes", "--allow-dirty", "-o", "json").error
    assert (error["guard"], "protected" in error["why"]) == ("dirty", True)
    assert shop.run("destroy", "dev", "--yes", "-o", "json").error["guard"] == "protected"


def test_a_detached_head_works_when_ci_names_the_branch_and_says_what_is_missing_else(shared: Sandbox) -> None:
    shared.git("checkout", "--quiet", "--detach")
    ran = shared.run("apply", "--yes", "-o", "json")
    assert (ran.error["guard"], "TFOPS_BRANCH" in ran.error["hint"]) == ("detached-head", True)
    shared.ok("apply", "--yes", env={"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"})
    assert shared.ok("apply", "dev", "--yes").out.startswith("dev is already at v1")


def test_a_shallow_clone_can_look_but_not_change(shared: Sandbox, tmp_path: Path) -> None:
    shared.git("clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'remote.git'}", str(tmp_path / "shallow"))
    shallow = Sandbox(tmp_path / "shallow", shared.home, shared.env["TFOPS_ENGINE"])
    shallow.ok("status")
    assert _guard(shallow) == "shallow-clone"


def test_another_clone_without_the_local_state_is_refused(shared: Sandbox, tmp_path: Path) -> None:
    shared.ok("apply", "dev", "--yes")
    other = shared.clone(str(tmp_path / "remote.git"), tmp_path / "other")
    assert other.ok("status", "-o", "json").result["environments"][0]["current"]["version"] == "v1"
    assert _guard(other) == "state-absent"
    assert other.run("plan", "dev", "-o", "json").error["guard"] == "state-absent"


def test_a_remote_that_does_not_answer_stops_a_change_but_not_a_look(shared: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "remote.git").rename(tmp_path / "gone.git")
    assert _guard(shared) == "remote-unreachable"
    looked = shared.ok("status")
    assert "does not answer" in looked.err


def test_a_local_commit_can_not_take_a_protection_away(tmp_path: Path, engine: str) -> None:
    rules = "version: 1\nproject: shop\nenvironments:\n  dev: {branch: main, protected: true}\n"
    shop = new_sandbox(tmp_path / "shop", engine, rules=rules)
    shop.wish("one")
    with_remote(shop, tmp_path / "remote.git")
    shop.ok("apply", "dev", "--yes")
    shop.git("switch", "--quiet", "--create", "evil")
    shop.write("tfops.yaml", rules.replace("main, protected: true", "'evil*'"))
    shop.commit("No protection")
    ran = shop.run("apply", "dev", "--yes", "--allow-wrong-branch", "--allow-unpushed", "-o", "json")
    assert (ran.code, ran.error["guard"]) == (11, "wrong-branch")
    assert shop.run("destroy", "dev", "--yes", "-o", "json").error["guard"] == "protected"


def test_a_broken_file_on_the_branch_does_not_stand_in_the_way_of_going_back(shop: Sandbox) -> None:
    shop.wish("one")
    shop.ok("apply", "dev", "--yes")
    good = shop.wish("two")
    shop.ok("apply", "dev", "--yes")
    shop.write("tfops.yaml", "version: [\n")
    shop.commit("Broken")
    assert shop.run("rollback", "dev", "--yes").code == 10
    shop.git("checkout", "--quiet", good)
    assert "(content of v1)" in shop.ok("rollback", "dev", "--yes").out
