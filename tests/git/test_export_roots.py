"""What of a commit lies around a root module of somebody's own: all that it reaches, and what its runs wrote."""

import os
from pathlib import Path

import pytest

from tests.git.test_export import FILE, FOLDER, LINK, PROGRAM, Spec, raw_tree
from tfops.engine.rootfiles import steers_engine
from tfops.errors import Refused
from tfops.system.export import OwnFolder, lay_out_repository
from tfops.system.repository import Repository
from tfops.system.root_tree import RootTree
from tfops.system.trees import GitTree

ROOT = "live/prod"
CODE: Spec = [(FILE, "main.tf", "code"), (FILE, "terraform.tfstate", "{}"), (FILE, "zz_override.tf", "theirs")]
AROUND: Spec = [
    (FILE, "README.md", "read me"),
    (FOLDER, "bin", [(PROGRAM, "run.sh", "run"), (LINK, "up", "../live/prod/main.tf")]),
    (FOLDER, "other", [(FILE, "huge.txt", "huge"), (LINK, "out", "/etc/passwd")]),
]


def lay_out(here: Path, top: Path, code: Spec, *, reach: tuple[str, ...] = (ROOT, "bin")) -> None:
    spec = sorted([*AROUND, (FOLDER, "live", [(FOLDER, "prod", code)])], key=lambda entry: entry[1])
    tree = RootTree(GitTree(Repository(here), raw_tree(here, spec)), reach)
    own = OwnFolder(ROOT, frozenset({"zz_override.tf", ".terraform"}), lambda name: not steers_engine(name))
    lay_out_repository(tree, top, own, {}, rendered="r1")


def found(top: Path) -> set[str]:
    return {str(path.relative_to(top / "modules")) for path in (top / "modules").rglob("*") if not path.is_dir()}


def test_what_a_root_reaches_lies_at_the_same_places_and_no_state_does(here: Path, tmp_path: Path) -> None:
    lay_out(here, tmp_path, CODE)
    assert found(tmp_path) == {"live/prod/main.tf", "bin/run.sh", "bin/up"}
    assert os.access(tmp_path / "modules/bin/run.sh", os.X_OK)
    assert (tmp_path / "modules/bin/up").read_text() == "code"


def test_what_a_run_wrote_stays_and_what_a_commit_had_goes(here: Path, tmp_path: Path) -> None:
    lay_out(here, tmp_path, [*CODE, (FILE, "old.txt", "old")])
    root = tmp_path / "modules" / ROOT
    (root / "written.txt").write_text("by a run")
    (root / "zz_override.tf").write_text("ours")
    (root / ".terraform").mkdir()
    (root / "stray.tf").write_text("would be read by the engine")
    (root / "main.tf").write_text("changed by hand")
    lay_out(here, tmp_path, CODE)
    assert (root / "written.txt").exists() and not (root / "stray.tf").exists() and not (root / "old.txt").exists()
    assert ((root / "main.tf").read_text(), (root / "zz_override.tf").read_text()) == ("code", "ours")
    assert (root / ".terraform").is_dir()
    # A name that a run took, and a later commit has: the commit's counts, and goes with it.
    lay_out(here, tmp_path, [*CODE, (FILE, "written.txt", "by a commit")])
    assert (root / "written.txt").read_text() == "by a commit"
    lay_out(here, tmp_path, CODE)
    assert not (root / "written.txt").exists()


def test_nothing_is_taken_away_through_a_link_that_a_run_made(here: Path, tmp_path: Path) -> None:
    lay_out(here, tmp_path, [*CODE, (FOLDER, "zone", [(FILE, "a.txt", "a")])])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("somebody's")
    folder = tmp_path / "modules" / ROOT / "zone"
    (folder / "a.txt").unlink()
    folder.rmdir()
    folder.symlink_to(outside)
    lay_out(here, tmp_path, CODE)
    assert (outside / "a.txt").read_text() == "somebody's"


def test_a_link_out_of_the_repository_is_refused_where_it_is_reached_and_else_left_out(
    here: Path, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as caught:
        lay_out(here, tmp_path, CODE, reach=(ROOT, "other"))
    assert "`other/out` is a link that leaves the repository" in caught.value.what
    lay_out(here, tmp_path, CODE, reach=("",))
    assert "other/huge.txt" in found(tmp_path) and "other/out" not in found(tmp_path)
