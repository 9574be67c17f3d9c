"""What a commit can write: only below the folder that its modules are written to, whatever its tree says.

Git's own checkout refuses most of these trees; objects that were pushed are read without it. Every target is harmless:
a folder of the test's own.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.git.conftest import commit_file
from tfops.errors import Refused
from tfops.system.export import export_modules, lay_out_modules
from tfops.system.repository import Repository
from tfops.system.trees import GitTree

FILE, PROGRAM, LINK, FOLDER, SUBMODULE = "100644", "100755", "120000", "40000", "160000"

Spec = Sequence[tuple[str, str, "str | Spec"]]
"""Mode, name, and what it is: a text, a link's target, or the entries of a folder."""


def write_object(here: Path, kind: str, data: bytes) -> str:
    argv = ["git", "-C", str(here), "hash-object", "-t", kind, "-w", "--literally", "--stdin"]
    return subprocess.run(argv, input=data, capture_output=True, check=True).stdout.decode().strip()


def raw_tree(here: Path, entries: Spec) -> str:
    """A tree as it is asked for, however wrong."""
    lines = b""
    for mode, name, what in entries:
        sha = write_object(here, "blob", what.encode()) if isinstance(what, str) else raw_tree(here, what)
        lines += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(sha)
    return write_object(here, "tree", lines)


def modules_of(here: Path, entries: Spec) -> GitTree:
    return GitTree(Repository(here), raw_tree(here, [(FOLDER, "modules", entries)]))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "top/sources"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def everything(folder: Path) -> dict[str, str]:
    """Path to what is there, links as links."""
    found = sorted(folder.rglob("*"))
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in found
        if path.is_symlink() or path.is_file()
    }


# From the folder that modules are written to.
OUTSIDE = "../../../../outside"

NAMES: dict[str, Spec] = {
    "a link and a folder of one name": [(LINK, "a", OUTSIDE), (FOLDER, "a", [(FILE, "pwn", "x")])],
    "a folder and a link of one name": [(FOLDER, "a", [(FILE, "pwn", "x")]), (LINK, "a", OUTSIDE)],
    "a file and a folder of one name": [(FILE, "a", "x"), (FOLDER, "a", [(FILE, "pwn", "x")])],
    "a name twice": [(FILE, "a", "x"), (FILE, "a", "y")],
    "case": [(LINK, "A", OUTSIDE), (FOLDER, "a", [(FILE, "pwn", "x")])],
    "case of folders": [(FOLDER, "A", [(FILE, "x", "x")]), (FOLDER, "a", [(FILE, "y", "x")])],
    "case beyond ASCII": [(LINK, "STRASSE", OUTSIDE), (FOLDER, "straße", [(FILE, "pwn", "x")])],
    "both forms of Unicode": [(LINK, "caf\u00e9", OUTSIDE), (FOLDER, "cafe\u0301", [(FILE, "pwn", "x")])],
    "a character that HFS+ leaves out": [(LINK, "a", OUTSIDE), (FOLDER, "a\u200d", [(FILE, "pwn", "x")])],
    "deep": [(FOLDER, "m", [(FOLDER, "n", [(LINK, "a", OUTSIDE), (FOLDER, "A", [(FILE, "pwn", "x")])])])],
    "dots": [(FOLDER, "..", [(FILE, "pwn", "x")])],
    "a dot": [(FOLDER, ".", [(FILE, "pwn", "x")])],
    "empty": [(FOLDER, "", [(FILE, "pwn", "x")])],
    "a slash": [(FILE, "../pwn", "x")],
    "an absolute path": [(FILE, f"/{OUTSIDE}/pwn", "x")],
    "Git's folder": [(FOLDER, "m", [(FOLDER, ".git", [(FOLDER, "hooks", [(PROGRAM, "x", "x")])])])],
    "Git's folder in capitals": [(FOLDER, ".GIT", [(FILE, "config", "x")])],
    "Git's folder on HFS+": [(FOLDER, ".g\u200cit", [(FILE, "config", "x")])],
    "Git's folder on NTFS": [(FOLDER, "git~1", [(FILE, "config", "x")])],
    "Git's folder on NTFS, with a dot": [(FOLDER, ".git.", [(FILE, "config", "x")])],
    "a file that Git reads in a work tree": [(FILE, ".git", "gitdir: x")],
    "a mode that nothing has": [("10644", "a", "x")],
}


