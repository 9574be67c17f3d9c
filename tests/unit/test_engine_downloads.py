"""Downloads stay as they were fetched: file by file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tfops.engine.downloads import remember, take_back


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with two downloads that the engine has fetched just now."""
    modules = tmp_path / ".terraform/modules"
    for name in ("app", "net"):
        (modules / name / "parts").mkdir(parents=True)
        (modules / name / "main.tf").write_text(f"# {name}\n")
        (modules / name / "parts/one.tf").write_text("# one\n")
        (modules / name / "link").symlink_to("main.tf")
    listed = [{"Key": "app", "Dir": ".terraform/modules/app/sub"}, {"Key": "net", "Dir": ".terraform/modules/net"}]
    (modules / "modules.json").write_text(json.dumps({"Modules": [{"Key": "", "Dir": "."}, *listed]}))
    remember(tmp_path, "first")
    return tmp_path


def _files(root: Path, name: str = "app") -> set[str]:
    folder = root / ".terraform/modules" / name
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _listed(root: Path) -> list[str]:
    manifest = json.loads((root / ".terraform/modules/modules.json").read_text())
    return [entry["Key"] for entry in manifest["Modules"]]


_FETCHED = {"main.tf", "parts/one.tf", "link"}


def test_what_was_added_stays_for_the_same_content_and_goes_for_another(root: Path) -> None:
    app = root / ".terraform/modules/app"
    (app / "more/deep").mkdir(parents=True)
    (app / "more/deep/built").write_text("built\n")
    (app / "parts/two").symlink_to("/nowhere")
    assert not take_back(root, "first")
    remember(root, "first")
    assert _files(root) == {*_FETCHED, "more/deep/built", "parts/two"}
    assert not take_back(root, "second")
    remember(root, "second")
    assert (_files(root), (app / "more").exists(), _listed(root)) == (_FETCHED, False, ["", "app", "net"])


def _rewrite(app: Path) -> None:
    (app / "main.tf").write_text("# gone bad\n")


def _same_size(app: Path) -> None:
    (app / "main.tf").write_text("# APP\n")


def _lead_elsewhere(app: Path) -> None:
    (app / "link").unlink()
    (app / "link").symlink_to("parts/one.tf")


def _swap_for_a_link(app: Path) -> None:
    (app / "parts/one.tf").unlink()
    (app / "parts/one.tf").symlink_to("../main.tf")


@pytest.mark.parametrize(
    "spoil", [_rewrite, _same_size, _lead_elsewhere, _swap_for_a_link, lambda app: (app / "main.tf").unlink()]
)
@pytest.mark.parametrize("content", ["first", "second"])
def test_what_was_changed_is_to_be_fetched_again(root: Path, spoil: Callable[[Path], None], content: str) -> None:
    spoil(root / ".terraform/modules/app")
    assert take_back(root, content)
    assert (_files(root), _files(root, "net"), _listed(root)) == (set(), _FETCHED, ["", "net"])
    (root / ".terraform/modules/app").mkdir()
    (root / ".terraform/modules/app/main.tf").write_text("# fetched again\n")
    remember(root, content)
    assert not take_back(root, content)
    assert _files(root) == {"main.tf"}


def test_a_folder_behind_a_link_is_never_emptied(root: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine\n")
    (root / ".terraform/modules/app/more").symlink_to(precious)
    assert not take_back(root, "second")
    assert (precious / "file").read_text() == "mine\n"
    assert _files(root) == _FETCHED


def test_a_root_that_nobody_knows_is_left_alone(tmp_path: Path) -> None:
    assert not take_back(tmp_path, "first")
    remember(tmp_path, "first")
    assert list(tmp_path.iterdir()) == []
