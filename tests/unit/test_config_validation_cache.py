"""Right environments are remembered by the content of what was looked at, and by nothing else."""

from pathlib import Path

from tests.support.memory_tree import MemoryTree, project_tree
from tfops.config.code_version import code_files
from tfops.config.environment import read_environment
from tfops.config.validation_cache import TracedTree, ValidationCache
from tfops.records.names import EnvName

DEV = EnvName("dev")
TREE = project_tree(dev="extends: base.yaml\n", base="modules:\n  network: {source: network}\n", other="modules: {}\n")


def remembered(tmp_path: Path) -> ValidationCache:
    watched = TracedTree(TREE)
    read_environment(watched, DEV)
    memory = ValidationCache(tmp_path / "verdicts.json")
    memory.remember(DEV, watched.asked, ["network"])
    memory.save()
    return ValidationCache(tmp_path / "verdicts.json")


def changed(path: str) -> MemoryTree:
    return MemoryTree({**TREE.files, path: "x"})


def test_a_right_environment_is_known_with_its_sources(tmp_path: Path) -> None:
    assert remembered(tmp_path).sources(TREE, DEV) == ["network"]
    assert ValidationCache(tmp_path / "verdicts.json").sources(TREE, EnvName("prod")) is None


def test_what_it_does_not_rest_on_may_change(tmp_path: Path) -> None:
    memory = remembered(tmp_path)
    for path in ("environments/other.yaml", "README.md"):
        assert memory.sources(changed(path), DEV) == ["network"], path


def test_every_file_that_it_rests_on_makes_it_unknown(tmp_path: Path) -> None:
    memory = remembered(tmp_path)
    configuration = ("tfops.yaml", "environments/dev.yaml", "environments/base.yaml")
    for path in (*configuration, "modules/network/main.tf", "modules/new/main.tf"):
        assert memory.sources(changed(path), DEV) is None, path
    gone = MemoryTree({path: text for path, text in TREE.files.items() if path != "environments/base.yaml"})
    assert memory.sources(gone, DEV) is None


def test_a_damaged_or_older_memory_is_empty(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"by": "older", "right": {"dev": {"asked": {}, "sources": []}}}'):
        (tmp_path / "verdicts.json").write_text(text, encoding="utf-8")
        assert ValidationCache(tmp_path / "verdicts.json").sources(TREE, DEV) is None


def test_what_tfops_knows_of_modules_is_code_that_judges_too() -> None:
    assert {"environment.py", "hcl.py"} <= {file.name for file in code_files()}