def test_a_name_that_is_not_one_name_on_every_disk_is_refused_and_nothing_is_written(
    here: Path, sources: Path, outside: Path, tmp_path: Path
) -> None:
    before = {path for path in tmp_path.rglob("*") if "objects" not in path.parts}
    for what, entries in NAMES.items():
        with pytest.raises(Refused) as refused:
            export_modules(modules_of(here, entries), sources, {})
        assert refused.value.guard == "unsafe-name", what
        assert {path for path in tmp_path.rglob("*") if "objects" not in path.parts} == before, what


def test_configuration_is_refused_too_where_a_name_stands_twice(here: Path) -> None:
    tree = GitTree(Repository(here), raw_tree(here, [(FILE, "tfops.yaml", "a"), (FILE, "tfops.yaml", "b")]))
    with pytest.raises(Refused, match="two entries with the name"):
        tree.read("tfops.yaml")
    cut = GitTree(Repository(here), write_object(here, "tree", b"100644 tfops.yaml\0short"))
    with pytest.raises(Refused, match="can't be read as a Git tree"):
        cut.read("tfops.yaml")


LINKS: dict[str, Spec] = {
    "absolute": [(LINK, "a", "/tmp")],
    "up": [(LINK, "a", "..")],
    "up and in again": [(LINK, "a", "../modules/b"), (FOLDER, "b", [(FILE, "x", "x")])],
    "through another that goes up": [(FOLDER, "d", [(LINK, "up", "..")]), (LINK, "a", "d/up/../out")],
    "names say inside, links say outside": [
        (FOLDER, "x", [(FOLDER, "y", [(LINK, "top", "../..")]), (LINK, "a", "y/top/../deep/out")])
    ],
    "through a chain": [(LINK, "a", "b/../.."), (LINK, "b", "c"), (LINK, "c", "d"), (FOLDER, "d", [(FILE, "x", "x")])],
    "through one whose case differs": [(FOLDER, "d", [(LINK, "up", "..")]), (LINK, "a", "D/UP/../out")],
    "in a circle": [(LINK, "a", "b"), (LINK, "b", "a")],
    "to itself": [(LINK, "a", "a/x")],
    "empty": [(LINK, "a", "")],
    "a zero byte": [(LINK, "a", "b\0c")],
}


def test_a_link_that_leaves_the_modules_is_refused_whatever_it_goes_through(here: Path, sources: Path) -> None:
    for what, entries in LINKS.items():
        with pytest.raises(Refused) as refused:
            export_modules(modules_of(here, entries), sources, {})
        assert refused.value.guard == "outside-repository", what
        assert list(sources.iterdir()) == [], what


def test_links_that_stay_inside_are_links(here: Path, sources: Path) -> None:
    entries: Spec = [
        (FOLDER, "shared", [(FILE, "common.tf", "# shared")]),
        (LINK, "again", "shared"),
        (
            FOLDER,
            "a",
            [(LINK, "common.tf", "../again/common.tf"), (LINK, "gone", "../nothing/here"), (PROGRAM, "x", "y")],
        ),
    ]
    exported = export_modules(modules_of(here, entries), sources, {})
    assert (exported / "modules/a/common.tf").read_text() == "# shared"
    assert everything(exported / "modules") == {
        "a/common.tf": "-> ../again/common.tf",
        "a/gone": "-> ../nothing/here",
        "a/x": "y",
        "again": "-> shared",
        "shared/common.tf": "# shared",
    }
    assert os.access(exported / "modules/a/x", os.X_OK)


def test_what_only_init_may_write_is_left_out_in_any_case(here: Path, sources: Path) -> None:
    entries: Spec = [(FOLDER, "a", [(FILE, "main.tf", ""), (FOLDER, ".Terraform", [(FILE, "x", "x")])])]
    assert everything(export_modules(modules_of(here, entries), sources, {})) == {"modules/a/main.tf": ""}


def test_a_tree_that_stands_for_more_than_a_disk_holds_is_refused_at_once(here: Path, sources: Path) -> None:
    tree = raw_tree(here, [(FILE, f"f{number}", "x") for number in range(10)])
    for _ in range(12):  # ten times ten times …: 2 kB of objects
        lines = b"".join(b"40000 d%d\0" % number + bytes.fromhex(tree) for number in range(10))
        tree = write_object(here, "tree", lines)
    whole = write_object(here, "tree", b"40000 modules\0" + bytes.fromhex(tree))
    with pytest.raises(Refused) as refused:
        export_modules(GitTree(Repository(here), whole), sources, {})
    assert refused.value.guard == "too-many-files"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def _is_data(name: str) -> bool:
    return not name.endswith(".tf")


