"""Folders and files of tfops: private, whole or not at all, explained when the disk says no."""

import errno
import stat
from pathlib import Path

import pytest

from tfops.errors import NotRecorded, Refused, StoppedPartWay
from tfops.records.names import MAIN_STACK, EnvName
from tfops.system.workspace import (
    Workspace,
    explained_disk_errors,
    lay_out,
    private_temporary_file,
    read_json,
    write_file,
    write_new_files,
)

DEV = EnvName("dev")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_is_made_on_first_use_and_private(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert not space.top.exists()
    folders = {
        "roots/dev/main": space.root(DEV, MAIN_STACK),
        "state/dev": space.state(DEV),
        "sources": space.sources,
        "locks": space.locks,
        "plugin-cache": space.plugin_cache,
        "crashes": space.crashes,
    }
    for name, path in folders.items():
        assert path == tmp_path / "tfops" / name
        assert path.is_dir()
        assert mode(path) == 0o700
    assert mode(space.top) == 0o700
    assert space.pending(DEV) == tmp_path / "tfops/pending/dev.json"
    assert space.engine_cache == tmp_path / "tfops/engine.json"


def test_a_folder_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.top.mkdir(mode=0o755)
    assert space.sources.is_dir()
    assert mode(space.top) == 0o700


def test_the_folder_of_a_run_is_gone_afterwards(tmp_path: Path) -> None:
    with Workspace(tmp_path).run(DEV) as folder:
        (folder / "00-apply.out").write_text("x", encoding="utf-8")
        assert mode(folder) == 0o700
        assert folder.parent == tmp_path / "tfops/runs/dev"
    assert not folder.exists()


@pytest.mark.parametrize("error", [StoppedPartWay("x"), NotRecorded("x"), Refused("g", "x"), KeyboardInterrupt()])
def test_a_run_that_began_to_apply_and_failed_keeps_its_output_but_not_its_plan(
    tmp_path: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)), Workspace(tmp_path).run(DEV) as folder:
        (folder / "02-apply.out").write_text("x", encoding="utf-8")
        (folder / "plan.bin").write_text("secret", encoding="utf-8")
        raise error
    assert [path.name for path in folder.iterdir()] == ["02-apply.out"]


def test_a_run_that_failed_before_it_applied_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoppedPartWay), Workspace(tmp_path).run(DEV) as folder:
        (folder / "01-plan.out").write_text("x", encoding="utf-8")
        raise StoppedPartWay("x")
    assert not folder.exists()


def test_the_plan_of_a_run_that_was_killed_goes_with_the_next_run(tmp_path: Path) -> None:
    killed = tmp_path / "tfops/runs/dev/20260101T000000Z-abc"
    killed.mkdir(parents=True)
    (killed / "plan.bin").write_text("secret", encoding="utf-8")
    with Workspace(tmp_path).run(DEV):
        assert not (killed / "plan.bin").exists()


def test_of_a_run_that_was_killed_only_what_it_applied_stays(tmp_path: Path) -> None:
    """`docs/how-to/secrets.md`: nobody masked what its engines wrote, and recovery needs nothing else of it."""
    killed = Workspace(tmp_path).run_folder(DEV, "killed")
    (killed / "network").mkdir(parents=True)
    names = ["00-state.out", "01-plan.out", "02-show.err", "network/03-plan.out", "network/04-apply.out"]
    for name in [*names, "network/04-apply.err"]:
        (killed / name).write_text("{}")
    with Workspace(tmp_path).run(DEV):
        left = sorted(str(path.relative_to(killed)) for path in killed.rglob("*") if path.is_file())
    assert left == ["network/04-apply.err", "network/04-apply.out"]


def test_a_file_is_written_privately_and_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, "one\r\n")
    write_file(path, "two é \udce9\n")
    assert path.read_bytes() == "two é ".encode() + b"\xe9\n"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_file(path, "new \ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_error_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        write_file(tmp_path / "no" / "such" / "file.json", "x")
    assert caught.value.guard == "disk"
    assert caught.value.what == "could not write file.json"
    assert caught.value.why.startswith("No such file or directory: ")


def test_a_full_disk_is_explained_even_without_a_path() -> None:
    with pytest.raises(Refused) as caught, explained_disk_errors("save the plan"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert (caught.value.what, caught.value.why) == ("could not save the plan", "No space left on device")


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b'{"a": 1}', {"a": 1}), (b"{", None), (b"", None), (b"\xff", None), (None, None)],
)
def test_our_own_json_is_read_or_counts_as_missing(tmp_path: Path, content: bytes | None, expected: object) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    assert read_json(path) == expected


def test_a_folder_holds_the_rendered_files_and_nothing_else_that_would_steer_the_engine(tmp_path: Path) -> None:
    for name in ("old.tf", "kubeconfig", "kept.hcl", "main.tf.json"):
        (tmp_path / name).write_text("old", encoding="utf-8")
    for name in (".terraform", "gen", "left.tf"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inside").write_text("x", encoding="utf-8")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "precious").write_text("x", encoding="utf-8")
    (tmp_path / "link").symlink_to(outside)
    (tmp_path / "link.tf").symlink_to(outside)
    (tmp_path / "b.json").symlink_to(outside / "precious")
    lay_out(tmp_path, {"main.tf.json": "new", "b.json": "{}"}, removes=lambda name: name.endswith(".tf"))
    left = [".terraform", "b.json", "gen", "kept.hcl", "kubeconfig", "link", "main.tf.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    assert (tmp_path / "main.tf.json").read_text(encoding="utf-8") == "new"
    assert (tmp_path / ".terraform/inside").exists()
    assert (outside / "precious").read_text(encoding="utf-8") == "x"
    assert not (tmp_path / "b.json").is_symlink()


def test_a_file_that_is_right_already_is_not_touched(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a": "same"}, removes=lambda _: True)
    before = (tmp_path / "a").stat()
    lay_out(tmp_path, {"a": "same"}, removes=lambda _: True)
    after = (tmp_path / "a").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("link", ["modules", "modules/new", "modules/new/main.tf"])
def test_files_of_the_project_are_never_written_through_a_link_of_a_commit(tmp_path: Path, link: str) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(outside if not link.endswith(".tf") else outside / "main.tf")
    with pytest.raises(Refused) as refused:
        write_new_files(root, {"environments/new.yaml": "x", "modules/new/main.tf": "x"})
    assert refused.value.guard == "outside-repository"
    assert list(outside.iterdir()) == []
    assert not (root / "environments").exists()


def test_a_crash_log_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = private_temporary_file("tfops-crash-", "traceback é \udce9")
    assert path.parent == tmp_path
    assert mode(path) == 0o600
    assert path.read_text(encoding="utf-8") == "traceback é ?"


def test_the_users_own_provider_cache_is_taken_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "cache"
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(own))
    assert Workspace(tmp_path).plugin_cache == tmp_path / "tfops/plugin-cache"
    own.mkdir()
    assert Workspace(tmp_path).plugin_cache == own.resolve()
