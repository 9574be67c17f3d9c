"""`paths:` of tfops.yaml: where modules and environments' files are, and that everything is read and said there."""

import textwrap
from pathlib import Path

import pytest

from tests.support.memory_tree import MemoryTree, complaints_of, environment, said
from tfops.cli import candidates
from tfops.config.environment import load_rules, lock_file_path
from tfops.config.modules.calls import module_calls
from tfops.records.names import EnvName
from tfops.system.project_folders import USUAL_FOLDERS, ProjectFolders, folders_in

_LINES = ("version: 1", "project: shop", "paths: {modules: infra/modules, environments: live}")
PROJECT = "\n".join((*_LINES, "environments: {dev: {branch: main}}\n"))


def tree(dev: str, **more: str) -> MemoryTree:
    files = {"tfops.yaml": PROJECT, "infra/modules/network/main.tf": "", "modules/decoy/main.tf": ""}
    files |= {"environments/dev.yaml": "modules: {a: {source: decoy}}\n", "live/dev.yaml": textwrap.dedent(dev)}
    return MemoryTree(files | {path.replace("__", "/") + ".yaml": text for path, text in more.items()})


@pytest.mark.parametrize(
    ("text", "folders"),
    [
        (PROJECT, ProjectFolders("live", "infra/modules")),
        ("paths:\n  environments: environments/live\n", ProjectFolders("environments/live", "modules")),
        ("project: paths\n", USUAL_FOLDERS),
        ("paths: {modules: ../x, environments: [1]}\n", USUAL_FOLDERS),
        ("paths: {modules: a, environments: a/b}\n", USUAL_FOLDERS),
        ("paths: {modules: -x}\n", USUAL_FOLDERS),
        ("paths: {modules: .git/x}\n", USUAL_FOLDERS),
        ("paths: [\n", USUAL_FOLDERS),
        ("- paths\n", USUAL_FOLDERS),
    ],
)
def test_what_cannot_be_is_as_if_it_were_not_said(text: str, folders: ProjectFolders) -> None:
    assert folders_in(text) == folders


@pytest.mark.parametrize(
    ("paths", "wrong"),
    [
        ("{modules: ../x}", "3:9: '../x' can't be such a folder (a folder from the repository's top: infra/modules)"),
        (
            "{environments: /srv}",
            "3:9: '/srv' can't be such a folder (a folder from the repository's top: infra/modules)",
        ),
        ("{modules: a, environments: a/b}", "3:1: modules and environments need a folder each, none in the other"),
        ("{modules: environments}", "3:1: modules and environments need a folder each, none in the other"),
        ("{module: a}", "3:9: unknown key `module` (did you mean `modules`?)"),
        ("{modules: 1}", "3:9: `modules` must be text (put it in quotes)"),
    ],
)
def test_a_mistake_has_its_place(paths: str, wrong: str) -> None:
    text = f"version: 1\nproject: shop\npaths: {paths}\nenvironments: {{dev: {{branch: main}}}}\n"
    files = MemoryTree(
        {"tfops.yaml": text, "environments/dev.yaml": "modules: {a: {source: b}}\n", "modules/b/x.tf": ""}
    )
    assert said(complaints_of(lambda: load_rules(files)))[0] == f"tfops.yaml:{wrong}"


def test_an_environment_is_read_there_with_what_it_extends() -> None:
    found = environment(tree("extends: base.yaml\n", live__base="modules:\n  net: {source: network}\n"))
    assert [module.source.text for module in found.stacks["main"].modules.values()] == ["network"]  # type: ignore[index]
    assert lock_file_path(tree(""), EnvName("dev")) == "live/dev.lock.hcl"


def test_mistakes_are_told_there() -> None:
    wrong = said(complaints_of(lambda: environment(tree("modules:\n  a: {source: decoy}\n"))))
    assert wrong == ["live/dev.yaml:2:7: there is no module 'decoy' in `modules/` (there is: `network`)"]
    missing = said(complaints_of(lambda: environment(tree("extends: gone.yaml\n"))))
    assert missing == ["live/dev.yaml:1:1: `live/gone.yaml` does not exist (did you mean `dev.yaml`?)"]


def test_completion_looks_there(tmp_path: Path) -> None:
    (tmp_path / "tfops.yaml").write_text(PROJECT)
    (tmp_path / "live").mkdir()
    (tmp_path / "live/dev.yaml").write_text("labels: {team: web}\n")
    assert candidates.folders(tmp_path) == ProjectFolders("live", "infra/modules")
    assert candidates.labels(tmp_path, "te") == ["team=web"]
    assert candidates.folders(tmp_path / "live") == USUAL_FOLDERS


def test_calls_are_told_there() -> None:
    files = MemoryTree(
        {
            "tfops.yaml": PROJECT,
            "infra/modules/a/main.tf": 'module "b" { source = "../b" }\n',
            "infra/modules/b/main.tf": 'module "c" { source = "a/b/c" }\n',
        }
    )
    found = {str(call.mark): call.source for call in module_calls(files, ["a"], is_tofu=False)}
    assert found == {"infra/modules/a/main.tf:1:23": "../b", "infra/modules/b/main.tf:1:23": "a/b/c"}
