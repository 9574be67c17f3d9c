"""Where this tfops came from, and how a package is put beside it (docs/how-to/install.md)."""

import json
import sys
from importlib.metadata import EntryPoint, EntryPoints, PackageNotFoundError
from pathlib import Path

import pytest

from tfops.system import installation as installing
from tfops.system.installation import command_to_add, installation, namesake

_COMMIT = "4f1c2d" * 6 + "4f1c"


class _Installed:
    """What an installer left of a distribution."""

    def __init__(
        self, *, installer: str = "pip", direct: object = None, version: str = "0.1.0", script: str = ""
    ) -> None:
        self._texts = {"INSTALLER": f"{installer}\n", "direct_url.json": json.dumps(direct) if direct else None}
        self.version = version
        self.entry_points = EntryPoints([EntryPoint("tfops", script, "console_scripts")] if script else [])

    def read_text(self, name: str) -> str | None:
        return self._texts[name]


def _have(monkeypatch: pytest.MonkeyPatch, **known: _Installed) -> None:
    def find(name: str) -> _Installed:
        try:
            return known[name.replace("-", "_")]
        except KeyError:
            raise PackageNotFoundError(name) from None

    monkeypatch.setattr(installing, "distribution", find)


@pytest.mark.parametrize(
    ("direct", "said"),
    [
        (None, "by pip from a package index"),
        ({"url": "file:///w/tfops_cli-0.1.0-py3-none-any.whl", "archive_info": {}},
         "by pip from file:///w/tfops_cli-0.1.0-py3-none-any.whl"),
        ({"url": "file:///src", "dir_info": {"editable": True}},
         "by pip from the checkout file:///src (editable: what lies there runs)"),
        ({"url": "file:///src", "dir_info": {}}, "by pip from file:///src"),
        ({"url": "https://ann:t0ken@git.example.com:8443/tfops.git", "vcs_info": {"vcs": "git", "commit_id": _COMMIT}},
         "by pip from git+https://git.example.com:8443/tfops.git at 4f1c2d4f1c2d"),
        ({"no": "url"}, "by pip from a place that its metadata does not name"),
    ],
)  # fmt: skip
def test_it_says_where_it_was_installed_from_without_credentials(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, direct: object, said: str
) -> None:
    _have(monkeypatch, tfops_cli=_Installed(direct=direct))
    assert str(installation(tmp_path)) == said


@pytest.mark.parametrize(
    ("mark", "installer", "said", "command"),
    [
        ("", "pip", "pip", "{python} -m pip install hvac"),
        ("", "uv", "uv", "uv pip install --python {python} hvac"),
        ("uv-receipt.toml", "uv", "uv tool", "uv pip install --python {python} hvac"),
        ("pipx_metadata.json", "pip", "pipx", "pipx inject tfops-cli hvac"),
    ],
)
def test_an_extra_is_put_beside_it_by_what_installed_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, mark: str, installer: str, said: str, command: str
) -> None:
    _have(monkeypatch, tfops_cli=_Installed(installer=installer))
    if mark:
        (tmp_path / mark).write_text("")
    assert installation(tmp_path).installer == said
    assert command_to_add("hvac", tmp_path) == command.format(python=sys.executable)


def test_files_that_nobody_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _have(monkeypatch)
    assert "nobody installed it" in str(installation(tmp_path))
    assert namesake() == ""


def test_the_other_project_of_that_name_is_told_apart_from_an_older_one_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _have(monkeypatch, tfops=_Installed(version="0.0.2"), tfops_cli=_Installed())
    assert namesake() == "0.0.2"
    _have(monkeypatch, tfops=_Installed(script="tfops.cli:main"), tfops_cli=_Installed())
    assert namesake() == ""