def lay_out(tree: GitTree, root: Path, rendered: str = "r1") -> None:
    lay_out_modules(tree, root, {}, rendered=rendered, keeps=_is_data)


def test_modules_in_a_root_are_the_commits_whatever_was_done_to_them(here: Path, root: Path, outside: Path) -> None:
    commit_file(here, "modules/a/main.tf", "# a")
    commit_file(here, "modules/a/cfg.json", "{}")
    tree = GitTree.of_commit(Repository(here), Repository(here).head)
    (outside / "precious").write_text("x")
    lay_out(tree, root)
    wanted = everything(root / "modules")
    assert wanted == {"a/main.tf": "# a", "a/cfg.json": "{}"}

    def through_a_link() -> None:
        (root / "modules").rename(root / "old")
        (root / "modules").symlink_to(outside)

    def a_folder_is_a_link() -> None:
        (root / "modules/a").rename(root / "modules/b")
        (root / "modules/a").symlink_to(outside)

    def a_file_is_a_link() -> None:
        (root / "modules/a/cfg.json").unlink()
        (root / "modules/a/cfg.json").symlink_to(outside / "precious")

    def a_file_has_a_second_name() -> None:
        (outside / "other").hardlink_to(root / "modules/a/main.tf")

    def written_in_place() -> None:
        (root / "modules/a/cfg.json").chmod(0o600)
        (root / "modules/a/cfg.json").write_text("[]")

    def more_configuration() -> None:
        (root / "modules/a/zz.tf").write_text("# evil")
        (root / "modules/a/gen").mkdir()
        (root / "modules/a/gen/zz.tf").write_text("# evil")

    def a_pipe() -> None:
        (root / "modules/a/main.tf").unlink()
        os.mkfifo(root / "modules/a/main.tf")

    for harm in (
        through_a_link,
        a_folder_is_a_link,
        a_file_is_a_link,
        a_file_has_a_second_name,
        written_in_place,
        more_configuration,
        a_pipe,
    ):
        harm()
        lay_out(tree, root)
        left = {path: text for path, text in everything(root / "modules").items() if not path.startswith("b/")}
        assert left == wanted, harm.__name__
        assert (root / "modules/a/main.tf").stat().st_nlink == 1, harm.__name__
    assert (outside / "precious").read_text() == "x"
    assert sorted(path.name for path in outside.iterdir()) == ["other", "precious"]


def test_what_a_run_wrote_beside_its_module_stays_for_the_same_run_and_for_no_other(here: Path, root: Path) -> None:
    commit_file(here, "modules/a/main.tf", "# a")
    tree = GitTree.of_commit(Repository(here), Repository(here).head)
    made = root / "modules/a/made.json"
    lay_out(tree, root)
    made.write_text("{}")
    lay_out(tree, root)
    assert made.exists()
    lay_out(tree, root, rendered="r2")
    assert not made.exists(), "other inputs: another run"
    made.write_text("{}")
    commit_file(here, "modules/b/main.tf", "# b")
    later = GitTree.of_commit(Repository(here), Repository(here).head)
    lay_out(later, root, rendered="r2")
    assert not made.exists(), "another commit"
    made.write_text("{}")
    (root / ".terraform/tfops-modules.json").unlink()  # as a run leaves it that is killed while it lays out
    lay_out(later, root, rendered="r2")
    assert not made.exists()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 12\n", "a pointer of Git LFS"),
        ("\0GITCRYPT\0\1\2\3", "encrypted by git-crypt"),
    ],
)
def test_a_file_that_only_a_filter_could_fill_is_refused_by_name(
    here: Path, sources: Path, content: str, what: str
) -> None:
    """`docs/reference/guards.md`: Terraform would get the pointer."""
    tree = modules_of(here, [(FOLDER, "app", [(FILE, "lambda.zip", content)])])
    with pytest.raises(Refused) as caught:
        export_modules(tree, sources, {})
    assert (caught.value.guard, what in caught.value.what) == ("filtered-file", True)
    assert "modules/app/lambda.zip" in caught.value.what
    assert list(sources.iterdir()) == []


def test_a_text_about_lfs_is_a_file_like_any_other(here: Path, sources: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1 is what a pointer begins with.\n" * 20
    assert export_modules(modules_of(here, [(FILE, "README.md", text)]), sources, {}).is_dir()
