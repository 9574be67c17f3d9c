"""Files of commits: read, exported, snapshotted; what is checked out doesn't matter."""

from pathlib import Path

import pytest

from tests.git.conftest import commit_file, git
from tfops.errors import ProjectError
from tfops.records.names import CommitSha
from tfops.system.export import export_modules
from tfops.system.repository import Repository
from tfops.system.trees import GitTree
from tfops.system.workspace import lay_out


def _tree(folder: Path, commit: str = "") -> GitTree:
    repository = Repository(folder)
    return GitTree.of_commit(repository, CommitSha(commit) if commit else repository.head)


def test_a_tree_shows_the_commit_not_the_work_tree(here: Path) -> None:
    old = commit_file(here, "environments/dev.yaml", "old")
    commit_file(here, "environments/dev.yaml", "new")
    (here / "environments/dev.yaml").write_text("uncommitted")
    assert _tree(here, old).read("environments/dev.yaml") == "old"
    assert _tree(here).read("environments/dev.yaml") == "new"
    assert _tree(here).read("environments") is None
    assert _tree(here).read("nope") is None
    assert _tree(here).names("environments") == ["dev.yaml"]
    assert _tree(here).names("nope") == []


def test_a_link_is_not_followed(here: Path) -> None:
    (here / "environments").mkdir()
    (here / "environments/dev.yaml").symlink_to("/etc/hostname")
    git(here, "add", "-A")
    git(here, "commit", "--quiet", "-m", "link")
    assert _tree(here).read("environments/dev.yaml") is None


def test_no_state_becomes_an_object_because_it_lies_beside_the_code(here: Path) -> None:
    commit_file(here, "live/main.tf", "code")
    for name in ("terraform.tfstate", "terraform.tfstate.backup", "terraform.tfstate.d/blue/terraform.tfstate"):
        (here / "live" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "live" / name).write_text("hush")
    (here / "live/other.tf").write_text("more")
    (here / "terraform.tfstate").write_text("hush")
    before = git(here, "count-objects", "-v")
    tree = GitTree.of_work_tree(Repository(here), (".",))
    assert (tree.names("live"), tree.names("")) == (["main.tf", "other.tf"], ["live", "tfops.yaml"])
    assert before != git(here, "count-objects", "-v"), "the other file is one"
    hush = git(here, "hash-object", "live/terraform.tfstate")
    assert git(here, "cat-file", "--batch-all-objects", "--batch-check").count(hush) == 0


def test_the_snapshot_of_a_work_tree_holds_what_git_would_add_and_leaves_no_trace(here: Path) -> None:
    commit_file(here, ".gitignore", "*.secret\n")
    commit_file(here, "environments/gone.yaml", "gone")
    (here / "environments/gone.yaml").unlink()
    (here / "environments/dev.yaml").write_text("new")
    (here / "environments/x.secret").write_text("hush")
    before = git(here, "status", "--porcelain"), git(here, "for-each-ref")
    tree = GitTree.of_work_tree(Repository(here))
    assert tree.names("environments") == ["dev.yaml"]
    assert (git(here, "status", "--porcelain"), git(here, "for-each-ref")) == before


def test_modules_are_exported_once_per_content(here: Path, tmp_path: Path) -> None:
    commit_file(here, "modules/a/main.tf", "# a")
    first = export_modules(_tree(here), tmp_path, {})
    commit_file(here, "README.md", "words")
    assert export_modules(_tree(here), tmp_path, {}) == first
    commit_file(here, "modules/a/main.tf", "# b")
    second = export_modules(_tree(here), tmp_path, {})
    assert (first / "modules/a/main.tf").read_text() == "# a"
    assert (second / "modules/a/main.tf").read_text() == "# b"
    assert sorted(path.name for path in tmp_path.glob(".new-*")) == []


def test_what_an_engine_would_trust_blindly_is_not_exported(here: Path, tmp_path: Path) -> None:
    commit_file(here, "modules/a/main.tf", "# a")
    commit_file(here, "modules/a/terraform.d/plugins/evil", "x")
    commit_file(here, "modules/a/.terraform/modules/modules.json", "{}")
    exported = export_modules(_tree(here), tmp_path, {})
    assert [path.name for path in (exported / "modules/a").iterdir()] == ["main.tf"]


def test_a_root_holds_exactly_what_was_rendered(tmp_path: Path) -> None:
    (tmp_path / "evil_override.tf").write_text("x")
    (tmp_path / ".terraform").mkdir()
    lay_out(tmp_path, {"main.tf.json": "{}"}, removes=lambda name: name != ".terraform")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".terraform", "main.tf.json"]
    assert (tmp_path / "main.tf.json").stat().st_mode & 0o777 == 0o600


def test_a_repository_is_found_from_below_and_through_worktrees(here: Path, tmp_path: Path) -> None:
    commit_file(here, "modules/a/main.tf", "# a")
    assert Repository(here / "modules/a").root == here
    git(here, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "other")
    other = Repository(tmp_path / "tree")
    assert (other.branch, other.common_dir) == ("other", here / ".git")


def test_a_bare_repository_and_no_repository_are_told_apart(here: Path, remote: Path, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="bare repository"):
        Repository(remote)
    with pytest.raises(ProjectError, match="not in a Git repository"):
        Repository(tmp_path)


def test_only_the_projects_own_paths_count_as_uncommitted(here: Path) -> None:
    commit_file(here, "modules/a b/main.tf", "# a")
    (here / "notes.txt").write_text("x")
    (here / "modules/a b/main.tf").write_text("# b")
    (here / "environments").mkdir()
    (here / "environments/new.yaml").write_text("x")
    assert Repository(here).uncommitted() == ["environments/new.yaml", "modules/a b/main.tf"]
