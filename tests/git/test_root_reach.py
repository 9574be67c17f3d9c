"""What a root module can reach of its commit: as little as says it, and never too little."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.git.conftest import git
from tests.git.test_export import FILE, FOLDER, LINK, Spec, raw_tree
from tfops.config.modules.reach import EVERYTHING, reached
from tfops.errors import Refused
from tfops.system.repository import Repository
from tfops.system.root_tree import RootTree
from tfops.system.trees import GitTree

ROOT = "live/prod"
PART_B = (FOLDER, "b", [(FILE, "main.tf", "")])
MORE: Spec = [
    (FOLDER, "bin", [(FILE, "run.sh", '#!/bin/sh\n. "$(dirname "$0")/../lib/common.sh"\n'), (FILE, "other.sh", "")]),
    (FOLDER, "lib", [(FILE, "common.sh", "echo 1..2 ...\n")]),
    (FOLDER, "parts", [(FOLDER, "a", [(FILE, "main.tf", 'module "b" { source = "../b" }')]), PART_B]),
    (FOLDER, "tpl", [(FILE, "x.tpl", "x"), (FILE, "y.tpl", "y")]),
]  # fmt: skip


def tree_of(here: Path, code: str, *, more: Spec = MORE, beside: Spec = ()) -> GitTree:
    root = [(FOLDER, "prod", [(FILE, "main.tf", code), *beside])]
    entries = [*more, (FOLDER, "live", root)]
    return GitTree(Repository(here), raw_tree(here, sorted(entries, key=lambda entry: entry[1])))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", ()),
        ('module "a" { source = "../../parts/a" }', ("parts/a", "parts/b")),
        ('x = templatefile("${path.module}/../../tpl/x.tpl", {})', ("tpl/x.tpl",)),
        ('x = file("${path.root}/../../tpl/${var.name}.tpl")', ("tpl",)),
        ('x = fileset("../../tpl", "*")', ("tpl",)),
        ('command = "../../bin/run.sh --fast"', ("bin/run.sh", "lib/common.sh")),
        ("x = concat(a...)\n# and so on...\n", ()),
        ('x = "1..2"', ()),
        ('x = basename(path.cwd)\ny = basename(abspath(path.root))\nz = "${path.cwd}/x"', ()),
        ('x = "../../../elsewhere"', ()),
        ('x = "../nowhere"', ()),
    ],
)
def test_a_root_reaches_what_its_files_name(here: Path, code: str, expected: Sequence[str]) -> None:
    assert reached(tree_of(here, code), ROOT) == {ROOT, *expected}


@pytest.mark.parametrize(
    "code",
    [
        "x = dirname(path.module)",
        "x = abspath(path.module)",
        'x = file("${local.top}/../x")',
        'x = format("%s/../x", local.top)',
        'x = join("/", [path.module, "..", "..", "tpl"])',
        "x = path.cwd",
        'x = "../.."',
        'x = "${path.module}/../../"',
    ],
)
def test_what_nobody_can_tell_is_the_whole_repository(here: Path, code: str) -> None:
    assert reached(tree_of(here, code), ROOT) == EVERYTHING


def test_values_that_a_root_is_given_lead_somewhere_too(here: Path) -> None:
    tree = tree_of(
        here, 'x = file("${path.root}/${var.it}")', beside=[(FILE, "a.auto.tfvars", 'it = "../../tpl/x.tpl"')]
    )
    assert reached(tree, ROOT) == {ROOT, "tpl/x.tpl"}
    assert reached(tree_of(here, ""), ROOT, values=['{"it": ["../../tpl/y.tpl"]}']) == {ROOT, "tpl/y.tpl"}
    assert reached(tree_of(here, ""), ROOT, ["lib/common.sh"]) == {ROOT, "lib/common.sh"}


def test_links_count_as_what_they_lead_to_and_what_they_lead_to_is_read(here: Path) -> None:
    tree = tree_of(here, 'module "a" { source = "./mods/a" }', beside=[(LINK, "mods", "../../parts")])
    assert reached(tree, ROOT) == {ROOT, "parts"}
    assert reached(tree_of(here, "", beside=[(LINK, "x", "/etc/passwd")]), ROOT) == {ROOT}


def test_a_submodule_that_a_root_reads_is_refused_by_name(here: Path) -> None:
    tree = GitTree(Repository(here), _with_submodule(here, 'module "a" { source = "../../parts/a" }'))
    with pytest.raises(Refused) as caught:
        reached(tree, ROOT)
    assert caught.value.guard == "submodule" and "`parts` is a Git submodule" in caught.value.what
    assert reached(GitTree(Repository(here), _with_submodule(here, "")), ROOT) == {ROOT}


def _with_submodule(here: Path, code: str) -> str:
    (here / ROOT).mkdir(parents=True, exist_ok=True)
    (here / ROOT / "main.tf").write_text(code)
    git(here, "add", "-A")
    git(here, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},parts")
    return git(here, "write-tree")


def test_another_commit_is_the_same_to_a_root_when_all_that_it_reaches_is(here: Path) -> None:
    code = 'x = file("${path.module}/../../tpl/x.tpl")'

    def digest(more: Spec) -> str:
        tree = tree_of(here, code, more=more)
        return RootTree(tree, reached(tree, ROOT)).digest("modules")

    same = [(FOLDER, "tpl", [(FILE, "x.tpl", "x"), (FILE, "y.tpl", "other")])]
    other = [(FOLDER, "tpl", [(FILE, "x.tpl", "z"), (FILE, "y.tpl", "y")])]
    assert digest(MORE) == digest(same) != digest(other)
